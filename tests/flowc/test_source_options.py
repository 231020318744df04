"""The options for a flow's source and inputs, as commands take them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.running import artifacts, flowc

FLOW = """
import os
from metaflow import Config, FlowMutator, FlowSpec, config_expr, environment, retry, step

class Again(FlowMutator):
    def pre_mutate(self, mutable_flow):
        mutable_flow.end.add_decorator(retry, deco_kwargs={"times": 1})

class MyFlow(FlowSpec):
    settings = Config("settings", required=True)
    other = Config("other", default_value={"a": 1})

    @environment(vars={"A": config_expr("settings.a"), "B": os.environ.get("OF_MINE", "unset")})
    @step
    def start(self):
        self.seen = [os.environ["A"], os.environ["B"], self.other.a]
        self.next(self.end)

    @step
    def end(self):
        if os.environ.get("FAIL"):
            raise ValueError
        self.again = self.settings.a

if __name__ == "__main__":
    MyFlow()
"""
SETTINGS = ("--config-value", "settings", '{"a": "x"}')


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "flow.py").write_text(FLOW)
    (tmp_path / "s.json").write_text('{"a": "from a file"}')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_compile_takes_what_decides(folder: Path) -> None:
    done = flowc(
        "compile", "flow.py", "-t", "argo", "-o", "-", "--store", "s3://b", *SETTINGS, "--env", "OF_MINE=y", check=True
    )
    assert "{name: A, value: x}" in done.stdout and '{name: B, value: "y"}' in done.stdout.replace(
        "value: y}", 'value: "y"}'
    )
    assert "--env OF_MINE=y" in done.stdout and "config settings (--config-value, sha256:" in done.stdout
    for target in ("airflow", "step-functions"):
        flowc(
            "compile", "flow.py", "-t", target, "--store", "s3://b", *SETTINGS, "--env", "OF_MINE=y", "-q", check=True
        )
    assert "# Compiled with --env OF_MINE=y" in (folder / "build/airflow/MyFlow_dag.py").read_text()
    assert (
        "Compiled with --env OF_MINE=y"
        in json.loads((folder / "build/step-functions/MyFlow.asl.json").read_text())["Comment"]
    )


def test_compile_reads_no_environment(folder: Path) -> None:
    env = {"METAFLOW_FLOW_CONFIG_VALUE": '{"settings": {"a": "x"}}', "OF_MINE": "y"}
    for command in ("compile -t argo -o -", "check", "show"):
        done = flowc(*command.split(), "flow.py", env=env)
        assert done.returncode == 1 and "FLOW131" in done.stderr
        done = flowc(*command.split(), "flow.py", *SETTINGS, env=env)
        assert done.returncode == 0 and "FLOW147" in done.stderr and "`OF_MINE` ('unset')" in done.stderr
        assert command != "compile -t argo -o -" or "value: unset" in done.stdout


def test_run_reads_the_environment(folder: Path) -> None:
    env = {"METAFLOW_FLOW_CONFIG_VALUE": '{"settings": {"a": "x"}}', "OF_MINE": "y"}
    flowc("run", "flow.py", "--run-id", "r", "--store", "st", env=env, check=True)
    assert artifacts("st", "end")["seen"] == "['x', 'y', 1]"
    flowc("run", "flow.py", "--run-id", "q", "--store", "st", "--config", "settings", "s.json", check=True)
    assert artifacts("st", "end", run_id="q")["seen"] == "['from a file', 'unset', 1]"


def test_a_resumed_run_keeps_its_configs(folder: Path) -> None:
    assert flowc("run", "flow.py", "--run-id", "r", "--store", "st", *SETTINGS, env={"FAIL": "1"}).returncode == 1
    flowc("resume", "flow.py", "--store", "st", "--run", "r", "--run-id", "s", check=True)
    assert artifacts("st", "end", run_id="s")["again"] == "'x'"
    refused = flowc("resume", "flow.py", "--store", "st", *SETTINGS)
    assert refused.returncode == 2 and "--config-value" in refused.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--config", "settings"), "needs two values"),
        (("--set", "N"), "must be NAME=VALUE"),
        (("--env", "=x"), "must be NAME=VALUE"),
    ],
)
def test_wrong_usage(words: tuple[str, ...], message: str, folder: Path) -> None:
    done = flowc("check", "flow.py", *words)
    assert done.returncode == 2 and message in done.stderr


def test_metaflows_command_line() -> None:
    from flowc.flow_file import command_line

    head = ["f.py", "--flow", "F"]
    assert command_line("f.py", "F", ["--config", "a", "b", "--config-value", "c", "{}", "run", "--x", "1"]) == [
        "run", *head, "--config", "a", "b", "--config-value", "c", "{}", "--x", "1"
    ]  # fmt: skip
    assert command_line("f.py", "F", ["--config", "a", "b"]) == ["check", *head, "--config", "a", "b"]
