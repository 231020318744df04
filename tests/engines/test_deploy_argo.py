"""`flowc plan`, `deploy`, `trigger` and the other verbs on a real cluster with the real Argo."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.running import flowc

from .argo import RUNTIME, SECRET, Images
from .deploying import STORE
from .kubernetes.build import PYTHON
from .kubernetes.node import NAMESPACE, ApiError, Node

pytestmark = pytest.mark.node

FLOW = """from metaflow import FlowSpec, Parameter, retry, schedule, step
{schedule}
class Train(FlowSpec):
    alpha = Parameter("alpha", default=0.5)
    rounds = Parameter("rounds", default=2)

    @step
    def start(self):
        print("alpha is", self.alpha)
        self.items = list(range(self.rounds))
        self.next(self.fit, foreach="items")

    @retry(times={times})
    @step
    def fit(self):
        self.score = self.input * self.alpha
        self.next(self.join)

    @step
    def join(self, inputs):
        self.scores = [one.score for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        {end}
"""
HOURLY = "@schedule(cron='0 3 1 1 *')"


class Project:
    """A project with one flow, and a context of the cluster."""

    def __init__(self, folder: Path, images: Images, name: str) -> None:
        self.folder, self.node, self.name = folder, images.node, name
        self.environment = {**images.s3.environment, "KUBECONFIG": str(images.node.kubeconfig)}
        self.images = images
        self.context()
        self.flow()

    def context(self, more: str = "") -> None:
        (self.folder / "pyproject.toml").write_text(
            f"""[tool.flowc.contexts.test]
target = "argo"
store = "{STORE}"
namespace = "{NAMESPACE}"
name = "{self.name}"
image = "{PYTHON}"
runtime-image = "{RUNTIME}"
env-secret = "{SECRET}"
kube-context = "test"
{more}
"""
        )

    def flow(self, schedule: str = "", times: int = 1, end: str = "pass") -> None:
        (self.folder / "train.py").write_text(FLOW.format(schedule=schedule, times=times, end=end))

    def __call__(self, *words: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs flowc on the context, without a terminal."""
        done = flowc(
            *words, *(() if words[0] in ("compile", "diff") else ("--on", "test")), cwd=self.folder,
            env={**self.environment, **environment},
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def data(self, *words: str) -> Any:
        return json.loads(self(*words, "--json").stdout)

    def live(self, kind: str) -> Any:
        """The object in the cluster, or None."""
        try:
            return self.node.call("GET", f"/apis/argoproj.io/v1alpha1/namespaces/{NAMESPACE}/{kind}/{self.name}")
        except ApiError as error:
            assert error.code == 404
            return None


@pytest.fixture
def project(images: Images, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Project]:
    name = request.node.name.removeprefix("test_").replace("_", "-")[:30].strip("-")
    yield Project(tmp_path, images, name)


def test_the_whole_path(project: Project) -> None:
    planned = project("plan", "train.py")
    assert "+ WorkflowTemplate/the-whole-path" in planned.stdout and "2 to add" in planned.stdout, planned.stdout
    assert project.live("workflowtemplates") is None
    assert project("plan", "train.py", "--check", check=False).returncode == 1
    refused = project("deploy", "train.py", check=False)
    assert refused.returncode == 1 and "add `--yes`" in refused.stderr
    done = project("deploy", "train.py", "--yes")
    assert "is deployed (deployment 1)" in done.stdout, done.stdout
    again = project("deploy", "train.py", "--yes")
    assert "is up to date (deployment 1)" in again.stdout, again.stdout
    assert project("plan", "train.py", "--check").returncode == 0
    wrong = project("trigger", "the-whole-path", "--alpha", "much", check=False)
    assert wrong.returncode == 2 and "alpha" in wrong.stderr, wrong.stderr
    begun = project("trigger", "train.py", "--alpha", "0.25", "--rounds", "3", "--run-id", "one", "--wait")
    assert "succeeded" in begun.stdout, begun.stdout
    run = project.data("status", "the-whole-path-one")
    assert run["state"] == "succeeded" and {task["state"] for task in run["tasks"]} == {"succeeded"}
    assert sorted((task["step"], task["path"]) for task in run["tasks"]) == [
        ("end", "-"), ("fit", "0"), ("fit", "1"), ("fit", "2"), ("join", "-"), ("start", "-"),
    ]  # fmt: skip
    assert project.data("status", run["run"])["run"] == run["run"]
    same = project.data("trigger", "the-whole-path", "--alpha", "0.25", "--rounds", "3", "--run-id", "one")
    assert same["run"] == run["run"]
    values = flowc("dump", f"{run['run']}/join", "--store", STORE, "--json", env=project.environment)
    assert "0.25" in values.stdout and "0.5" in values.stdout, values.stdout
