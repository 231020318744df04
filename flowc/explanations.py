"""Explanations: for each code of a diagnostic a page with its meaning, an example, and what to write instead.

A page has one source, a text of this form, which is also Markdown:

    FLOW206: a transition to a step that does not exist.

    Why that is wrong, in a paragraph or several.

    Example:

        @step
        def start(self):
            self.next(self.trian)

    Use instead:

        …

The first line names the severity of a code that is not an error: `FLOW307 (warning): …`. If a check reports the code,
the text is that check's docstring. Otherwise it is a file `FLOWnnn.txt` in the folder `explanations` of the part or the
target that reports it. All are found without a list. `flowc explain` prints a page, `docs/diagnostics/` is made of
them, and tests run the examples.

An example without a class is the body of a flow, and may omit the step `end`. A first line such as
`$ flowc check flow.py --target argo` is the command that the example needs. If the second example is only such a line,
it applies to the flow of the first.
"""

from __future__ import annotations

import os

from flowc.compiler.fast_start.record import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

GROUPS = (  # first code of a group → its subject; codes of a single target are grouped by target
    (0, "files"),
    (100, "flow and classes"),
    (110, "decorators and values"),
    (130, "configs and mutators"),
    (150, "decorators and what a task does"),
    (200, "graph"),
    (300, "parameters"),
    (400, "artifacts"),
    (500, "any target"),
    (550, "specs"),
    (600, "command line"),
)


@record
class Page:
    code: str  # "FLOW206"
    severity: str  # "error", "warning" or "hint"
    title: str  # one phrase, without a full stop
    text: str  # the page without its first line, as Markdown with indented code
    example: str  # wrong code, dedented; "" if there is no short example
    instead: str  # correct code
    engine: str = ""  # the engine of the only target that reports the code

    @property
    def group(self) -> str:
        """The code's subject, as a heading of the index."""
        return self.engine or next(name for first, name in reversed(GROUPS) if int(self.code[4:]) >= first)


def pages() -> tuple[Page, ...]:
    """Returns every page, by code."""
    all_pages = [page for text, engine in _texts() if (page := parse(text, engine)) is not None]
    return tuple(sorted(all_pages, key=lambda page: page.code))


def groups(all_pages: Iterable[Page]) -> dict[str, list[Page]]:
    """Returns the pages by subject. The group with the lowest code comes first."""
    grouped: dict[str, list[Page]] = {}
    for page in all_pages:
        grouped.setdefault(page.group, []).append(page)
    return grouped


def page_of(code: str) -> Page | None:
    """Returns the page of the code, or None."""
    return next((page for page in pages() if page.code == code), None)


def parse(text: str, engine: str = "") -> Page | None:
    """Returns the page in the text, or None if its first line names no code.

    `engine` is the engine of the only target that reports the code. Raises ValueError for an unfinished page.
    """
    head, _, body = text.strip("\n").partition("\n")
    code, colon, title = head.partition(": ")
    code, _, severity = code.partition(" (")
    if not (colon and len(code) == 7 and code.startswith("FLOW") and code[4:].isdigit()):
        return None
    body = body.strip("\n")
    if not body or not title.endswith("."):
        raise ValueError(f"{code}: a page needs a title that ends in a full stop, and a text that says why")
    _, _, shown = body.partition("\nExample:\n")
    example, _, instead = shown.partition("\nUse instead:\n")
    if bool(example) != bool(instead):
        raise ValueError(f"{code}: a page needs both `Example:` and `Use instead:`, or neither")
    return Page(code, severity.rstrip(")") or "error", title.rstrip("."), body, _code(example), _code(instead), engine)


def _code(text: str) -> str:
    """Returns the indented lines of the text, dedented."""
    lines = [line[4:] for line in text.split("\n") if line.startswith("    ") or not line.strip()]
    return "\n".join(lines).strip("\n") + "\n" if any(lines) else ""


def _texts() -> Iterator[tuple[str, str]]:
    """Yields the text of each page with its target's engine, and "" for modules without a page."""
    from flowc.targets import target

    checks = os.path.join(_package("flowc.compiler"), "checks")
    for folder, _, names in os.walk(checks):
        for name in sorted(names):
            if name.endswith(".py"):
                yield _docstring(os.path.join(folder, name)), ""
    parts = ("flowc", "flowc.compiler", "flowc.targets", "flowc.runtime_shim")
    shared = [("", os.path.join(_package(part), "explanations")) for part in parts]
    for engine, folder in [*shared, *((target.about(name).ENGINE, path) for name, path in target.explanations())]:
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            if name.endswith(".txt"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    yield file.read(), engine


def _package(name: str) -> str:
    """Returns the folder of a package, if possible without importing it: an editable install keeps each elsewhere."""
    from importlib.util import find_spec

    spec = find_spec(name)
    assert spec is not None and spec.submodule_search_locations
    return next(iter(spec.submodule_search_locations))


def _docstring(path: str) -> str:
    """Returns a module's page, read from its source without importing it, or "" if its docstring is not a page."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if not text.startswith('"""FLOW'):
        return ""
    return text[3:].partition('"""')[0].replace("\\\\", "\\")
