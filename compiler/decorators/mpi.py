"""`@mpi(all_nodes_started_timeout=90, worker_polling_freq=5)`: `@parallel` for MPI programs.

Only node 0 runs the step. `current.mpi` has `cc` (compiles), `run` and `exec` (`mpirun` and `mpiexec` on all nodes) and
`broadcast_file`. MPI must be in the step's image, which must allow SSH between machines. `worker_polling_freq` has no
effect.
"""

from __future__ import annotations

from .deepspeed import HOW as HOW
from .deepspeed import WHY as WHY
from .deepspeed import check as check
from .deepspeed import read as read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.ir.nodes import Value

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {"all_nodes_started_timeout": 90, "worker_polling_freq": 5}
EXTENSION = "metaflow-mpi"
GANG = True
IN_TASK = True
