"""Renders Mustache templates, as the cards of packages use them: `render(template, values)`.

Follows the Mustache specification, without lambdas' arguments.

>>> render("{{#rows}}{{name}}: {{{html}}}, {{/rows}}{{^rows}}none{{/rows}}", {"rows": [{"name": "<a>", "html": "<b>"}]})
'&lt;a&gt;: <b>, '
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

    Token = Tuple[str, str, Any]  # (kind, name or text, content of a section)


class ChevronError(SyntaxError):
    """An invalid template: a section that is not closed, or not open."""


def render(
    template: Any = "", data: Any = None, partials_path: str = ".", partials_ext: str = "mustache",
    partials_dict: Optional[Dict[str, str]] = None, padding: str = "", def_ldel: str = "{{", def_rdel: str = "}}",
    scopes: Optional[List[Any]] = None, warn: bool = False, keep: bool = False,
) -> str:  # fmt: skip
    """Returns the template, a text or a file, filled in with the values. Raises ChevronError."""
    text = template if isinstance(template, str) else template.read()
    partials = dict(partials_dict or {})
    return _Renderer(partials, partials_path, partials_ext).filled(
        _parsed(text, def_ldel, def_rdel), list(scopes or [data or {}])
    )


def _parsed(text: str, left: str, right: str) -> List[Token]:
    tokens: List[Token] = []
    open_sections: List[Tuple[str, str, List[Token]]] = []
    at = 0
    while True:
        start = text.find(left, at)
        if start < 0:
            tokens.append(("text", text[at:], None))
            break
        is_raw = text.startswith("{", start + len(left)) and left == "{{"
        end = text.find("}" + right if is_raw else right, start + len(left))
        if end < 0:
            raise ChevronError(f"unclosed tag at line {text.count(chr(10), 0, start) + 1}")
        tag = text[start + len(left) + is_raw : end]
        after = end + len(right) + is_raw
        kind = "{" if is_raw else tag[:1] if tag[:1] in tuple("#^/>&!=") else ""
        name = tag[len(kind) if not is_raw else 0 :].strip()
        before = text[at:start]
        indent = ""
        if kind in tuple("#^/>!="):  # a tag alone on its line removes the line
            line = before[before.rfind("\n") + 1 :]
            starts_line = not line.strip(" \t") and ("\n" in before or at == 0 or text[at - 1] == "\n")
            rest = re.match(r"[ \t]*(\r?\n|$)", text[after:])
            if starts_line and rest is not None:
                indent, before = line, before[: len(before) - len(line)]
                after += rest.end()
        tokens.append(("text", before, None))
        at = after
        if kind in ("#", "^"):
            open_sections.append((kind, name, tokens))
            tokens = []
        elif kind == "/":
            if not open_sections or open_sections[-1][1] != name:
                raise ChevronError(f"section `{name}` is closed, and not open")
            opened, _, outer = open_sections.pop()
            outer.append((opened, name, tokens))
            tokens = outer
        elif kind == "=":
            left, _, right = name.rstrip("=").strip().partition(" ")
            right = right.strip()
        elif kind == ">":
            tokens.append((">", name, indent))
        elif kind != "!":
            tokens.append(("raw" if kind in ("{", "&") else "value", name, None))
    if open_sections:
        raise ChevronError(f"section `{open_sections[-1][1]}` is not closed")
    return tokens


class _Renderer:
    def __init__(self, partials: Dict[str, str], folder: str, extension: str) -> None:
        self.partials, self.folder, self.extension = partials, folder, extension

    def filled(self, tokens: List[Token], scopes: List[Any]) -> str:
        parts = []
        for kind, name, content in tokens:
            if kind == "text":
                parts.append(name)
            elif kind == ">":
                parts.append(self._partial(name, content, scopes))
            elif kind in ("value", "raw"):
                value = _value(name, scopes)
                text = "" if value is None or value is False else str(value)
                parts.append(text if kind == "raw" else _escaped(text))
            else:
                parts += self._section(kind, _value(name, scopes), content, scopes)
        return "".join(parts)

    def _section(self, kind: str, value: Any, content: List[Token], scopes: List[Any]) -> List[str]:
        if kind == "^":
            return [] if value or value == 0 and value is not False else [self.filled(content, scopes)]
        if callable(value):

            def render(text: str, scope: Any = None) -> str:
                return self.filled(_parsed(text, "{{", "}}"), [scope, *scopes] if scope else scopes)

            return [str(value(self.filled(content, scopes), render))]
        if isinstance(value, (list, tuple)):
            return [self.filled(content, [item, *scopes]) for item in value]
        return (
            [self.filled(content, [value, *scopes])]
            if value or (value == 0 and value is not False and value is not None)
            else []
        )

    def _partial(self, name: str, indent: str, scopes: List[Any]) -> str:
        import os

        text = self.partials.get(name)
        if text is None:
            try:
                with open(os.path.join(self.folder, f"{name}.{self.extension}"), encoding="utf-8") as file:
                    text = file.read()
            except OSError:
                return ""
        indented = re.sub(r"(?m)^(?=.)", indent, text) if indent else text
        return self.filled(_parsed(indented, "{{", "}}"), scopes)


def _value(name: str, scopes: List[Any]) -> Any:
    """Returns the name's value in the innermost scope that has it, or None."""
    if name == ".":
        return scopes[0]
    first, *rest = name.split(".")
    for scope in scopes:
        is_defined, value = _child(scope, first)
        if not is_defined:
            continue
        for name_part in rest:
            is_defined, value = _child(value, name_part)
            if not is_defined:
                return None
        return value
    return None


def _child(scope: Any, name: str) -> Tuple[bool, Any]:
    if isinstance(scope, dict):
        return name in scope, scope.get(name)
    if isinstance(scope, (list, tuple)):
        inside = name.isdigit() and int(name) < len(scope)
        return inside, scope[int(name)] if inside else None
    if isinstance(scope, (str, bytes, int, float, bool, type(None))) or name.startswith("_"):
        return False, None
    return hasattr(scope, name), getattr(scope, name, None)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
