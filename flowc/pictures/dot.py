"""Graphviz's language, for drawing or editing with its own tools (Graphviz's documentation, DOT Language).

Texts are quoted strings. Quotes, backslashes and `&` are escaped, because Graphviz would interpret `\\N` and `&amp;`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .drawing import Box, Drawing, Item

_SHAPES = {
    "start": "oval",
    "end": "oval",
    "split": "box",
    "foreach": "box3d",
    "switch": "diamond",
    "join": "invhouse",
    "step": "box",
}


def render(drawing: Drawing) -> str:
    lines = [
        f"digraph {quoted(drawing.name)} {{",
        '    graph [labeljust=l, fontname="Helvetica", fontsize=11, style="rounded", color="gray"];',
        '    node [shape=box, style="rounded", fontname="Helvetica", fontsize=12];',
        '    edge [fontname="Helvetica", fontsize=10];',
        *_box(drawing.whole, "", 1),
    ]
    for edge in drawing.edges:
        label = f" [label={quoted(edge.label)}]" if edge.label else ""
        lines.append(f"    {quoted(edge.source)} -> {quoted(edge.target)}{label};")
    return "\n".join([*lines, "}"]) + "\n"


def _box(box: Box, name: str, depth: int) -> Iterator[str]:
    indent = "    " * depth
    for item in box.items:
        yield f"{indent}{quoted(item.name)} [{_attributes(item)}];"
    for number, inner_box in enumerate(box.boxes):
        inner = f"{name}_{number}"
        yield f"{indent}subgraph {quoted(f'cluster{inner}')} {{"
        yield f"{indent}    label={quoted(inner_box.label)};"
        yield from _box(inner_box, inner, depth + 1)
        yield f"{indent}}}"


def _attributes(item: Item) -> str:
    label = quoted("\n".join([item.name, *item.notes]))
    tooltip = f", tooltip={quoted(item.doc)}" if item.doc else ""
    return f"label={label}, shape={_SHAPES[item.kind]}{tooltip}"


def quoted(text: str) -> str:
    """Returns the text as a quoted string; a newline stays a newline in the picture."""
    escaped = (
        text.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"').replace("\0", "").replace("\n", "\\n")
    )
    return f'"{escaped}"'
