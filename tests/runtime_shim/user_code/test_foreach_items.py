"""A task of a foreach takes one item out of a collection, and saves the collection only if that has changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowc.runtime_shim.artifacts import content
from flowc.runtime_shim.local import items_ahead

from tests.support.container import Container
from tests.support.running import artifacts, run

FLOW = """
from flowc.runtime_shim.user_code import foreach_items
from metaflow import FlowSpec, step
{before}

class F(FlowSpec):
    @step
    def start(self):
        self.items = {items}
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.shared = bool(foreach_items.loaded_before)
        {body}
        self.next(self.join)

    @step
    def join(self, inputs):
        self.shared = sorted({{each.shared for each in inputs}})
        self.seen = [each.seen for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def flow(folder: Path, items: str, body: str, before: str = "") -> Path:
    path = folder / "flow.py"
    path.write_text(FLOW.format(items=items, body=body.replace("\n", "\n        "), before=before))
    return path


SMALL = "[{'n': n} for n in range(4)]"
WIDE = "[{'n': n, 'text': str(1000 + n) * 500} for n in range(40)]"  # worth loading before


@pytest.mark.parametrize("options", [(), ("--optimize",)], ids=["alone", "shared"])
@pytest.mark.parametrize("items", [SMALL, WIDE], ids=["small", "wide"])
def test_a_change_of_an_item_is_a_change_of_the_collection(
    items: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    """As in Metaflow, `self.input` is an item of the artifact: no other task sees what this one does to it."""
    body = (
        "self.input['n'] += 100\nself.seen = sum(each['n'] >= 100 for each in self.items), self.items[self.index]['n']"
    )
    count = len(eval(items))
    run(flow(tmp_path, items, body), tmp_path / "store", *options)
    assert artifacts(tmp_path / "store", "join")["seen"] == repr([(1, 100 + n) for n in range(count)])
    for index in (0, count - 1):
        changed = eval(artifacts(tmp_path / "store", "body", str(index))["items"])
        assert [each["n"] for each in changed] == [n + 100 * (n == index) for n in range(count)]


def test_a_change_counts_if_the_step_never_names_the_collection(tmp_path: Path) -> None:
    body = "self.input['n'] += 100\nself.seen = self.input['n']"
    run(flow(tmp_path, SMALL, body), tmp_path / "store")
    assert eval(artifacts(tmp_path / "store", "body", "2")["items"]) == [{"n": 0}, {"n": 1}, {"n": 102}, {"n": 3}]


def test_an_item_that_was_only_read_leaves_the_collection_as_it_was(tmp_path: Path) -> None:
    container = Container(FLOW.format(items=SMALL, body="self.seen = self.input['n']", before=""), tmp_path)
    container.task("start")
    container.task("body", "1")
    before, after = container.record("start"), container.record("body", "1")
    assert after["artifacts"]["items"] == before["artifacts"]["items"]
    assert not any(name.startswith("_flowc") for name in after["artifacts"])


def test_a_new_value_of_the_collection_wins(tmp_path: Path) -> None:
    body = "self.input['n'] += 100\nself.items = 'new'\nself.seen = self.input['n']"
    run(flow(tmp_path, SMALL, body), tmp_path / "store")
    assert artifacts(tmp_path / "store", "body", "2") == {
        "items": "'new'", "seen": "102", "shared": "False",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("items", "before", "shared"),
    [
        (WIDE, "", True),
        ("list(range(20_000))", "", True),
        ("{'a' * 40 + str(n) for n in range(2000)}", "", True),
        ("tuple('x' * 3000 + str(n) for n in range(9))", "", True),
        ("list(range(2_000))", "", False),  # small
        ("[Item(n) for n in range(2_000)]", "class Item:\n    def __init__(self, n):\n        self.text = f'{n:030}'\n", False),
    ],
    ids=["dicts", "numbers", "a set", "a tuple", "small", "not plain"],
)  # fmt: skip
def test_what_is_loaded_before(items: str, before: str, shared: bool, tmp_path: Path) -> None:
    """A chunk of a wide foreach: the collection is loaded once for all tasks if it is plain data."""
    source = FLOW.format(items=items, body="self.seen = str(self.input)[-5:]", before=before)
    container = Container(source, tmp_path, env={"FLOWC_DURABLE": "0"})
    container.task("start")
    container.several("body", "0-5", "body")
    found = artifacts(tmp_path / "store", "body", "3")
    assert found["shared"] == str(shared)


def test_tasks_that_do_not_read_their_item_load_nothing(tmp_path: Path) -> None:
    container = Container(FLOW.format(items=WIDE, body="self.seen = self.index", before=""), tmp_path)
    container.task("start")
    container.several("body", "0-5", "body")
    assert artifacts(tmp_path / "store", "body", "3")["shared"] == "False"


def test_a_local_run_loads_it_once_too(tmp_path: Path) -> None:
    run(flow(tmp_path, WIDE, "self.seen = self.input['n']"), tmp_path / "store")
    found = artifacts(tmp_path / "store", "join")
    assert found["shared"] == "[True]" and found["seen"] == repr(list(range(40)))


def test_plain_data_alone_is_loaded_before() -> None:
    for value in ([1, "a", {"b": (2.5, None)}, {3}, b"x" * 70_000], list(range(300_000)), ["y" * 10] * 400_000):
        assert items_ahead.restore_plain(content.of(value).bytes()) == value
    for other in ([Path("a")], [len]):
        with pytest.raises(items_ahead.NotPlain):
            items_ahead.restore_plain(content.of(other).bytes())
