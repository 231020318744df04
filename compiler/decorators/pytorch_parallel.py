"""`@pytorch_parallel(master_port=None)`: `@parallel` that also tells PyTorch which task leads, and at which port."""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.runtime_shim.contract import semantics

from ._kinds import within
from .parallel import HOW as HOW
from .parallel import WHY as WHY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Step, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {"master_port": None}
GANG = True


@record
class PytorchParallel:
    """The way the tasks of a gang find their leader."""

    master_port: int | None  # None: derived from the run's name


def read(decorator: Decorator) -> PytorchParallel:
    """Returns the decorator's values as a record."""
    return PytorchParallel(semantics.master_port(decorator.attributes))


def check(decorator: Decorator, _owner: Step) -> Iterator[Diagnostic]:
    yield from within(decorator, {"master_port": (1, 65535)})
