"""`Parameter`: an input of a flow, as the flow's class declares it."""

from __future__ import annotations

from .flowspec import FlowSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional


class Parameter:
    """An input of a flow. On a flow object, the value that the run was started with."""

    _flowc_declares = True

    def __init__(
        self,
        name: str,
        default: Any = None,
        type: Any = None,
        help: Any = None,
        required: Any = None,
        show_default: Any = None,
        **options: Any,
    ) -> None:
        arguments = {"default": default, "type": type, "help": help, "required": required, "show_default": show_default}
        self.name = name
        self.kwargs = {**options, **{option: value for option, value in arguments.items() if value is not None}}
        self._attribute = name

    def __set_name__(self, owner: type, attribute: str) -> None:
        self._attribute = attribute

    def __get__(self, flow: Any, owner: Optional[type] = None) -> Any:
        if flow is None or "_flowc" not in flow.__dict__:
            return self
        if self._attribute not in flow.__dict__:
            return self.load_parameter(FlowSpec.__getattr__(flow, self._attribute))
        return self.load_parameter(flow.__dict__[self._attribute])

    def load_parameter(self, v: Any) -> Any:
        """Returns the value that a step sees. A subclass may replace it, as in Metaflow."""
        return v

    def convert(self, value: Any) -> Any:
        """Returns what the function makes of the value that is the parameter's `type`, or the type of its default."""
        kind = self.kwargs.get("type") or self.kwargs["default"].__class__
        return kind(value)

    def __set__(self, flow: Any, value: Any) -> None:
        if "_flowc_reached" in flow.__dict__:
            return  # as in Metaflow, it has no effect in `__init__`
        raise AttributeError("Flow level attributes and Parameters are not modifiable")
