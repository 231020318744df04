"""The IR as JSON, which `flowc show --json` prints and the code package contains as `flowc.json`.

The form follows the records of `nodes.py` field by field: a record is an object, and a tuple is a list. If a field
may hold one of several records, the object also has `kind`. The published schema is `schema/ir.v1.json`. Scopes are
derived from the graph: they are written for readers that need them, and on reading they are derived again and
compared.
"""

from __future__ import annotations

from . import nodes
from .scopes import Unbalanced, scopes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

VERSION = 1

_KINDS: dict[str, type] = {
    "linear": nodes.Linear, "split": nodes.Split, "foreach": nodes.Foreach, "switch": nodes.Switch,
    "parallel": nodes.Parallel, "end": nodes.End,
    "task": nodes.Task, "branches": nodes.Branches, "for_each": nodes.ForEach,
}  # fmt: skip
_KIND_OF = {kind: name for name, kind in _KINDS.items()}
_SCALARS = frozenset((str, int, bool, float, type(None)))


class Malformed(ValueError):
    """Raised for a text that is not the JSON form of an IR, or has a version that this flowc does not know."""


def to_json(flow: nodes.Flow, scope: nodes.Scope) -> str:
    """Returns the JSON text, indented by one space per level, with a final newline; equal values give equal bytes."""
    return dumps({"version": VERSION, "flow": flow, "scopes": scope})


def from_json(text: str) -> tuple[nodes.Flow, nodes.Scope]:
    """Reads the JSON text of `to_json` or of another front end. Raises Malformed, naming the place."""
    import json

    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from None
    if not isinstance(data, dict) or "version" not in data:
        raise Malformed("not an IR: no `version`")
    if data["version"] != VERSION:
        raise Malformed(f"version {data['version']!r} of the IR is not known here, only {VERSION}")
    flow = _record(nodes.Flow, data.get("flow"), "flow")
    try:
        scope = scopes(flow)
    except (Unbalanced, KeyError) as error:
        raise Malformed(f"flow: {error}") from None
    if "scopes" in data and data["scopes"] != _plain(scope):
        raise Malformed("scopes: not those of the flow's graph")
    return flow, scope


def plain_record(value: Any) -> Any:
    """Returns a record of the IR, or a tuple of records, as JSON data."""
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    fields = getattr(type(value), "__match_args__", None)
    if fields is None:
        return value
    data = {name: _plain(getattr(value, name)) for name in fields}
    kind = _KIND_OF.get(type(value))
    return {"kind": kind, **data} if kind else data


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def dumps(value: Any) -> str:
    """Returns records and plain data as JSON text, with small objects on one line.

    Written by hand, since importing `json` takes as long as starting Python. Raises ValueError for a number that JSON
    cannot hold, and for a lone surrogate, which UTF-8 cannot encode.
    """
    return _written(value, "\n") + "\n"


def _written(value: Any, newline: str) -> str:
    """Returns the text of a value whose lines begin with `newline`, at the cost of one frame for each of its levels."""
    kind = type(value)
    if kind is str:
        return _text(value)
    names = fields = getattr(kind, "__match_args__", None)
    if names is not None:
        values: Any = [getattr(value, name) for name in names]
        if kind in _KIND_OF:
            names, values = ("kind", *names), (_KIND_OF[kind], *values)
    elif isinstance(value, dict):
        names, values = value.keys(), value.values()
    elif isinstance(value, (list, tuple)):
        values = value
    else:
        return _constant(value)
    deeper = newline
    for item in values:
        if type(item) not in _SCALARS and (item or names is None) and not isinstance(item, (str, int, float)):
            deeper = newline + " "
            break
    parts = []
    if names is None:
        for item in values:
            parts.append(_written(item, deeper))
    else:
        for name, item in zip(names, values):
            kind = type(item)
            text = _text(item) if kind is str else repr(item) if kind is int else _written(item, deeper)
            parts.append(f'"{name}": {text}' if fields is not None else f"{_text(name)}: {text}")
    opening, closing = "[]" if names is None else "{}"
    if deeper is newline:
        return f"{opening}{', '.join(parts)}{closing}"
    return f"{opening}{deeper}{f',{deeper}'.join(parts)}{newline}{closing}"


def _constant(value: Any) -> str:
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise ValueError(f"JSON has no number {value!r}")
        return float.__repr__(value)
    return int.__repr__(value)


def _python_text(value: str) -> str:
    special = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
    return '"' + "".join(special.get(item) or (f"\\u{ord(item):04x}" if item < " " else item) for item in value) + '"'


try:
    from _json import encode_basestring as _quote
except ImportError:
    _quote = _python_text


def _text(value: str) -> str:
    value.encode()  # raises UnicodeEncodeError, a ValueError, for a lone surrogate
    return _quote(value)


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _record(kind: type, data: Any, place: str) -> Any:
    if not isinstance(data, dict):
        raise Malformed(f"{place}: not an object")
    fields: tuple[str, ...] = kind.__match_args__  # type: ignore[attr-defined]
    unknown = data.keys() - set(fields) - {"kind"}
    if unknown:
        raise Malformed(f"{place}: unknown `{min(unknown)}`")
    missing = [name for name in fields if name not in data and name not in kind.__optional__]  # type: ignore[attr-defined]
    if missing:
        raise Malformed(f"{place}: no `{missing[0]}`")
    return kind(
        **{name: _reader(kind.__annotations__[name])(data[name], f"{place}.{name}") for name in fields if name in data}
    )


def _reader(annotation: str) -> Callable[[Any, str], Any]:
    if annotation.startswith("tuple[") and annotation.endswith(" | None"):
        some = _reader(annotation.removesuffix(" | None"))
        return lambda data, place: None if data is None else some(data, place)
    if annotation.startswith("tuple["):
        one = _reader(annotation[len("tuple[") : -len(", ...]")])
        return lambda data, place: tuple(
            one(item, f"{place}[{index}]") for index, item in enumerate(_checked(data, list, place))
        )
    if annotation in ("Transition", "Node"):
        return _union
    if annotation == "Value":
        return lambda data, place: data
    if annotation == "dict[str, Value]":
        return lambda data, place: _checked(data, dict, place)
    if annotation.endswith(" | None") and hasattr(nodes, annotation.removesuffix(" | None")):
        one = _reader(annotation.removesuffix(" | None"))
        return lambda data, place: None if data is None else one(data, place)
    kind = getattr(nodes, annotation, None)
    if kind is not None:
        return lambda data, place: _record(kind, data, place)
    allowed = tuple(
        {"str": str, "int": int, "bool": bool, "float": float, "None": type(None)}[name]
        for name in annotation.split(" | ")
    )
    return lambda data, place: _checked(data, allowed, place)


def _union(data: Any, place: str) -> Any:
    if not isinstance(data, dict) or data.get("kind") not in _KINDS:
        raise Malformed(f"{place}: no known `kind`")
    return _record(_KINDS[data["kind"]], data, place)


def _checked(data: Any, allowed: type | tuple[type, ...], place: str) -> Any:
    kinds = allowed if isinstance(allowed, tuple) else (allowed,)
    if not isinstance(data, kinds) or (isinstance(data, bool) and bool not in kinds):
        raise Malformed(f"{place}: {data!r:.60} is not of type {' or '.join(kind.__name__ for kind in kinds)}")
    return data
