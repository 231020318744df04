"""Decides if a process that has imported a flow can be forked for each task, or if each task needs a new process.

A fork has only the thread that forked. Locks of other threads stay locked, and drivers' state about a device is useless
in the child (Python's documentation, os.fork; CUDA's, of processes).
"""

from __future__ import annotations

import os
import sys
import threading
from typing import List, Tuple

# Modules whose native threads survive a fork: the child starts them again (OpenBLAS, MKL and OpenMP register for it).
# register for it).
_POOLS = ("numpy", "scipy", "sklearn", "torch", "numexpr", "polars", "pyarrow")


def unsafe() -> str:
    """Returns in a few words why this process should not be forked; "" if there is no reason."""
    if sys.platform == "darwin":
        return "on macOS, a process that uses the system's frameworks cannot fork"
    if "obstore" in sys.modules:
        return "the datastore's client, `obstore`, cannot be used in a forked process"
    others = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if others:
        return f"the flow's modules have started a thread ({others[0]})"
    for module, started in _devices():
        if started:
            return f"the flow's modules have initialized `{module}`"
    if native_threads() > 1 and not any(thread in sys.modules for thread in _POOLS):
        return "the flow's modules have started a native thread"
    return ""


def native_threads() -> int:
    """Returns the kernel's count of this process's threads; 1 if it is not available."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 1


def _devices() -> List[Tuple[str, bool]]:
    """Returns the loaded libraries that keep device or connection state, and whether they are initialized."""
    states = []
    torch = sys.modules.get("torch")
    cuda = getattr(torch, "cuda", None)
    if cuda is not None:
        states.append(("torch.cuda", bool(cuda.is_initialized())))
    bridge = sys.modules.get("jax._src.xla_bridge")
    if bridge is not None:
        states.append(("jax", bool(getattr(bridge, "_backends", None))))
    states.append(("tensorflow", "tensorflow" in sys.modules))
    return states
