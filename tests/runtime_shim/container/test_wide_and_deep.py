"""Wide chunks, deep loops, nested foreaches and hostile names in one container."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowc.runtime_shim.contract.tasks import tasks
from flowc.runtime_shim.store import open_store

from tests.support.container import Container

WIDE = """
from metaflow import FlowSpec, step


class F(FlowSpec):
    @step
    def start(self):
        self.items = range({items})
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.value = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(each.value for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        print(self.total)
"""
LOOP = """
from metaflow import FlowSpec, current, step


class F(FlowSpec):
    @step
    def start(self):
        self.left, self.seen = 300, []
        self.next(self.again)

    @step
    def again(self):
        self.left -= 1
        self.seen.append(current.task_id)
        self.way = "round" if self.left else "out"
        self.next({"round": self.again, "out": self.end}, condition="way")

    @step
    def end(self):
        print(len(set(self.seen)))
"""


@pytest.mark.parametrize("items", [300, pytest.param(10_000, marks=pytest.mark.nightly)])
def test_a_wide_chunk(items: int, tmp_path: Path) -> None:
    container = Container(WIDE.replace("{items}", str(items)), tmp_path, env={"FLOWC_DURABLE": "0"})
    container.task("start")
    container.several("body", f"0-{items - 1}", "body")
    assert f"end: {sum(range(items))}\n" in container.several("join", "-", "join,end").stdout
    assert sum(1 for _ in tasks(open_store(str(tmp_path / "store")), "F", "r", "body")) == items


def test_a_loop_of_300_visits(tmp_path: Path) -> None:
    container = Container(LOOP, tmp_path, env={"FLOWC_DURABLE": "0"})
    assert "end: 300\n" in container.several("start", "-", "start,again,end", FLOWC_MAX_VISITS="97").stdout
    assert container.record("again", "-~299")["next"] == ["end"]


def test_a_loop_alone_goes_round_inside(tmp_path: Path) -> None:
    container = Container(LOOP.replace("300", "5"), tmp_path)
    container.task("start")
    assert '"next":"end"' in container.several("again", "-", "again", "--report", "stdout").stdout.replace(" ", "")


def test_hostile_names(tmp_path: Path) -> None:
    """The run's id is any text."""
    run = "../~ 'a\"$(id)\n{{x}}/é"
    container = Container(WIDE.replace("{items}", "3"), tmp_path, run=run)
    container.several("start", "-", "start,body,join,end")
    container.several("start", "-", "start,body,join,end", attempt=1)
    assert [path for _, path in tasks(open_store(str(tmp_path / "store")), "F", run, "body")] == ["0", "1", "2"]


def test_a_fresh_process_for_each_task(tmp_path: Path) -> None:
    """A flow that cannot be forked: its module has started a thread."""
    source = "import threading\nthreading.Thread(target=lambda: threading.Event().wait(), daemon=True).start()\n" + WIDE
    container = Container(source.replace("{items}", "3"), tmp_path)
    done = container.several("start", "-", "start,body,join,end")
    assert "end: 3\n" in done.stdout
