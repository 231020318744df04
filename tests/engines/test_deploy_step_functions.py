"""`flowc plan`, `deploy`, `trigger` and the other verbs on moto, over HTTP, with jobs that are real processes."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.golden.regenerate import ROOT
from tests.support.running import flowc, until

from .deploying import STORE
from .step_functions import StepFunctions, step_functions

pytestmark = pytest.mark.engine

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
YEARLY = "@schedule(cron='0 3 1 1 *')"


@pytest.fixture(scope="module")
def aws() -> Iterator[StepFunctions]:
    with step_functions() as server:
        yield server


class Project:
    """A project with one flow, and a context of the account."""

    def __init__(self, folder: Path, aws: StepFunctions, name: str) -> None:
        self.folder, self.aws, self.name = folder, aws, name
        self.environment = {**aws.s3.environment, "AWS_ENDPOINT_URL": aws.s3.url, "AWS_MAX_ATTEMPTS": "3"}
        self.context()
        self.flow()

    def context(self, more: str = "", image: str = "plain") -> None:
        (self.folder / "pyproject.toml").write_text(
            f"""[tool.flowc.contexts.test]
target = "step-functions"
store = "{STORE}"
name = "{self.name}"
image = "{image}"
job-queue = "flowc"
machine-role = "flowc-machine"
scheduler-role = "flowc-scheduler"
{more}
"""
        )

    def flow(self, schedule: str = "", times: int = 1, end: str = "pass") -> None:
        (self.folder / "train.py").write_text(FLOW.format(schedule=schedule, times=times, end=end))

    def __call__(
        self, *words: str, check: bool = True, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs flowc on the context, without a terminal."""
        done = flowc(
            *words, *(() if words[0] in ("compile", "diff") else ("--on", "test")), cwd=self.folder,
            env={**self.environment, **(env or {})},
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def data(self, *words: str) -> Any:
        return json.loads(self(*words, "--json").stdout)

    def client(self, service: str) -> Any:
        return self.aws.s3.client(service)


@pytest.fixture
def project(aws: StepFunctions, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Project]:
    name = re.sub(r"[^a-z]+", "-", request.node.name.removeprefix("test_"))[:30].strip("-")
    yield Project(tmp_path, aws, name)


def test_the_whole_path(project: Project) -> None:
    planned = project("plan", "train.py")
    print(planned.stdout)
    assert "+ StateMachine/the-whole-path" in planned.stdout, planned.stdout
    assert project("plan", "train.py", "--check", check=False).returncode == 1
    refused = project("deploy", "train.py", check=False)
    assert refused.returncode == 1 and "add `--yes`" in refused.stderr
    done = project("deploy", "train.py", "--yes")
    print(done.stdout)
    assert "is deployed (deployment 1)" in done.stdout, done.stdout
    again = project("deploy", "train.py", "--yes")
    print(again.stdout)
    assert "is up to date (deployment 1)" in again.stdout, again.stdout
    assert project("plan", "train.py", "--check").returncode == 0
    begun = project(
        "trigger", "train.py", "--alpha", "0.25", "--rounds", "3", "--run-id", "one", "--wait", "--tag", "try"
    )
    print(begun.stdout)
    run = project.data("status", "the-whole-path.one")
    print(run)
    assert run["state"] == "succeeded" and {task["state"] for task in run["tasks"]} == {"succeeded"}
    assert sorted((task["step"], task["path"]) for task in run["tasks"]) == [
        ("end", "-"), ("fit", "0"), ("fit", "1"), ("fit", "2"), ("join", "-"), ("start", "-"),
    ]  # fmt: skip
    print(project("runs").stdout, project("deployments").stdout, project("history", "the-whole-path").stdout)
    print(project("delete", "the-whole-path", "--yes").stdout)
