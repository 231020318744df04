"""The layout of a drawing, computed by Graphviz's `dot`, which PyPI's `pygraphviz` includes.

Graphviz gets sizes, never texts. So no text of the author's can reach its language, and the picture does not depend on
the machine's fonts. Graphviz answers in points, with the origin at the bottom; `Layout` has it at the top.
"""

from __future__ import annotations

import json

from flowc.compiler.fast_start.record import record

from ..terminal import Failure
from .measure import EDGE_FONT, LINE, label_width, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .drawing import Box, Drawing, Edge, Item

    Point = tuple[float, float]


@record
class Placed:
    """A rectangle around an item or a box: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float


@record
class Line:
    """An edge: a chain of cubic Bézier curves (1 + 3n points), the tip of its arrow, and the middle of its label."""

    edge: Edge
    curve: tuple[Point, ...]
    tip: Point
    label: Point | None


@record
class Layout:
    width: float
    height: float
    items: tuple[tuple[Item, Placed], ...]
    boxes: tuple[tuple[Box, Placed], ...]  # outer boxes before inner ones
    lines: tuple[Line, ...]


def layout(drawing: Drawing) -> Layout:
    """Returns the layout. Raises Failure if pygraphviz is not installed."""
    try:
        import pygraphviz
    except ImportError:
        raise Failure(
            "drawing needs the library `pygraphviz`, which includes Graphviz; "
            "install it with `pip install 'flowc[pictures]'`"
        ) from None
    items = list(_items(drawing.whole))
    boxes = list(_boxes(drawing.whole, ""))
    numbers = {item.name: number for number, item in enumerate(items)}
    placed = json.loads(pygraphviz.AGraph(string="\n".join(_source(drawing, numbers))).draw(format="json0", prog="dot"))
    return _read(placed, drawing, items, dict(boxes))


def _items(box: Box) -> Iterator[Item]:
    yield from box.items
    for inner_box in box.boxes:
        yield from _items(inner_box)


def _boxes(box: Box, name: str) -> Iterator[tuple[str, Box]]:
    for number, inner_box in enumerate(box.boxes):
        yield f"cluster{name}_{number}", inner_box
        yield from _boxes(inner_box, f"{name}_{number}")


def _source(drawing: Drawing, numbers: dict[str, int]) -> Iterator[str]:
    yield "digraph {"
    yield "graph [nodesep=0.35, ranksep=0.42, labeljust=l, margin=12];"
    yield 'node [shape=box, fixedsize=true, label=""]; edge [arrowsize=0.7];'
    yield from _cluster(drawing.whole, "", numbers)
    for number, edge in enumerate(drawing.edges):
        label = f", label=<{_space(label_width(edge.label) + 8, LINE)}>" if edge.label else ""
        yield f'{numbers[edge.source]} -> {numbers[edge.target]} [id="{number}"{label}];'
    yield "}"


def _cluster(box: Box, name: str, numbers: dict[str, int]) -> Iterator[str]:
    for item in box.items:
        width, height = size(item)
        yield f"{numbers[item.name]} [width={width / 72:.4f}, height={height / 72:.4f}];"
    for number, inner_box in enumerate(box.boxes):
        inner = f"{name}_{number}"
        yield f"subgraph cluster{inner} {{ " + (
            f"label=<{_space(label_width(inner_box.label, EDGE_FONT), LINE)}>;" if inner_box.label else 'label="";'
        )
        yield from _cluster(inner_box, inner, numbers)
        yield "}"


def _space(width: float, height: float) -> str:
    """Returns an empty label of the size of a text."""
    table = 'border="0" cellborder="0" cellpadding="0" fixedsize="true"'
    return f'<table {table} width="{width:.0f}" height="{height:.0f}"><tr><td></td></tr></table>'


def _read(output: dict[str, Any], drawing: Drawing, items: list[Item], boxes: dict[str, Box]) -> Layout:
    _, _, width, height = _numbers(output["bb"])

    def placed(text: str) -> Placed:
        left, bottom, right, top = _numbers(text)
        return Placed(left, height - top, right - left, top - bottom)

    def point(text: str) -> Point:
        x, y = _numbers(text)
        return x, height - y

    placed_items, placed_boxes = [], []
    for node in output["objects"]:
        if node["name"] in boxes:
            placed_boxes.append((boxes[node["name"]], placed(node["bb"])))
        else:
            item = items[int(node["name"])]
            (x, y), (w, h) = point(node["pos"]), size(item)
            placed_items.append((item, Placed(x - w / 2, y - h / 2, w, h)))
    lines = []
    for node in output["edges"]:
        words = node["pos"].split(" ")
        tip = next(word[2:] for word in words if word.startswith("e,"))
        curve = tuple(point(word) for word in words if not word.startswith(("e,", "s,")))
        lines.append(
            Line(drawing.edges[int(node["id"])], curve, point(tip), point(node["lp"]) if "lp" in node else None)
        )
    placed_boxes.sort(key=lambda pair: -pair[1].width * pair[1].height)
    return Layout(width, height, tuple(placed_items), tuple(placed_boxes), tuple(lines))


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(number) for number in text.split(","))
