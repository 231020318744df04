"""`Part`: which part of the graph a supervisor runs, where it begins, and how control left it."""

from __future__ import annotations

from typing import Dict, FrozenSet, List, Optional, Tuple

from ..contract import address
from ..contract.graph import Graph
from ..contract.record import Record

Address = Tuple[str, str]  # step, path


class Part:
    """The tasks of the steps `within` that follow from the tasks `first`. The whole flow, without either."""

    def __init__(
        self, graph: Graph, within: Optional[FrozenSet[str]] = None, first: Optional[List[Address]] = None
    ) -> None:
        self.graph = graph
        self.is_whole = within is None
        self.within = frozenset(graph.steps) if within is None else within
        self.first = [(graph.start, address.ROOT)] if first is None else first
        self.left = 0  # number of tasks after which control left the part, or the flow ended
        self.last: Optional[Record] = None  # the record of the last one of them

    def leaves(self, done: Record) -> bool:
        """Returns True if control leaves the part after this task."""
        return not any(target in self.within for target in done.next)

    def note(self, done: Record) -> None:
        """Remembers a task of the part that has succeeded."""
        if self.leaves(done):
            self.left += 1
            self.last = done

    @property
    def is_done(self) -> bool:
        """True once control has left it, once for each task that it began with."""
        return self.left == len(self.first)

    def exits(self) -> Dict[str, List[str]]:
        """Returns the steps outside that the part may lead to, each with the steps that lead there."""
        exits: Dict[str, List[str]] = {}
        for step in sorted(self.within):
            for target in self.graph.targets(step):
                if target not in self.within:
                    exits.setdefault(target, []).append(step)
        return exits
