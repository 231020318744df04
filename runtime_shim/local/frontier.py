"""Finds the tasks that come next, walking the graph as a scheduler does. Pure: it knows no process and no store.

>>> frontier = Frontier(graph)                                                                       # doctest: +SKIP
>>> frontier.first()
('start', '-')
>>> frontier.done('start', '-', ['body'], splits=2)
[('body', '0'), ('body', '1')]
"""

from __future__ import annotations

from typing import Dict, FrozenSet, List, Optional, Tuple

from ..contract import address
from ..contract.graph import Graph

Address = Tuple[str, str]  # step, path


class Frontier:
    """Counts, for every join, the branches that have arrived. Tasks of steps that are not `within` never come next."""

    def __init__(self, graph: Graph, within: Optional[FrozenSet[str]] = None) -> None:
        self.graph = graph
        self.within = frozenset(graph.steps) if within is None else within
        self._splits: Dict[Address, int] = {}
        self._arrived: Dict[Address, int] = {}

    def first(self) -> Address:
        return self.graph.start, address.ROOT

    def done(self, step: str, path: str, chosen: List[str], splits: Optional[int]) -> List[Address]:
        """Returns the tasks that can start now that this one has succeeded.

        `chosen` are the steps that its record names.
        """
        if splits is not None:
            if chosen[0] not in self.within:
                return []
            self._splits[step, address.leave(path)] = splits
            return [(chosen[0], address.child(path, index)) for index in range(splits)]
        ready: List[Address] = []
        for target in chosen:
            if target not in self.within:
                continue
            if target == step:
                ready.append((step, address.next_visit(path)))
            elif target in self.graph.closes:
                ready += self._arrive(target, address.leave(path))
            else:
                ready.append((target, address.leave(path)))
        return ready

    def joins(self, path: str, chosen: List[str]) -> List[Address]:
        """Returns the tasks of the joins among the steps `chosen` by a task at `path`."""
        base = address.leave(path)
        joins = [join for join in chosen if join in self.graph.closes]
        return [
            (join, base if self.graph.closes[join]["kind"] == "branches" else address.parent(base)) for join in joins
        ]

    def _arrive(self, join: str, path: str) -> List[Address]:
        node = self.graph.closes[join]
        if node["kind"] == "branches":
            expected = len(node["scopes"])
        else:
            path = address.parent(path)
            expected = self._splits[node["step"], path]
        arrived = self._arrived[join, path] = self._arrived.get((join, path), 0) + 1
        return [(join, path)] if arrived == expected else []
