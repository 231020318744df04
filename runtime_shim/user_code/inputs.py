"""`inputs` of a join: the branches' flow objects, and ways to read them (Metaflow's documentation, joins)."""

from __future__ import annotations

from .flowspec import FlowSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator, List


class Inputs:
    """The branches: iterable, indexable, and readable by the name of the step before the join.

    As in Metaflow, it has no length.
    """

    def __init__(self, flows: List[FlowSpec], come_to: Callable[[int], None] = lambda _: None) -> None:
        self.flows = flows
        self._come_to = come_to
        for flow in flows:
            setattr(self, flow._flowc.step, flow)  # in a foreach the last item wins

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, int) and 0 <= index < len(self.flows):
            self._come_to(index)
        return self.flows[index]

    def __iter__(self) -> Iterator[FlowSpec]:
        for index, flow in enumerate(self.flows):
            self._come_to(index)
            yield flow
