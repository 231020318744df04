"""The validity checker: each rule is broken once, and names the fault."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flowc.compiler.fast_start.record import replace
from flowc.compiler.ir import nodes as ir
from flowc.compiler.ir.scopes import scopes
from flowc.compiler.ir.validity import violations

from tests.support.strategies import SPAN, Block, flow_of

STEP: Block = [("step", None)]
FLOW = flow_of([("foreach", (STEP, 2)), ("branches", [STEP, STEP]), ("switch", ([STEP], 0)), *STEP])
SCOPE = scopes(FLOW)
PARAMETER = ir.Parameter("p", "p", "int", 1, True, False, "", "", SPAN)


def with_step(kind: str, **changes: object) -> ir.Flow:
    chosen = next(step for step in FLOW.steps if step.name.startswith(kind))
    return replace(FLOW, steps=tuple(replace(step, **changes) if step is chosen else step for step in FLOW.steps))


def test_a_legal_flow_breaks_nothing() -> None:
    assert list(violations(FLOW, SCOPE)) == []


@pytest.mark.parametrize(
    ("flow", "message"),
    [
        (replace(FLOW, steps=(*FLOW.steps, FLOW.steps[0])), "there more than once"),
        (replace(FLOW, name="no name"), "not an identifier"),
        (replace(FLOW, start="nowhere"), "start step 'nowhere' does not exist"),
        (replace(FLOW, parameters=(PARAMETER, replace(PARAMETER, attribute="q", name="P"))), "parameter 'p' is there more than once"),
        (replace(FLOW, parameters=(replace(PARAMETER, attribute="end"),)), "class attribute 'end'"),
        (replace(FLOW, parameters=(replace(PARAMETER, type="path"),)), "unknown type"),
        (replace(FLOW, parameters=(replace(PARAMETER, required=True),)), "required and has a default"),
        (replace(FLOW, parameters=(replace(PARAMETER, has_default=False),)), "says it has none"),
        (replace(FLOW, parameters=(replace(PARAMETER, default="x"),)), "is no int"),
        (replace(FLOW, parameters=(replace(PARAMETER, separator=","),)), "separator"),
        (replace(FLOW, decorators=(ir.Decorator("d", {"x": float("nan")}, SPAN),)), "no JSON number"),
        (replace(FLOW, decorators=(ir.Decorator("d", {"x": [(1,)]}, SPAN),)), "no JSON value"),  # type: ignore[list-item]
        (with_step("start", transition=ir.Linear("nowhere", SPAN)), "goes to 'nowhere'"),
        (with_step("end", transition=ir.Linear("start", SPAN)), "exactly the end step"),
        (with_step("join", transition=ir.Split(("end", "start"), SPAN)), "must go on to one step"),
        (with_step("switch", transition=ir.Switch("x", (ir.Case(1, "end", SPAN),), SPAN)), "two or more cases"),
        (with_step("switch", transition=ir.Switch("x", (ir.Case(1, "end", SPAN), ir.Case(True, "end", SPAN)), SPAN)), "different values"),
        (with_step("split", transition=ir.Split(("end",), SPAN)), "fewer than two"),
        (with_step("start", transition=ir.Linear("end", SPAN)), "cannot be reached"),
    ],
)  # fmt: skip
def test_broken_graphs(flow: ir.Flow, message: str) -> None:
    assert any(message in violation for violation in violations(flow, SCOPE)), list(violations(flow, SCOPE))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda scope: replace(scope, nodes=scope.nodes[:-1]), "scopes hold"),
        (lambda scope: replace(scope, nodes=(*scope.nodes, scope.nodes[0])), "node 'start' is there more than once"),
        (lambda scope: replace(scope, nodes=tuple(reversed(scope.nodes))), "does not begin with its entry"),
        (lambda scope: replace(scope, entry="end"), "not at the start"),
    ],
)  # fmt: skip
def test_broken_scopes(change: Callable[[ir.Scope], ir.Scope], message: str) -> None:
    assert any(message in violation for violation in violations(FLOW, change(SCOPE))), list(
        violations(FLOW, change(SCOPE))
    )


def test_a_body_that_is_another_foreach_is_found() -> None:
    nodes = tuple(
        replace(node, body=replace(node.body, entry="start")) if isinstance(node, ir.ForEach) else node
        for node in SCOPE.nodes
    )
    assert any(
        "not those" in violation or "not that" in violation
        for violation in violations(FLOW, replace(SCOPE, nodes=nodes))
    )
