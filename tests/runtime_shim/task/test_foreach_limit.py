"""A foreach that is too wide for its engine fails in its own step, and leaves nothing to continue from."""

from __future__ import annotations

from pathlib import Path

from ...support.container import Container
from .test_container import FOREACH

REASON = "the run's history would be full; compile with `--map distributed`"


def test_a_foreach_that_is_too_wide_fails_before_it_has_a_record(tmp_path: Path) -> None:
    flow = Container(FOREACH, tmp_path)
    done = flow.task(
        "start", "-", code=3, FLOWC_PARAMETERS='{"n": 4}', FLOWC_MAX_SPLITS="3", FLOWC_MAX_SPLITS_REASON=REASON
    )
    assert f"step `start`: the foreach over `items` has 4 items, but the engine runs at most 3: {REASON}" in done.stderr
    assert (
        "Traceback" not in done.stderr
        and not flow.place("start").exists()
        and flow.place("start", suffix=".0.failure.json").exists()
    )


def test_a_foreach_of_the_largest_width_runs(tmp_path: Path) -> None:
    flow = Container(FOREACH, tmp_path)
    flow.task("start", "-", FLOWC_PARAMETERS='{"n": 3}', FLOWC_MAX_SPLITS="3", FLOWC_MAX_SPLITS_REASON=REASON)
    assert flow.record("start")["splits"] == 3
    flow.task("body", "0", FLOWC_MAX_SPLITS="3")  # a step without a foreach has no width
    assert flow.record("body", "0")["next"] == ["half"]


def test_a_limit_that_is_no_number_is_said(tmp_path: Path) -> None:
    done = Container(FOREACH, tmp_path).task("start", "-", code=3, FLOWC_PARAMETERS="{}", FLOWC_MAX_SPLITS="many")
    assert "FLOWC_MAX_SPLITS must be a whole number, not 'many'" in done.stderr


NESTED = """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.rows = [1, 2, 3]
        self.next(self.row, foreach="rows")

    @step
    def row(self):
        self.cells = [1, 2]
        self.next(self.cell, foreach="cells")

    @step
    def cell(self):
        self.next(self.within)

    @step
    def within(self, inputs):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_items_of_the_foreaches_around_count_where_the_spec_says_so(tmp_path: Path) -> None:
    flow = Container(NESTED, tmp_path)
    flow.task("start", "-", FLOWC_PARAMETERS="{}")
    flow.task("row", "0", FLOWC_MAX_SPLITS="5")
    flow.task("row", "1", FLOWC_MAX_SPLITS="6", FLOWC_MAX_SPLITS_LEVELS="1")
    done = flow.task("row", "2", code=3, FLOWC_MAX_SPLITS="5", FLOWC_MAX_SPLITS_LEVELS="1")
    assert "the foreach over `cells` has 3 times 2 items, but the engine runs at most 5" in done.stderr
