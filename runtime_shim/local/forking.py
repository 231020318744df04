"""Whether a process that has imported a flow can be forked for each task, or each needs a process that imports it anew.

A fork has only the thread that forked: locks that another held stay locked, and what drivers keep about a device is useless in the child
(Python's documentation, os.fork; CUDA's, of processes).
"""

from __future__ import annotations

import os
import sys
import threading
from typing import List, Tuple

# Modules whose native threads survive a fork: they set themselves up again in the child (OpenBLAS, MKL and OpenMP register for it).
_POOLS = ("numpy", "scipy", "sklearn", "torch", "numexpr", "polars", "pyarrow")


def unsafe() -> str:
    """Why this process should not be forked, in a few words; "" when nothing speaks against it."""
    if sys.platform == "darwin":
        return "macOS does not let a process that uses its frameworks fork"
    if "obstore" in sys.modules:
        return "the datastore's client, `obstore`, cannot be used in a forked process"
    others = [each.name for each in threading.enumerate() if each is not threading.main_thread()]
    if others:
        return f"the flow's modules have started a thread ({others[0]})"
    for module, started in _devices():
        if started:
            return f"`{module}` has been started by the flow's modules"
    if native_threads() > 1 and not any(each in sys.modules for each in _POOLS):
        return "the flow's modules have started a native thread"
    return ""


def native_threads() -> int:
    """Threads of this process as the kernel counts them; 1 where it cannot be asked."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 1


def _devices() -> List[Tuple[str, bool]]:
    """Libraries that keep the state of a device or a connection in the process, and whether they have begun to."""
    found = []
    torch = sys.modules.get("torch")
    cuda = getattr(torch, "cuda", None)
    if cuda is not None:
        found.append(("torch.cuda", bool(cuda.is_initialized())))
    bridge = sys.modules.get("jax._src.xla_bridge")
    if bridge is not None:
        found.append(("jax", bool(getattr(bridge, "_backends", None))))
    found.append(("tensorflow", "tensorflow" in sys.modules))
    return found
