"""Reads a lock that flowc wrote without the TOML parser, whose imports take longer than reading the lock.

The result counts only if writing it again gives the same text: then the parser would have read the same. Any other
text (a different tool's layout, a merge, an edit) is left to the parser.
"""

from __future__ import annotations

from flowc.runtime_shim.fast_start.json_text import loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def read(text: str) -> dict[str, Any] | None:
    """Returns what is probably the file's data, in the shape of the TOML parser's; None where the text looks different.

    Times are texts. Strings with escapes are read too, since they are JSON's.
    """
    data: dict[str, Any] = {"tool": {"flowc": {"packages": {}}}}
    own: dict[str, Any] = data["tool"]["flowc"]
    table = data
    try:
        for line in text.split("\n"):
            if line == "[[packages]]":
                table = {}
                data.setdefault("packages", []).append(table)
            elif line == "[tool.flowc]":
                table = own
            elif line == "[tool.flowc.packages]":
                table = own["packages"]
            elif line:
                key, _, value = line.partition(" = ")
                table[loads(key) if key.startswith('"') else key] = _value(value)
    except (ValueError, IndexError):
        return None
    return data


def _value(text: str) -> Any:
    if text.startswith("[{") and text.endswith("}]"):
        return [_table(text[2:-2])]
    if text.startswith("{") and text.endswith("}"):
        return _table(text[1:-1])
    return loads(text)


def _table(text: str) -> dict[str, Any]:
    """The keys of an inline table, whose texts hold no quotes. Raises ValueError for another shape."""
    table: dict[str, Any] = {}
    while text:
        key, separator, text = text.partition(" = ")
        if not separator or "\\" in text:
            raise ValueError(text)
        if text.startswith('"'):
            table[key], _, text = text[1:].partition('"')
        elif text.startswith("{"):
            inner, _, text = text[1:].partition("}")
            table[key] = _table(inner)
        else:
            value, comma, rest = text.partition(",")
            table[key] = int(value) if value.isdigit() else value
            text = comma + rest
        text = text.removeprefix(", ")
    return table
