"""Estimates of a run on one target, as written and optimized, as a table for people and as JSON."""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.compiler.optimize.cost import duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from flowc.compiler.optimize.cost import Estimate

    from .prices import Prices

_ROWS = (  # title, key in JSON
    ("containers", "containers"),
    ("tasks", "tasks"),
    ("duration", "seconds"),
    ("container-seconds", "container_seconds"),
    ("requested core-seconds", "core_seconds"),
    ("requested GiB-seconds", "gib_seconds"),
    ("requested GPU-seconds", "gpu_seconds"),
    ("state transitions", "transitions"),
)
_ONLY_IF_ANY = ("gpu_seconds", "transitions")


@record
class Comparison:
    """The estimates of a run on one target."""

    target: str
    product: str  # the engine's full name
    written: Estimate
    optimized: Estimate
    chosen: tuple[str, ...]  # a sentence for each decision of the optimizer
    assumed: tuple[str, ...]  # a sentence for each thing that is not known
    prices: Prices | None = None


def data(comparison: Comparison) -> dict[str, Any]:
    """Returns the comparison for a program."""
    return {
        "written": _data(comparison.written, comparison.prices),
        "optimized": _data(comparison.optimized, comparison.prices),
        "chosen": list(comparison.chosen),
        "assumed": list(comparison.assumed),
    }


def _data(estimate: Estimate, prices: Prices | None) -> dict[str, Any]:
    numbers = {key: round(_number(estimate, key), 3) for _, key in _ROWS}
    if prices is not None:
        return {**numbers, "price": round(prices.of(estimate.cost), 6), "currency": prices.currency}
    return numbers


def lines(comparison: Comparison, flow: str) -> Iterator[str]:
    """Yields the lines of a table: a row for each number, in columns that are aligned to the right."""
    both = comparison.written, comparison.optimized
    rows = [(f"{flow} on {comparison.product}", "as written", "optimized")]
    for title, key in _ROWS:
        numbers = [_number(estimate, key) for estimate in both]
        if key not in _ONLY_IF_ANY or any(numbers):
            first, second = (duration(number) if key == "seconds" else _text(number) for number in numbers)
            rows.append((title, first, second))
    if comparison.prices is not None:
        unit = f", {comparison.prices.currency}" if comparison.prices.currency else ""
        first, second = (_price(comparison.prices.of(estimate.cost)) for estimate in both)
        rows.append((f"price{unit}", first, second))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for title, first, second in rows:
        yield f"{title:<{widths[0]}}  {first:>{widths[1]}}  {second:>{widths[2]}}"
    for heading, sentences in (("chosen", comparison.chosen), ("assumed", comparison.assumed)):
        if sentences:
            yield ""
            yield heading
            yield from (f"  {sentence}" for sentence in sentences)


def _number(estimate: Estimate, key: str) -> float:
    return estimate.seconds if key == "seconds" else float(getattr(estimate.cost, key))


def _text(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 or number == round(number) else f"{number:,.1f}"


def _price(amount: float) -> str:
    return f"{amount:,.2f}" if amount >= 1 else f"{amount:.4f}"
