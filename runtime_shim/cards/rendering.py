"""Renders components: one that fails is shown as an error, and the others are unaffected.

Follows `metaflow.plugins.cards.card_modules.renderer_tools`.
"""

from __future__ import annotations

from .base import MetaflowCardComponent
from .basic import SerializationErrorComponent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


def render_safely(render: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Decorates `render` to return an error block if it raises, or if its result is not JSON."""

    def wrapped(self: Any) -> Any:
        return checked(self, lambda: render(self))

    return wrapped


def checked(component: Any, render: Callable[[], Any]) -> Any:
    """Returns what `render` does, or the block of an error."""
    name = type(component).__name__
    try:
        rendered = render()
    except Exception as error:
        import traceback

        from ..exceptions import TimeoutException

        if isinstance(error, TimeoutException):  # the step's time is up
            raise
        return SerializationErrorComponent(name, traceback.format_exc()).render()
    if type(rendered) not in (str, dict):
        return SerializationErrorComponent(name, "Component render didn't return a `string` or `dict`").render()
    problem = json_problem(rendered)
    if problem:
        return SerializationErrorComponent(
            name, f"Rendered Component cannot be JSON serialized. \n\n {problem}"
        ).render()
    return rendered


def json_problem(value: Any) -> str:
    """Returns why JSON cannot hold the value; "" where it can."""
    import json

    try:
        json.dumps(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        return str(error) or type(error).__name__
    return ""


def rendered_component(component: Any) -> Any:
    """Returns what a component on a card renders to."""
    return checked(component, component.render) if isinstance(component, MetaflowCardComponent) else None
