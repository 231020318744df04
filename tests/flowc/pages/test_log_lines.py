"""Lines of large logs: what is shown of them, and what a search finds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flowc.runtime_shim.contract.logs import Writer
from flowc.runtime_shim.store.folder import FolderStore
from hypothesis import given
from hypothesis import strategies as st

from flowc.pages import log_lines


def log(*lines: tuple[str, str]) -> bytes:
    writer = Writer()
    for stream, text in lines:
        writer.add(stream, text.encode("utf-8", "surrogatepass") + b"\n", 1.5)
    return writer.data()


MANY = log(*(("stderr" if number % 3 == 0 else "stdout", f"line {number}") for number in range(1, 10_001)))


def test_a_long_log_loses_its_middle() -> None:
    shown = log_lines.log_of(MANY, 100)
    assert (shown["cut"], shown["cut_at"], len(shown["lines"])) == (9900, 25, 100)
    assert shown["lines"][24][2] == "line 25" and shown["lines"][25][2] == "line 9926"
    assert log_lines.log_of(log(("stdout", "a")), 100) == {"lines": [[1500, 0, "a"]], "cut": 0}
    assert log_lines.log_of(b"", 100) == {"lines": [], "cut": 0}


@pytest.mark.parametrize(
    ("number", "first"), [(1, 1), (40, 1), (5000, 4950), (9999, 9901), (10_000, 9901), (10**9, 9901)]
)
def test_the_lines_around_one(number: int, first: int) -> None:
    part = log_lines.around(MANY, number, 100)
    assert part["first"] == first and len(part["lines"]) == 100
    assert part["lines"][0][2] == f"line {first}"


def test_what_is_not_printed_is_not_found() -> None:
    data = log(
        ("stdout", "stderr"), ("stderr", "x"), ("stdout", "\x1b[31mre\x1b[0md"), ("stdout", "\x1b]8;;no\x07link")
    )
    assert [line[0] for line in log_lines.find(data, "stderr")["lines"]] == [1]
    assert log_lines.find(data, "1970")["count"] == 0  # the time of a line
    assert [line[0] for line in log_lines.find(data, "RED")["lines"]] == [3]  # one word, though its colour changes
    assert log_lines.find(data, "no")["count"] == 0 and log_lines.find(data, "")["count"] == 0


def test_a_search_counts_all_and_shows_the_first() -> None:
    found = log_lines.find(MANY, "line 1", "stderr", most=5)
    expected = [number for number in range(3, 10_001, 3) if str(number).startswith("1")]
    assert found["count"] == len(expected) and [line[0] for line in found["lines"]] == expected[:5]


TEXT = st.text(st.sampled_from("abA .stdoutF\x1b[31mé"), max_size=8)


@given(st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), TEXT), max_size=8), TEXT.filter(bool))
def test_a_search_finds_what_reading_every_line_does(lines: list[tuple[str, str]], text: str) -> None:
    bare = [log_lines._ESCAPES.sub("", line) for _, line in lines]
    expected = [
        number for number, line in enumerate(bare, 1) if re.search(re.escape(text), line, re.IGNORECASE) is not None
    ]
    assert [line[0] for line in log_lines.find(log(*lines), text)["lines"]] == expected


@pytest.mark.parametrize("size", [100, 1000, 1 << 20])
@pytest.mark.parametrize("end", [b"", b"2026-01-02T03:04:05.5Z stderr F no end"])
def test_a_log_that_is_read_in_blocks_is_the_same(
    size: int, end: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_lines, "BLOCK", size)
    store = FolderStore(str(tmp_path), False)
    whole = MANY + end
    store.put("log", whole)
    stored = log_lines.Stored(store, "log", len(whole))
    assert b"".join(stored.blocks()) == whole
    for most in (4, 100, 10_000):
        assert log_lines.log_of(stored, most) == log_lines.log_of(whole, most)
        for number in (1, 77, 10_000):
            assert log_lines.around(stored, number, most) == log_lines.around(whole, number, most)
        for text in ("1", "LINE", "no end", "nowhere"):
            assert log_lines.find(stored, text, most=most) == log_lines.find(whole, text, most=most)
