"""The effect of a decorator when a flow's module is imported: it only records its name and attributes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict


def marker(name: str) -> Callable[..., Any]:
    """Returns the decorator with the given name."""

    def decorator(*arguments: Any, **attributes: Any) -> Any:
        if len(arguments) == 1 and (callable(arguments[0]) or isinstance(arguments[0], type)):
            return note(arguments[0], name, attributes)
        return lambda decorated: note(decorated, name, attributes)

    decorator.__name__ = decorator.__qualname__ = name
    decorator.__module__ = "flowc.runtime_shim.api.decorators"  # where pickle finds it
    decorator._flowc_marker = True  # type: ignore[attr-defined]
    return decorator


def note(decorated: Any, name: str, attributes: Dict[str, Any]) -> Any:
    """Records the decorator for mutators, in the order in which Python applies decorators. Returns `decorated`."""
    if "_flowc_written" not in decorated.__dict__:
        decorated._flowc_written = []
    decorated._flowc_written.append((name, attributes))
    return decorated
