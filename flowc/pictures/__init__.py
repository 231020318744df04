"""Pictures of a flow's graph: one module per format, each with `def render(drawing) -> str`; all draw a `Drawing`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .drawing import Drawing

PICTURES = ("mermaid", "dot", "svg")


def picture(name: str) -> Callable[[Drawing], str]:
    """Returns the format's `render`. Imports only that format's module."""
    from importlib import import_module

    render: Callable[[Drawing], str] = import_module(f"{__name__}.{name}").render
    return render
