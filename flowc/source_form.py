"""Parts of a flow as they would be written in its source, short enough to read at a glance."""

from __future__ import annotations

from flowc.compiler.decorators.decorator import specification
from flowc.compiler.report.diagnostics import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.ir.nodes import Decorator


def decorator(one: Decorator) -> str:
    """The decorator as it would be written, without the attributes that have their defaults."""
    known = specification(one.name)
    defaults = known.attributes if known else {}
    given = [
        f"{name}={value(each)}"
        for name, each in one.attributes.items()
        if name not in defaults or defaults[name] != each
    ]
    return f"@{one.name}({', '.join(given)})" if given else f"@{one.name}"


def value(one: object) -> str:
    """The value as Python writes it, cut where it is long."""
    shown = printable(repr(one))
    return shown if len(shown) <= 60 else shown[:57] + "..."
