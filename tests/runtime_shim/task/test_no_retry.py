"""`METAFLOW_EXIT_DISALLOW_RETRY`: a step that exits with it is not tried again, in spite of `@retry`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.building import program_of
from tests.support.running import flowc

from ...support.container import Container

FLOW = """import sys
from functools import wraps
from metaflow import FlowSpec, current, retry, step
from metaflow.exception import METAFLOW_EXIT_DISALLOW_RETRY


def only_platform(f):
    @wraps(f)
    def wrapper(self):
        try:
            f(self)
        except ZeroDivisionError:
            sys.exit({code})

    return retry(times=2, minutes_between_retries=0)(wrapper)


class F(FlowSpec):
    @only_platform
    @step
    def start(self):
        print("TRY", current.retry_count)
        1 / 0
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize(("code", "tries"), [("METAFLOW_EXIT_DISALLOW_RETRY", 1), ("202", 1), ("1", 3), ("'202'", 3)])
def test_only_that_exit_code_forbids_a_retry(code: str, tries: int, tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW.format(code=code))
    done = flowc("run", "flow.py", cwd=tmp_path)
    assert done.returncode != 0 and (done.stdout + done.stderr).count("TRY ") == tries


@pytest.mark.parametrize(
    ("left", "code"),
    [("METAFLOW_EXIT_DISALLOW_RETRY", 202), ("202", 202), ("1", 1), ("'202'", 1), ("2", 1), ("None", 1)],
)
def test_an_engine_sees_that_exit_code(left: str, code: int, tmp_path: Path) -> None:
    """Every other failure of a step exits with 1, since 2 and 3 are the shim's own."""
    Container(FLOW.format(code=left), tmp_path).task("start", code=code)


def test_a_retry_around_a_wrapper_is_the_steps(tmp_path: Path) -> None:
    step = program_of(FLOW.format(code=1), tmp_path).flow.steps[0]
    assert [(decorator.name, decorator.attributes["times"]) for decorator in step.decorators] == [("retry", 2)]
