"""`@parallel`: the tasks of a gang run at the same time, and know each other.

The rules are in Metaflow's documentation, distributed computing. A gang is the tasks that one `num_parallel` makes, and
node 0 is its control task. A member that has run the user's code waits until all have, and only then writes its record:
a gang that fails is retried as a whole, so a failed attempt must not leave records. Members meet in the datastore: each
writes `STEP/PATH.ATTEMPT.ready`.
"""

from __future__ import annotations

import os
import time
from collections import namedtuple
from typing import Any, Dict, Optional

from .contract import address
from .contract.errors import ShimError
from .contract.semantics import master_port
from .store import Store

Parallel = namedtuple("Parallel", ["main_ip", "num_nodes", "node_index", "control_task_id"])

LOOK = 0.02  # seconds between two checks for ready members, at first
LOOK_AT_MOST = 1.0
PATIENCE = 5 * 86400.0  # seconds


def parallel() -> Parallel:
    """Returns `current.parallel`, from the environment of the task."""
    variable = os.environ.get
    return Parallel(
        variable("MF_PARALLEL_MAIN_IP", "127.0.0.1"), int(variable("MF_PARALLEL_NUM_NODES", "1")),
        int(variable("MF_PARALLEL_NODE_INDEX", "0")),
        variable("MF_PARALLEL_CONTROL_TASK_ID"),
    )  # fmt: skip


def set_environment(step: str, path: str, nodes: int, run: str, pytorch_parallel: Optional[Dict[str, Any]]) -> None:
    """Sets the variables that describe the gang. `pytorch_parallel` are its attributes, if present."""
    index = address.indices(path)[-1]
    os.environ.setdefault("MF_PARALLEL_MAIN_IP", "127.0.0.1")
    own = {
        "MF_PARALLEL_NUM_NODES": nodes,
        "MF_PARALLEL_NODE_INDEX": index,
        "MF_PARALLEL_CONTROL_TASK_ID": address.task_id(step, _member(path, 0)),
    }
    if pytorch_parallel is not None:
        port = master_port(pytorch_parallel) or (51000 + int(run) % 10000 if run.isdigit() else 51001)
        own.update(
            MASTER_PORT=port, MASTER_ADDR=os.environ["MF_PARALLEL_MAIN_IP"], NODE_RANK=index, WORLD_SIZE=nodes,
            NUM_NODES=nodes,
            PL_TORCH_DISTRIBUTED_BACKEND="gloo",
        )  # fmt: skip
    os.environ.update({name: str(value) for name, value in own.items()})


def wait_for_all(
    store: Store, flow: str, run: str, step: str, path: str, attempt: str, nodes: int, patience: float = PATIENCE
) -> None:
    """Returns when every member of the gang is ready or has its record.

    Raises ShimError after `patience` seconds, since one of them must have died. `attempt` distinguishes this try of the
    gang from others.
    """

    def is_ready(index: int) -> bool:
        member = _member(path, index)
        return store.exists(address.task_name(flow, run, step, member, f"{attempt}.ready")) or store.exists(
            address.record_name(flow, run, step, member)
        )

    store.put(address.task_name(flow, run, step, path, f"{attempt}.ready"), b"")
    missing, until, pause = set(range(nodes)), time.monotonic() + patience, LOOK
    while missing:
        missing = {index for index in missing if not is_ready(index)}
        if missing:
            if time.monotonic() > until:
                raise ShimError(
                    f"node {min(missing)} of step {step}, which has {nodes} nodes, has not finished: its process has "
                    "probably died"
                )
            time.sleep(pause)
            pause = min(pause * 1.2, LOOK_AT_MOST)


def _member(path: str, index: int) -> str:
    return address.child(address.parent(path), index)
