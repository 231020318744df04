"""`@resources(cpu=1, gpu=None, disk=None, memory=4096, shared_memory=None)`: what a task needs; memory, disk and shared memory in MiB.

Values may be numbers or text of numbers, as in Metaflow. No effect on a local run.
"""

from __future__ import annotations

from ._kinds import amounts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Step, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {"cpu": 1, "gpu": None, "disk": None, "memory": 4096, "shared_memory": None}


def check(decorator: Decorator, _owner: Step) -> Iterator[Diagnostic]:
    yield from amounts(decorator, ("cpu", "memory", "disk"), ("gpu", "shared_memory"))
