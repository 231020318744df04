"""Every decorator, with good and bad values: its form in the IR, or its diagnostics.

A file of `tests/fixtures/compiler/decorators` is a decorator's; a line of it is a way to write the decorator, `=>`, and what comes of it: the
attributes that are not the defaults, or the diagnostics. Regenerate with `python -m tests.compiler.decorators.test_decorator_fixtures`, and review.
"""

from __future__ import annotations

import os
import re
import sys
import textwrap
from pathlib import Path

import pytest
from flowc.compiler.decorators.decorator import names, no_check, specification
from flowc.compiler.pipeline import load
from flowc.compiler.report.diagnostics import Refused

FIXTURES = Path(__file__).parents[2] / "fixtures" / "compiler" / "decorators"
IMPORTS = "from datetime import timedelta\nfrom metaflow import *\nfrom metaflow import FlowSpec, Parameter, namespaced_event_name, step\nimport hooks\n"
# What a decorator may refer to: functions of the flow's own file and of a module beside it.
FUNCTIONS = '''
NIGHT = "night"
def notify(run): print(run)
def folds(context):
    """Folds."""
    return context.flow_name + "." + NIGHT
def does_more(context):
    import datetime
    return str(datetime.date.today())
'''
FLOW = """
{flow}
class Example(FlowSpec):
    alpha = Parameter("alpha", default=0.5)
    Beta = Parameter("Beta", default=1)
{step}
    @step
    def start(self):
        self.next(self.end)
    @step
    def end(self): pass
"""


GANG = """
class Example(FlowSpec):
    @step(start=True)
    def first(self):
        self.next(self.body, num_parallel=2)
{step}
    @step
    def body(self):
        self.next(self.join)
    @step
    def join(self, inputs):
        self.next(self.last)
    @step(end=True)
    def last(self): pass
"""


def comes_of(name: str, written: str, folder: Path) -> str:
    """Returns flowc's reading of the decorator, or its diagnostics, on one line."""
    spec = specification(name)
    assert spec is not None
    decorators = re.split(r" (?=@\w)", written)
    place = {"flow": "", "step": "", spec.level: "\n".join(decorators)}
    text = (GANG if spec.gang else FLOW).format(flow=place["flow"], step=textwrap.indent(place["step"], "    "))
    used = sorted({decorator.removeprefix("@").partition("(")[0] for decorator in decorators})
    (folder / "flow.py").write_text(f"{IMPORTS}from metaflow import {', '.join(used)}\n{FUNCTIONS}{text}")
    (folder / "hooks.py").write_text("def page(run): pass\ndef every(context): return ['a', 'b']\n")
    try:
        program = load(os.path.join(folder, "flow.py"))
    except Refused as refused:
        for diagnostic in refused.diagnostics:
            assert diagnostic.why and diagnostic.how
        return "; ".join(
            f"{diagnostic.code} {diagnostic.what}: {diagnostic.why}; {diagnostic.how}"
            for diagnostic in refused.diagnostics
        )
    owner = (
        program.flow
        if spec.level == "flow"
        else next(step for step in program.flow.steps if step.name in ("start", "body"))
    )
    attributes = [
        {
            key: value
            for key, value in decorator.attributes.items()
            if key in spec.attributes and value != spec.attributes[key]
        }
        for decorator in owner.decorators
        if decorator.name == name
    ]
    return "; ".join(
        [
            " ".join(map(repr, attributes)),
            *(
                f"{diagnostic.severity} {diagnostic.code} {diagnostic.what}: {diagnostic.why}; {diagnostic.how}"
                for diagnostic in program.diagnostics
            ),
        ]
    )


@pytest.mark.parametrize("name", names())
def test_values(name: str, tmp_path: Path) -> None:
    file = FIXTURES / f"{name}.txt"
    spec = specification(name)
    assert file.exists() and spec is not None, f"write {file}"
    cases = [line.split(" => ", 1) for line in file.read_text().splitlines() if line]
    for written, expected in cases:
        assert comes_of(name, written, tmp_path) == expected, written
    good = [written for written, expected in cases if not expected.startswith("FLOW")]
    assert good, f"{name}: no good value"
    assert spec.check is no_check or len(good) < len(cases), f"{name}: no bad value"
    texts = "\n".join(written for written, _ in cases)
    assert [attribute for attribute in spec.attributes if f"{attribute}=" not in texts] == [], (
        f"{name}: an attribute that no case gives"
    )


def test_no_fixture_is_left_over() -> None:
    assert {path.stem for path in FIXTURES.glob("*.txt")} == set(names())


def regenerate(folder: Path) -> None:
    for file in sorted(FIXTURES.glob("*.txt")):
        cases = [line.split(" => ", 1)[0].removesuffix(" =>") for line in file.read_text().splitlines() if line]
        file.write_text("".join(f"{written} => {comes_of(file.stem, written, folder)}\n" for written in cases))


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        regenerate(Path(name))
    sys.exit(0)
