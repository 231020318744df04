"""A flow class's own `__init__`, run in each task as Metaflow runs it (measured).

Where Metaflow runs a task, the flow's file makes a flow object, and `FlowSpec.__init__` runs the task and never returns. So what `__init__` sets
before that is there in every task anew, hides what an earlier step has set, and is saved; what comes after it is never run. Two objects are made
with `use_cli=False`, for which all of `__init__` is run: a branch's in `inputs`, and that of a flow with mutators.
"""

from __future__ import annotations

from ..contract.errors import ShimError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict

    FlowSpec = Any  # `flowspec.py` imports this module

REACHED = "_flowc_reached"  # on the flow object while its `__init__` runs: whether that has come to `FlowSpec.__init__`


class Reached(BaseException):
    """Leaves `__init__` where Metaflow's `FlowSpec.__init__` would not return."""


def is_reached(flow: FlowSpec, use_cli: bool) -> bool:
    """Notes that `FlowSpec.__init__` was reached; False where no task is being made ready. Raises Reached."""
    if REACHED not in flow.__dict__:
        return False
    flow.__dict__[REACHED] = True
    if use_cli:
        raise Reached
    return True


def run(flow: FlowSpec, is_input: bool) -> Dict[str, Any]:
    """Runs `__init__` of a new flow object, and returns what it has set. Exceptions of the user's come through. Raises ShimError."""
    kind = type(flow)
    flow.__dict__[REACHED] = False
    use_cli = not is_input and "_flowc_mutated" not in kind.__dict__
    try:
        kind.__init__(flow) if use_cli else kind.__init__(flow, use_cli=False)
        ended = use_cli
    except Reached:
        ended = False
    if ended or not flow.__dict__.pop(REACHED):
        raise ShimError(
            f"`__init__` of {kind.__name__} ended without calling `super().__init__(use_cli)`, which is what starts a flow: call it, with the "
            "argument that `__init__` was given"
        )
    return {name: value for name, value in flow.__dict__.items() if name != "name"}
