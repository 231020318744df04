"""`@resources(cpu=1, gpu=None, disk=None, memory=4096, shared_memory=None)`: what a task needs.

Memory, disk and shared memory are in MiB.

Values may be numbers or text of numbers, as in Metaflow. A local run starts only as many tasks at a time as the
machine has room for.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.runtime_shim.contract import semantics
from flowc.runtime_shim.contract.semantics import DEFAULT_CPU, DEFAULT_MEMORY, number

from ._kinds import amounts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Step, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {
    "cpu": DEFAULT_CPU,
    "gpu": None,
    "disk": None,
    "memory": DEFAULT_MEMORY,
    "shared_memory": None,
}


@record
class Resources:
    """The resources that a task needs. None is left to the target."""

    cpu: float | None  # cores
    memory: float | None  # MiB, like all below
    disk: float | None
    gpu: float | None  # number of devices
    shared_memory: float | None


def read(decorator: Decorator) -> Resources:
    """Returns the decorator's values as a record."""
    attributes = decorator.attributes
    return Resources(
        *semantics.resources(attributes),
        number(attributes["disk"]),
        number(attributes["gpu"]),
        number(attributes["shared_memory"]),
    )


def check(decorator: Decorator, _owner: Step) -> Iterator[Diagnostic]:
    yield from amounts(decorator, ("cpu", "memory", "disk"), ("gpu", "shared_memory"))
