"""The shim runs in a container's Python, from 3.9 on, from the bundle that engines bring."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from flowc.runtime_bundle import archive, bundle, write_folder
from tests.support.pythons import pythons

from ...support.container import Container

PYTHONS = pythons()

SOURCE = """
from metaflow import FlowSpec, Parameter, catch, current, environment, retry, step, timeout

class F(FlowSpec):
    p = Parameter("p", default=1)

    @environment(vars={"A": "b"})
    @timeout(seconds=30)
    @retry(times=1)
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.body, foreach="items")

    @catch(var="c")
    @step
    def body(self):
        self.x = self.input + self.p
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(each.x for each in inputs)
        self.merge_artifacts(inputs, exclude=["x", "c"])
        self.next(self.end)

    @step
    def end(self):
        assert self.total == 5 and current.step_name == "end"
"""


@pytest.mark.parametrize("version", PYTHONS, ids=str)
@pytest.mark.parametrize("form", ["folder", "zip"])
def test_a_flow_runs(version: tuple[int, int], form: str, tmp_path: Path) -> None:
    if form == "zip":
        (tmp_path / "runtime.zip").write_bytes(archive())
        runtime = str(tmp_path / "runtime.zip")
    else:
        runtime = str(tmp_path / "runtime")
        write_folder(runtime)
    flow = Container(SOURCE, tmp_path)
    for step, path in (("start", "-"), ("body", "0"), ("body", "1"), ("join", "-"), ("end", "-")):
        done = subprocess.run(
            [PYTHONS[version], "-S", runtime, "task", "--step", step, "--path", path],
            env=flow.environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    assert flow.record("end")


def test_the_bundle_is_the_same_everywhere() -> None:
    assert archive() == archive()
    names = [name for name, _ in bundle()]
    assert (
        names == sorted(names)
        and "flowc/runtime_shim/__main__.py" in names
        and not any("compiler" in name for name in names)
    )
