"""`flowc compile --upload` and `--spec`, and `flowc runs --status`: what Metaflow's command groups need of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.running import flowc, run

FLOW = """from metaflow import FlowSpec, Parameter, step


class F(FlowSpec):
    fails = Parameter("fails", default=False)

    @step
    def start(self):
        assert not self.fails
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    (tmp_path / "flow.py").write_text(FLOW)
    return tmp_path / "flow.py"


def test_the_package_is_in_the_datastore(flow: Path, tmp_path: Path) -> None:
    done = flowc(
        "compile", "flow.py", "-t", "argo", "--store", f"{tmp_path}/store", "--upload", cwd=tmp_path, check=True
    )
    (built,) = (tmp_path / "build" / "code").iterdir()
    uploaded = tmp_path / "store" / "F" / "code" / built.name
    assert uploaded.read_bytes() == built.read_bytes()
    assert "the code package must be at" not in done.stdout
    flowc("compile", "flow.py", "-t", "argo", "--store", f"{tmp_path}/store", "--upload", cwd=tmp_path, check=True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-t", "argo", "--upload"), "`--upload` needs the datastore"),
        (("-t", "step-functions", "--store", "s3://b/p", "--spec", "x.json"), "but the spec has several"),
        (("-t", "argo,airflow", "--store", "s3://b/p", "--spec", "x"), "is for the spec of one target alone"),
        (("-t", "argo", "--store", "s3://b/p", "--spec", "x", "-o", "y"), "is for the spec of one target alone"),
    ],
)
def test_wrong_usage(words: tuple[str, ...], message: str, flow: Path, tmp_path: Path) -> None:
    done = flowc("compile", "flow.py", *words, cwd=tmp_path)
    assert done.returncode == 2 and message in done.stderr, done.stderr
    assert not (tmp_path / "x").exists()


def test_runs_of_a_status(flow: Path, tmp_path: Path) -> None:
    run(flow, tmp_path, run_id="good")
    run(flow, tmp_path, "--fails=True", run_id="bad", check=False)

    def listed(*words: str) -> list[str]:
        done = flowc("runs", str(flow), "--store", str(tmp_path), "--json", *words, check=True)
        return sorted(one["run"] for one in json.loads(done.stdout))

    assert listed("--status", "failed") == ["bad"] and listed("--status", "succeeded") == ["good"]
    assert listed("--status", "failed", "--status", "succeeded") == ["bad", "good"]
    assert listed("--status", "running") == []
