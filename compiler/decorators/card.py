"""`@card(type="default", id=None, options={}, timeout=45, …)`: a report on the task, made after the task ends.

A step may have several.

Tasks make their cards themselves, on every target (runtime_shim/cards). A card that fails never fails its task.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record, replace
from flowc.compiler.report.diagnostics import WARNING
from flowc.runtime_shim.contract.card import DEFAULTS, CardSettings
from flowc.runtime_shim.contract.semantics import is_card_id

from ._kinds import dicts, flags, texts
from .decorator import number, value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Step, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = DEFAULTS
MULTIPLE = True


@record
class Card:
    """A report on a task."""

    type: str
    id: str  # "": the step's only card without a name
    timeout_seconds: float | None


def read(decorator: Decorator) -> Card:
    """Returns the decorator's values as a record."""
    settings = CardSettings(decorator.attributes)
    return Card(str(settings.type or "default"), settings.id or "", settings.timeout_seconds)


def check(decorator: Decorator, owner: Step) -> Iterator[Diagnostic]:
    attributes = decorator.attributes
    yield from texts(decorator, "type", "scope", example="default")
    yield from dicts(decorator, "options")
    yield from flags(decorator, "save_errors", "customize")
    if attributes["timeout"] is not None and number(attributes["timeout"]) is None:  # None, 0 and less: no limit
        yield value_error(decorator, "timeout", "it must be a number of seconds", "write `timeout=45`")
    interval = number(attributes["refresh_interval"])
    if interval is None or interval < 0:
        yield value_error(decorator, "refresh_interval", "it must be a number of seconds", "write `refresh_interval=5`")
    if not attributes["id"]:
        return
    if not is_card_id(attributes["id"]):
        diagnostic = value_error(
            decorator,
            "id",
            "it is the card's name in `current.card['…']`; Metaflow would ignore this one",
            "use letters, digits and `_`",
        )
        yield replace(diagnostic, severity=WARNING)
    elif (
        next(
            decorator
            for decorator in owner.decorators
            if decorator.name == "card" and decorator.attributes["id"] == attributes["id"]
        )
        != decorator
    ):
        why = "a second card of the step has this `id`, so `current.card` cannot tell them apart"
        yield replace(value_error(decorator, "id", why, "give each card a different `id`"), severity=WARNING)
