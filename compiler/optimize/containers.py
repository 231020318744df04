"""`Container`: what one container runs when several tasks share it (docs/decisions, 18).

An optimized flow is a flow of containers: each of its steps stands for a container, and has that container's name,
transition and settings. `Container` says what runs inside. A step without one runs its one task, as ever.
"""

from __future__ import annotations

from ..fast_start.record import record


@record
class Container:
    """What the container of one step of an optimized flow runs."""

    steps: tuple[str, ...]  # of the flow as written, the one that it begins with first; of a loop, every visit
    # of the foreach that it ends with: the least number of items in a container, and the most containers; 0: no bound.
    # With neither, each item has a container of its own.
    items: int = 0
    containers: int = 0
    is_chunk: bool = False  # it runs its steps for several items of the foreach around it
    is_loop: bool = False  # it runs one step, a loop, with all of its visits
    # step → MiB that its tasks have used in past runs, if that is more than they would count with beside others
    peaks: tuple[tuple[str, int], ...] = ()
