"""`inputs` of a join: the branches' flow objects, and how they are read (Metaflow's documentation, joins)."""

from __future__ import annotations

from .flowspec import FlowSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, List


class Inputs:
    """Iterable, indexable, and readable by the name of the step before the join; has no length, as in Metaflow."""

    def __init__(self, flows: List[FlowSpec]) -> None:
        self.flows = flows
        for flow in flows:
            setattr(self, flow._flowc.step, flow)  # in a foreach the last item wins

    def __getitem__(self, index: Any) -> Any:
        return self.flows[index]

    def __iter__(self) -> Iterator[FlowSpec]:
        return iter(self.flows)
