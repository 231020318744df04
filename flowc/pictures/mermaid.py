"""Mermaid's flowchart, which GitHub, GitLab and many editors draw in Markdown (Mermaid's documentation, Flowcharts).

Texts are quoted. Every character except letters, digits, spaces and harmless signs becomes an entity code, so that none
can end the text or begin Markdown. Names of steps get a prefix, because `end` is a keyword of the language.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .drawing import Box, Drawing, Item

_PLAIN = frozenset(" _-.,:()@=/'+*")
_SHAPES = {
    "start": ('(["', '"])'), "end": ('(["', '"])'), "step": ('["', '"]'), "split": ('["', '"]'),
    "foreach": ('[["', '"]]'), "switch": ('{{"', '"}}'), "join": ('[/"', '"\\]'),
}  # fmt: skip


def render(drawing: Drawing) -> str:
    lines = ["flowchart TD", *_box(drawing.whole, "scope", 1)]
    for edge in drawing.edges:
        label = f'|"{_text(edge.label)}"|' if edge.label else ""
        lines.append(f"    step_{edge.source} -->{label} step_{edge.target}")
    return "\n".join(lines) + "\n"


def _box(box: Box, name: str, depth: int) -> Iterator[str]:
    indent = "    " * depth
    yield from (indent + _item(each) for each in box.items)
    for number, each in enumerate(box.boxes):
        inner = f"{name}_{number}"
        yield f'{indent}subgraph {inner}["{_text(each.label) or " "}"]'
        yield from _box(each, inner, depth + 1)
        yield f"{indent}end"


def _item(item: Item) -> str:
    before, after = _SHAPES[item.kind]
    lines = [_text(item.name), *(f"<small>{_text(each)}</small>" for each in item.notes)]
    return f"step_{item.name}{before}{'<br>'.join(lines)}{after}"


def _text(text: str) -> str:
    return "".join(each if (each.isalnum() and each.isascii()) or each in _PLAIN else f"#{ord(each)};" for each in text)
