"""Variables that a flow's file sets count for its parameters and configs, as in Metaflow, which imports it first."""

from __future__ import annotations

from pathlib import Path

from tests.support.running import artifacts, flowc, run

FLOW = """
import json
import os

from metaflow import Config, FlowSpec, Parameter, current, project, step

os.environ["METAFLOW_RUN_ALPHA"] = "0.5"
os.environ["METAFLOW_FLOW_CONFIG_VALUE"] = json.dumps({"cfg": {"rate": 3}})
os.environ["OTHER"] = "not read"


def made(context):
    return f"{current.project_name} {current.branch_name} {current.is_running_flow} {context.configs.cfg.rate}" + str(os.getpid())[:0]


@project(name="mine")
class F(FlowSpec):
    alpha = Parameter("alpha", default=0.1)
    made = Parameter("made", default=made)
    cfg = Config("cfg")

    @step
    def start(self):
        self.seen = (self.alpha, self.cfg.rate, self.made)
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_own_environment(tmp_path: Path) -> None:
    flow = tmp_path / "flow.py"
    flow.write_text(FLOW)
    run(flow, tmp_path / "store", env={"METAFLOW_USER": "me", "METAFLOW_RUN_ALPHA": "9"})
    assert artifacts(tmp_path / "store", "start")["seen"] == "(0.5, 3, 'mine user.me False 3')", "the file is read last"
    run(
        flow,
        tmp_path / "store",
        "--alpha",
        "0.7",
        "--config-value",
        "cfg",
        '{"rate": 4}',
        run_id="s",
        env={"METAFLOW_USER": "me"},
    )
    assert artifacts(tmp_path / "store", "start", run_id="s")["seen"] == "(0.7, 4, 'mine user.me False 4')", (
        "the command line says more"
    )


def test_configs_of_the_file_are_those_of_a_compile(tmp_path: Path) -> None:
    flow = tmp_path / "flow.py"
    flow.write_text(FLOW.replace("default=made", "default='x'"))
    shown = flowc("show", str(flow), "--json", check=True).stdout
    assert '"rate": 3' in shown
