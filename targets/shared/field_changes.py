"""Differences between two values of JSON, field by field, and the values at their paths.

Items of a list that all have a `name` are told apart by it, others by their place.

    >>> list(field_changes({"a": [{"name": "x", "n": 1}]}, {"a": [{"name": "x", "n": 2}]}))
    [Field(path='a[x].n', before=1, after=2)]
"""

from __future__ import annotations

from flowc.targets.operating import Field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def field_changes(before: Any, after: Any, path: str = "") -> Iterator[Field]:
    """Yields a Field for each difference, in the order of `after`; what only `before` has comes last."""
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _members(before, after, path, lambda key: _below(path, str(key)))
    elif isinstance(before, list) and isinstance(after, list):
        old, new = _by_name(before), _by_name(after)
        if old is None or new is None:
            old, new = dict(enumerate(before)), dict(enumerate(after))
        elif list(old) != list(new) and set(old) == set(new):  # nothing else would show it
            yield Field(f"{path}[]", " ".join(old), " ".join(new))
        yield from _members(old, new, path, lambda key: f"{path}[{key}]")
    elif not _same(before, after):
        yield Field(path, before, after)


def deviations(wanted: Any, live: Any, path: str = "") -> Iterator[Field]:
    """Yields a Field for each field of `wanted` that has a different value, or none, in `live`.

    What only `live` has does not count, except for items of a list.
    """
    if isinstance(wanted, dict) and isinstance(live, dict):
        for key, value in wanted.items():
            yield from deviations(value, live.get(key), _below(path, str(key)))
    elif isinstance(wanted, list) and isinstance(live, list):
        yield from field_changes(wanted, live, path)
    elif not _same(wanted, live):
        yield Field(path, wanted, live)


def _members(before: dict[Any, Any], after: dict[Any, Any], path: str, name: Any) -> Iterator[Field]:
    for key, value in after.items():
        if key not in before:
            yield Field(name(key), None, value)
        else:
            yield from field_changes(before[key], value, name(key))
    for key, value in before.items():
        if key not in after:
            yield Field(name(key), value, None)


def _below(path: str, key: str) -> str:
    if "." in key or "[" in key:
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def _by_name(items: list[Any]) -> dict[Any, Any] | None:
    """Returns the items by their names, or None unless each has a name of its own."""
    if not all(isinstance(item, dict) and isinstance(item.get("name"), str) for item in items):
        return None
    named = {item["name"]: item for item in items}
    return named if len(named) == len(items) else None


def _same(one: Any, other: Any) -> bool:
    """Compares as JSON does: True is not 1."""
    return type(one) is type(other) and bool(one == other)
