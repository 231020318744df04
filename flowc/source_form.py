"""Decorators and values in the form that they have in source code, short enough to read at a glance."""

from __future__ import annotations

from flowc.compiler.decorators.decorator import specification
from flowc.compiler.ir.nodes import End, Foreach, Linear, Parallel, Split, Switch
from flowc.compiler.report.diagnostics import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from flowc.compiler.ir.nodes import Decorator, Step


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


def transition(step: Step) -> str:
    """Returns the step's transition in a few words."""
    goes_on = step.transition
    if isinstance(goes_on, Linear):
        return f"-> {goes_on.target}"
    if isinstance(goes_on, Split):
        return f"-> {', '.join(goes_on.targets)}"
    if isinstance(goes_on, Foreach):
        return f"-> {goes_on.target}, for each of {goes_on.over or 'a list'}"
    if isinstance(goes_on, Switch):
        return f"-> by {goes_on.on}: " + ", ".join(f"{value(case.value)}: {case.target}" for case in goes_on.cases)
    if isinstance(goes_on, Parallel):
        return f"-> {goes_on.target}, {goes_on.num_parallel or 'several'} at once"
    assert isinstance(goes_on, End)
    return "end of the flow"
