"""Finds the class of a card's `type`: in the flow's modules, in `metaflow_extensions`, or among flowc's own types."""

from __future__ import annotations

import os
import sys

from .base import MetaflowCard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Dict, Iterator, List, Optional, Type

_FOLDER = "metaflow_extensions"
_OWN = __name__.rpartition(".")[0]


def get_card_class(card_type: Any) -> Optional[Type[MetaflowCard]]:
    """Returns the class of that type, or None. The flow's modules and extensions come before flowc's own types."""
    return _of_loaded(card_type) or _of_extensions().get(card_type) or _own(card_type)


def _own(card_type: Any) -> Optional[Type[MetaflowCard]]:
    from .types import BUILT_IN

    if card_type in BUILT_IN:
        return BUILT_IN[card_type]
    if not str(card_type).startswith("test_"):
        return None
    from . import cards_for_tests

    return _of_module(vars(cards_for_tests).values(), card_type)


def is_drawn(card_class: Any) -> bool:
    """Returns True for a class of flowc's own, whose cards are stored as data."""
    from .types import BUILT_IN

    return card_class in BUILT_IN.values()


def _of_module(values: Any, card_type: Any) -> Optional[Type[MetaflowCard]]:
    return next((value for value in values if _is_card(value) and value.type == card_type), None)


def _is_card(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, MetaflowCard) and bool(value.type)


def _of_loaded(card_type: Any) -> Optional[Type[MetaflowCard]]:
    """Returns the class that a module of the flow's defines with that `type` of its own; the one defined last."""
    latest = None
    waiting: List[Type[MetaflowCard]] = [MetaflowCard]
    while waiting:
        below = waiting.pop(0).__subclasses__()
        waiting += below
        for card in below:
            is_own = card.__module__ == _OWN or card.__module__.startswith(_OWN + ".")
            if not is_own and not card.__module__.startswith(_FOLDER) and card.__dict__.get("type") == card_type:
                latest = card
    return latest


_failures: List[str] = []  # modules of packages that could not be imported, and why


def why_missing(card_type: Any) -> str:
    """Returns the message for a type of card without a class."""
    from .exceptions import CardClassFoundException

    return "\n".join([str(CardClassFoundException(card_type)), *(f"The module {failure}" for failure in _failures)])


_extensions: Optional[Dict[Any, Type[MetaflowCard]]] = None


def _of_extensions() -> Dict[Any, Type[MetaflowCard]]:
    """Returns the classes in the lists `CARDS` of packages; of several of one type the first."""
    global _extensions
    if _extensions is None:
        _extensions = {}
        if any(os.path.isdir(os.path.join(folder or ".", _FOLDER)) for folder in sys.path):
            for module in _modules():
                cards = getattr(module, "CARDS", None)
                for card in cards if type(cards) is list else ():
                    if _is_card(card):
                        _extensions.setdefault(card.type, card)
    return _extensions


def _modules() -> Iterator[ModuleType]:
    """Yields the modules of `metaflow_extensions.PACKAGE.plugins.cards` that may have cards, as Metaflow finds them."""
    import pkgutil

    root = _imported(_FOLDER)
    for package in sorted(_below(root)) if root is not None else ():
        cards = _imported(f"{_FOLDER}.{package}.plugins.cards")
        if cards is None:
            continue
        if getattr(cards, "__file__", None):  # a regular package: its `__init__` has them
            yield cards
            continue
        for _, name, is_package in pkgutil.iter_modules(cards.__path__):
            if is_package or name.startswith("mfextinit_"):
                module = _imported(f"{cards.__name__}.{name}")
                if module is not None:
                    yield module


def _below(package: ModuleType) -> Iterator[str]:
    for folder in package.__path__:
        try:
            yield from (entry.name for entry in os.scandir(folder) if entry.is_dir() and entry.name.isidentifier())
        except OSError:
            pass


def _imported(name: str) -> Optional[ModuleType]:
    """Returns the module, or None if it is missing or fails. A flow that does not use its cards must not notice."""
    try:
        __import__(name)
        return sys.modules[name]
    except Exception as error:
        if not isinstance(error, ModuleNotFoundError) or not name.startswith(str(error.name)):
            _failures.append(f"{name} cannot be imported: {type(error).__name__}: {error}")
        return None
