"""Values as text that means the same in two interpreters: what Metaflow's artifacts and flowc's are compared by.

Standard library only, since Metaflow's interpreter imports this file by its path. Where a class was found (`__main__`, the flow's module,
one of Metaflow's or flowc's) does not count; its name and what its objects hold do.
"""

from __future__ import annotations

from typing import Any


def text(value: Any, open_: frozenset[int] = frozenset()) -> str:
    """Returns the `repr`, with sorted sets, exceptions without their stack, and plain objects by their attributes."""
    if id(value) in open_:
        return "..."
    inside = open_ | {id(value)}
    kind = type(value)
    if kind in (list, tuple):
        return kind.__name__ + "(" + ", ".join(text(item, inside) for item in value) + ")"
    if kind in (set, frozenset):
        return kind.__name__ + "(" + ", ".join(sorted(text(item, inside) for item in value)) + ")"
    if kind is dict:
        return "{" + ", ".join(f"{text(key, inside)}: {text(item, inside)}" for key, item in value.items()) + "}"
    if kind.__name__ == "MetaflowExceptionWrapper":
        return f"caught({value.type}: {value.exception})"
    if isinstance(value, BaseException):
        return f"{kind.__name__}({value})"
    if isinstance(value, type):
        return f"class {value.__qualname__}"
    if getattr(kind, "__repr__", None) is object.__repr__:
        return f"{kind.__qualname__}({text(vars(value), inside) if hasattr(value, '__dict__') else ''})"
    return f"{kind.__qualname__} {value!r}"
