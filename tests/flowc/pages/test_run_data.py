"""What the page of a run holds: tasks, attempts, failures, artifacts, logs and cards, as they are in the datastore."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim.client.datastore import Datastore

from flowc.pages.run_data import Limits, collect
from tests.support.running import flowc

FLOW = '''
import os

from metaflow import FlowSpec, Parameter, card, catch, current, retry, step
from metaflow.cards import Markdown


class Opened:
    """A value that runs code where it is unpickled."""

    def __reduce__(self):
        return (os.mkdir, (os.environ["TRAP"],))


class F(FlowSpec):
    """Splits, fails and joins."""

    fails = Parameter("fails", default=False)

    @card(type="blank", id="one")
    @step
    def start(self):
        """Makes the items."""
        current.card.append(Markdown("# made"))
        self.items = ["a", "b", {"c": 1}]
        self.trap = Opened()
        print("out")
        self.next(self.body, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @step
    def body(self):
        self.value = len(self.input)
        if self.index == 1 and current.retry_count == 0:
            raise ValueError("first attempt of b")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(task.value for task in inputs)
        self.next(self.end)

    @step
    def end(self):
        if self.fails:
            raise RuntimeError("asked to fail")
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("collected")
    (folder / "flow.py").write_text(FLOW)
    trap = {"TRAP": str(folder / "sprung")}
    flowc("run", "flow.py", "--run-id", "good", "--tag", "nightly", cwd=folder, env=trap)
    flowc("run", "flow.py", "--run-id", "bad", "--fails", "True", cwd=folder, env=trap, check=False)
    flowc("resume", "flow.py", "--origin-run-id", "bad", "--run-id", "again", cwd=folder, env=trap, check=False)
    if (folder / "sprung").exists():  # a step that inherits the value may have loaded it
        (folder / "sprung").rmdir()
    return folder


def data(folder: Path, run: str, **limits: Any) -> dict[str, Any]:
    return collect(Datastore(str(folder / ".flowc")), "F", run, Limits(**limits))


def expanded(runs: list[list[Any]]) -> list[Any]:
    return [item for item, count in runs for _ in range(count)]


def test_tasks_are_columns_in_the_order_of_the_run(folder: Path) -> None:
    columns = data(folder, "good")["tasks"]
    assert expanded(columns["step"]) == ["start", "body", "body", "body", "join", "end"]
    assert columns["path"] == ["-", "0", "1", "2", "-", "-"]
    assert [columns["states"][int(state)] for state in columns["state"]] == ["done"] * 6
    assert expanded(columns["attempts"]) == [1, 1, 2, 1, 1, 1]
    assert columns["value"] == ["", "'a'", "'b'", "{'c': 1}", "", ""]
    assert all(begin >= 0 for begin in columns["begin"]) and all(took >= 0 for took in columns["duration"])


def test_a_failed_attempt_keeps_its_failure_and_its_log(folder: Path) -> None:
    page = data(folder, "good")
    (failure,) = page["failures"].pop("2")
    assert page["failures"] == {}
    assert (failure["attempt"], failure["type"], failure["message"]) == (0, "ValueError", "first attempt of b")
    assert failure["traceback"].startswith("Traceback")
    assert page["logs"]["2/0"]["lines"][-1][1:] == [1, "ValueError: first attempt of b"]
    assert page["logs"]["0/0"]["lines"][0][1:] == [0, "out"]


def test_a_failed_run_says_so(folder: Path) -> None:
    page = data(folder, "bad")
    assert page["run"]["status"] == "failed" and page["run"]["ended"]
    assert page["run"]["parameters"] == {"fails": "True"}
    columns = page["tasks"]
    assert columns["states"][int(columns["state"][-1])] == "failed"


def test_a_resumed_run_shows_what_it_reused_with_the_cards_of_the_first_run(folder: Path) -> None:
    page = data(folder, "again")
    columns = page["tasks"]
    assert [columns["states"][int(state)] for state in columns["state"]] == ["reused"] * 5 + ["failed"]
    assert page["cards"]["0"][0]["id"] == "one" and "made" in page["cards"]["0"][0]["html"]
    assert page["run"]["origin"] == "bad"


def test_the_graph_comes_with_the_source_form_of_decorators(folder: Path) -> None:
    steps = {step["name"]: step for step in data(folder, "good")["steps"]}
    assert steps["start"]["kind"] == "foreach" and steps["start"]["over"] == "items"
    assert steps["start"]["doc"] == "Makes the items."
    assert steps["body"]["decorators"] == ["@retry(times=1, minutes_between_retries=0)"]
    assert steps["join"]["kind"] == "join" and steps["join"]["targets"] == [["end", ""]]


def test_no_class_is_imported_to_show_a_value(folder: Path) -> None:
    page = data(folder, "good")
    kinds = {name: (kind, text) for name, kind, _, _, text in page["artifacts"]["kinds"] if name in ("items", "trap")}
    assert kinds == {"items": ("list", "['a', 'b', {'c': 1}]"), "trap": ("__main__.Opened", "")} or (
        kinds["items"] == ("list", "['a', 'b', {'c': 1}]") and kinds["trap"][1] == ""
    )
    assert not (folder / "sprung").exists()


def test_limits_leave_out_and_say_so(folder: Path) -> None:
    page = data(folder, "good", logs="failed", cards="none")
    assert list(page["logs"]) == ["2/0"] and page["cards"] == {}
    assert page["left_out"] == ["cards, as asked"]
    page = data(folder, "good", size=40)
    assert page["cards"]["0"][0]["html"] is None and page["cards"]["0"][0]["why"] == "left out for size"
    assert any(text.startswith("logs of ") for text in page["left_out"])
    assert any(text.startswith("1 cards") for text in page["left_out"])
    assert data(folder, "good", cards="other")["cards"] == {}


def test_the_data_is_json_and_the_same_each_time(folder: Path) -> None:
    first, second = (json.dumps(data(folder, "good")) for _ in range(2))
    assert first == second


SHARED = """
from metaflow import FlowSpec, step


class Shared(FlowSpec):
    @step
    def start(self):
        self.items = list(range(5))
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_tasks_name_the_container_that_they_share(tmp_path: Path) -> None:
    (tmp_path / "shared.py").write_text(SHARED)
    flowc("run", "shared.py", "--optimize", "--run-id", "r", "-q", cwd=tmp_path, check=True)
    page = collect(Datastore(str(tmp_path / ".flowc")), "Shared", "r", Limits())
    columns = page["tasks"]
    named = ["" if number == 0 else columns["containers"][number - 1] for number in expanded(columns["container"])]
    steps = expanded(columns["step"])
    assert len(named) == len(steps) == 8
    for name in columns["containers"]:
        assert named.count(name) > 1
        step, path = name.split("/")
        assert step in [steps[number] for number in range(8) if named[number] == name] and path
    items = {name for name, step in zip(named, steps) if step == "body"}
    assert items and all(name.startswith("body/") and "-" in name for name in items if name)
    assert "containers" not in collect(*_alone(tmp_path))["tasks"]


def _alone(folder: Path) -> tuple[Datastore, str, str, Limits]:
    flowc("run", "shared.py", "--run-id", "alone", "-q", cwd=folder, check=True)
    return Datastore(str(folder / ".flowc")), "Shared", "alone", Limits()


def test_tasks_tell_what_ran_them(folder: Path) -> None:
    facts = data(folder, "good")["facts"]
    (kind,) = facts["kinds"]
    assert kind["python"].count(".") == 2 and kind["platform"] == sys.platform and len(kind["digest"]) == 64
    assert set(facts["of"]) == {str(number) for number in range(6)}
    assert all(number == 0 and (memory is None or memory > 0) for number, memory, _ in facts["of"].values())


def test_a_task_that_was_tried_again_says_when_its_last_attempt_began(folder: Path) -> None:
    page = data(folder, "good")
    (last,) = page["tasks"]["last"].items()
    assert last[0] == "2" and last[1] >= round(1000 * page["failures"]["2"][0]["time"]) - page["tasks"]["t0"]
