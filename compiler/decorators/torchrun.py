"""`@torchrun(master_port=None, all_nodes_started_timeout=600, nproc_per_node=1)`: `@parallel` for PyTorch's launcher.

`current.torch.run(entrypoint="train.py", …)` starts `torchrun` on each node. Without a `master_port` it is 3339, and a
free port in a local run. PyTorch must be in the step's environment. For several processes in one task,
`from metaflow import TorchrunSingleNodeMultiGPU`.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

from ._kinds import amounts, within
from .decorator import value_error, whole
from .parallel import HOW as HOW
from .parallel import WHY as WHY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Step, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {"master_port": None, "all_nodes_started_timeout": 600, "nproc_per_node": 1}
EXTENSION = "metaflow-torchrun"
GANG = True
IN_TASK = True
_WORDS = ("auto", "gpu", "cpu")  # that `torchrun --nproc_per_node` takes in place of a number


@record
class Torchrun:
    """How the launchers of all nodes meet."""

    master_port: int | None  # None: the usual one, or a free one


def read(decorator: Decorator) -> Torchrun:
    """Returns the decorator's values as a record."""
    return Torchrun(whole(decorator.attributes["master_port"]) or None)


def check(decorator: Decorator, _owner: Step) -> Iterator[Diagnostic]:
    yield from within(decorator, {"master_port": (1, 65535)})
    yield from amounts(decorator, ("all_nodes_started_timeout",), ())
    processes = decorator.attributes["nproc_per_node"]
    if processes not in _WORDS and (whole(processes) or 0) < 1:
        yield value_error(
            decorator, "nproc_per_node", "it must be a number of processes, at least 1", "write `nproc_per_node=1`"
        )
