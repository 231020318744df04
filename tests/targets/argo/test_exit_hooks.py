"""The exit handler of a flow with `@exit_hook`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.building import documents
from tests.support.running import flowc

FLOW = """
from metaflow import FlowSpec, environment, exit_hook, kubernetes, retry, step

def told(run):
    print("told of", run.pathspec, run.successful)

def asked():
    print("asked")

def broken():
    raise ValueError("no way")

{decorators}
class F(FlowSpec):
    @step
    def start(self):
        self.next(self.{on_exit})

    @step
    def {on_exit}(self):
        self.next(self.end)

    @kubernetes(image="mine:1")
    @environment(vars={{"MODE": "last"}})
    @retry(times=2)
    @step
    def end(self):
        pass
"""


def template(folder: Path, decorators: str, *options: str, on_exit: str = "middle") -> dict[str, Any]:
    (folder / "flow.py").write_text(FLOW.format(decorators=decorators, on_exit=on_exit))
    out = str(folder / "out")
    flowc("compile", str(folder / "flow.py"), "-t", "argo", "--store", "s3://b/p", "-o", out, *options, check=True)
    spec: dict[str, Any] = documents((folder / "out" / "argo" / "f.argo.yaml").read_text())[0]["spec"]
    return spec


@pytest.mark.parametrize(
    ("decorators", "condition"),
    [
        ("@exit_hook(on_success=[told], on_error=[asked])", None),
        ("@exit_hook(on_success=[told])", "'{{workflow.status}}' == 'Succeeded'"),
        ("@exit_hook(on_error=['asked'])", "'{{workflow.status}}' != 'Succeeded'"),
        ("@exit_hook(on_error=[asked])\n@exit_hook(on_success=[told])", None),
    ],
)
def test_the_pod_runs_after_the_outcomes_that_have_hooks(
    tmp_path: Path, decorators: str, condition: str | None
) -> None:
    spec = template(tmp_path, decorators)
    (handler,) = [each for each in spec["templates"] if each["name"] == spec["onExit"]]
    (task,) = handler["dag"]["tasks"]
    assert task.get("when") == condition and task["continueOn"] == {"failed": True, "error": True}
    (pod,) = [each for each in spec["templates"] if each["name"] == task["template"]]
    assert pod["container"]["args"] == ["hooks", "--outcome", "{{workflow.status}}"]


@pytest.mark.parametrize("options", [(), ("--optimize",)])
def test_the_pod_is_that_of_the_last_step_without_its_attempts(tmp_path: Path, options: tuple[str, ...]) -> None:
    spec = template(tmp_path, "@exit_hook(on_success=[told])", *options)
    (pod,) = [each for each in spec["templates"] if each["name"] == "exit-hooks"]
    assert "retryStrategy" not in pod and "outputs" not in pod and "metadata" not in pod
    assert pod["container"]["image"] == "mine:1"
    assert {"name": "MODE", "value": "last"} in pod["container"]["env"]
    assert not [each for each in pod["container"]["env"] if each["name"] == "FLOWC_ATTEMPT"]


@pytest.mark.parametrize("name", ["on_exit", "exit_hooks"])
def test_a_step_may_have_the_name_of_the_handler(tmp_path: Path, name: str) -> None:
    spec = template(tmp_path, "@exit_hook(on_success=[told])", on_exit=name)
    names = [each["name"] for each in spec["templates"]]
    assert len(set(names)) == len(names) == 6


def test_the_shim_calls_the_hooks_of_an_outcome(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(
        FLOW.format(decorators="@exit_hook(on_success=[broken, told], on_error=[asked])", on_exit="middle")
    )
    store = str(tmp_path / "store")
    flowc("run", str(tmp_path / "flow.py"), "--store", store, "--run-id", "r", "--quiet", check=True)
    env = {"FLOWC_STORE": store, "FLOWC_FLOW": "F", "FLOWC_RUN": "r", "FLOWC_CODE": "sha256:unused"}
    done = shim("hooks", "--outcome", "Succeeded", env=env)
    assert done.returncode == 1 and "told of F/r True" in done.stdout and "ValueError: no way" in done.stderr
    done = shim("hooks", "--outcome", "Error", env=env)
    assert done.returncode == 0 and "asked" in done.stdout and "told" not in done.stdout
    for wrong in ((), ("--outcome",), ("--outcome", ""), ("--other", "x")):
        assert shim("hooks", *wrong, env=env).returncode == 2
    assert shim("hooks", "--outcome", "Failed", env={**env, "FLOWC_RUN": "never"}).returncode == 3


def shim(*arguments: str, env: dict[str, str]) -> Any:
    import subprocess
    import sys

    from tests.support.environment import environment

    return subprocess.run(
        [sys.executable, "-m", "flowc.runtime_shim", *arguments], capture_output=True, text=True,
        env={**environment("FLOWC_", "AWS_"), **env},
    )  # fmt: skip
