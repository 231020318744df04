"""A short diff of two texts, for a person."""

from __future__ import annotations

import difflib
import sys

from .terminal import lines, paint

_SHOWN = 24  # lines of a diff; version control shows all of it


def text_diff(path: str, old: str, new: str) -> str:
    """Returns the first lines of the unified diff from the file's text to the text that it should have."""
    diff_lines = [
        line.rstrip("\n")
        for line in difflib.unified_diff(
            old.split("\n"), new.split("\n"), path, "what the flow gives now", lineterm="", n=2
        )
    ]
    shown = [_painted(lines(line)) for line in diff_lines[:_SHOWN]]
    if len(diff_lines) > _SHOWN:
        shown.append(f"… and {len(diff_lines) - _SHOWN} more lines")
    return "\n".join(shown)


def _painted(line: str) -> str:
    colour = {"+": "32", "-": "31", "@": "36"}.get(line[:1])
    return paint(colour, line, sys.stdout) if colour else line
