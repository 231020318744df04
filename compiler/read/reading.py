"""The result of reading a flow: the graph, as far as it was understood.

It also holds the parts of the source that later passes need.
"""

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
    """The facts about a step that the IR does not keep."""

    arguments: tuple[str, ...]  # positional ones, `self` first
    annotated_start: bool  # @step(start=True)
    annotated_end: bool
    has_next: bool  # the last statement is a call of self.next
    next_is_understood: bool  # and it has one of the known forms; if not, a diagnostic says why
    last: Span  # of the last statement
    # has a Metaflow decorator that flowc does not know, or one for gangs with wrong values: a diagnostic reports it
    is_extended: bool = False


@record
class Reading:
    """The flow as read.

    `flow.start` and `flow.end` are "" if they are not known; a transition that was not understood is End().
    """

    flow: Flow
    facts: dict[str, StepFacts]  # by step
    order: list[Class]  # the flow's class and its bases, in method resolution order
    members: dict[str, Member]  # attributes of the class, by name
    evaluator: Evaluator  # the evaluator that knows the flow's configs
    added: dict[str, bytes]  # files that the flow adds to the code package
    may_assign_anything: bool  # an unknown decorator or a mutator's wrapper may set any artifact
    is_right: bool  # no errors were found
