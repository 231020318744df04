"""The claims of dataflow about random flows agree with a run of them."""

from __future__ import annotations

import re
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import pytest
from flowc.compiler.checks import judge
from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.ir import nodes as ir
from flowc.compiler.ir.json_form import to_json
from flowc.compiler.ir.nodes import Branches, ForEach, Scope, Task
from flowc.compiler.ir.scopes import scopes
from flowc.compiler.report.diagnostics import ERROR, Diagnostic, concise
from flowc.runtime_shim.artifacts import manifest
from flowc.runtime_shim.contract.graph import Graph
from flowc.runtime_shim.contract.record import read as read_record
from flowc.runtime_shim.fast_start import json_text
from flowc.runtime_shim.store import Store, open_store
from flowc.runtime_shim.task.attempt import Attempt
from flowc.runtime_shim.task.run_task import run_task
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.analyzing import analysis_of
from tests.support.strategies import flows, source_of

NAMES = ("a", "b", "c")
HELPERS = """
    limit = 3

    @property
    def prop(self):
        return getattr(self, "a", 0)

    def help_a(self):
        self.a = 1

    def help_b(self):
        if flip():
            return
        self.b = getattr(self, "c", 2)

    def help_c(self, value=None):
        self.c = self.b

    def again(self, n):
        if n:
            self.a = n
            self.again(n - 1)
"""
TOP = """
from random import Random

RANDOM = Random(7)

def flip():
    return RANDOM.random() < 0.5

def outer(flow):
    flow.c = getattr(flow, "a", 1)
"""
name = st.sampled_from(NAMES)
simple = st.one_of(
    st.builds(
        "self.{} = {}".format,
        name,
        st.sampled_from(["1", "2", "'x'", "[1]", "lambda: 0", "self.a", "self.prop", "flip()", "self.limit"]),
    ),
    st.builds("self.{} = getattr(self, '{}', 0)".format, name, name),
    st.builds("self.{}".format, name),
    st.builds("self.help_{}()".format, name),
    st.builds("del self.{}".format, name),
    st.builds("setattr(self, '{}', 1)".format, name),
    st.builds("self.__dict__['{}'] = 1".format, name),
    st.builds("[self.{} for _ in range({})]".format, name, st.integers(0, 1)),
    st.builds("self.{}, self.{} = 1, 2".format, name, name),
    st.sampled_from(
        [
            "self.again(2)",
            "outer(self)",
            "me = self; me.a = 1",
            "list(map(lambda n: setattr(self, 'b', n), [1]))",
            "print(self.input)",
        ]
    ),
)


def indented(text: str) -> str:
    return textwrap.indent(text, "    ")


compound = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.builds(lambda body, other: f"if flip():\n{indented(body)}\nelse:\n{indented(other)}", inner, inner),
        st.builds(lambda body, name: f"if hasattr(self, '{name}'):\n{indented(body)}", inner, name),
        st.builds(lambda body, times: f"for _ in range({times}):\n{indented(body)}", inner, st.integers(0, 2)),
        st.builds(
            lambda body, last: f"for _ in (1, 2):\n{indented(body)}\n    if flip():\n        {last}",
            inner,
            st.sampled_from(["break", "continue"]),
        ),
        st.builds(
            lambda body, other: f"try:\n{indented(body)}\nexcept AttributeError:\n{indented(other)}", inner, inner
        ),
        st.builds(lambda body, other: f"try:\n{indented(body)}\nfinally:\n{indented(other)}", inner, inner),
        st.builds(lambda body: f"def local():\n{indented(body)}\nlocal()", inner),
        st.builds(lambda one, other: f"{one}\n{other}", inner, inner),
    ),
    max_leaves=5,
)
joining = st.one_of(
    st.sampled_from(
        [
            "self.merge_artifacts(inputs)",
            "self.merge_artifacts(inputs, include=['a'])",
            "self.merge_artifacts(inputs, exclude=['a', 'b'])",
        ]
    ),
    st.builds("self.{} = [getattr(each, '{}', 0) for each in inputs]".format, name, name),
    st.builds("self.{} = inputs[0].{}".format, name, name),
    st.builds("self.{} = [each.{} for each in inputs]".format, name, name),
)
ALWAYS = ("trace", "items", "choice")


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Draws the source of a flow whose steps do random things to artifacts.

    Most failures are caught, so that runs get far.
    """
    flow = draw(flows(1))
    lines = []
    for line in source_of(flow, "flowc").splitlines():
        lines.append(line)
        match = re.match(r"    def (\w+)\(self(, inputs)?\):", line)
        if not match:
            continue
        for _ in range(draw(st.integers(0, 3))):
            action = draw(st.one_of(compound, joining) if match[2] else compound)
            if draw(st.integers(0, 9)):
                action = f"try:\n{indented(action)}\nexcept Exception:\n    pass"
            lines += textwrap.indent(action, "        ").splitlines()
        if match[1] == "start":
            lines.append("        self.items = self.choice = None")
    source = "\n".join(lines)
    return TOP + source.replace("class RandomFlow(FlowSpec):", "class RandomFlow(FlowSpec):" + HELPERS)


def analysis_in(source: str, folder: Path) -> Analysis:
    (folder / "flow.py").write_text(source)
    return analysis_of(folder)


def said(analysis: Analysis) -> list[Diagnostic]:
    return [diagnostic for diagnostic in judge(analysis) if diagnostic.code.startswith("FLOW4")]


class Run:
    """A run of a flow in this process that records what each step loads and assigns.

    `failed` is the failed step, or "".
    """

    def __init__(self, source: str, flow: ir.Flow, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.graph = Graph(json_text.loads(to_json(flow, scopes(flow))))
        self.store, self.flow = store, flow
        self.of = {step.name: step for step in flow.steps}
        self.loaded: dict[str, set[str]] = {step.name: set() for step in flow.steps}
        self.left: dict[str, list[set[str]]] = {step.name: [] for step in flow.steps}
        self.failed = ""
        self.step = ""
        scope: dict[str, Any] = {"__name__": "random_flow"}
        exec(compile(source, "flow.py", "exec"), scope)
        self.flow_class = scope[flow.name]
        load = manifest.load

        def noted(store: Store, flow: str, name: str, *rest: Any) -> Any:
            self.loaded[self.step].update({name} - {""})
            return load(store, flow, name, *rest)

        monkeypatch.setattr(manifest, "load", noted)
        self.scope(scopes(flow), "-")

    def task(self, step: str, path: str) -> Any:
        self.step = step
        done = run_task(
            Attempt(self.store, self.graph, "r", step, path, 0, "sha256:0", "test", {}, lambda: self.flow_class)
        )
        if done is None:
            self.failed = step
            return None
        record = read_record(self.store, self.graph.name, "r", step, path)
        assert record is not None
        self.left[step].append({artifact for artifact in record.artifacts if not artifact.startswith("_flowc")})
        return record

    def scope(self, scope: Scope, path: str) -> None:
        nodes = {node.step: node for node in scope.nodes}
        current = scope.entry
        while current in nodes:
            node, step = nodes[current], self.of[current]
            record = self.task(current, path)
            if record is None:
                return
            match node:
                case Branches(scopes=several, join=join):
                    for inner in several:
                        self.scope(inner, path)
                    current = join
                case ForEach(body=body, join=join):
                    for index in range(record.splits):
                        self.scope(body, f"{index}" if path == "-" else f"{path}.{index}")
                    current = join
                case Task():
                    if isinstance(step.transition, ir.End):
                        return
                    chosen = record.data["next"][0]
                    if isinstance(step.transition, ir.Switch):
                        base, _, visit = path.partition("~")
                        path = f"{base}~{int(visit or 0) + 1}" if chosen == current else base
                    current = chosen
            if self.failed:
                return


@pytest.mark.slow
@given(programs())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_run_does_what_dataflow_says(source: str) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as monkeypatch:
        check(source, Path(folder), monkeypatch)


FUNCTIONS = (
    "self.b = lambda: 0\n        self.a = getattr(self, 'b', 0)",
    "self.b = lambda: 0\n        self.a = self.b\n        self.c = self.a",
    "self.a = 1\n        if flip():\n            self.a = len.__call__ if flip() else outer\n        self.a = outer",
    "self.a = self.b = 1\n        if RANDOM:\n            self.b = flip\n        self.a = self.b",
    "self.a = (lambda: 0) if RANDOM else 1",
)


@pytest.mark.parametrize("body", FUNCTIONS)
def test_a_function_that_an_attribute_hands_on_is_not_saved_either(
    body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = (
        f"{TOP}\nfrom flowc import FlowSpec, step\n\n\nclass RandomFlow(FlowSpec):\n    @step\n    def start(self):\n        {body}\n        self.next(self.end)\n\n"
        "    @step\n    def end(self):\n        pass\n"
    )
    check(source, tmp_path, monkeypatch)


def check(source: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    analysis = analysis_in(source, folder)
    facts = analysis.dataflow
    assert facts.sound
    run = Run(source, analysis.flow, open_store(str(folder / "store")), monkeypatch)
    told = f"{source}\nfailed: {run.failed or 'nothing'}"
    certain = [concise(diagnostic) for diagnostic in said(analysis) if diagnostic.severity == ERROR]
    assert not certain or run.failed, f"{told}\nsaid to fail: {certain}"
    constants = {constant.name for constant in analysis.flow.constants}
    for step in analysis.flow.steps:
        here = facts.steps[step.name]
        reads = next(original for original in analysis.flow.steps if original.name == step.name).reads
        if reads is not None:
            assert run.loaded[step.name] <= {*reads, *constants, ""}, (
                f"{told}\nreads of {step.name}: {reads}, loaded {run.loaded[step.name]}"
            )
        for left in run.left[step.name]:
            if not here.after.unknown:
                assert left <= {*here.after.may, *constants}, (
                    f"{told}\nafter {step.name}: may {set(here.after.may)}, left {left}"
                )
            assert left >= {*here.after.must}, f"{told}\nafter {step.name}: must {set(here.after.must)}, left {left}"
