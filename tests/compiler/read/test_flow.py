"""Reading legal flows: names through any import, inheritance, constants, every form of a transition."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
from flowc.compiler.ir import nodes
from flowc.compiler.ir.json_form import from_json, to_json
from flowc.compiler.ir.scopes import scopes
from flowc.compiler.ir.validity import violations
from flowc.compiler.pipeline import Program, load
from flowc.compiler.report.diagnostics import Refused, concise
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.strategies import flow_of, flows, source_of


def program(folder: Path, **files: str) -> Program:
    """Writes the modules (`pkg__name` is `pkg/name.py`) and loads `flow.py`; a Program is always valid."""
    for name, text in files.items():
        path = (
            folder.joinpath(*name.split("__")[:-1], name.split("__")[-1] + ".py")
            if "__init__" not in name
            else folder / name.split("__")[0] / "__init__.py"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    loaded = load(str(folder / "flow.py"))
    assert list(violations(loaded.flow, loaded.scope)) == []
    return loaded


def refused(folder: Path, **files: str) -> list[str]:
    with pytest.raises(Refused) as caught:
        program(folder, **files)
    return [concise(diagnostic) for diagnostic in caught.value.diagnostics]


BODY = """
    @{step}
    def start(self):
        self.next(self.end)

    @{step}
    def end(self):
        pass
"""


@pytest.mark.parametrize(
    ("imports", "base", "step"),
    [
        ("from metaflow import FlowSpec, step", "FlowSpec", "step"),
        ("from metaflow import FlowSpec as F, step as s", "F", "s"),
        ("import metaflow", "metaflow.FlowSpec", "metaflow.step"),
        ("import metaflow as mf", "mf.FlowSpec", "mf.step"),
        ("from flowc import FlowSpec, step", "FlowSpec", "step"),
        ("import flowc", "flowc.FlowSpec", "flowc.step"),
        ("from metaflow import *", "FlowSpec", "step"),
        ("import metaflow\nS = metaflow.step\nB = metaflow.FlowSpec", "B", "S"),
        (
            "try:\n    from metaflow import FlowSpec, step\nexcept ImportError:\n    from flowc import FlowSpec, step",
            "FlowSpec",
            "step",
        ),
        ("from metaflow import FlowSpec, step", "FlowSpec", "step()"),
        ("from metaflow import (\n    FlowSpec,  # the base\n    step,\n)", "FlowSpec", "step"),
        ("from common import FlowSpec, step", "FlowSpec", "step"),
    ],
)
def test_imports(imports: str, base: str, step: str, tmp_path: Path) -> None:
    loaded = program(
        tmp_path,
        flow=f"{imports}\nclass F({base}):" + BODY.format(step=step),
        common="from metaflow import FlowSpec, step",
    )
    assert (
        [step.name for step in loaded.flow.steps] == ["start", "end"]
        and loaded.flow.start == "start"
        and loaded.flow.end == "end"
    )


HEAD = "from metaflow import FlowSpec, step, Parameter, JSONType, retry, resources, schedule\n"


def transition(folder: Path, call: str, rest: str = "") -> nodes.Transition:
    flow = f"""{HEAD}
CASES = 'x'
class F(FlowSpec):
    over = 'y'
    @step
    def start(self):
        self.x = self.y = [1]
        name = 'x'
        {call}
{rest}
    @step
    def join(self, inputs):
        self.next(self.end)
    @step
    def end(self): pass
"""
    return program(folder, flow=flow).flow.steps[0].transition


TWO = "\n".join(f"    @step\n    def {name}(self):\n        self.next(self.join)" for name in "ab")
ONE = "    @step\n    def a(self):\n        self.next(self.join)"
ENDS = "\n".join(f"    @step\n    def {name}(self):\n        self.next(self.end)" for name in "ab")


def test_split_and_foreach(tmp_path: Path) -> None:
    assert getattr(transition(tmp_path, "self.next(self.b, self.a)", TWO), "targets", None) == ("b", "a")
    for written, over in (("'x'", "x"), ("CASES", "x"), ("self.over", "y"), ("name", None), ("f'{CASES}'", "x")):
        foreach = transition(tmp_path, f"self.next(self.a, foreach={written})", ONE)
        assert isinstance(foreach, nodes.Foreach) and (foreach.target, foreach.over) == ("a", over)


def test_switch(tmp_path: Path) -> None:
    flow = (
        f"""{HEAD}
class F(FlowSpec):
    @step
    def start(self):
        self.x = 1
        self.next({{'a': self.a, 1: self.b, 2.5: self.start2, True if 0 else False: self.b}}, condition='x')
""".replace("True if 0 else False", "False")
        + f"""
{ENDS}
    @step
    def start2(self):
        self.x = 'again'
        self.next({{'again': self.start2, 'done': self.end}}, condition="x")
    @step
    def end(self): pass
"""
    )
    transition = program(tmp_path, flow=flow).flow.steps[0].transition
    assert isinstance(transition, nodes.Switch) and transition.on == "x"
    assert [(case.value, case.target) for case in transition.cases] == [
        ("a", "a"),
        (1, "b"),
        (2.5, "start2"),
        (False, "b"),
    ]


def test_parameters_and_constants(tmp_path: Path) -> None:
    flow = f"""{HEAD}
from consts import LIMIT
import consts
class F(FlowSpec):
    a = Parameter('alpha', default=0.5, help="h")
    b = Parameter('beta', type=int)
    c = Parameter("c", type=int, required=True)
    d = Parameter(name="d", default=LIMIT * 2)
    e = Parameter("e", type=JSONType, default='{{"k": [1, 2]}}')
    f = Parameter("f", default=True)
    g = Parameter("g", default="a,b", separator=",")
    h = Parameter("h", default=consts.NESTED["x"])
    i = Parameter("i", default=-1)
    j = Parameter("j", type=float, default=3)
    k1, k2 = 1, 2
    k3: int = 3
    _private = 4
    fn = len
    helper = lambda self: 1
    @property
    def p(self): return 1
    def method(self): return 2
""" + BODY.format(step="step")
    loaded = program(tmp_path, flow=flow, consts="LIMIT = 5\nNESTED = {'x': f'{LIMIT}!'}").flow
    assert [
        (p.attribute, p.name, p.type, p.default, p.has_default, p.required, p.help, p.separator)
        for p in loaded.parameters
    ] == [
        ("a", "alpha", "float", 0.5, True, False, "h", ""),
        ("b", "beta", "int", None, False, False, "", ""),
        ("c", "c", "int", None, False, True, "", ""),
        ("d", "d", "int", 10, True, False, "", ""),
        ("e", "e", "json", {"k": [1, 2]}, True, False, "", ""),
        ("f", "f", "bool", True, True, False, "", ""),
        ("g", "g", "str", "a,b", True, False, "", ","),
        ("h", "h", "str", "5!", True, False, "", ""),
        ("i", "i", "int", -1, True, False, "", ""),
        ("j", "j", "float", 3.0, True, False, "", ""),
    ]
    assert [constant.name for constant in loaded.constants][:3] == ["k1", "k2", "k3"] and "_private" not in [
        constant.name for constant in loaded.constants
    ]


def test_decorators_have_their_defaults(tmp_path: Path) -> None:
    flow = f"""{HEAD}
import metaflow as mf
@schedule(cron="0 6 * * *")
class F(FlowSpec):
    @mf.retry(times=1 + 1)
    @resources(memory=8000)
    @step
    def start(self):
        self.next(self.end)
    @step
    def end(self): pass
"""
    loaded = program(tmp_path, flow=flow).flow
    assert loaded.decorators[0].attributes == {
        "cron": "0 6 * * *",
        "weekly": False,
        "daily": True,
        "hourly": False,
        "timezone": None,
    }
    assert [
        (decorator.name, decorator.attributes["times" if decorator.name == "retry" else "memory"])
        for decorator in loaded.steps[0].decorators
    ] == [
        ("retry", 2),
        ("resources", 8000),
    ]


def test_inheritance_across_modules(tmp_path: Path) -> None:
    loaded = program(
        tmp_path,
        flow=f"""{HEAD}
from base import Base
from pkg.mixin import Mixin
class F(Mixin, Base):
    top = Parameter('top', default=1)
    @step
    def end(self):
        "own end"
""",
        base=f"""{HEAD}
from abc import ABC
class Root(FlowSpec):
    @step
    def start(self):
        self.next(self.middle)
@schedule(daily=True)
class Base(Root, ABC):
    low = 3
    @step
    def end(self): pass
""",
        pkg__init__="",
        pkg__mixin="""
from . import names
from metaflow import step as st
class Mixin:
    word = names.WORD
    @st
    def middle(self):
        self.next(self.end)
""",
        pkg__names="WORD = 'w'",
        pkg__unused="X = 1",
        other="X = 1",
    )
    assert [step.name for step in loaded.flow.steps] == ["start", "middle", "end"]
    assert [step.span.file for step in loaded.flow.steps] == ["base.py", "pkg/mixin.py", "flow.py"]
    assert [constant.name for constant in loaded.flow.constants] == ["low", "word"] and loaded.flow.steps[
        2
    ].doc == "own end"
    assert [decorator.name for decorator in loaded.flow.decorators] == ["schedule"]
    assert sorted(loaded.files) == [
        "base.py",
        "flow.py",
        "pkg/__init__.py",
        "pkg/mixin.py",
        "pkg/names.py",
        "pkg/unused.py",
    ]


def test_a_base_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    messages = refused(
        tmp_path,
        flow="from metaflow import FlowSpec, step\nfrom sklearn.base import Thing\nclass F(FlowSpec, Thing):"
        + BODY.format(step="step"),
    )
    assert len(messages) == 1 and "FLOW105 the base class `Thing` cannot be read" in messages[0]


def test_custom_start_and_end_and_single_step(tmp_path: Path) -> None:
    loaded = program(
        tmp_path,
        flow=HEAD
        + "class F(FlowSpec):\n    @step(end=True)\n    def z(self): pass\n    @step(start=True)\n    def a(self):\n        self.next(self.z)\n",
    ).flow
    assert (loaded.start, loaded.end) == ("a", "z")
    loaded = program(tmp_path, flow=HEAD + "class F(FlowSpec):\n    @step\n    def only(self): pass\n").flow
    assert (loaded.start, loaded.end) == ("only", "only")


def test_which_flow(tmp_path: Path) -> None:
    two = HEAD + "class A(FlowSpec):" + BODY.format(step="step") + "\nclass B(FlowSpec):" + BODY.format(step="step")
    assert "FLOW102 there are several flows in `flow.py`: `A`, `B`" in refused(tmp_path, flow=two)[0]
    assert load(str(tmp_path / "flow.py"), "B").flow.name == "B"
    with pytest.raises(Refused, match="did you mean|its flows are"):
        load(str(tmp_path / "flow.py"), "C")
    assert "FLOW101" in refused(tmp_path, flow="x = 1\n")[0]
    assert program(tmp_path, flow=two + "\nif __name__ == '__main__':\n    A()\n").flow.name == "A"
    derived = HEAD + "class A(FlowSpec):" + BODY.format(step="step") + "\nclass B(A):\n    pass\n"
    assert program(tmp_path, flow=derived).flow.name == "B", "a base is not what is meant"


def test_a_transition_in_parentheses(tmp_path: Path) -> None:
    body = "    @step\n    def start(self):\n        (self.next(self.end))\n    @step\n    def end(self): pass\n"
    transition = program(tmp_path, flow=HEAD + "class F(FlowSpec):\n" + body).flow.steps[0].transition
    assert isinstance(transition, nodes.Linear) and transition.target == "end"


def test_several_syntax_errors(tmp_path: Path) -> None:
    broken = (
        HEAD
        + "class F(FlowSpec):\n    @step\n    def start(self:\n        self.next(self.end)\n\nx = = 3\n\ndef g():\n    return (1,\n"
    )
    assert len(refused(tmp_path, flow=broken)) >= 2
    assert "FLOW002" in refused(tmp_path, flow="class A:\n  def f(self):\n  pass\n")[0]
    assert "FLOW002" in refused(tmp_path, flow="print 'x'\n")[0]


@pytest.mark.parametrize(
    "data", [b"\x00\x01", b"\xff\xfe\x00", b"x = '\xff'", b"# coding: nonsense\n", b"\x7fELF" + bytes(range(256))]
)
def test_files_that_are_no_text(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_bytes(data)
    with pytest.raises(Refused, match="FLOW001"):
        load(str(tmp_path / "flow.py"))


def test_no_file(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.py", tmp_path, tmp_path / "x" / "y.py"):
        with pytest.raises(Refused, match="FLOW001"):
            load(str(path))


def test_bom_crlf_and_cookies(tmp_path: Path) -> None:
    text = HEAD + "class F(FlowSpec):\n    x = 'é'" + BODY.format(step="step")
    for data in (
        "\ufeff".encode() + text.encode(),
        text.replace("\n", "\r\n").encode(),
        b"# -*- coding: latin-1 -*-\n" + text.encode("latin-1"),
    ):
        (tmp_path / "flow.py").write_bytes(data)
        assert load(str(tmp_path / "flow.py")).flow.name == "F"


def test_columns_count_characters(tmp_path: Path) -> None:
    messages = refused(
        tmp_path,
        flow=HEAD + "class F(FlowSpec):\n    é = '🎉'; ü = Parameter('bad name', default=1)" + BODY.format(step="step"),
    )
    assert messages[0].startswith("flow.py:3:14 FLOW302")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000,
        "x = " + "[" * 3000 + "]" * 3000,
        "-" * 100_000 + "1",
        "if 1:\n" * 1,
        "x = " + "a." * 50_000 + "b",
        "f(" * 2000,
        "\n".join(" " * n + "if 1:" for n in range(900)),
    ],
)
def test_deep_and_huge_sources_are_refused_quickly(text: str, tmp_path: Path) -> None:
    started = time.process_time()
    assert refused(tmp_path, flow=text)
    assert time.process_time() - started < 20  # the processor's time, which a busy machine does not lengthen


@given(flows(2))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_source_of_a_random_flow_reads_back(tmp_path: Path, flow: nodes.Flow) -> None:
    loaded = program(tmp_path, flow=source_of(flow))

    def shape(any_flow: nodes.Flow) -> list[Any]:
        return sorted(
            (step.name, step.is_join, type(step.transition).__name__, [getattr(step.transition, "target", None)])
            for step in any_flow.steps
        )

    assert shape(loaded.flow) == shape(flow)
    assert from_json(to_json(loaded.flow, loaded.scope)) == (loaded.flow, loaded.scope)
    assert loaded.scope == scopes(loaded.flow)


SEED = source_of(
    flow_of([("foreach", ([("switch", ([[("step", None)]], 0))], 2)), ("branches", [[("step", None)], [("loop", 1)]])])
)


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(SEED) - 1),
            st.integers(0, 12),
            st.sampled_from(
                ["", "(", ")", ":", "\n", "self.", "@step\n", "é", "\x00", "'", '"""', "\\", "\t", "=", "**", "#"]
            ),
        ),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_sources_never_crash(tmp_path: Path, damage: list[tuple[int, int, str]]) -> None:
    text = SEED
    for place, length, insert in damage:
        text = text[:place] + insert + text[place + length :]
    (tmp_path / "flow.py").write_text(text)
    try:
        loaded = load(str(tmp_path / "flow.py"))
    except Refused as caught:
        assert caught.diagnostics
    else:
        assert list(violations(loaded.flow, loaded.scope)) == []


def test_the_same_bytes_for_every_hash_seed(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(SEED)
    code = "import sys; from flowc.compiler.pipeline import load; from flowc.compiler.ir.json_form import to_json; p = load(sys.argv[1]); sys.stdout.write(to_json(p.flow, p.scope))"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "flow.py")],
            env={"PYTHONHASHSEED": seed, "LC_ALL": "C"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(outputs) == 1


def test_an_ir_is_accepted_in_place_of_source(tmp_path: Path) -> None:
    loaded = program(tmp_path, flow=SEED)
    (tmp_path / "ir.json").write_text(to_json(loaded.flow, loaded.scope))
    again = load(str(tmp_path / "ir.json"))
    assert (again.flow, again.scope, again.files) == (loaded.flow, loaded.scope, loaded.files)
    (tmp_path / "ir.json").write_text("{}")
    with pytest.raises(Refused, match="FLOW004"):
        load(str(tmp_path / "ir.json"))


@pytest.mark.parametrize("cron", [f"{'9' * 5000} * * * *", f"*/{'9' * 5000} * * * *"])
def test_a_number_of_thousands_of_digits_is_no_field_of_cron(cron: str) -> None:
    from flowc.compiler.rules.cron import BadCron, parse

    with pytest.raises(BadCron):
        parse(cron)


def test_a_backslash_at_the_end_of_a_line_is_no_argument(tmp_path: Path) -> None:
    flow = (
        HEAD
        + """
class F(FlowSpec, \\
        ):
    size = Parameter("size", \\
        help="x", \\
        type=int)
    @retry(times=1, \\
        minutes_between_retries=0)
    @step
    def start(self):
        self.items = [1, \\
            2]
        self.next(self.work, \\
            foreach="items")
    @step
    def work(self, \\
            ):
        self.next(self.join)
    @step
    def join(self, \\
            inputs):
        self.next( \\
            self.end)
    @step
    def end(self):
        pass
"""
    )
    loaded = program(tmp_path, flow=flow).flow
    (size,) = loaded.parameters
    steps = {step.name: step for step in loaded.steps}
    assert (size.name, size.type, size.has_default, size.help) == ("size", "int", False, "x")
    assert steps["start"].decorators[0].attributes == {"times": 1, "minutes_between_retries": 0}
    assert isinstance(steps["start"].transition, nodes.Foreach) and steps["join"].is_join


def test_an_unknown_decorator_may_set_an_artifact(tmp_path: Path) -> None:
    flow = """from metaflow import FlowSpec, step, vllm
class F(FlowSpec):
    @vllm
    @step
    def start(self):
        print(self.model_path)
        self.next(self.end)
    @step
    def end(self):
        pass
"""
    messages = refused(tmp_path, flow=flow)
    assert len(messages) == 1 and "FLOW115" in messages[0]
