"""Decorators and values in the form that they have in source code, short enough to read at a glance."""

from __future__ import annotations

from flowc.compiler.decorators.decorator import specification
from flowc.compiler.report.diagnostics import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.ir.nodes import Decorator


def decorator(applied: Decorator) -> str:
    """Returns the decorator as source code, without the attributes that have their default values."""
    declared = specification(applied.name)
    defaults = declared.attributes if declared else {}
    arguments = [
        f"{name}={value(attribute)}"
        for name, attribute in applied.attributes.items()
        if name not in defaults or defaults[name] != attribute
    ]
    return f"@{applied.name}({', '.join(arguments)})" if arguments else f"@{applied.name}"


def value(literal: object) -> str:
    """Returns the value's `repr`, cut if it is long."""
    shown = printable(repr(literal))
    return shown if len(shown) <= 60 else shown[:57] + "..."
