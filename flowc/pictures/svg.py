"""An SVG picture, laid out by Graphviz and drawn here, in the viewer's light or dark colours.

Every text goes through `_text`, which escapes XML's special characters and drops those that XML cannot hold. So no name
or docstring can become markup.
"""

from __future__ import annotations

from .layout import layout
from .measure import EDGE_FONT, LINE, NAME_FONT, NOTE_FONT, label_width, shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .drawing import Box, Drawing, Item
    from .layout import Line, Placed

MARGIN = 16.0

_STYLE = """\
svg{--ink:#1f2430;--soft:#697080;--line:#8b92a3;--paper:#fff;--step:#f7f8fb;--rim:#c3c9d6;--each:#2f6fdb;--switch:#b4651a;--join:#5b4bb5;--edge:#2b8a57}
@media(prefers-color-scheme:dark){svg{--ink:#e7e9ef;--soft:#9aa2b4;--line:#7d8598;--paper:#15181f;--step:#20242e;--rim:#465065;--each:#6ea3ff;--switch:#f0a35e;--join:#a99cff;--edge:#5ccf92}}
text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
text{fill:var(--ink);white-space:pre}
.paper{fill:var(--paper)}.name{font-weight:600;text-anchor:middle}.note{fill:var(--soft);text-anchor:middle}
.shape{fill:var(--step);stroke:var(--rim);stroke-width:1.2}
.foreach .shape{stroke:var(--each)}.switch .shape{stroke:var(--switch)}.join .shape,.split .shape{stroke:var(--join)}
.start .shape,.end .shape{stroke:var(--edge);stroke-width:1.6}
.bar{fill:var(--join)}.box{fill:var(--soft);fill-opacity:.05;stroke:var(--rim);stroke-dasharray:4 3}
.box.each{fill:var(--each);fill-opacity:.06;stroke:var(--each);stroke-opacity:.5;stroke-dasharray:none}.title{fill:var(--each);font-weight:600}
.line{fill:none;stroke:var(--line);stroke-width:1.3}.tip{fill:var(--line)}.label{fill:var(--switch);text-anchor:middle}.halo{fill:var(--paper);fill-opacity:.85}"""


def render(drawing: Drawing) -> str:
    places = layout(drawing)
    width, height = places.width + 2 * MARGIN, places.height + 2 * MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}" '
        f'width="{_n(width)}" height="{_n(height)}" role="img">',
        f"<title>{_text(drawing.name)}{_text(': ' + drawing.doc) if drawing.doc else ''}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect class="paper" width="{_n(width)}" height="{_n(height)}"/>',
        f'<g transform="translate({_n(MARGIN)} {_n(MARGIN)})">',
        *(_box(box, place) for box, place in places.boxes),
        *(_line(line) for line in places.lines),
        *(part for item, place in places.items for part in _item(item, place, item.name == drawing.start)),
        *(part for line in places.lines for part in _label(line)),
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _box(box: Box, at: Placed) -> str:
    kind = "box each" if box.kind == "foreach" else "box"
    rectangle = (
        f'<rect class="{kind}" x="{_n(at.x)}" y="{_n(at.y)}" width="{_n(at.width)}" height="{_n(at.height)}" rx="10"/>'
    )
    if not box.label:
        return rectangle
    return (
        rectangle
        + f'<text class="title" x="{_n(at.x + 10)}" y="{_n(at.y + 16)}" font-size="{EDGE_FONT}">'
        + f"{_text(shortened(box.label))}</text>"
    )


def _item(item: Item, at: Placed, is_start: bool) -> Iterator[str]:
    yield f'<g class="{item.kind}{" start" if is_start and item.kind != "start" else ""}">'
    yield f"<title>{_text(item.doc or item.name)}</title>"
    yield _shape(item, at)
    middle = at.x + at.width / 2
    yield f'<text class="name" x="{_n(middle)}" y="{_n(at.y + 20.5)}" font-size="{NAME_FONT}">{_text(item.name)}</text>'
    for number, note in enumerate(item.notes):
        y = at.y + 34 + LINE * number
        text = _text(shortened(note))
        yield f'<text class="note" x="{_n(middle)}" y="{_n(y)}" font-size="{NOTE_FONT}">{text}</text>'
    yield "</g>"


def _shape(item: Item, at: Placed) -> str:
    """Returns the item's shape: stacked cards for a foreach, pointed sides for a switch, a bar for splits and joins."""
    right, bottom = at.x + at.width, at.y + at.height
    if item.kind == "switch":
        points = (
            (at.x, at.y + at.height / 2),
            (at.x + 11, at.y),
            (right - 11, at.y),
            (right, at.y + at.height / 2),
            (right - 11, bottom),
            (at.x + 11, bottom),
        )
        return f'<polygon class="shape" points="{" ".join(f"{_n(x)},{_n(y)}" for x, y in points)}"/>'
    radius = 16 if item.kind in ("start", "end") else 6
    size = f'width="{_n(at.width)}" height="{_n(at.height)}" rx="{radius}"'
    card = f'<rect class="shape" x="{_n(at.x)}" y="{_n(at.y)}" {size}/>'
    if item.kind == "foreach":
        return f'<rect class="shape" x="{_n(at.x + 4)}" y="{_n(at.y + 4)}" {size}/>{card}'
    if item.kind in ("split", "join"):
        y = bottom - 4 if item.kind == "split" else at.y + 1
        return (
            card + f'<rect class="bar" x="{_n(at.x + 8)}" y="{_n(y)}" width="{_n(at.width - 16)}" height="3" rx="1.5"/>'
        )
    return card


def _line(line: Line) -> str:
    (x, y), *rest = line.curve
    curves = " ".join(f"{_n(px)},{_n(py)}" for px, py in rest)
    return f'<path class="line" d="M{_n(x)},{_n(y)} C{curves}"/>{_tip(line)}'


def _tip(line: Line) -> str:
    """Returns the arrow's head, from the end of the curve to the tip."""
    (x, y), (tip_x, tip_y) = line.curve[-1], line.tip
    across_x, across_y = (tip_y - y) * 0.42, (x - tip_x) * 0.42
    points = ((tip_x, tip_y), (x + across_x, y + across_y), (x - across_x, y - across_y))
    return f'<polygon class="tip" points="{" ".join(f"{_n(px)},{_n(py)}" for px, py in points)}"/>'


def _label(line: Line) -> Iterator[str]:
    if line.label is None:
        return
    (x, y), wide = line.label, label_width(line.edge.label) + 4
    left, top, text = _n(x - wide / 2), _n(y - LINE / 2), _text(shortened(line.edge.label))
    yield f'<rect class="halo" x="{left}" y="{top}" width="{_n(wide)}" height="{_n(LINE)}" rx="3"/>'
    yield f'<text class="label" x="{_n(x)}" y="{_n(y + 3.8)}" font-size="{EDGE_FONT}">{text}</text>'


def _n(number: float) -> str:
    """Returns the number with one decimal, or none if that is zero."""
    return f"{number:.1f}".removesuffix(".0")


def _text(text: str) -> str:
    kept = "".join(
        character
        for character in text
        if character >= " " and not "\ud800" <= character <= "\udfff" and character not in "\ufffe\uffff"
    )
    return kept.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
