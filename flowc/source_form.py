"""Decorators and values in the form that they have in source code, short enough to read at a glance."""

from __future__ import annotations

from flowc.compiler.decorators.decorator import specification
from flowc.compiler.report.diagnostics import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.ir.nodes import Decorator


def decorator(one: Decorator) -> str:
    """Returns the decorator as source code, without the attributes that have their default values."""
    known = specification(one.name)
    defaults = known.attributes if known else {}
    given = [
        f"{name}={value(each)}"
        for name, each in one.attributes.items()
        if name not in defaults or defaults[name] != each
    ]
    return f"@{one.name}({', '.join(given)})" if given else f"@{one.name}"


def value(one: object) -> str:
    """Returns the value's `repr`, cut if it is long."""
    shown = printable(repr(one))
    return shown if len(shown) <= 60 else shown[:57] + "..."
