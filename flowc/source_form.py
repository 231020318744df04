"""Decorators and values in the form that they have in source code, short enough to read at a glance."""

from __future__ import annotations

from flowc.compiler.decorators.decorator import specification
from flowc.compiler.report.diagnostics import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from flowc.compiler.ir.nodes import Decorator


def decorator(applied: Decorator) -> str:
    """Returns the decorator as source code, without the attributes that have their default values."""
    return call(applied.name, applied.attributes)


def call(name: str, attributes: Mapping[str, Any]) -> str:
    """Returns the decorator of that name as source code, without the attributes that have their default values."""
    declared = specification(name)
    defaults = declared.attributes if declared else {}
    arguments = [
        f"{key}={value(attribute)}"
        for key, attribute in attributes.items()
        if key not in defaults or defaults[key] != attribute
    ]
    return f"@{name}({', '.join(arguments)})" if arguments else f"@{name}"


def value(literal: object) -> str:
    """Returns the value's `repr`, cut if it is long."""
    shown = printable(repr(literal))
    return shown if len(shown) <= 60 else shown[:57] + "..."
