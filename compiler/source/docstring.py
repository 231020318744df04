"""The docstring of a class or function, as `inspect.cleandoc` would give it, without importing `inspect`."""

from __future__ import annotations

from ..fold.budget import Unfoldable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ast_grep_py import SgNode


def docstring(definition: SgNode) -> str:
    """Returns the dedented docstring, "" without one."""
    body = definition.field("body")
    statements = [child for child in body.named_children() if child.kind() != "comment"] if body is not None else []
    if not statements or statements[0].kind() != "expression_statement":
        return ""
    first = statements[0].named_children()[0]
    if (
        first.kind() not in ("string", "concatenated_string")
        or first.text()[:1] in "fFbB"
        or first.text()[:2].lower() in ("rb", "rf")
    ):
        return ""
    from ..fold.expressions import fold

    try:
        text = fold(first.text(), _no_names)
    except Unfoldable:
        return ""
    return clean(text) if isinstance(text, str) else ""


def _no_names(name: str) -> str:
    raise KeyError(name)


def clean(text: str) -> str:
    """Removes common indentation except of the first line, and outer blank lines; lone surrogates become `?`."""
    text = text.encode("utf-8", "replace").decode()
    lines = text.expandtabs().split("\n")
    margins = [len(line) - len(line.lstrip(" ")) for line in lines[1:] if line.strip()]
    margin = min(margins, default=0)
    cleaned = [lines[0].lstrip(" "), *(line[margin:] for line in lines[1:])]
    while cleaned and not cleaned[-1].strip():
        cleaned.pop()
    while cleaned and not cleaned[0].strip():
        cleaned.pop(0)
    return "\n".join(cleaned)
