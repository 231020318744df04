"""Decorators and values in the form that they have in source code, short enough to read at a glance."""

from __future__ import annotations

from flowc.compiler.decorators.decorator import specification
from flowc.compiler.ir.nodes import End, Foreach, Linear, Parallel, Split, Switch
from flowc.compiler.report.diagnostics import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from flowc.compiler.ir.nodes import Decorator, Parameter, Step


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


_MADE = {"call": "", "tuple": "", "place": "", "place_path": "path"}


def parameter_type(parameter: Parameter) -> str:
    """Returns the type of the parameter's value, or its choices."""
    form = parameter.form
    if form is None:
        return parameter.type
    one = "|".join(form.choices) or _MADE.get(form.made, form.made)
    if not form.items:
        limits = (form.least, form.most)
        bounds = f" {limits[0] if limits[0] is not None else ''}..{limits[1] if limits[1] is not None else ''}"
        return printable(one) or parameter.type + (bounds if limits != (None, None) else "")
    names = [item if item != "any" else "json" for item in form.items]
    row = names * form.count if len(names) == 1 and form.count > 1 else names
    several = printable(one) or ", ".join(row)
    return f"({several})" + (", repeated" if form.is_repeated else "")


def parameter_default(parameter: Parameter) -> str:
    """Returns the parameter's default, or what takes its place."""
    if parameter.form is not None and parameter.form.container:
        return f"{parameter.form.container} of the first task's container"
    if parameter.has_default:
        return value(parameter.default)
    return "required" if parameter.required else "made when a run starts" if parameter.computed else "None"
