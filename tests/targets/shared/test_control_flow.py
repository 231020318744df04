"""The steps that each step waits for: examples, and a scheduler that knows nothing else."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from flowc.compiler.ir import nodes as ir
from flowc.compiler.ir.scopes import scopes, walk
from flowc.targets.shared.control_flow import Edge, chooses, needs
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.reference import Executed, expected, outcome
from tests.support.strategies import SPAN, flow_of, flows

if TYPE_CHECKING:
    from flowc.targets.shared.control_flow import Need

STEP = ("step", None)


def needs_of(*block: tuple[str, Any]) -> dict[str, Need]:
    """Returns the needs of each step in the flow `start → block → end`, whose steps are numbered from the last."""
    flow = flow_of(list(block))
    return needs(scopes(flow), flow.by_name)


def test_steps_in_a_row() -> None:
    assert needs_of(STEP) == {"start": [], "step_1": [[[Edge("start")]]], "end": [[[Edge("step_1")]]]}


def test_a_join_needs_every_branch() -> None:
    needed = needs_of(("branches", [[STEP], [STEP]]))
    assert needed["step_3"] == [[[Edge("split_2")]]]
    assert needed["join_1"] == [[[Edge("step_3")], [Edge("step_4")]]]


def test_what_follows_a_switch_needs_any_of_its_ways() -> None:
    needed = needs_of(("switch", ([[STEP]], 0)))  # its other case goes straight to what follows
    assert needed["step_1"] == [[[Edge("switch0_2", "step_1")]]]
    assert needed["end"] == [[[Edge("switch0_2", "end")]], [[Edge("step_1")]]]


def test_the_body_of_a_foreach_begins_with_nothing_and_its_join_needs_all_items() -> None:
    needed = needs_of(("foreach", ([STEP, STEP], 2)))
    assert needed["step_4"] == []
    assert needed["step_3"] == [[[Edge("step_4")]]]
    assert needed["join_1"] == [[[Edge("step_3", foreach="foreach2_2")]]]


def test_a_foreach_that_ends_in_a_switch_ends_with_any_of_its_ways() -> None:
    needed = needs_of(("foreach", ([("switch", ([[STEP], [STEP]], 0))], 2)))
    assert needed["join_1"] == [[[Edge("step_3", foreach="foreach2_2"), Edge("step_4", foreach="foreach2_2")]]]


def test_a_loop_does_not_choose_its_next_visit_from_outside() -> None:
    flow = flow_of([("loop", 2), STEP])
    steps = flow.by_name
    loop = next(name for name in steps if name.startswith("loop"))
    assert not chooses(steps[loop])
    assert needs(scopes(flow), steps)["step_1"] == [[[Edge(loop)]]]


def test_a_loop_with_two_ways_on_chooses_between_them() -> None:
    cases = tuple(ir.Case(target, target, SPAN) for target in ("loop", "x", "y"))
    assert chooses(ir.Step("loop", "", (), ir.Switch("choice", cases, SPAN), False, SPAN))


@settings(deadline=None)
@given(flows())
def test_every_step_needs_something_of_its_own_scope_but_the_entries(flow: ir.Flow) -> None:
    scope = scopes(flow)
    needed = needs(scope, flow.by_name)
    bodies = {node.body.entry for _, node, _ in walk(scope) if isinstance(node, ir.ForEach)}
    assert sorted(needed) == sorted(step.name for step in flow.steps)
    assert {name for name, need in needed.items() if not need} == {flow.start, *bodies}


@settings(deadline=None)
@given(flows(), st.randoms(use_true_random=False))
def test_a_scheduler_that_knows_only_needs_runs_what_the_reference_runs(flow: ir.Flow, random: Any) -> None:
    reference = expected(flow).records
    ran: list[Executed] = []
    before: list[set[tuple[str, Any]]] = []  # what had run when each began
    for task in schedule(flow, random):
        before.append({(step, index_of(path)) for step, path in ran})
        ran.append(task)
    assert sorted(ran) == sorted(reference)
    for (step, path), done in zip(ran, before):
        assert {*flat(ast.literal_eval(reference[step, path]["trace"]))} - {(step, index_of(path))} <= done, (
            step,
            path,
        )


def index_of(path: str) -> int | None:
    """Returns the name of the path's item in its foreach, as in the reference's trace."""
    place = path.partition("~")[0].split(".")[-1]
    return None if place == "-" else int(place)


def flat(trace: list[Any]) -> set[tuple[str, Any]]:
    """The tasks of a trace, in which each branch is a list of its own."""
    return {task for part in trace for task in (flat(part) if isinstance(part, list) else {part})}


def schedule(flow: ir.Flow, random: Any) -> Any:
    """Yields the tasks of a run in one of the possible orders."""
    steps = flow.by_name
    scope = scopes(flow)
    needed = needs(scope, steps)
    around = dict(surrounding(scope))
    chosen: dict[Executed, str] = {}  # task that has ended → the step that its switch chose, or ""
    items: dict[Executed, list[str]] = {}  # task of a foreach → the paths of its items

    def paths(step: str) -> list[str]:
        """The paths with which the step may run, as far as they are known."""
        several = ["-"]
        for foreach in around[step]:
            several = [inside for path in several for inside in items.get((foreach, path), [])]
        return several

    def has_come(edge: Edge, path: str) -> bool:
        return (edge.step, path) in chosen and edge.chosen in ("", chosen[edge.step, path])

    def any_has_come(edges: list[Edge], path: str) -> bool:
        foreach = edges[0].foreach
        if not foreach:
            return any(has_come(edge, path) for edge in edges)
        if (foreach, path) not in items:
            return False
        return all(any(has_come(edge, item) for edge in edges) for item in items[foreach, path])

    def is_ready(step: str, path: str) -> bool:
        return not needed[step] or any(all(any_has_come(edges, path) for edges in way) for way in needed[step])

    while True:
        tasks = [(step, path) for step in steps for path in paths(step)]
        ready = [task for task in tasks if task not in chosen and is_ready(*task)]
        if not ready:
            return
        step, path = random.choice(ready)
        visit = path
        while True:
            yield step, visit
            result = outcome(steps[step], visit)
            if result.get("next") != step:
                break
            visit = str(result["path"])
        chosen[step, path] = str(result.get("next", ""))
        if isinstance(steps[step].transition, ir.Foreach):
            items[step, path] = list(result["paths"])  # type: ignore[call-overload]


def surrounding(scope: ir.Scope, foreaches: tuple[str, ...] = ()) -> Any:
    """Yields each step with the foreaches around it, the outermost first."""
    for node in scope.nodes:
        yield node.step, foreaches
        match node:
            case ir.Branches(scopes=several):
                for nested in several:
                    yield from surrounding(nested, foreaches)
            case ir.ForEach(body=body):
                yield from surrounding(body, (*foreaches, node.step))
            case _:
                pass
