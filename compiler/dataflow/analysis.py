"""What is known of a flow when it has been read and its artifacts followed: what checks judge."""

from __future__ import annotations

from ..fast_start.record import record, replace
from .assigned import Dataflow, dataflow, reads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.nodes import Flow
    from ..read.reading import Reading, StepFacts


@record
class Analysis:
    """The flow as read. `flow.start` and `flow.end` are "" if they are not known; a transition that was not understood is End()."""

    flow: Flow
    facts: dict[str, StepFacts]  # by step
    dataflow: Dataflow
    methods: frozenset[str]  # every attribute of the class that is a method


def analyze(reading: Reading) -> Analysis:
    """Returns the reading with what is known of the flow's artifacts, and in each step what it reads of them."""
    flow = reading.flow
    known = dataflow(reading)
    flow = replace(flow, steps=tuple(replace(each, reads=reads(flow, each, known)) for each in flow.steps))
    if reading.may_assign_anything:
        known = replace(known, unknown=True)
    methods = frozenset(name for name, each in reading.members.items() if each.kind in ("step", "method"))
    return Analysis(flow, reading.facts, known, methods)
