"""`MetaflowCard` and `MetaflowCardComponent`: the bases of every type of card and of every component."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Optional


class MetaflowCard:
    """Base of the types of cards. `render` returns the HTML of the card."""

    RELOAD_POLICY_NEVER = "never"
    RELOAD_POLICY_ALWAYS = "always"
    RELOAD_POLICY_ONCHANGE = "onchange"
    RELOAD_POLICY_TOKEN = "[METAFLOW_RELOAD_TOKEN]"

    type: Optional[str] = None
    ALLOW_USER_COMPONENTS = False
    RUNTIME_UPDATABLE = False
    RELOAD_POLICY = RELOAD_POLICY_NEVER
    scope = "task"
    runtime_data: Optional[Dict[str, Any]] = None

    def __init__(self, options: Any = None, components: Any = (), graph: Any = None, flow: Any = None) -> None:
        pass

    def _get_mustache(self) -> Any:
        """Returns a module whose `render(template, values)` fills in a Mustache template."""
        from . import mustache

        return mustache

    def render(self, task: Any) -> Any:
        """Returns the card of a task that has ended."""
        return NotImplementedError()

    def render_runtime(self, task: Any, data: Any) -> Any:
        """Returns the card of a task that runs."""
        raise NotImplementedError()

    def refresh(self, task: Any, data: Any) -> Any:
        """Returns what a card that is shown already needs to show the newest state."""
        raise NotImplementedError()

    def reload_content_token(self, task: Any, data: Any) -> Any:
        """Returns a text that changes when the whole card must be read again."""
        return "content-token"


class MetaflowCardComponent:
    """Base of the components of cards. `render` returns a text, or a dict that JSON can hold."""

    REALTIME_UPDATABLE = False

    _component_id: Optional[str] = None
    _logger: Optional[Callable[[str], None]] = None

    @property
    def component_id(self) -> Optional[str]:
        return self._component_id

    @component_id.setter
    def component_id(self, value: Optional[str]) -> None:
        if not isinstance(value, str):
            raise TypeError("Component ID must be a string")
        self._component_id = value

    def update(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError()

    def render(self) -> Any:
        raise NotImplementedError()

    def __getstate__(self) -> Dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_logger"}  # it belongs to the task


def create_component_id(component: Any) -> str:
    """Returns an id for a component that has none."""
    return f"{type(component).__name__.lower()}_{os.urandom(3).hex()}"


def with_default_component_id(render: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Decorates `render` so that the component has an id when it runs."""

    def wrapped(self: Any) -> Any:
        if self.component_id is None:
            self.component_id = create_component_id(self)
        return render(self)

    return wrapped
