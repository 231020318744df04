"""`IncludeFile`: a parameter whose value is the content of a file, converted by an optional parser when it is read."""

from __future__ import annotations

from ..exceptions import MetaflowException
from .parameter import Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional, Union


class IncludeFile(Parameter):
    """On a flow object, the content of the file that the run was started with.

    The content is text, or bytes with `is_text=False`; None without a file.
    """

    def __init__(
        self, name: str, required: Optional[bool] = None, is_text: Optional[bool] = None,
        encoding: Optional[str] = None,
        help: Optional[str] = None, parser: Union[None, str, Callable[[Any], Any]] = None, **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(name, required=required, help=help, **options)
        self.parser = parser

    def __get__(self, flow: Any, owner: Optional[type] = None) -> Any:
        value = super().__get__(flow, owner)
        if value is self or value is None or self.parser is None:
            return value
        kept = f"__parsed_{self._attribute}"  # two underscores: never an artifact
        if kept not in flow.__dict__:
            try:
                flow.__dict__[kept] = _function(self.parser)(value)
            except Exception as error:
                raise MetaflowException(
                    f"the parser of `{self.name}` failed: {type(error).__name__}: {error}"
                ) from error
        return flow.__dict__[kept]


def _function(parser: Union[str, Callable[[Any], Any]]) -> Callable[[Any], Any]:
    """Returns the parser. A string names one by its import path, relative to `metaflow` if it begins with a dot."""
    if not isinstance(parser, str):
        return parser
    from importlib import import_module

    module, _, name = (f"metaflow{parser}" if parser.startswith(".") else parser).rpartition(".")
    function: Callable[[Any], Any] = getattr(import_module(module), name)
    return function
