"""The common parts of Airflow's sensors.

A sensor is a task that waits for something before the first step (Airflow's documentation, BaseSensorOperator).
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

from ._kinds import flags, texts
from .decorator import number, value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Value
    from flowc.compiler.report.diagnostics import Diagnostic

ATTRIBUTES: dict[str, Value] = {
    "timeout": 3600, "poke_interval": 60, "mode": "reschedule", "exponential_backoff": True, "pool": None,
    "soft_fail": False, "name": None,
    "description": None,
}  # fmt: skip
WHY = "the run would start without waiting for it"
HOW = "wait in the `start` step, or start the run when the event has happened"


@record
class Waiting:
    """The way a sensor waits."""

    name: str  # "": derived from the decorator's name
    description: str
    timeout_seconds: float
    poke_seconds: float
    mode: str  # "poke" or "reschedule"
    exponential_backoff: bool
    pool: str  # "": the default one
    soft_fail: bool


def read_common(decorator: Decorator) -> Waiting:
    """Returns the values that all sensors have. The decorator's check has accepted them."""
    attributes = decorator.attributes
    return Waiting(
        str(attributes["name"] or ""), str(attributes["description"] or ""), number(attributes["timeout"]) or 0,
        number(attributes["poke_interval"]) or 0,
        str(attributes["mode"]), attributes["exponential_backoff"] is True, str(attributes["pool"] or ""),
        attributes["soft_fail"] is True,
    )  # fmt: skip


def texts_in(value: Value) -> tuple[str, ...]:
    """Returns the texts of an attribute that holds a text or a list of texts."""
    return tuple(map(str, value)) if isinstance(value, list) else (value,) if isinstance(value, str) and value else ()


def common(decorator: Decorator, required: str) -> Iterator[Diagnostic]:
    """Yields a diagnostic for each wrong value of the attributes that all sensors have.

    `required` is the one that this sensor requires.
    """
    attributes = decorator.attributes
    if not attributes[required]:
        yield value_error(
            decorator, required, "without it, the sensor does not know what to wait for", f"write `{required}='…'`"
        )
    for name in ("timeout", "poke_interval"):
        amount = number(attributes[name])
        if amount is None or amount <= 0:
            yield value_error(decorator, name, "it must be a number of seconds", f"write `{name}={ATTRIBUTES[name]}`")
    if attributes["mode"] not in ("poke", "reschedule"):
        yield value_error(
            decorator,
            "mode",
            "a sensor has two modes: `poke` keeps its worker while it waits, `reschedule` frees it",
            "write `mode='reschedule'` or `mode='poke'`",
        )
    yield from flags(decorator, "exponential_backoff", "soft_fail")
    yield from texts(decorator, "pool", "name", "description")
