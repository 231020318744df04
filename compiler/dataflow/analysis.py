"""The input of the checks: a flow after reading and dataflow."""

from __future__ import annotations

from ..fast_start.record import record, replace
from .assigned import Dataflow, dataflow, reads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.nodes import Flow
    from ..read.reading import Reading, StepFacts


@record
class Analysis:
    """The flow as read.

    `flow.start` and `flow.end` are "" if they are not known; a transition that was not understood is End().
    """

    flow: Flow
    facts: dict[str, StepFacts]  # by step
    dataflow: Dataflow
    methods: frozenset[str]  # every method of the class


def analyze(reading: Reading) -> Analysis:
    """Returns the reading with the dataflow of its artifacts, and the artifacts that each step reads."""
    flow = reading.flow
    facts = dataflow(reading)
    flow = replace(flow, steps=tuple(replace(step, reads=reads(flow, step, facts)) for step in flow.steps))
    if reading.may_assign_anything:
        facts = replace(facts, unknown=True)
    methods = frozenset(name for name, member in reading.members.items() if member.kind in ("step", "method"))
    return Analysis(flow, reading.facts, facts, methods)
