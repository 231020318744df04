"""`# flowc: ignore[FLOW307]`: comments that silence diagnostics of one line.

    # flowc: ignore[FLOW307]            warnings and hints of that code
    # flowc: ignore[FLOW307, FLOW527]   of those
    # flowc: ignore                     all of them

The comment must be on the line of the diagnostic, or on the first line of its statement or decorator. An error is
silenced only if the comment names its code and a run may work nevertheless (`is_uncertain`): a comment cannot make a
flow compilable.
"""

from __future__ import annotations

from ..fast_start.record import record
from ..ir.nodes import Span
from .diagnostics import ERROR, HINT, Diagnostic, has_errors, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ast_grep_py import SgNode

_STATEMENTS = frozenset(
    (
        "expression_statement decorator import_statement import_from_statement return_statement assert_statement "
        "raise_statement delete_statement"
    ).split()
)


@record
class Ignore:
    """A code in a comment, or a comment without codes."""

    code: str  # "": every code
    span: Span  # of the comment


def is_uncertain(code: str) -> bool:
    """Returns True for the code of an error that only a run can confirm: how artifacts are set and read."""
    return code == "FLOW210" or code.startswith("FLOW4")


def silenced(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], unused: bool = True) -> list[Diagnostic]:
    """Returns the diagnostics that no comment of the sources silences.

    With `unused`, the diagnostics must be complete, and a hint is added for each comment that silences nothing
    (FLOW005).
    """
    remaining = list(diagnostics)
    files = {name: _File(name, text) for name, text in sources.items() if "flowc:" in text and name.endswith(".py")}
    if not files:
        return remaining
    used: set[Ignore] = set()
    kept = []
    for diagnostic in remaining:
        by = (
            files[diagnostic.span.file].silencing(diagnostic)
            if diagnostic.span is not None and diagnostic.span.file in files
            else None
        )
        if by is None:
            kept.append(diagnostic)
        else:
            used.add(by)
    if unused and not has_errors(kept):  # after an error, later checks do not run, so a comment may still be needed
        kept += [diagnostic for file in files.values() for diagnostic in file.idle(used)]
    return kept


def ignores(name: str, text: str) -> tuple[Ignore, ...]:
    """Returns the codes that the comments of the file ignore."""
    return tuple(ignore for line in _File(name, text).ignores.values() for ignore in line)


class _File:
    def __init__(self, name: str, text: str) -> None:
        from ..source.text import tree_of

        self.name = name
        self.root = tree_of(text)
        self.ignores: dict[int, list[Ignore]] = {}  # by line
        self.mistakes: list[tuple[str, Span]] = []  # the word in a comment instead of `ignore`, with its place
        for comment in self.root.find_all(kind="comment"):
            self._read(comment)

    def _read(self, comment: SgNode) -> None:
        text = comment.text()
        at = text.find("flowc:")
        if at < 0 or text[:at].rstrip()[-1:] != "#":
            return
        start = comment.range().start
        place = Span(self.name, start.line + 1, start.column + at + 1, start.line + 1, start.column + len(text) + 1)
        instruction = text[at + len("flowc:") :].strip()
        word = instruction[
            : next(
                (i for i, character in enumerate(instruction) if not (character.isalnum() or character in "-_")),
                len(instruction),
            )
        ]
        rest = instruction[len(word) :].strip()
        if word != "ignore" or (rest.startswith("[") and "]" not in rest):
            self.mistakes.append((instruction.partition("#")[0].strip(), place))
            return
        codes = [part.strip() for part in rest[1 : rest.index("]")].split(",")] if rest.startswith("[") else [""]
        self.ignores[place.line] = [Ignore(code, place) for code in codes if code or not rest.startswith("[")]

    def silencing(self, one: Diagnostic) -> Ignore | None:
        """Returns the comment that silences the diagnostic."""
        assert one.span is not None
        lines = [one.span.line]
        if self.ignores:
            first = _first_line(self.root, one.span.line - 1) + 1
            lines += [first] if first != one.span.line else []
        for ignore in (ignore for line in lines for ignore in self.ignores.get(line, ())):
            if ignore.code == one.code and (one.severity != ERROR or is_uncertain(one.code)):
                return ignore
            if not ignore.code and one.severity != ERROR:
                return ignore
        return None

    def idle(self, used: set[Ignore]) -> Iterator[Diagnostic]:
        for comment, place in self.mistakes:
            close = nearest(comment.partition("[")[0], ["ignore"])
            how = "did you mean `# flowc: ignore`?" if close else "write `# flowc: ignore[CODE]`, or remove `flowc:`"
            yield Diagnostic(
                "FLOW005",
                f"flowc does not understand the comment `{comment[:40]}`",
                place,
                "the comment silences nothing",
                how,
                HINT,
            )
        for ignore in (ignore for line in self.ignores.values() for ignore in line):
            # diagnostics of targets are not known here
            if ignore not in used and not (_is_code(ignore.code) and ignore.code >= "FLOW5"):
                what = f"`ignore[{ignore.code}]` silences nothing" if ignore.code else "`ignore` silences nothing"
                why = (
                    "this line has no warning or hint with this code"
                    if _is_code(ignore.code)
                    else "a code must be `FLOW` and three digits"
                )
                yield Diagnostic("FLOW005", what, ignore.span, why, "remove it, so that it hides nothing later", HINT)


def _is_code(text: str) -> bool:
    return not text or (len(text) == 7 and text.startswith("FLOW") and text[4:].isdigit())


def _first_line(node: SgNode, line: int) -> int:
    """Returns the first line, from 0, of the outermost simple statement or decorator with the line.

    Returns the line itself if there is none.
    """
    for child in node.children():
        place = child.range()
        if place.start.line <= line <= place.end.line and child.is_named():
            return place.start.line if child.kind() in _STATEMENTS else _first_line(child, line)
    return line
