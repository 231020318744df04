"""Runs a flow class's own `__init__` in each task, as Metaflow does (measured).

Where Metaflow runs a task, the flow's file creates a flow object, and `FlowSpec.__init__` runs the task and never
returns. So attributes that `__init__` sets before that are set again in every task, hide those of earlier steps, and
are saved. Code after it never runs. Two kinds of objects are created with `use_cli=False`, and run all of `__init__`:
branches in `inputs`, and flows with mutators.
"""

from __future__ import annotations

from ..contract.errors import ShimError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict

    FlowSpec = Any  # `flowspec.py` imports this module

# set on the flow object while its `__init__` runs: True once that has called `FlowSpec.__init__`
REACHED = "_flowc_reached"


class Reached(BaseException):
    """Leaves `__init__` where Metaflow's `FlowSpec.__init__` would not return."""


def is_reached(flow: FlowSpec, use_cli: bool) -> bool:
    """Notes that `FlowSpec.__init__` was called. Returns False if no task is being prepared. Raises Reached."""
    if REACHED not in flow.__dict__:
        return False
    flow.__dict__[REACHED] = True
    if use_cli:
        raise Reached
    return True


def run(flow: FlowSpec, is_input: bool) -> Dict[str, Any]:
    """Runs `__init__` of a new flow object, and returns the attributes that it set.

    Exceptions of the user's code propagate. Raises ShimError.
    """
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
            f"`__init__` of {kind.__name__} ended without calling `super().__init__(use_cli)`, which starts the flow: "
            "call it with the "
            "argument that `__init__` was given"
        )
    return {name: value for name, value in flow.__dict__.items() if name != "name"}
