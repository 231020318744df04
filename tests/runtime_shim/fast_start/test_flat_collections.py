"""Large flat collections: one pickle that any unpickler reads, with the identities of the ordinary one, and little memory."""

from __future__ import annotations

import io
import pickle
import pickletools
import random
import subprocess
import sys
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim.artifacts import content
from flowc.runtime_shim.fast_start import flat_collections
from hypothesis import given, settings
from hypothesis import strategies as st


def pickled(value: Any) -> bytes | None:
    parts: list[bytes] = []
    return b"".join(parts) if flat_collections.pickle(value, parts.append) else None


def texts(count: int) -> list[str]:
    return [f"text {index}" for index in range(count)]


ATOMS = st.one_of(
    st.integers(), st.floats(allow_nan=False), st.booleans(), st.none(), st.text(max_size=300).map(lambda text: text + "é!"), st.binary(max_size=300),
)  # fmt: skip


@given(st.lists(ATOMS, min_size=2, max_size=12), st.sampled_from([list, tuple]), st.integers(0, 2100))
@settings(max_examples=60, deadline=None)
def test_any_unpickler_reads_the_value(atoms: list[Any], kind: type, more: int) -> None:
    value = kind([f"{more} text", *texts(more), *atoms])
    data = pickled(value)
    if data is not None:  # None where an atom is there twice
        assert pickle.loads(data) == pickle._loads(data) == value  # type: ignore[attr-defined]  # in C, and in Python
        assert [type(item) for item in pickle.loads(data)] == [type(item) for item in value]


@pytest.mark.parametrize("count", [2, 3, 999, 1000, 1001, 1002, 2000, 2001, 5001])
def test_every_kind_and_length(count: int) -> None:
    for value in (
        texts(count),
        tuple(texts(count)),
        set(texts(count)),
        dict(zip(texts(count), range(count))),
        dict(zip(range(count), texts(count))),
    ):
        data = pickled(value)
        assert data is not None
        value_read = pickle._loads(data)  # type: ignore[attr-defined]
        assert value_read == value == pickle.loads(data) and type(value_read) is type(value)
        assert list(pickle.loads(data)) == list(value) or isinstance(value, set)
        pickletools.dis(data, out=io.StringIO())


@pytest.mark.parametrize("shared", ["a shared text", "é\ud800" * 200, b"bytes", b"y" * 70_000])
def test_what_is_there_twice_stays_one_object(shared: Any) -> None:
    other = "another"
    for value in (
        [*texts(3000), shared, *texts(5), shared], [shared, shared, *texts(10)], dict.fromkeys(texts(2000), shared),
        [*texts(1500), (other, shared), *texts(1500), [other], {shared: other}], (shared, other, shared, *texts(2000), other),
    ):  # fmt: skip
        data = pickled(value)
        assert data is not None
        for value_read in (pickle.loads(data), pickle._loads(data)):  # type: ignore[attr-defined]
            assert value_read == value and shape(value_read) == shape(value)


def test_too_many_texts_that_are_there_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flat_collections, "_SHARED", 1002)
    few, many = texts(1002), texts(1003)
    assert pickled(many + many) is None
    data = pickled(few + few)
    assert data is not None and shape(pickle.loads(data)) == shape(few + few)


def test_the_same_bytes_whatever_the_addresses() -> None:
    program = "from flowc.runtime_shim.artifacts import content; print(content.of([{f'{n}': f'{n}', 'b': ('x' * n, k)} for k in ('one', 'two') for n in range(9000)]).digest)"
    assert (
        len({subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout for _ in range(3)})
        == 1
    )


def test_what_somebody_else_has_too_makes_no_difference() -> None:
    value = [*texts(3000), *"12121212", "", "", b"", b"", b"x", b"x"]
    alone = pickled(value)
    others = list(value)
    random.shuffle(others)
    assert alone is not None and pickled(value) == alone and pickled(pickle.loads(alone)) == alone
    del others


def rows(count: int) -> list[Any]:
    return [
        (number, [f"text {number}", number / 3], (), ((number,),), {"key": f"{number}", "another": {}})
        for number in range(count)
    ]


KEYS = st.one_of(
    st.sampled_from(["key", "another"]),
    st.integers(),
    st.text(max_size=5),
    st.tuples(st.integers(), st.text(max_size=3)),
)
ROWS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.lists(inner, max_size=4).map(tuple), st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.lists(ROWS, min_size=2, max_size=12), st.integers(0, 2100))
@settings(max_examples=100, deadline=None)
def test_rows_keep_their_identities(some: list[Any], more: int) -> None:
    value = [*rows(more), *some, *texts(2)]
    data = pickled(value)
    ordinary = pickle.loads(pickle.dumps(value, 5))
    for value_read in [] if data is None else [pickle.loads(data), pickle._loads(data)]:  # type: ignore[attr-defined]
        assert value_read == value and shape(value_read) == shape(ordinary)


def shape(value: Any) -> list[Any]:
    """Returns the types of all objects in the value, and numbers those that the ordinary pickler remembers."""
    numbers: dict[int, int] = {}
    nodes: list[Any] = []

    def visit(node: Any) -> None:
        is_one_everywhere = type(node) in (str, bytes, tuple) and len(node) < (1 if type(node) is tuple else 2)
        is_remembered = type(node) in (str, bytes, tuple, list, dict) and not is_one_everywhere
        nodes.append((type(node), numbers.setdefault(id(node), len(numbers)) if is_remembered else 0))
        if type(node) in (list, tuple, dict):
            for one in chain.from_iterable(node.items()) if type(node) is dict else node:
                visit(one)

    visit(value)
    return nodes


def test_rows_that_are_there_twice_stay_one_object() -> None:
    row, record, within, cycle = [1, 2], {"a": 1}, (1.5, [3]), [1]
    cycle.append(cycle)  # type: ignore[arg-type]
    for value in (
        [*rows(10), row, row],
        [*rows(10), record, {1: record}],
        [*rows(10), (within, 1), [within]],
        [*rows(10), (1, within[1]), within[1]],
        [*rows(10), cycle],
    ):
        assert pickled(value) is None
    assert (
        pickled(rows(3000))
        and pickled(tuple(rows(3000)))
        and pickled(dict(enumerate(rows(3000))))
        and pickled({(index, 0) for index in range(3000)})
    )
    assert pickled([*rows(5), [[[[[[["too deep"]]]]]]]]) is None


@pytest.mark.parametrize(
    "odd", [[1j], {1: 2j}, 1j, object, bytearray(2), "x" * 70_000, b"y" * 200_000, type("S", (str,), {})("text")]
)
def test_all_else_is_for_the_ordinary_pickler(odd: Any) -> None:
    assert pickled([*texts(1500), odd]) is None
    assert pickled(list(range(5000))) is None, "it remembers no numbers"


def test_content_of_a_flat_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "FLAT", 1000)
    monkeypatch.setattr(content, "SPOOL", 100_000)
    for value in (texts(1200), texts(100_000), ["x" * 900 + text for text in texts(3000)], [*texts(2000), ["nested"]]):
        assert pickle.loads(content.of(value).bytes()[64:] if len(value) > 2500 else content.of(value).bytes()) == value
        assert content.restore(content.of(value).bytes()) == value


@pytest.mark.parametrize(
    ("make", "count"),
    [
        (lambda number: f"text {number}", 2_500_000),
        (
            lambda number: {
                "id": number,
                "name": f"{number}",
                "kind": ("one", "two")[number % 2],
                "at": (number, number),
            },
            600_000,
        ),
    ],
)
def test_millions_of_items_take_little_memory(make: Callable[[int], Any], count: int) -> None:
    def status(name: str) -> int:
        line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
        return int(line.split()[1]) << 10

    value = [make(index) for index in range(count)]
    content.of(texts(300_000))
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = status("VmRSS")
    content.of(value)
    assert status("VmHWM") - before < 48 << 20
