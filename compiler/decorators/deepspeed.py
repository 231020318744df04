"""`@deepspeed(all_nodes_started_timeout=600, worker_polling_freq=0.5, use_sudo=False)`: `@parallel` for DeepSpeed.

`current.deepspeed.run(entrypoint="train.py", …)` starts `deepspeed` on node 0 for all nodes, and the others wait until
it has ended. DeepSpeed must be in the step's environment. It reaches other machines over SSH, which their image must
allow. `worker_polling_freq` and `use_sudo` have no effect.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

from ._kinds import amounts, flags
from .parallel import HOW as HOW
from .parallel import WHY as WHY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Step, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {"all_nodes_started_timeout": 600, "worker_polling_freq": 0.5, "use_sudo": False}
EXTENSION = "metaflow-deepspeed"
GANG = True
IN_TASK = True


@record
class Deepspeed:
    """Marks a step whose nodes DeepSpeed uses."""


def read(_decorator: Decorator) -> Deepspeed:
    """Returns the record, which holds no values."""
    return Deepspeed()


def check(decorator: Decorator, _owner: Step) -> Iterator[Diagnostic]:
    yield from amounts(decorator, ("all_nodes_started_timeout", "worker_polling_freq"), ())
    if "use_sudo" in decorator.attributes:
        yield from flags(decorator, "use_sudo")
