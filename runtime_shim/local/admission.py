"""Decides how many tasks may run at the same time: by their number, and by the resources that they request.

A step's `@resources`, `@kubernetes` or `@batch` counts if it requests more or less than the default. A task that needs
more than the machine has runs alone.
"""

from __future__ import annotations

import os
import sys
from typing import Dict, Iterable, List, Mapping, Optional, Tuple

from ..contract.graph import Graph
from ..contract.semantics import DEFAULT_CPU, DEFAULT_MEMORY, resources

Need = Tuple[float, float]  # cores, MiB of memory


class Admission:
    """`cores` and `memory` (MiB) are the machine's. A value of 0 is unknown, and not counted."""

    def __init__(self, graph: Graph, max_workers: int, cores: float = 0, memory: float = 0) -> None:
        self.max_workers = max_workers
        self.cores, self.memory = cores or available_cores(), memory or available_memory()
        self._needs: Dict[str, Need] = {step: _need(graph, step) for step in graph.steps}

    @classmethod
    def of_container(
        cls, graph: Graph, cores: float, memory: float, peaks: Optional[Mapping[str, float]] = None
    ) -> Admission:
        """Returns the admission of a container with so much; 0 for what this process may use.

        A task without a request of its own counts as one core, and its share of the memory. A task of a step in `peaks`
        counts with at least that memory.
        """
        admission = cls(graph, sys.maxsize, cores, memory)
        share = admission.memory / max(1.0, admission.cores)
        used = peaks or {}
        admission._needs = {
            step: (own[0] or 1.0, max(own[1] or share, used.get(step, 0.0))) for step, own in admission._needs.items()
        }
        return admission

    def admits(self, step: str, running: Iterable[str]) -> bool:
        """Returns True if a task of `step` may start beside tasks of the steps `running`."""
        beside: List[str] = list(running)
        if not beside:
            return True
        if len(beside) >= self.max_workers:
            return False
        needs = [self._needs[running_step] for running_step in (*beside, step)]
        return all(
            not limit or sum(need[which] for need in needs) <= limit
            for which, limit in enumerate((self.cores, self.memory))
        )


def _need(graph: Graph, step: str) -> Need:
    cores = memory = 0.0
    for name in ("resources", "kubernetes", "batch"):
        asked_cores, asked_memory = resources(graph.decorator(step, name))
        if asked_cores != DEFAULT_CPU:
            cores = max(cores, asked_cores or 0)
        if asked_memory != DEFAULT_MEMORY:
            memory = max(memory, asked_memory or 0)
    return cores, memory


def available_cores() -> float:
    """Returns the number of cores that this process may use."""
    try:
        return float(len(os.sched_getaffinity(0)))
    except (AttributeError, OSError):
        return float(os.cpu_count() or 0)


def available_memory() -> float:
    """Returns the memory, in MiB, of the machine or of the process's control group."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 20)
    except (AttributeError, ValueError, OSError):
        return 0
    try:
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as file:
            limit = file.read().strip()
        if limit.isdigit():
            memory = min(memory, int(limit) / (1 << 20))
    except OSError:
        pass
    return memory
