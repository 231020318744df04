"""`@card(type="default", id=None, options={}, timeout=45, …)`: a report of the task, made when it has ended. A step may have several.

Tasks make their cards themselves, on every target (runtime_shim/cards). A card that fails never fails its task.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record, replace
from flowc.compiler.report.diagnostics import WARNING

from ._kinds import dicts, flags, texts
from .decorator import number, value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Step, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {
    "type": "default", "id": None, "options": {}, "timeout": 45, "scope": "task", "rank": None, "save_errors": True, "customize": False,
    "refresh_interval": 5,
}  # fmt: skip
MULTIPLE = True


@record
class Card:
    """One report of a task."""

    type: str
    id: str  # "" for the step's only card without a name
    timeout_seconds: float | None


def read(decorator: Decorator) -> Card:
    """Returns what the decorator says."""
    given = decorator.attributes
    return Card(str(given["type"] or "default"), str(given["id"] or ""), number(given["timeout"]))


def check(decorator: Decorator, owner: Step) -> Iterator[Diagnostic]:
    given = decorator.attributes
    yield from texts(decorator, "type", "scope", example="default")
    yield from dicts(decorator, "options")
    yield from flags(decorator, "save_errors", "customize")
    if given["timeout"] is not None and number(given["timeout"]) is None:  # None, 0 and less: no limit
        yield value_error(decorator, "timeout", "it is a number of seconds", "write `timeout=45`")
    interval = number(given["refresh_interval"])
    if interval is None or interval < 0:
        yield value_error(decorator, "refresh_interval", "it is a number of seconds", "write `refresh_interval=5`")
    if not given["id"]:
        return
    if not (isinstance(given["id"], str) and given["id"].isascii() and given["id"].replace("_", "a").isalnum()):
        found = value_error(
            decorator,
            "id",
            "it names the card in `current.card['…']`; Metaflow makes the card without one",
            "use letters, digits and `_`",
        )
        yield replace(found, severity=WARNING)
    elif (
        next(each for each in owner.decorators if each.name == "card" and each.attributes["id"] == given["id"])
        != decorator
    ):
        why = "another card of the step has it, and `current.card` cannot tell them apart"
        yield replace(value_error(decorator, "id", why, "give another `id`"), severity=WARNING)
