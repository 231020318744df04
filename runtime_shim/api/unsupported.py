"""`Unsupported`: what a flow gets for a name of Metaflow's that flowc knows and does not offer."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Unsupported:
    """A name of Metaflow's that flowc knows and does not offer: it can be imported, and says so when it is used."""

    _name: str
    _where: str

    def __init__(self, name: str, where: str = "yet") -> None:
        self.__dict__["_name"], self.__dict__["_where"] = name, where

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError(f"flowc does not support `{self._name}` of Metaflow {self._where}")

    __call__ = __getattr__ = __getitem__ = __iter__ = _refuse

    def __mro_entries__(self, _bases: Any) -> Any:
        return self._refuse()

    def __repr__(self) -> str:
        return f"<{self._name}: not supported by flowc>"
