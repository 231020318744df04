"""Prints what each pass of the compiler adds to its result: `python -m tests.support.passes FLOW.py [PASS…]`.

A line is a field that a pass has set or changed, such as `analysis.flow.steps.measure.reads = ('words',)`. Empty fields
and places in the source are left out.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from flowc.compiler.dataflow.layers import Layers
from flowc.compiler.ir.nodes import Span
from flowc.compiler.options.compile_inputs import NOTHING
from flowc.compiler.passes import PASSES, Compile
from flowc.compiler.source.sources import Sources

WIDTH = 100  # characters of a value


def added(path: str) -> Iterator[tuple[str, list[str]]]:
    """Yields the name of each pass, with a line for each field that it sets and each diagnostic. Raises Refused."""
    folder, name = os.path.split(path)
    now = Compile(Sources(folder or ".", name), "", (), {}, NOTHING)
    seen = {(_below(field), value) for field, value in fields(now)}
    for compiler_pass in PASSES:
        now, diagnostics = compiler_pass(now)
        lines = [f"{field} = {value}" for field, value in fields(now) if (_below(field), value) not in seen]
        lines += [f"{diagnostic.code}: {diagnostic.what}" for diagnostic in diagnostics]
        yield compiler_pass.__name__, lines
        seen |= {(_below(field), value) for field, value in fields(now)}


def _below(field: str) -> str:
    """The field without its first name: `reading.flow.name` and `analysis.flow.name` hold the same flow."""
    return field.partition(".")[2] or field


def fields(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yields the fields of a record, nested ones too: the path of each, and its value as text."""
    if isinstance(value, Layers):
        value = frozenset(value)
    if isinstance(value, Span) or value in (None, "", False, (), [], {}, frozenset()):
        return
    if hasattr(value, "__match_args__"):
        if path.endswith(".transition") or path.rpartition(".")[2].isdigit():
            yield path, type(value).__name__
        for name in value.__match_args__:
            yield from fields(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, (tuple, list)) and hasattr(value[0], "__match_args__"):
        for number, item in enumerate(value):
            yield from fields(item, f"{path}.{getattr(item, 'name', number)}")
    elif isinstance(value, dict) and all(isinstance(key, str) for key in value):
        for key, item in value.items():
            yield from fields(item, f"{path}.{key}")
    else:
        text = f"{{{', '.join(sorted(map(repr, value)))}}}" if isinstance(value, (set, frozenset)) else repr(value)
        text = f"<{type(value).__name__}>" if " object at 0x" in text else text
        yield path, text if len(text) <= WIDTH else f"{text[:WIDTH]}…"


def main(path: str, *names: str) -> None:
    for name, lines in added(path):
        if not names or name in names:
            print(name, *lines, sep="\n    ")


if __name__ == "__main__":
    main(*sys.argv[1:])
