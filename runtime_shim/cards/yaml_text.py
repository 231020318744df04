"""Writes plain values as YAML, exactly like PyYAML's `dump(value, default_flow_style=False, sort_keys=False)`.

Texts, numbers, dates, bytes, and lists, tuples, sets and dicts of them are written as PyYAML writes them. Any other
value is written as its `str`.
`tests/runtime_shim/cards/test_yaml_text.py` compares the two.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

_WIDTH = 80  # columns after which texts are folded
_LONGEST_KEY = 123  # characters of a key that is not written behind a `?`; PyYAML counts 128, with `!!str`
_BREAKS = "\n\x85\u2028\u2029"
_SPACES = "\0 \t\r" + _BREAKS
_ESCAPES = {
    "\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e", '"': '"',
    "\\": "\\", "\x85": "N", "\xa0": "_", "\u2028": "L", "\u2029": "P",
}  # fmt: skip
# Plain texts that YAML 1.1 reads as a different type.
_NOT_A_TEXT = re.compile(
    r"""(?: yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF | ~|null|Null|NULL| | <<|=
    | [-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)? | \.[0-9_]+(?:[eE][-+][0-9]+)?
    | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*
    | [-+]?\.(?:inf|Inf|INF) | \.(?:nan|NaN|NAN)
    | [-+]?0b[0-1_]+ | [-+]?0[0-7_]+ | [-+]?(?:0|[1-9][0-9_]*) | [-+]?0x[0-9a-fA-F_]+
    | [-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+
    | [0-9]{4}-[0-9]{2}-[0-9]{2}
    | [0-9]{4}-[0-9][0-9]?-[0-9][0-9]?
      (?:[Tt]|[ \t]+)[0-9][0-9]?:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9][0-9]?(?::[0-9]{2})?))?
    )$""",
    re.X,
)


def dump(value: Any) -> str:
    """Returns the YAML of the value, with the end of its last line."""
    writer = _Writer(value)
    writer.node(value, None)
    writer.end()
    return "".join(writer.text)


def _is_alone(value: Any) -> bool:
    """Returns True for a value that is written twice if it occurs twice, without an alias."""
    is_empty = type(value) is tuple and not value
    return value is None or isinstance(value, (str, bytes, bool, int, float)) or is_empty or _is_numpy_s(value)


def _is_numpy_s(value: Any) -> bool:
    """Returns True for a number or an array of numpy, which is written as Python's, where PyYAML writes its pickle."""
    return type(value).__module__ == "numpy" and hasattr(value, "tolist")


def _children(value: Any) -> List[Any]:
    if isinstance(value, dict):
        return [item for pair in value.items() for item in pair]
    return list(value) if isinstance(value, (list, tuple)) else []


class _Scalar:
    """The form of a scalar."""

    def __init__(self, value: Any) -> None:
        import datetime

        self.tag, self.literal, self.plain = "", False, True
        if value is None:
            self.text = "null"
        elif isinstance(value, bool):
            self.text = "true" if value else "false"
        elif isinstance(value, int):
            self.text = str(int(value))
        elif isinstance(value, float):
            self.text = _number(value)
        elif isinstance(value, bytes):
            import base64

            self.tag, self.literal, self.plain = "!!binary", True, False
            self.text = base64.encodebytes(value).decode("ascii")
        elif isinstance(value, datetime.datetime):
            self.text = value.isoformat(" ")
        elif isinstance(value, datetime.date):
            self.text = value.isoformat()
        else:
            self.text = str(value)
            self.plain = not _NOT_A_TEXT.match(self.text)
        self.is_multiline = any(character in _BREAKS for character in self.text)


def _number(value: float) -> str:
    if value != value:
        return ".nan"
    if value in (float("inf"), float("-inf")):
        return ".inf" if value > 0 else "-.inf"
    text = repr(float(value)).lower()
    return text.replace("e", ".0e", 1) if "." not in text and "e" in text else text


class _Style:
    """The styles that a text allows."""

    def __init__(self, text: str) -> None:
        self.plain, self.single_quoted = True, True
        self.block = bool(text)
        indicators = text.startswith(("---", "...")) or text[:1] in tuple("#,[]{}&*!|>'\"%@`")
        special = breaks = spaced = broken = False
        for at, char in enumerate(text):
            before, after = text[at - 1 : at] if at else " ", text[at + 1 : at + 2]
            ends = not after or after in _SPACES
            if (char in "?-" and at == 0 and ends) or (char == ":" and ends) or (char == "#" and before in _SPACES):
                indicators = True
            breaks = breaks or char in _BREAKS
            special = special or not (char == "\n" or " " <= char <= "~")
            spaced = spaced or (char in _BREAKS and at > 0 and before == " ")  # a space before a break
            broken = broken or (char == " " and at > 0 and before in _BREAKS)  # a break before a space
        edges = bool(text) and (text[0] in " " + _BREAKS or text[-1] in " " + _BREAKS)
        if breaks or edges or indicators or special or spaced or broken:
            self.plain = False
        if special or spaced or broken:
            self.single_quoted = False
        if special or spaced or text.endswith(" "):
            self.block = False


class _Writer:
    """The output so far, and the position of the next character."""

    def __init__(self, value: Any) -> None:
        self.text: List[str] = []
        self.column, self.indent = 0, -1
        self.after_space = self.at_start = True  # only a space, or only indentation and `-`, precede the next character
        self.is_open = False
        self.anchors: Dict[int, str] = {}
        self.seen: Dict[int, bool] = {}
        self.kept: List[Any] = []  # keeps values alive, so that no two share an id
        self._find_anchors(value)

    def _find_anchors(self, value: Any) -> None:
        if _is_alone(value):
            return
        if id(value) in self.seen:
            self.anchors.setdefault(id(value), f"id{len(self.anchors) + 1:03d}")
            return
        self.seen[id(value)] = False
        self.kept.append(value)
        for child in _children(value):
            self._find_anchors(child)

    def _put(self, text: str) -> None:
        self.text.append(text)
        self.column += len(text)

    def _mark(self, mark: str, apart: bool = True, space: bool = False, start: bool = False) -> None:
        self._put(mark if self.after_space or not apart else " " + mark)
        self.after_space, self.at_start, self.is_open = space, self.at_start and start, False

    def _break(self, char: str = "\n") -> None:
        self.after_space = self.at_start = True
        self.text.append(char)
        self.column = 0

    def _indent(self) -> None:
        indent = max(self.indent, 0)
        if not self.at_start or self.column > indent or (self.column == indent and not self.after_space):
            self._break()
        if self.column < indent:
            self.after_space = True
            self._put(" " * (indent - self.column))

    def end(self) -> None:
        if self.is_open:
            self._break()
            self.text.append("...")
        elif not self.column:
            return
        self.text.append("\n")

    def node(self, value: Any, context: Optional[str]) -> None:
        """Writes a value: the whole (None), an item of a `sequence`, a `value` or a `key` of a mapping."""
        anchor = self.anchors.get(id(value), "") if not _is_alone(value) else ""
        if anchor:
            if self.seen[id(value)]:
                self._mark("*" + anchor)
                return
            self.seen[id(value)] = True
            self._mark("&" + anchor)
        if _is_numpy_s(value):
            value = value.tolist()
        if isinstance(value, (set, frozenset)):
            self._mark("!!set")
            self._mapping(dict.fromkeys(value))
        elif isinstance(value, dict):
            self._mapping(value)
        elif isinstance(value, (list, tuple)):
            if isinstance(value, tuple):
                self._mark("!!python/tuple")
            self._sequence(value, context)
        else:
            self._scalar(_Scalar(value), context)

    def _sequence(self, value: Any, context: Optional[str]) -> None:
        if not value:
            self._mark("[", space=True)
            self._mark("]", apart=False)
            return
        before = self.indent
        if not (context == "value" and not self.at_start):
            self.indent = 0 if before < 0 else before + 2
        for item in value:
            self._indent()
            self._mark("-", space=False, start=True)
            self.node(item, "sequence")
        self.indent = before

    def _mapping(self, value: Dict[Any, Any]) -> None:
        if not value:
            self._mark("{", space=True)
            self._mark("}", apart=False)
            return
        before, self.indent = self.indent, 0 if self.indent < 0 else self.indent + 2
        for key, item in value.items():
            self._indent()
            scalar = _Scalar(key)
            if len(scalar.text) < _LONGEST_KEY and scalar.text and not scalar.tag and not scalar.is_multiline:
                self._scalar(scalar, "key")
                self._mark(":", apart=False)
            else:
                self._mark("?", start=True)
                self._scalar(scalar, "value")
                self._indent()
                self._mark(":", start=True)
            self.node(item, "value")
        self.indent = before

    def _scalar(self, scalar: _Scalar, context: Optional[str]) -> None:
        style = _Style(scalar.text)
        is_key = context == "key"
        if scalar.tag:
            self._mark(scalar.tag)
        before, self.indent = self.indent, 2 if self.indent < 0 else self.indent + 2
        if scalar.plain and scalar.text and style.plain:
            self._plain(scalar.text, not is_key)
            self.is_open = context is None
        elif scalar.literal and not is_key and style.block:
            self._literal(scalar.text)
        elif not scalar.literal and style.single_quoted and not (is_key and scalar.is_multiline):
            self._single_quoted(scalar.text, not is_key)
        else:
            self._double_quoted(scalar.text, not is_key)
        self.indent = before

    def _plain(self, text: str, folds: bool) -> None:
        if not self.after_space:
            self._put(" ")
        self.after_space = self.at_start = False
        self._words(text, folds, is_quoted=False)

    def _single_quoted(self, text: str, folds: bool) -> None:
        self._mark("'")
        self._words(text, folds, is_quoted=True)
        self._mark("'", apart=False)

    def _words(self, text: str, folds: bool, is_quoted: bool) -> None:
        """Writes a text with one space at which a line is too long as a break, and breaks as two."""
        for match in re.finditer(r" +|[\n\x85\u2028\u2029]+|[^ \n\x85\u2028\u2029]+", text):
            part = match.group()
            if part[0] == " ":
                inside = match.start() > 0 and match.end() < len(text)
                if len(part) == 1 and self.column > _WIDTH and folds and (inside or not is_quoted):
                    self._indent()
                    self.after_space = self.at_start = False
                else:
                    self._put(part)
            elif part[0] in _BREAKS:
                if part[0] == "\n":
                    self._break()
                for character in part:
                    self._break(character)
                self._indent()
                self.after_space = self.at_start = False
            elif is_quoted:
                for at, piece in enumerate(part.split("'")):
                    self._put("''" if at else "")
                    self._put(piece)
            else:
                self._put(part)

    def _double_quoted(self, text: str, folds: bool) -> None:
        self._mark('"')
        start = end = 0
        while end <= len(text):
            char = text[end] if end < len(text) else None
            if char is None or char in '"\\\x85\u2028\u2029\ufeff' or not " " <= char <= "~":
                self._put(text[start:end])
                start = end
                if char is not None:
                    self._put("\\" + _escaped(char))
                    start = end + 1
            if (
                0 < end < len(text) - 1
                and (char == " " or start >= end)
                and self.column + (end - start) > _WIDTH
                and folds
            ):
                self._put(text[start:end] + "\\")
                start = max(start, end)
                self._indent()
                self.after_space = self.at_start = False
                if text[start] == " ":
                    self._put("\\")
            end += 1
        self._mark('"', apart=False)

    def _literal(self, text: str) -> None:
        self._mark("|")
        self._break()
        for line in text.split("\n")[:-1]:
            self._indent()
            self.text.append(line)
            self._break()


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    code = ord(char)
    return f"x{code:02X}" if code <= 0xFF else f"u{code:04X}" if code <= 0xFFFF else f"U{code:08X}"
