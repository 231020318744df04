"""A diagnostic of several targets is reported once, and names them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.running import flowc

FLOW = """from metaflow import FlowSpec, conda, retry, step, timeout


class F(FlowSpec):
    @timeout(seconds=5)
    @step
    def start(self):
        self.next(self.again)

    @conda(packages={"a": "1"})
    @retry(times=1, minutes_between_retries=1)
    @step
    def again(self):
        self.more = "no"
        self.next({"yes": self.again, "no": self.end}, condition="more")

    @step
    def end(self):
        pass
"""
ALL = "targets `argo`, `airflow` and `step-functions`"


@pytest.mark.parametrize(
    ("targets", "named"),
    [("argo", "target `argo`"), ("argo,airflow", "targets `argo` and `airflow`"), ("argo,airflow,step-functions", ALL)],
)
def test_a_loss_on_several_targets(targets: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW)
    done = flowc(
        "check", "flow.py", "-t", targets, "--store", "s3://b", "--image", "i:1", "--format", "json", cwd=tmp_path
    )
    reported = [(diagnostic["code"], diagnostic["what"]) for diagnostic in json.loads(done.stdout)["diagnostics"]]
    assert [text for code, text in reported if code == "FLOW501"] == [
        f"{named} cannot install packages for `@conda` of step `again`: the image must contain them",
    ]
    assert sum(code == "FLOW505" for code, _ in reported) == 1
    # what only one target cannot do stays its own
    pauses = [text for code, text in reported if code == "FLOW527"]
    assert len(pauses) == ("step-functions" in targets)


def test_compile_says_the_same(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW.replace('"yes": self.again', '"yes": self.end'))
    done = flowc(
        "compile", "flow.py", "-t", "argo,airflow,step-functions", "--store", "s3://b", "--image", "i:1", cwd=tmp_path
    )
    assert done.returncode == 0 and done.stderr.count("FLOW501]") == 1 and done.stderr.count(ALL) == 1, done.stderr


def test_an_ignore_comment_silences_it_for_all(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW.replace('"1"})', '"1"})  # flowc: ignore[FLOW501]'))
    done = flowc(
        "check",
        "flow.py",
        "-t",
        "argo,step-functions",
        "--store",
        "s3://b",
        "--image",
        "i:1",
        "--format",
        "json",
        cwd=tmp_path,
    )
    assert not [diagnostic for diagnostic in json.loads(done.stdout)["diagnostics"] if "@conda" in diagnostic["what"]]
