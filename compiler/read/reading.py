"""What analysis read of a flow, right or wrong: the graph as far as it could be understood, and the facts that checks judge it by."""

from __future__ import annotations

from ..dataflow.assigned import Dataflow
from ..fast_start.record import record
from ..ir.nodes import Flow, Span


@record
class StepFacts:
    """What the IR does not keep of a step."""

    arguments: tuple[str, ...]  # positional ones, `self` first
    annotated_start: bool  # @step(start=True)
    annotated_end: bool
    has_next: bool  # the last statement is a call of self.next
    next_is_understood: bool  # and it has one of the known forms; else its reason is already a diagnostic
    last: Span  # of the last statement
    is_extended: bool = False  # has a decorator of Metaflow's that flowc does not know, which is already a diagnostic


@record
class Reading:
    """`flow.start` and `flow.end` are "" while they are not known; a transition that was not understood is End()."""

    flow: Flow
    facts: dict[str, StepFacts]  # by step
    dataflow: Dataflow
    assigned: frozenset[str]  # names that some method, class attribute or parameter sets on the flow
    may_assign_anything: bool  # something that cannot be followed may set others too
    methods: frozenset[str]  # every attribute of the class that is a method
