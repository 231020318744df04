"""What is surely valid is what Python's parser accepts; the parser decides about the rest."""

from __future__ import annotations

import ast

import pytest
from flowc.compiler.fast_start.syntax import is_surely_valid
from flowc.compiler.report.diagnostics import Refused
from flowc.compiler.source.text import parse


@pytest.mark.parametrize(
    "text", ["x = 1\n", "def f(:\n", "x = 1\0", "(" * 300, "return\n", "x = '\\d'\n", "match x:\n  case 1: pass\n"]
)
def test_no_text_is_valid_that_python_refuses(text: str) -> None:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        assert not is_surely_valid(text, "flow")
    else:
        assert is_surely_valid(text, "flow")


@pytest.mark.parametrize("text", ["nonlocal x\n", "def f(a, a): pass\n", "from __future__ import absent\n"])
def test_the_parser_decides_about_what_is_not_surely_valid(text: str) -> None:
    assert not is_surely_valid(text, "flow")
    assert parse("flow.py", text).text == text


def test_a_source_that_python_refuses_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        parse("flow.py", "x = 1\ny = (\n")
    assert [diagnostic.code for diagnostic in refused.value.diagnostics] == ["FLOW002"]
