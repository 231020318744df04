"""`flowc run --on`, `flowc resume --on` and `flowc doctor` on a real cluster with the real Argo."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.running import flowc, until

from .argo import SECRET, Argo, Images
from .deploying import STORE
from .kubernetes.node import NAMESPACE
from .test_deploy_argo import Project

pytestmark = pytest.mark.node
FAILS = 'raise ValueError("no luck")'
ALL_OF_ARGO = ("workflowtemplates", "cronworkflows")


@pytest.fixture
def project(images: Images, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Project]:
    name = re.sub(r"[^a-z]+", "-", request.node.name.removeprefix("test_"))[:24].strip("-")
    yield Project(tmp_path, images, f"on-{name}"[:28].strip("-"))


def templates(project: Project) -> list[str]:
    """The names of the project's templates and schedules in the cluster."""
    found = []
    for kind in ALL_OF_ARGO:
        answer = project.node.call("GET", f"/apis/argoproj.io/v1alpha1/namespaces/{NAMESPACE}/{kind}")
        found += [one["metadata"]["name"] for one in answer["items"] or []]
    return [name for name in found if name.startswith(project.name)]


def workflows(project: Project) -> list[Any]:
    answer = project.node.call("GET", f"/apis/argoproj.io/v1alpha1/namespaces/{NAMESPACE}/workflows")
    return [one for one in answer["items"] or [] if one["metadata"]["name"].startswith(project.name)]


def run_id(text: str) -> str:
    found = re.search(r"run ([a-z0-9-]+),? ", text)
    assert found, text
    return found[1]


def values(project: Project, run: str, step: str) -> str:
    return flowc("dump", f"{run}/{step}", "--store", STORE, "--json", env=project.environment, check=True).stdout


def test_a_run_from_a_laptop(project: Project) -> None:
    """It runs as it would here, touches nothing that is deployed, and leaves nothing but the run."""
    project.flow(schedule="@schedule(daily=True)")
    done = project("run", "train.py", "--alpha", "0.25", "--rounds", "3", "--tag", "mine")
    run = run_id(done.stdout)
    for line in ("[start] alpha is 0.25", "[fit/2] done", "[end] done", "succeeded, 6 tasks in"):
        assert line in done.stdout, done.stdout
    assert templates(project) == [] and "0.5" in values(project, run, "join")
    (live,) = workflows(project)
    assert live["status"]["phase"] == "Succeeded" and "-try-" in live["metadata"]["name"]
    records = project.images.s3.client().list_objects_v2(
        Bucket=STORE.split("/")[2], Prefix="flows/Train/deployments/try"
    )
    assert not records.get("KeyCount"), "its records are gone too"


def test_a_run_that_fails_and_goes_on(project: Project) -> None:
    """The reason is said, with the place in the code; resuming with the mended file repeats nothing that is done."""
    project.flow(times=0, end=FAILS)
    done = project("run", "train.py", check=False)
    run = run_id(done.stdout)
    assert done.returncode == 1, done.stdout + done.stderr
    for line in (
        "[end] failed: ValueError: no luck",
        'File "train.py", line',
        f"flowc resume train.py --origin-run-id {run}",
    ):
        assert line in done.stderr, done.stderr
    project.flow(times=0)
    again = project("resume", "train.py", "--origin-run-id", run)
    assert f"[fit/1] reused from run {run}" in again.stdout and "1 tasks in" in again.stdout, again.stdout
    assert "4 reused" in again.stdout and templates(project) == []
    assert "0.5" in values(project, run_id(again.stdout), "join")


def test_a_production_run_goes_on_with_a_fix(project: Project) -> None:
    """Deployed, failed, mended, deployed, resumed; from a step on; idempotent by its id."""
    project.flow(end=FAILS)
    project("deploy", "train.py", "--yes")
    failed = project("trigger", project.name, "--alpha", "2", "--wait", "--json", check=False)
    run = json.loads(failed.stdout)["run"]
    project.flow()
    project("deploy", "train.py", "--yes")
    done = project("resume", run, "--run-id", "mended")
    assert "4 reused" in done.stdout and "goes on with the code that is deployed by now" in done.stderr, done.stdout
    resumed = project.data("status", f"{project.name}-mended")
    assert resumed["state"] == "succeeded" and resumed["deployment"] == project.name
    assert project("resume", run, "--run-id", "mended").returncode == 0
    names = [one["metadata"]["name"] for one in workflows(project)]
    assert names.count(f"{project.name}-mended") == 1 and len(names) == 2
    again = project("resume", resumed["run"], "fit", "--detach")
    assert "detached" in again.stdout
    third = run_id(again.stdout)
    ended = project("status", third, "--watch")
    assert "succeeded" in ended.stdout and "2.0" in values(project, third, "join")


def test_in_place(project: Project, argo: Argo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine's own gesture. Argo's code for it runs; the program `argo` around it is this test's."""
    marker = "flows/Train/mended"
    project.flow(times=0)
    text = (project.folder / "train.py").read_text().replace("class Train", "import os\n\n\nclass Train")
    text = (
        text.replace("        self.score =", "        self.check()\n        self.score =")
        + """
    def check(self):
        from flowc.runtime_shim.store import open_store
        if self.input and not open_store(os.environ["FLOWC_STORE"]).exists("Train/mended"):
            raise ValueError("no luck")
"""
    )
    (project.folder / "train.py").write_text(text)
    project("deploy", "train.py", "--yes")
    failed = json.loads(project("trigger", project.name, "--wait", "--json", check=False).stdout)
    assert failed["state"] == "failed"
    refused = project("resume", failed["run"], "--in-place", check=False)
    assert refused.returncode == 1 and "command line, which is not installed here" in refused.stderr, refused.stderr
    project.images.s3.client().put_object(Bucket=STORE.split("/")[2], Key=marker, Body=b"")
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    asked = tmp_path / "asked"
    program = bin_folder / "argo"
    program.write_text(
        f'#!/bin/sh\necho "$@" > {asked}.part\nmv {asked}.part {asked}\nwhile [ ! -e {asked}.done ]; do sleep 0.1; done\n'
    )
    program.chmod(0o755)
    project.environment["PATH"] = f"{bin_folder}:{os.environ['PATH']}"
    command = [sys.executable, "-m", "flowc", "resume", failed["run"], "--in-place", "--on", "test"]
    process = subprocess.Popen(
        command, cwd=project.folder, env={**os.environ, **project.environment}, stdout=subprocess.PIPE, text=True
    )
    until(asked.exists, "flowc calls argo", 120)
    words = asked.read_text().split()
    assert words[:4] == ["retry", failed["engine_name"], "--namespace", NAMESPACE], words
    argo.retry(failed["engine_name"])
    Path(f"{asked}.done").touch()
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0 and "goes on" in out and "[end] done" in out and "alpha is" not in out, out
    assert project.data("status", failed["run"])["state"] == "succeeded"


def test_ctrl_c_on_a_terminal(project: Project) -> None:
    """The first Ctrl-C asks; detached, the run goes on, and nothing of the temporary deployment is left."""
    project.flow(end="import time; time.sleep(600)")
    command = [sys.executable, "-m", "flowc", "run", "train.py", "--on", "test"]
    main, other = pty.openpty()
    process = subprocess.Popen(
        command, cwd=project.folder, env={**os.environ, **project.environment, "TERM": "xterm"}, stdin=other, stdout=other,
        stderr=other, start_new_session=True, preexec_fn=None,
    )  # fmt: skip
    os.close(other)
    shown = b""

    def read(until_text: bytes) -> bytes:
        nonlocal shown
        deadline = time.monotonic() + 300
        while until_text not in shown:
            assert time.monotonic() < deadline, shown.decode("utf-8", "replace")
            if select.select([main], [], [], 1)[0]:
                shown += os.read(main, 65536)
        return shown

    read(b"end  ")  # the status has a line of the last step
    process.send_signal(signal.SIGINT)
    read(b"[d]etach")
    os.write(main, b"d\n")
    read(b"goes on")
    until(lambda: process.poll() is not None, "it ends", 60)
    assert process.returncode == 0 and templates(project) == []
    (live,) = workflows(project)
    assert live["status"]["phase"] == "Running"
    name = live["metadata"]["name"]
    assert "is being terminated" in project("terminate", name).stdout
    assert project("status", name, "--watch", check=False).returncode == 1


def test_sigterm_without_a_terminal(project: Project) -> None:
    project.flow(end="import time; time.sleep(600)")
    command = [sys.executable, "-m", "flowc", "run", "train.py", "--on", "test", "--events", "events"]
    process = subprocess.Popen(
        command, cwd=project.folder, env={**os.environ, **project.environment}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    events = project.folder / "events"
    until(lambda: events.exists() and '"step": "end"' in events.read_text(), "the last step begins", 300, 0.2)
    process.terminate()
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 130 and "is being terminated" in out and "terminated" in out, out
    (live,) = workflows(project)
    assert live["spec"]["shutdown"] == "Terminate" and live["status"]["phase"] == "Failed"


def test_an_image_that_cannot_be_pulled(project: Project) -> None:
    """What waits is said while it waits, and `doctor` sees it."""
    project.context("workflow-timeout = 60")
    settings = project.folder / "pyproject.toml"
    settings.write_text(
        re.sub(r'^image = ".*"$', 'image = "docker.io/flowc-test/nothing:1"', settings.read_text(), flags=re.M)
    )
    process = project("run", "train.py", check=False)
    assert process.returncode == 1 and "nothing:1" in process.stdout + process.stderr, process.stdout + process.stderr
    (run,) = workflows(project)
    pods = f"workflows.argoproj.io/workflow={run['metadata']['name']}"
    # Argo deletes a pod that waits a moment after the run has ended; until then `doctor` names its image
    until(lambda: "nothing:1" not in json.dumps(project.node.pods(pods)), "the pod that waits is gone", 300, 0.5)


def test_doctor(project: Project) -> None:
    done = project("doctor", check=False)
    assert "  ok       Argo's kinds: Workflow, WorkflowTemplate, CronWorkflow" in done.stdout, done.stdout
    for line in ("ok       service account default", f"ok       secret {SECRET}", "its pods may report to Argo"):
        assert line in done.stdout, done.stdout
    assert done.returncode == 0 and "nothing is missing" in done.stdout, done.stdout
    project.context('service-account = "nobody"')
    settings = project.folder / "pyproject.toml"
    settings.write_text(settings.read_text().replace(f'env-secret = "{SECRET}"', 'env-secret = "no-such-secret"'))
    lacking = project("doctor", check=False)
    assert lacking.returncode == 1, lacking.stdout
    for line in (
        "missing  service account nobody", f"kubectl --namespace {NAMESPACE} create serviceaccount nobody",
        "missing  secret no-such-secret", "create secret generic no-such-secret",
    ):  # fmt: skip
        assert line in lacking.stdout, lacking.stdout


def test_doctor_for_somebody_who_may_only_read(project: Project) -> None:
    """What the role lacks is a manifest that, applied, is enough."""
    rules = [{"apiGroups": ["argoproj.io"], "resources": ["workflows"], "verbs": ["get", "list"]}]
    project.use_role("reader-of-runs", rules)
    config = project.folder / "reader-of-runs"
    done = project("doctor", "--json", check=False, kubeconfig=config)
    found = json.loads(done.stdout)
    assert done.returncode == 1 and {"fine", "missing", "unknown"} == {one["state"] for one in found}, found
    assert any("secret" in one["what"] and one["state"] == "unknown" for one in found), "it may not see secrets"
    (role,) = [one["remedy"] for one in found if one["what"] == "your role"]
    from tests.support.building import documents

    made, binding = documents(role)
    base = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}"
    for plural, manifest in (("roles", made), ("rolebindings", binding)):
        manifest["metadata"]["name"] += f"-{len(project.name)}"
        if plural == "rolebindings":
            manifest["roleRef"]["name"] = made["metadata"]["name"]
        project.node.call("POST", f"{base}/{plural}", manifest)
    again = json.loads(project("doctor", "--json", check=False, kubeconfig=config).stdout)
    (own,) = [one for one in again if one["what"] == "your permissions"]
    assert own["state"] == "fine", again


def test_metaflows_commands(project: Project) -> None:
    """`python train.py argo-workflows …`, from the first to the last."""
    project.context("default = true")
    text = (project.folder / "train.py").read_text() + '\n\nif __name__ == "__main__":\n    Train()\n'
    (project.folder / "train.py").write_text(text)

    def python(*words: str, code: int = 0) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("FLOWC_", "AWS_"))}
        done = subprocess.run(
            [sys.executable, "train.py", "argo-workflows", *words], cwd=project.folder, capture_output=True, text=True,
            env={**environment, **project.environment}, timeout=300,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    named = ("--name", project.name)
    assert "is deployed" in python(*named, "create", "--max-workers", "7")
    assert project.live("workflowtemplates")["spec"]["parallelism"] == 7
    assert project.name in python("list-workflow-templates")
    began = python(*named, "trigger", "--alpha", "2", "--run-id-file", "id")
    run = (project.folder / "id").read_text()
    assert run in began
    until(lambda: f"run {run}: succeeded" in python("status", run), "it succeeds", 300, 1)
    assert run in python("list-runs")
    assert "has ended already" in python("terminate", run)
    assert "is deleted" in python(*named, "delete") and project.live("workflowtemplates") is None
