"""The native forms of parameters: Argo's `enum`, and the JSON Schema of Airflow's `Param`."""

from __future__ import annotations

import pytest
from flowc.compiler.ir.nodes import Flow
from flowc.compiler.options.compile_inputs import CompileOptions
from flowc.compiler.pipeline import load
from flowc.targets.airflow.operators import parameter_data
from flowc.targets.argo.pods import argument

FLOW = """
import os
from flowc import FlowSpec, Parameter, step
from metaflow._vendor import click

class F(FlowSpec):
    size = Parameter("size", type=click.Choice(["s", "m"]), default="s")
    needed = Parameter("needed", type=click.Choice(["s", "m"]), required=True)
    maybe = Parameter("maybe", type=click.Choice(["s", "m"]))
    kind = Parameter("kind", type=click.Choice(["A"], case_sensitive=False), default="a")
    odd = Parameter("odd", type=click.Choice(["{{x}}", "b"]), default="b")
    sizes = Parameter("sizes", type=click.Choice(["s", "m"]), multiple=True)
    count = Parameter("count", type=click.IntRange(1, 3), default=2)
    rate = Parameter("rate", type=click.FloatRange(max=1))
    depth = Parameter("depth", type=click.IntRange(1, 3, clamp=True), default=2)
    pair = Parameter("pair", nargs=2, type=int, default=(1, 2))
    quiet = Parameter("quiet", is_flag=True, default=False)
    late = Parameter("late", default=os.getenv("LATE", "d"))
    later = Parameter("later", default=os.getenv("LATE"))

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    folder = tmp_path_factory.mktemp("forms")
    (folder / "flow.py").write_text(FLOW)
    return load(str(folder / "flow.py"), options=CompileOptions(variables=(("LATE", "@runtime"),))).flow


def test_argo(flow: Flow) -> None:
    arguments = {each["name"]: (each["value"], each["enum"]) for each in map(argument, flow.parameters)}
    assert arguments == {
        "size": ("s", ["s", "m"]),
        "needed": (None, ["s", "m"]),
        "maybe": ("<none>", ["s", "m", "<none>"]),  # Argo refuses a default that is not among them
        "kind": ("A", []),
        "odd": ("b", []),
        "sizes": ("[]", []),
        "count": ("2", []),
        "rate": ("null", []),
        "depth": ("2", []),
        "pair": ("[1, 2]", []),
        "quiet": ("false", []),
        "late": ("<default>", []),
        "later": ("<none>", []),
    }


def test_airflow(flow: Flow) -> None:
    schemas = {each["name"]: (each["default"], each["schema"]) for each in map(parameter_data, flow.parameters)}
    choices = {"enum": ["s", "m"]}
    assert schemas == {
        "size": ("s", {"type": "string", **choices}),
        "needed": (None, {"type": "string", **choices}),
        "maybe": (None, {"type": ["null", "string"], "enum": ["s", "m", None]}),
        "kind": ("A", {"type": "string"}),
        "odd": ("b", {"type": "string", "enum": ["{{x}}", "b"]}),
        "sizes": ([], {"type": "array", "items": {"type": "string", **choices}}),
        "count": (2, {"type": "integer", "minimum": 1, "maximum": 3}),
        "rate": (None, {"type": ["null", "number"], "maximum": 1}),
        "depth": (2, {"type": "integer"}),
        "pair": ([1, 2], {"type": "array"}),
        "quiet": (False, {"type": "boolean"}),
        "late": (None, {"type": ["null", "string"]}),
        "later": (None, {"type": ["null", "string"]}),
    }
