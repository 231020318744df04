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
    yield from (indent + _item(item) for item in box.items)
    for number, inner_box in enumerate(box.boxes):
        inner = f"{name}_{number}"
        yield f'{indent}subgraph {inner}["{_text(inner_box.label) or " "}"]'
        yield from _box(inner_box, inner, depth + 1)
        yield f"{indent}end"


def _item(item: Item) -> str:
    before, after = _SHAPES[item.kind]
    lines = [_text(item.name), *(f"<small>{_text(note)}</small>" for note in item.notes)]
    return f"step_{item.name}{before}{'<br>'.join(lines)}{after}"


def _text(text: str) -> str:
    return "".join(
        character if (character.isalnum() and character.isascii()) or character in _PLAIN else f"#{ord(character)};"
        for character in text
    )
