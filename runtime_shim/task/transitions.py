"""What a step that has run says of the way on, held against the graph; and the way on of a step that was not run."""

from __future__ import annotations

from ..contract.graph import Graph
from ..user_code.flowspec import FlowSpec, wrong_next

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def check(graph: Graph, flow: FlowSpec) -> None:
    """Raises InvalidNextException unless the step went where the graph says: what an engine does next was decided by the graph."""
    state = flow._flowc
    step, kind, expected = state.step, graph.kind(state.step), graph.targets(state.step)
    if state.next is None:
        if kind != "end":
            raise wrong_next(f"step `{step}` ended without calling self.next()")
        return
    wanted = " and ".join(f"`{each}`" for each in expected) or "nowhere: it is the last"
    if kind == "switch":
        agrees = len(state.next) == 1 and state.next[0] in expected
    else:
        agrees = sorted(state.next) == sorted(expected)
    if not agrees:
        went = " and ".join(f"`{each}`" for each in state.next)
        raise wrong_next(f"step `{step}` went to {went}, but its last statement goes to {wanted}")
    if (state.splits is not None) != (kind in ("foreach", "parallel")):
        said = "over several tasks" if state.splits is not None else "to a single task"
        raise wrong_next(f"step `{step}` went {said}, which its last statement does not")


def go_on(graph: Graph, flow: FlowSpec, arguments: Any) -> None:
    """Calls `next` in the place of a step that did not, or whose call does not count: with `arguments` if it is a dict of some, else as the step
    would have. Raises what `next` raises, and RuntimeError where only the step itself knows."""
    state = flow._flowc
    step = state.step
    transition = graph.step(step)["transition"]
    kind = transition["kind"]
    if kind == "end":
        return
    state.next = state.splits = state.over = None
    targets = [getattr(flow, name) for name in graph.targets(step)]
    given = dict(arguments) if isinstance(arguments, dict) else {}
    if kind == "switch":
        cases = {case["value"]: getattr(flow, case["target"]) for case in transition["cases"]}
        flow.next(cases, **{"condition": transition["on"], **given})
    elif given or kind not in ("foreach", "parallel"):
        flow.next(*targets, **given)
    else:
        name = {"foreach": "over", "parallel": "num_parallel"}[kind]
        if transition[name] is None:
            raise RuntimeError(
                f"step `{step}` was not run, and what its self.next gives as `{'foreach' if kind == 'foreach' else name}` is not known"
            )
        flow.next(*targets, **{"foreach" if kind == "foreach" else name: transition[name]})
