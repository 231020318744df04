"""`--with`: the text, its form in the IR, and its diagnostics. The values are those that Metaflow 2.19 reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowc.compiler.ir import nodes
from flowc.compiler.ir.validity import violations
from flowc.compiler.options.with_decorators import attached
from flowc.compiler.pipeline import load
from flowc.compiler.report.diagnostics import Refused, concise

FLOW = """
from metaflow import FlowSpec, card, retry, step

class F(FlowSpec):
    @card
    @retry(times=1)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def steps(folder: Path, *texts: str) -> dict[str, list[nodes.Decorator]]:
    (folder / "flow.py").write_text(FLOW)
    program = load(str(folder / "flow.py"), "", texts)
    assert list(violations(program.flow, program.scope)) == []
    return {step.name: list(step.decorators) for step in program.flow.steps}


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("retry", {}),
        ("retry:", {}),
        ("retry:times=2", {"times": 2}),
        ("retry:times= 2 , minutes_between_retries=0.5", {"times": 2, "minutes_between_retries": 0.5}),
        ("catch:var=failure,print_exception=false", {"var": "failure", "print_exception": False}),
        ("catch:print_exception=False", {"print_exception": False}),
        ("environment:vars={\"A\": \"x,y\", \"B\": 1}", {"vars": {"A": "x,y", "B": 1}}),
        ("environment:vars={\\\"A\\\": \\\"x\\\"}", {"vars": {"A": "x"}}),
        ("kubernetes:image=python:3.12,node_selector=a=b,cpu=0.5", None),
        ("kubernetes:image=python:3.12,cpu=0.5,labels={\"a\": \"b\"}", {"image": "python:3.12", "cpu": 0.5, "labels": {"a": "b"}}),
        ("batch:queue=a,b", {"queue": "a,b"}),
        ("resources:memory=1e3,cpu=\"2\"", {"memory": 1000.0, "cpu": "2"}),
        ("conda:packages={\"a\": \"1\"},python=3.12.1", {"packages": {"a": "1"}, "python": "3.12.1"}),
        ("card:type=blank", {"type": "blank"}),
    ],
)  # fmt: skip
def test_values(text: str, attributes: dict[str, nodes.Value] | None, tmp_path: Path) -> None:
    if attributes is None:  # `a=b` after a comma is an attribute, as in Metaflow
        attributes = {"image": "python:3.12", "node_selector": "a=b", "cpu": 0.5}
    decorator = steps(tmp_path, text)["end"][0]
    defaults = {name: value for name, value in decorator.attributes.items() if name not in attributes}
    assert {name: decorator.attributes[name] for name in attributes} == attributes and decorator.name == text.partition(
        ":"
    )[0]
    assert [type(decorator.attributes[name]) for name in attributes] == [type(value) for value in attributes.values()]
    assert all(value is None or not isinstance(value, Exception) for value in defaults.values())


def test_a_decorator_of_the_step_stays(tmp_path: Path) -> None:
    decorators = steps(tmp_path, "retry:times=3", "card:type=blank", "retry:times=4")
    assert [
        (decorator.name, decorator.attributes.get("times"))
        for decorator in decorators["start"]
        if decorator.name == "retry"
    ] == [("retry", 1)]
    assert [decorator.attributes["type"] for decorator in decorators["start"] if decorator.name == "card"] == [
        "blank",
        "default",
    ]
    assert [(decorator.name, decorator.attributes.get("times")) for decorator in decorators["end"]] == [
        ("card", None),
        ("retry", 3),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("retri", "FLOW110 `--with retri` names no decorator of steps; did you mean `retry`?"),
        ("retry:tims=2", "FLOW113 `--with retry:tims=2`: `@retry` has no attribute `tims`; did you mean `times`?"),
        ("retry:2", "FLOW117 invalid option `--with retry:2`; write `--with retry:attribute=value`"),
        ("retry:times=NaN", "FLOW117 invalid option `--with retry:times=NaN`; give a different value"),
        ("retry:times=9", "FLOW121 `--with retry:times=9`: invalid value: `@retry(times=9)`; write `@retry(times=4)`"),
        (
            "timeout",
            "FLOW121 `--with timeout`: `@timeout` has no duration; give a duration, such as `@timeout(minutes=5)`",
        ),
        (
            "schedule:daily=true",
            "FLOW112 `--with schedule:daily=true`: `@schedule` belongs on the flow class; write it above the class",
        ),
        ("mine.timed:a=1", "FLOW118 `--with mine.timed:a=1` names a decorator by its path; write it above the steps"),
        (
            "titus",
            "FLOW115 `--with titus`: `@titus` belongs to an extension, not to Metaflow's core; state what the tasks need with `@resources`",
        ),
        ("", "FLOW110 `--with ` names no decorator of steps; use one of the step decorators in the documentation"),
    ],
)
def test_mistakes(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        steps(tmp_path, text)
    assert [concise(diagnostic) for diagnostic in refused.value.diagnostics] == [message]
    assert all(diagnostic.why and diagnostic.how for diagnostic in refused.value.diagnostics)


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        steps(tmp_path, "retri", "retry:times=9", "batch", "kubernetes")
    assert sorted(diagnostic.code for diagnostic in refused.value.diagnostics) == [
        "FLOW110",
        "FLOW114",
        "FLOW114",
        "FLOW121",
    ]


def test_what_one_step_cannot_have_is_said_there(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(
        FLOW.replace("self.next(self.end)", "self.x = [1]; self.next(self.a, foreach='x')")
        + """
    @step
    def a(self):
        self.next(self.j)

    @step
    def j(self, inputs):
        self.next(self.end)
"""
    )
    with pytest.raises(Refused) as refused:
        load(str(tmp_path / "flow.py"), "", ["catch:var=failure"])
    (one,) = refused.value.diagnostics
    assert one.code == "FLOW122" and one.span is not None and one.span.line == 8


def test_nothing_attached_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW)
    flow = load(str(tmp_path / "flow.py")).flow
    assert attached(flow, []) == (flow, [])
