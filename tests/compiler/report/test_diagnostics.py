"""Diagnostics as text: the caret stands under the place, whatever the line holds, and nothing can rewrite a terminal."""

from __future__ import annotations

from flowc.compiler.ir.nodes import Span
from flowc.compiler.report.diagnostics import (
    WARNING,
    Diagnostic,
    Refused,
    concise,
    full,
    has_errors,
    in_order,
    nearest,
    summary,
)

SPAN = Span("flow.py", 2, 9, 2, 14)
ONE = Diagnostic("FLOW210", "no step assigns `self.itmes`", SPAN, "a foreach needs a list", "did you mean `items`?")


def test_full() -> None:
    assert full(ONE, {"flow.py": "import x\n    abc itmes = 3\n"}).split("\n") == [
        "error[FLOW210]: no step assigns `self.itmes`",
        " --> flow.py:2:9",
        "  |",
        "2 |     abc itmes = 3",
        "  |         ^^^^^",
        "  = why: a foreach needs a list",
        "  = help: did you mean `items`?",
    ]


def test_full_in_colour_has_the_same_text() -> None:
    import re

    sources = {"flow.py": "\n    abc itmes = 3\n"}
    assert re.sub(r"\x1b\[[0-9;]*m", "", full(ONE, sources, colour=True)) == full(ONE, sources)


def test_concise() -> None:
    assert concise(ONE) == "flow.py:2:9 FLOW210 no step assigns `self.itmes`; did you mean `items`?"


def test_tabs_and_long_lines_keep_the_caret_under_the_place() -> None:
    for line, column in (("\tx = itmes", 6), ("y" * 5000 + "itmes" + "z" * 5000, 5001), ("éé = itmes", 6)):
        at = Span("flow.py", 1, column, 1, column + 5)
        text = full(Diagnostic("FLOW210", "x", at), {"flow.py": line}).split("\n")
        source, carets = text[3], text[4]
        assert source[carets.index("^") : carets.index("^") + 5] == "itmes" and len(source) < 200


def test_control_characters_are_shown_not_sent() -> None:
    hostile = Diagnostic("FLOW1", "name `\x1b[2J`", Span("a\x07.py", 1, 1, 1, 2), how="\r\n")
    for text in (full(hostile, {"a\x07.py": "\x1b]0;title\x07"}), concise(hostile)):
        assert not any(character < " " and character != "\n" for character in text)


def test_a_place_outside_the_source_or_none_still_renders() -> None:
    assert "FLOW210" in full(ONE, {}) and "FLOW1" in full(Diagnostic("FLOW1", "no file", None, how="give one"), {})
    assert "^" in full(Diagnostic("FLOW1", "end", Span("f", 1, 99, 3, 1)), {"f": "ab"})


def test_order_repeats_and_counts() -> None:
    late, warning = (
        Diagnostic("FLOW1", "b", Span("flow.py", 9, 1, 9, 2)),
        Diagnostic("FLOW2", "c", None, severity=WARNING),
    )
    assert in_order([late, ONE, warning, ONE]) == (warning, ONE, late)
    assert summary([late, ONE, warning]) == "2 errors, 1 warning" and summary([]) == ""
    assert has_errors([ONE]) and not has_errors([warning])
    refused = Refused([late, ONE], {"flow.py": "x"})
    assert refused.diagnostics == (ONE, late) and refused.sources == {"flow.py": "x"} and "FLOW210" in str(refused)


def test_nearest() -> None:
    assert nearest("itmes", ["items", "start"]) == "items" and nearest("zzz", ["items"]) is None
