"""What was read of a flow, right or wrong: the graph as far as it could be understood, and what the passes after it need of the source."""

from __future__ import annotations

from ..fast_start.record import record
from ..ir.nodes import Flow, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..fold.evaluator import Evaluator
    from ..source.modules import Class
    from .members import Member


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
    order: list[
        Class
    ]  # the flow's class and those that it inherits from, in the order in which Python looks through them
    members: dict[str, Member]  # attributes of the class, by name
    evaluator: Evaluator  # which knows the flow's configs
    added: dict[str, bytes]  # files that the flow adds to the code package
    may_assign_anything: bool  # a decorator that is not known, or what a mutator wraps steps in, may set any artifact
    is_right: bool  # nothing wrong was found
