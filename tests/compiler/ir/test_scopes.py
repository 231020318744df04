"""Scopes: known graphs give the nesting a person would draw, and random ones are always valid."""

from __future__ import annotations

import re

import pytest
from flowc.compiler.ir import nodes
from flowc.compiler.ir.nodes import Branches, ForEach, Scope, Task
from flowc.compiler.ir.scopes import Unbalanced, exits, is_loop, predecessors, scopes, walk
from flowc.compiler.ir.validity import violations
from hypothesis import given, settings

from tests.support.strategies import SPAN, Block, flow_of, flows


def shape(scope: Scope) -> str:
    """A scope as text: `start (a | b c)> join end`, foreach as `start [body]> join`."""
    words = []
    for node in scope.nodes:
        match node:
            case Task(step=step):
                words.append(step)
            case Branches(step=step, scopes=several, join=join):
                words.append(f"{step} ({' | '.join(map(shape, several))})>{join}")
            case ForEach(step=step, body=body, join=join):
                words.append(f"{step} [{shape(body)}]>{join}")
    return " ".join(words)


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ([("step", None), ("step", None)], "start step step end"),
        ([("branches", [[("step", None)], [("step", None)]])], "start split (step | step)>join join end"),
        ([("foreach", ([("foreach", ([("step", None)], 2))], 3))], "start foreach3 [foreach2 [step]>join join]>join join end"),
        ([("switch", ([[("step", None)], [("step", None)]], 0)), ("step", None)], "start switch0 step step step end"),
        ([("switch", ([[("step", None)]], 0)), ("step", None)], "start switch0 step step end"),
        ([("foreach", ([("switch", ([[("step", None)]], 0))], 2))], "start foreach2 [switch0 step step]>join join end"),
        ([("loop", 2)], "start loop2 end"),
        ([("branches", [[("foreach", ([("branches", [[("step", None)], [("step", None)]])], 2))], [("step", None)]])],
         "start split (foreach2 [split (step | step)>join join]>join join | step)>join join end"),
    ],
)  # fmt: skip
def test_known_shapes(block: Block, expected: str) -> None:
    assert re.sub(r"_\d+", "", shape(scopes(flow_of(block)))) == expected


@given(flows(3))
@settings(max_examples=200, deadline=None)
def test_random_flows_have_valid_scopes(flow: nodes.Flow) -> None:
    scope = scopes(flow)
    assert list(violations(flow, scope)) == []
    assert sorted(node.step for _, node, _ in walk(scope)) == sorted(step.name for step in flow.steps)


@given(flows(2))
@settings(max_examples=100, deadline=None)
def test_predecessors_and_exits_agree_with_the_graph(flow: nodes.Flow) -> None:
    steps = {step.name: step for step in flow.steps}
    joins = {node.join: node.step for _, node, _ in walk(scopes(flow)) if not isinstance(node, Task)}
    for scope, _, _ in walk(scopes(flow)):
        before = predecessors(scope, steps)
        assert not before[scope.entry]
        for node in scope.nodes:
            if node.step != scope.entry:
                assert before[node.step]
            if node.step in joins:
                assert [node_before.step for node_before in before[node.step]] == [joins[node.step]]
        assert exits(scope, steps)


def step(name: str, transition: nodes.Transition, is_join: bool = False) -> nodes.Step:
    return nodes.Step(name, "", (), transition, is_join, SPAN)


def flow(*steps: nodes.Step) -> nodes.Flow:
    return nodes.Flow("F", "flow.py", "", "start", "end", (), (), (), steps, SPAN)


def linear(target: str) -> nodes.Linear:
    return nodes.Linear(target, SPAN)


END = step("end", nodes.End())


def test_a_split_that_is_not_joined_has_no_scopes() -> None:
    broken = flow(step("start", nodes.Split(("a", "b"), SPAN)), step("a", linear("end")), step("b", linear("end")), END)
    with pytest.raises(Unbalanced, match="do not end in one join"):
        scopes(broken)


def test_a_join_of_nothing_has_no_scopes() -> None:
    with pytest.raises(Unbalanced, match="nothing was split"):
        scopes(flow(step("start", linear("j")), step("j", linear("end"), is_join=True), END))


def test_a_long_cycle_has_no_scopes() -> None:
    turn = nodes.Switch("x", (nodes.Case(1, "a", SPAN), nodes.Case(2, "end", SPAN)), SPAN)
    with pytest.raises(Unbalanced, match="cycle"):
        scopes(flow(step("start", linear("a")), step("a", linear("s")), step("s", turn), END))


def test_a_loop_is_a_switch_that_names_itself() -> None:
    loops = {step.name: is_loop(step) for step in flow_of([("loop", 1), ("switch", ([[("step", None)]], 0))]).steps}
    assert [name for name, loop in loops.items() if loop] == [name for name in loops if name.startswith("loop")]


def test_a_thousand_steps_in_a_chain_do_not_recurse() -> None:
    assert len(scopes(flow_of([("step", None)] * 3000)).nodes) == 3002
