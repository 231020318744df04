"""`@resources(cpu=1, gpu=None, disk=None, memory=4096, shared_memory=None)`: what a task needs; memory, disk and shared memory in MiB.

Values may be numbers or text of numbers, as in Metaflow. No effect on a local run.
"""

from __future__ import annotations

from .decorator import number, value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.diagnostics import Diagnostic
    from flowc.compiler.ir import Decorator, Step, Value

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {"cpu": 1, "gpu": None, "disk": None, "memory": 4096, "shared_memory": None}


def check(decorator: Decorator, _owner: Step) -> Iterator[Diagnostic]:
    yield from amounts(decorator, ("cpu", "memory", "disk"), ("gpu", "shared_memory"))


def amounts(decorator: Decorator, positive: tuple[str, ...], countable: tuple[str, ...]) -> Iterator[Diagnostic]:
    """Diagnostics for attributes that must be numbers: above 0, or whole and not below 0. None means not given."""
    for name in positive + countable:
        value = decorator.attributes[name]
        if value is None:
            continue
        found = number(value)
        if found is None:
            yield value_error(decorator, name, "it is an amount", "give a number")
        elif name in positive and found <= 0:
            yield value_error(decorator, name, "a task needs more than nothing", "give a number above 0")
        elif name in countable and (found < 0 or found != int(found)):
            yield value_error(decorator, name, "it can only be had in whole units", "give a whole number")
