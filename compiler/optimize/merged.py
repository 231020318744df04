"""The one step of an optimized flow that stands for a container of several tasks: its decorators.

The decorators are those that are about the container, with the largest size that a step inside asks for, and one
`@retry`: the container is started again as often as the most patient of its steps allows. What a task does on its own
(`@catch`, `@timeout`, `@card` and its own `@retry`) stays in the flow as written, which the container runs.

    >>> from .sketch import step
    >>> several = step("a", retry=(2, 1), cpu=2, memory=4096), step("b", retry=(1, 5), catch=True, cpu=1, memory=8192)
    >>> for each in decorators(several):
    ...     print(each.name, {name: value for name, value in each.attributes.items() if value is not None})
    resources {'cpu': 2, 'memory': 8192}
    retry {'times': 4, 'minutes_between_retries': 5}

A step that asks for nothing counts as one that asks for Metaflow's defaults, beside one that asks for something:

    >>> (resources,) = decorators((step("a", cpu=2, memory=1000), step("b")))
    >>> resources.attributes["cpu"], resources.attributes["memory"]
    (2, 4096)
"""

from __future__ import annotations

from flowc.runtime_shim.contract.semantics import (
    DEFAULT_CPU,
    DEFAULT_MEMORY,
    engine_retries,
    number,
    pause_seconds,
    retries,
)

from ..fast_start.record import replace
from ..ir.nodes import Decorator
from .same_container import OF_TASKS, REQUESTS, SIZE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..ir.nodes import Step, Value


def decorators(steps: Sequence[Step], cpu: float | None = None, memory: float | None = None) -> tuple[Decorator, ...]:
    """Returns the decorators of the container that runs these steps; `cpu` and `memory` replace what they ask for."""
    merged: dict[str, Decorator] = {}
    for step in steps:
        for decorator in step.decorators:
            if decorator.name in OF_TASKS:
                continue
            other = merged.get(decorator.name)
            merged[decorator.name] = decorator if other is None else _largest(other, decorator)
    if not all(map(_asks, steps)):
        _raise(merged)
    wanted = {name: value for name, value in (("cpu", cpu), ("memory", memory)) if value is not None}
    if wanted:
        for name in REQUESTS:
            if name in merged:
                merged[name] = replace(merged[name], attributes={**merged[name].attributes, **wanted})
        if not any(name in merged for name in REQUESTS):
            nothing: dict[str, Value] = dict.fromkeys(("cpu", "gpu", "disk", "memory", "shared_memory"))
            merged["resources"] = Decorator("resources", {**nothing, **wanted}, steps[0].span)
    retry = _retry(steps)
    return (*merged.values(), retry) if retry is not None else tuple(merged.values())


def _asks(step: Step) -> bool:
    return any(decorator.name in REQUESTS for decorator in step.decorators)


def _raise(merged: dict[str, Decorator]) -> None:
    """Gives the container at least what a step that asks for nothing would have where others ask for something."""
    name = next((name for name in REQUESTS if name in merged), None)
    if name is not None:
        attributes = dict(merged[name].attributes)
        for amount, default in (("cpu", DEFAULT_CPU), ("memory", DEFAULT_MEMORY)):
            attributes[amount] = max(attributes[amount], default, key=lambda value: number(value) or 0)
        merged[name] = replace(merged[name], attributes=attributes)


def _largest(one: Decorator, other: Decorator) -> Decorator:
    """Returns the first with the larger amounts of both."""
    if one.name not in REQUESTS:
        return one
    attributes = dict(one.attributes)
    for name in SIZE:
        mine, theirs = number(attributes.get(name)), number(other.attributes.get(name))
        if theirs is not None and (mine is None or theirs > mine):
            attributes[name] = other.attributes[name]
    return replace(one, attributes=attributes)


def _retry(steps: Sequence[Step]) -> Decorator | None:
    times, pause, span = 0, 0, None
    for step in steps:
        by_name = {decorator.name: decorator for decorator in reversed(step.decorators)}
        own = by_name.get("retry")
        attributes = own.attributes if own is not None else None
        most = engine_retries(retries(attributes), "catch" in by_name)
        if most > times:
            times, span = most, (own or by_name["catch"]).span
        pause = max(pause, pause_seconds(attributes))
    if span is None:
        return None
    minutes: Value = pause // 60 if pause % 60 == 0 else pause / 60
    return Decorator("retry", {"times": times, "minutes_between_retries": minutes}, span)
