"""Reads a lock that flowc or uv wrote without the TOML parser, whose imports take longer than reading the lock.

A lock in a file counts only if writing it again gives the same text: then the parser would have read the same. Any
other text (a merge, an edit) is left to the parser. So is what uv prints, where it has a form that is not known here.
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
        lines = iter(text.split("\n"))
        for line in lines:
            if line == "[[packages]]":
                table = {}
                data.setdefault("packages", []).append(table)
            elif line == "[[tool.flowc.conda-packages]]":
                table = {}
                own.setdefault("conda-packages", []).append(table)
            elif line == "[tool.flowc.conda]":
                table = own.setdefault("conda", {})
            elif line == "[tool.flowc]":
                table = own
            elif line == "[tool.flowc.build-tools]":
                table = own.setdefault("build-tools", {})
            elif line == "[tool.flowc.packages]":
                table = own["packages"]
            elif line and not line.startswith("#"):
                key, _, value = line.partition(" = ")
                items = [*iter(lambda: next(lines), "]")] if value == "[" else []  # uv writes one a line
                read_value = [_value(item.strip().removesuffix(",")) for item in items] if items else _value(value)
                table[loads(key) if key.startswith('"') else key] = read_value
    except (ValueError, IndexError, StopIteration):
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
    text = text.strip()
    while text:
        key, separator, text = text.partition(" = ")
        if not separator or "\\" in text or not key.replace("-", "").replace("_", "").isalnum():
            raise ValueError(text)
        if text.startswith('"'):
            table[key], _, text = text[1:].partition('"')
        elif text.startswith("{"):
            inner, _, text = text[1:].partition("}")
            table[key] = _table(inner)
        else:
            value, comma, rest = text.partition(",")
            if not value[:1].isdigit():
                raise ValueError(value)
            table[key] = int(value) if value.isdigit() else value
            text = comma + rest
        text = text.strip().removeprefix(", ")
    return table
