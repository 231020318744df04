"""Checks a finished step's transition against the graph, and makes the transition of a step that was not run."""

from __future__ import annotations

from ..contract.graph import Graph
from ..user_code.flowspec import FlowSpec, wrong_next

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def check(graph: Graph, flow: FlowSpec) -> None:
    """Raises InvalidNextException unless the step's transition matches the graph, which the engine will follow."""
    state = flow._flowc
    step, kind, expected = state.step, graph.kind(state.step), graph.targets(state.step)
    if state.next is None:
        if kind != "end":
            raise wrong_next(f"step `{step}` ended without calling self.next()")
        return
    expected_text = " and ".join(f"`{target}`" for target in expected) or "nowhere: it is the last step"
    if kind == "switch":
        agrees = len(state.next) == 1 and state.next[0] in expected
    else:
        agrees = sorted(state.next) == sorted(expected)
    if not agrees:
        went = " and ".join(f"`{target}`" for target in state.next)
        raise wrong_next(f"step `{step}` went to {went}, but its last statement goes to {expected_text}")
    if (state.splits is not None) != (kind in ("foreach", "parallel")):
        width = "over several tasks" if state.splits is not None else "to a single task"
        raise wrong_next(f"step `{step}` went {width}, but its last statement does not")


def go_on(graph: Graph, flow: FlowSpec, arguments: Any) -> None:
    """Calls `next` in place of a step that did not, or whose call does not count.

    `arguments` is a dict of arguments for it; otherwise the step's own are used. Raises what `next` raises, and
    RuntimeError if only the step itself knows the arguments.
    """
    state = flow._flowc
    step = state.step
    transition = graph.step(step)["transition"]
    kind = transition["kind"]
    if kind == "end":
        return
    state.next = state.splits = state.over = None
    targets = [getattr(flow, name) for name in graph.targets(step)]
    overrides = dict(arguments) if isinstance(arguments, dict) else {}
    if kind == "switch":
        cases = {case["value"]: getattr(flow, case["target"]) for case in transition["cases"]}
        flow.next(cases, **{"condition": transition["on"], **overrides})
    elif overrides or kind not in ("foreach", "parallel"):
        flow.next(*targets, **overrides)
    else:
        name = {"foreach": "over", "parallel": "num_parallel"}[kind]
        if transition[name] is None:
            raise RuntimeError(
                f"step `{step}` was not run, so the value that its self.next passes as "
                f"`{'foreach' if kind == 'foreach' else name}` is unknown"
            )
        flow.next(*targets, **{"foreach" if kind == "foreach" else name: transition[name]})
