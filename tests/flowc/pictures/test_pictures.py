"""Pictures: valid in their language for any text, complete, and with everything in its place."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ElementTree
from itertools import combinations
from pathlib import Path

import pygraphviz
import pytest
from flowc.compiler.ir.scopes import scopes
from hypothesis import given, settings

from flowc.pictures import PICTURES, picture
from flowc.pictures.dot import quoted
from flowc.pictures.drawing import Box, Drawing, Item, drawing
from flowc.pictures.layout import Placed, layout
from tests.golden.regenerate import ROOT
from tests.support import strategies
from tests.support.building import program_of
from tests.support.hostile import TEXTS
from tests.support.running import flowc

FLOWS = ROOT / "tests/flows"
SVG = "{http://www.w3.org/2000/svg}"


def drawing_of(source: str, folder: Path) -> Drawing:
    program = program_of(source, folder)
    return drawing(program.flow, program.scope)


def hostile_flow(text: str) -> str:
    return f"""
from metaflow import FlowSpec, step, environment
class F(FlowSpec):
    {("x " + text)!r}
    @environment(vars={{'A': {text!r}}})
    @step
    def start(self):
        {("y " + text)!r}
        self.kind = {text!r}
        self.next({{{text!r}: self.a, 'other': self.end}}, condition='kind')
    @step
    def a(self):
        self.next(self.end)
    @step
    def end(self):
        pass
"""


def items(box: Box) -> list[Item]:
    return [*box.items, *(item for box in box.boxes for item in items(box))]


def check_svg(text: str, what: Drawing) -> None:
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg"
    elements = {element.tag.removeprefix(SVG) for element in root.iter()}
    # nothing that a text brought in
    assert elements <= {"svg", "title", "style", "rect", "g", "text", "path", "polygon"}
    assert not any(
        name.lower().startswith("on") or "href" in name for element in root.iter() for name in element.attrib
    )
    names = [element.text for element in root.iter(f"{SVG}text") if element.get("class") == "name"]
    assert sorted(names, key=str) == sorted(item.name for item in items(what.whole))
    assert len(list(root.iter(f"{SVG}path"))) == len(what.edges)


def check_mermaid(text: str, what: Drawing) -> None:
    """The part of Mermaid's grammar that is written: one statement a line."""
    label = r'"(?:[A-Za-z0-9 _\-.,:()@=/\'+*]|#\d+;|<br>|</?small>)*"'
    shapes = [rf"\(\[{label}\]\)", rf"\[{label}\]", rf"\[\[{label}\]\]", rf"\{{\{{{label}\}}\}}", rf"\[/{label}\\\]"]
    node = re.compile(rf"step_(\w+)(?:{'|'.join(shapes)})")
    edge = re.compile(rf"step_(\w+) -->(?:\|{label}\|)? step_(\w+)")
    opening = re.compile(rf"subgraph scope\w*\[{label}\]")
    first, *lines = text.splitlines()
    assert first == "flowchart TD"
    defined, depth = [], 0
    for line in map(str.strip, lines):
        if (match := node.fullmatch(line)) is not None:
            defined.append(match[1])
        elif opening.fullmatch(line):
            depth += 1
        elif line == "end":
            depth -= 1
        else:
            match = edge.fullmatch(line)
            assert match is not None, line
            assert match[1] in defined and match[2] in defined
        assert depth >= 0
    assert not depth and sorted(defined) == sorted(item.name for item in items(what.whole))


def check_dot(text: str, what: Drawing) -> None:
    graph = pygraphviz.AGraph(string=text)
    assert sorted(graph.nodes()) == sorted(item.name for item in items(what.whole))
    assert sorted((str(a), str(b)) for a, b in graph.edges()) == sorted(
        (edge.source, edge.target) for edge in what.edges
    )
    for item in items(what.whole):
        assert quoted("\n".join([item.name, *item.notes]))[1:-1].replace('\\"', '"') == graph.get_node(item.name).attr[
            "label"
        ].replace('\\"', '"')


CHECKS = {"svg": check_svg, "mermaid": check_mermaid, "dot": check_dot}


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("path", sorted(FLOWS.glob("[a-z]*.py")), ids=lambda path: path.stem)
def test_feature_flows(path: Path, name: str, tmp_path: Path) -> None:
    for beside in (path for path in FLOWS.iterdir() if path.is_file() and path.suffix != ".py"):
        (tmp_path / beside.name).write_bytes(beside.read_bytes())
    what = drawing_of(path.read_text(), tmp_path)
    CHECKS[name](picture(name)(what), what)


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize(
    "text",
    [*TEXTS, "</text><script>alert(1)</script>", '" ]; evil [', "\\N&amp;\\l", "end", ']"] --> x', "\ud7ff\ufffe\x0b"],
)
def test_hostile_texts(text: str, name: str, tmp_path: Path) -> None:
    what = drawing_of(hostile_flow(text), tmp_path)
    CHECKS[name](picture(name)(what), what)


def inside(inner: Placed, outer: Placed) -> bool:
    slack = 0.5
    return (
        inner.x >= outer.x - slack
        and inner.y >= outer.y - slack
        and inner.x + inner.width <= outer.x + outer.width + slack
        and inner.y + inner.height <= outer.y + outer.height + slack
    )


def apart(one: Placed, other: Placed) -> bool:
    return (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


@settings(deadline=None, max_examples=30)
@given(strategies.flows())
def test_everything_is_in_its_place(flow: object) -> None:
    what = drawing(flow, scopes(flow))  # type: ignore[arg-type]
    picture = layout(what)
    places = {item.name: place for item, place in picture.items}
    for box, place in picture.boxes:
        mine = {item.name for item in items(box)}
        assert all(inside(places[name], place) for name in mine)
        assert all(apart(places[name], place) for name in places if name not in mine)
        assert all(inside(other, place) for inner, other in picture.boxes if any(inner is box for box in box.boxes))
    assert all(apart(one, other) for one, other in combinations(places.values(), 2))
    assert all(inside(place, Placed(0, 0, picture.width, picture.height)) for place in places.values())
    assert len(picture.lines) == len(what.edges)


def test_the_command(tmp_path: Path) -> None:
    path = str(FLOWS / "nested_foreach.py")
    for name in PICTURES:
        one, two = (
            flowc("show", path, "--format", name, env={"PYTHONHASHSEED": seed}, check=True).stdout for seed in "12"
        )
        assert one == two and one
    assert (
        flowc("show", path, "--format", "json", check=True).stdout == flowc("show", path, "--json", check=True).stdout
    )
    assert flowc("show", path, "--format", "png").returncode == 2


def test_without_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from flowc.cli import main

    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    assert main(["show", str(FLOWS / "linear.py"), "--format", "svg"]) == 1
    assert "pip install 'flowc[pictures]'" in capfd.readouterr().err
    assert main(["show", str(FLOWS / "linear.py"), "--format", "dot"]) == 0
