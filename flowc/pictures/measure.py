"""The sizes of texts, in points. No font is needed: texts are monospaced, with characters that are 0.6 em wide."""

from __future__ import annotations

from unicodedata import combining, east_asian_width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .drawing import Item

NAME_FONT = 13.0  # sizes of fonts
NOTE_FONT = 10.0
EDGE_FONT = 10.5
LINE = 14.0  # height of a line of notes or of a label
LONGEST = 34  # characters of a note or label; longer ones are cut

_EM = 0.602


def width(text: str, font: float) -> float:
    """Returns the width of the text at that font size."""
    return (
        font
        * _EM
        * sum(0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1 for character in text)
    )


def label_width(text: str, font: float = EDGE_FONT) -> float:
    return width(shortened(text), font)


def shortened(text: str) -> str:
    """Returns the text in one line of at most `LONGEST` characters."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def size(item: Item) -> tuple[float, float]:
    """Returns the width and height of the item's shape."""
    widest = max([width(item.name, NAME_FONT), *(width(shortened(note), NOTE_FONT) for note in item.notes)])
    sides = 44 if item.kind == "switch" else 28
    return max(widest + sides, 60.0), 32 + LINE * len(item.notes)
