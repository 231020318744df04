"""The arguments of a container with several tasks, and what it reports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.container import Container, Done

FLOW = """
from metaflow import FlowSpec, current, step


class F(FlowSpec):
    @step
    def start(self):
        self.items = list(range(7))
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.twice = 2 * self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.all = [each.twice for each in inputs]
        self.next(self.choose)

    @step
    def choose(self):
        self.way = "b"
        self.next({"a": self.a, "b": self.b}, condition="way")

    @step
    def a(self):
        self.next(self.end)

    @step
    def b(self):
        self.task = current.task_id
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return Container(FLOW, tmp_path)


def reported(done: Done) -> object:
    return json.loads(done.stdout.rstrip("\n").rpartition("\n")[2])


def test_chunks_from_a_head_alone(container: Container) -> None:
    command = container.command
    container.command = lambda step, path="-", *report, **_: [  # type: ignore[method-assign]
        *command(step, path, *report), "--items", "2", "--containers", "3",
    ]  # fmt: skip
    assert reported(container.task("start", "-", "stdout")) == {"splits": 3, "paths": ["0-2", "3-5", "6-6"]}
    assert reported(container.task("start", "-", "stdout", attempt=1)) == {"splits": 3, "paths": ["0-2", "3-5", "6-6"]}


def test_an_existing_record_reports_in_the_division_of_now(container: Container) -> None:
    container.task("start", "-", "stdout")
    report = ("--report", "stdout")
    again = container.several("start", "-", "start", "--items", "4", *report, attempt=1)
    assert reported(again) == {"splits": 2, "paths": ["0-3", "4-6"]}
    assert reported(container.task("start", "-", "stdout", attempt=1)) == {
        "splits": 7, "paths": [str(index) for index in range(7)],
    }  # fmt: skip


def test_a_container_reports_the_step_that_control_leaves_to(container: Container) -> None:
    container.task("start")
    report = ("--report", "stdout")
    assert reported(container.several("body", "0-3", "body", *report)) == {}
    assert reported(container.several("body", "4-6", "body", *report)) == {}
    assert reported(container.several("join", "-", "join,choose", *report)) == {"next": "b", "path": "-"}
    assert reported(container.several("b", "-", "b,end", *report)) == {}
    assert {container.record("body", str(index))["path"] for index in range(7)} == {str(index) for index in range(7)}


def test_each_line_names_its_task(container: Container) -> None:
    source = FLOW.replace("self.twice =", "print('item', self.input)\n        self.twice =")
    container = Container(source, container.folder)
    container.task("start")
    printed = container.several("body", "5-6", "body", "--cores", "1").stdout
    assert printed == "body/5: item 5\nbody/6: item 6\n"
    assert container.place("body", "5", ".0.log").read_text().endswith(" stdout F item 5\n")


@pytest.mark.parametrize(
    "arguments, why",
    [
        (("start", "-", "body"), "--within does not name the container's own step, start"),
        (("start", "-", "start,"), "--within must name each step once"),
        (("start", "-", "start,start"), "--within must name each step once"),
        (("start", "-", "start,nothing"), "flow F has no such step"),
        (("body", "3-1", "body"), "'3-1' is not a valid path of a container"),
        (("body", "3-x", "body"), "is not a valid path of a container"),
        (("body", "a.0-1", "body"), "is not a valid path of a container"),
        (("body", "0-1~2", "body"), "is not a valid path of a container"),
        (("body", "0-1", "body", "--cores", "none"), "--cores must be a positive number, not 'none'"),
        (("body", "0-1", "body", "--memory", "-3"), "--memory must be a positive number, not '-3'"),
        (("body", "0-1", "body", "--items", "1.5"), "--items must be a whole number, not '1.5'"),
        (("body", "0-1", "body", "--peaks", "body=0"), "--peaks must be a positive number, not '0'"),
        (("body", "0-1", "body", "--peaks", "body"), "--peaks must be a positive number, not ''"),
        (("body", "0-1", "body", "--peaks", "join=3"), "--peaks must name steps of --within, each once, not 'join=3'"),
        (("body", "0-1", "body", "--peaks", "body=3,body=4"), "each once, not 'body=4'"),
    ],
)
def test_wrong_arguments_are_wrong_usage(arguments: tuple[str, str, str], why: str, container: Container) -> None:
    assert why in container.several(*arguments, code=2).stderr


def test_tasks_that_have_used_much_memory_run_one_at_a_time(tmp_path: Path) -> None:
    source = FLOW.replace("self.twice =", "__import__('time').sleep(0.05)\n        self.twice =")
    container = Container(source, tmp_path)
    container.task("start")
    room = ("--cores", "4", "--memory", "1000")
    container.several("body", "0-6", "body", *room, "--peaks", "body=501")
    times = sorted((one["started"], one["ended"]) for one in (container.record("body", str(at)) for at in range(7)))
    assert all(ended <= started for (_, ended), (started, _) in zip(times, times[1:])), times


def test_a_range_needs_several_tasks(container: Container) -> None:
    assert "is not a valid task path" in container.task("body", "0-1", code=2).stderr


def test_steps_that_do_not_belong_together_are_an_error_of_the_spec(container: Container) -> None:
    assert "its spec is inconsistent" in container.several("start", "-", "start,body,b", code=3).stderr


def test_a_gang_is_refused(tmp_path: Path) -> None:
    source = Path("tests/flows/gang.py").read_text()
    container = Container(source, tmp_path)
    why = container.several("node", "0-2", "node", code=2).stderr
    assert "--within names node, whose tasks are a gang: each needs a container of its own" in why


def test_a_limit_on_splits_counts_the_containers_that_the_engine_starts(tmp_path: Path) -> None:
    source = Path("tests/flows/nested_foreach.py").read_text()
    limits = {"FLOWC_MAX_SPLITS": "1", "FLOWC_MAX_SPLITS_REASON": "so it is"}
    container = Container(source, tmp_path, env=limits)
    container.several("start", "-", "start", "--items", "2")  # one chunk of two
    container.several("row", "0-1", "row,cell,join_cells,total")  # the foreach inside starts no containers
    other = Container(source, tmp_path, env=limits, run="other")
    failed = other.several("start", "-", "start", code=202)
    assert "the foreach over `rows` has 2 items, but the engine runs at most 1: so it is" in failed.stderr
