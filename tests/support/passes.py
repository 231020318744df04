"""What each pass of the compiler adds to what is known of a flow: `python -m tests.support.passes FLOW.py [PASS]`; with PASS, all of what that one adds."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from flowc.compiler.options.compile_inputs import NOTHING
from flowc.compiler.passes import PASSES, Compile
from flowc.compiler.report.diagnostics import Diagnostic
from flowc.compiler.source.sources import Sources

WIDTH = 110  # characters of a value, where not all is printed


def added(path: str) -> Iterator[tuple[str, dict[str, object], list[Diagnostic]]]:
    """Yields for each pass its name, the fields of `Compile` that it sets, and its diagnostics. Raises Refused."""
    folder, name = os.path.split(path)
    now = Compile(Sources(folder or ".", name), "", (), {}, NOTHING)
    for each in PASSES:
        before = now
        now, diagnostics = each(now)
        fields = {field: getattr(now, field) for field in Compile.__match_args__ if getattr(now, field) is not getattr(before, field)}  # type: ignore[attr-defined]
        yield each.__name__, fields, list(diagnostics)


def main(path: str, wanted: str = "") -> None:
    for name, fields, diagnostics in added(path):
        if wanted in ("", name):
            print(name)
            for field, value in fields.items():
                text = repr(value)
                print(f"    {field} = {text if wanted or len(text) <= WIDTH else text[:WIDTH] + '…'}")
            for diagnostic in diagnostics:
                print(f"    {diagnostic.code} {diagnostic.what}")


if __name__ == "__main__":
    main(*sys.argv[1:])
