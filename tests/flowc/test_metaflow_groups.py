"""Metaflow's command groups: `python flow.py argo-workflows create` and others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flowc import flow_file
from flowc.metaflow_groups import SUBCOMMANDS
from flowc.options import Usage
from tests.support.environment import environment

FLOW = """from metaflow import FlowSpec, step


class F(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    F()
"""
CONTEXTS = """[tool.flowc.contexts.dev]
target = "argo"
store = "s3://b/p"
default = true

[tool.flowc.contexts.aws]
target = "step-functions"
store = "s3://b/p"
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "flow.py").write_text(FLOW)
    (tmp_path / "pyproject.toml").write_text(CONTEXTS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FLOWC_CONTEXT", raising=False)
    return tmp_path


def line(words: str) -> str:
    return " ".join(flow_file.command_line("flow.py", "F", words.split()))


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("argo-workflows create", "deploy flow.py --flow F --on dev --yes"),
        (
            "--with retry:times=2 --branch mine argo-workflows --name one create --max-workers 5",
            "deploy flow.py --flow F --name one --with=retry:times=2 --branch=mine --on dev --yes --max-workers 5",
        ),
        ("argo-workflows create --no-auto-emit-argo-events", "deploy flow.py --flow F --on dev --yes --announce nothing"),
        ("argo-workflows create --only-json", "compile flow.py --flow F --on dev --output -"),
        ("argo-workflows create --no-notify-on-error --enable-error-msg-capture", "deploy flow.py --flow F --on dev --yes"),
        ("argo-workflows trigger --alpha 1 --run-id-file id", "trigger flow.py --flow F --on dev --alpha 1 --run-id-file id"),
        ("argo-workflows status argo-x", "status --on dev argo-x"),
        ("argo-workflows terminate argo-x", "terminate --on dev argo-x"),
        ("argo-workflows suspend argo-x", "suspend --on dev argo-x"),
        ("argo-workflows unsuspend argo-x", "unsuspend --on dev argo-x"),
        ("argo-workflows delete", "delete flow.py --flow F --on dev --yes"),
        ("argo-workflows list-workflow-templates", "deployments flow.py --flow F --on dev"),
        ("argo-workflows list-workflow-templates --all", "deployments --on dev"),
        ("argo-workflows list-runs", "runs flow.py --flow F --on dev"),
        ("step-functions create --map distributed", "deploy flow.py --flow F --target step-functions --yes --map distributed"),
        ("step-functions create --on aws", "deploy flow.py --flow F --yes --on aws"),
        ("--production step-functions delete", "delete flow.py --flow F --production --target step-functions --yes"),
        (
            "step-functions list-runs --failed --aborted --on aws",
            "runs flow.py --flow F --status failed --status terminated --on aws",
        ),
        (
            "airflow create dag.py --store s3://b/p",
            "compile flow.py --flow F --target airflow --spec dag.py --upload --store s3://b/p",
        ),
    ],
)  # fmt: skip
def test_commands(theirs: str, ours: str, here: Path) -> None:
    assert line(theirs) == ours


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("argo-workflows", "command of `argo-workflows` is missing", "create"),
        ("argo-workflows creat", "has no command `creat`", "did you mean `create`?"),
        ("argo-workflows create --new-token x", "`--new-token` is not supported", "roles of the orchestrator"),
        ("argo-workflows create --tag=x", "`--tag` is not supported", "trigger --tag"),
        ("argo-workflows create --namespace x", "`--namespace` is not supported", "FLOWC_NAMESPACE"),
        ("argo-workflows create --no-enable-error-msg-capture", "is not supported", "always leaves its reason"),
        ("argo-workflows terminate x --authorize t", "`--authorize` is not supported", "roles"),
        ("argo-workflows validate-token", "nothing to validate", "no production tokens"),
        ("step-functions list-runs --failed", "the place is missing", "step-functions"),
        ("step-functions status x", "has no command `status`", "create"),
        ("airflow create", "the file of the DAG is missing", "airflow create FILE.py"),
        ("argo-workflow create", "unknown command `argo-workflow`", "did you mean `argo-workflows`?"),
    ],
)
def test_what_is_refused(words: str, message: str, hint: str, here: Path) -> None:
    with pytest.raises(Usage) as caught:
        line(words)
    assert message in caught.value.message and hint in caught.value.hint, caught.value


def test_the_context_of_the_environment(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWC_CONTEXT", "aws")
    assert line("step-functions delete").endswith("--on aws --yes")
    with pytest.raises(Usage, match="is for target step-functions"):
        line("argo-workflows delete")


def python(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "flow.py", *words], cwd=folder, env=environment("FLOWC_", "AWS_"), capture_output=True, text=True
    )  # fmt: skip


def test_airflow_create(here: Path) -> None:
    """The DAG is where Metaflow would have written it, and its code package in the datastore."""
    (here / "dags").mkdir()
    done = python("airflow", "create", "dags/f.py", "--store", str(here / "store"), folder=here)
    assert done.returncode == 0, done.stderr
    text = (here / "dags" / "f.py").read_text()
    compile(text, "f.py", "exec")
    (package,) = (here / "store" / "F" / "code").iterdir()
    assert package.name.partition(".")[0] in text
    again = python("airflow", "create", "dags/f.py", "--store", str(here / "store"), folder=here)
    assert "(unchanged)" in again.stdout


def test_only_json(here: Path) -> None:
    done = python("argo-workflows", "create", "--only-json", folder=here)
    assert done.returncode == 0 and "kind: WorkflowTemplate" in done.stdout, done.stderr


@pytest.mark.parametrize("group", SUBCOMMANDS)
def test_each_command_reaches_its_engine(group: str, here: Path) -> None:
    """Without a cluster, an account or a server each says so, or that flowc cannot deploy there: no traceback."""
    for command in SUBCOMMANDS[group]:
        words = {"status": ["r"], "terminate": ["r"], "suspend": ["r"], "unsuspend": ["r"]}.get(command, [])
        done = python(group, command, *words, folder=here)
        assert done.returncode in (1, 2) and done.stderr.startswith("error: "), (command, done.stdout + done.stderr)
        assert "Traceback" not in done.stderr and "a bug in flowc" not in done.stderr


def test_the_flow_need_not_be_here(here: Path) -> None:
    os.chdir("/")
    assert "--on dev" in " ".join(flow_file.command_line(str(here / "flow.py"), "F", ["argo-workflows", "create"]))
