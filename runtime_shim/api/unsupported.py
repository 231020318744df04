"""`Unsupported`: a placeholder for a name in Metaflow that flowc knows but does not support."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Unsupported:
    """A placeholder that can be imported, and raises NotImplementedError when it is used."""

    _name: str
    _where: str

    def __init__(self, name: str, where: str = "yet") -> None:
        self.__dict__["_name"], self.__dict__["_where"] = name, where

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError(f"flowc does not support Metaflow's `{self._name}` {self._where}")

    __call__ = __getattr__ = __getitem__ = __iter__ = _refuse

    def __mro_entries__(self, _bases: Any) -> Any:
        return self._refuse()

    def __repr__(self) -> str:
        return f"<{self._name}: not supported by flowc>"
