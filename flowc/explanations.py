"""Explanations: what each code of a diagnostic means, why it is said, an example, and what to write instead.

A page has one source, a text of this form, which is also Markdown:

    FLOW206: a transition to a step that does not exist.

    Why that is wrong, in a paragraph or several.

    Example:

        @step
        def start(self):
            self.next(self.trian)

    Use instead:

        …

A code that is no error says so: `FLOW307 (warning): …`. The text is the docstring of the check, where a check says the code, and otherwise a
file `FLOWnnn.txt` in the folder `explanations` of the part, or of the target, that says it. All are found without a
list. `flowc explain` prints a page, `docs/diagnostics/` is made of them, and tests run the examples.

An example without a class is the body of a flow, and the step `end` may be left out of it. A first line `$ flowc check flow.py --target argo` is
the command that the example needs; a second example of just such a line is about the flow of the first.
"""

from __future__ import annotations

import os

from flowc.compiler.fast_start.record import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

GROUPS = (  # from which code on → what they are about, but for the codes of one target
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
    text: str  # the whole page but its first line, as Markdown with indented code
    example: str  # what is wrong, dedented; "" where no short example can be
    instead: str  # what to write
    engine: str = ""  # of the target that alone gives the code

    @property
    def group(self) -> str:
        """What the code is about, as the index says it."""
        return self.engine or next(name for first, name in reversed(GROUPS) if int(self.code[4:]) >= first)


def pages() -> tuple[Page, ...]:
    """Returns every page, by code."""
    found = [page for text, engine in _texts() if (page := parse(text, engine)) is not None]
    return tuple(sorted(found, key=lambda page: page.code))


def groups(found: Iterable[Page]) -> dict[str, list[Page]]:
    """Returns the pages by what they are about: the group that has the lowest code comes first."""
    grouped: dict[str, list[Page]] = {}
    for page in found:
        grouped.setdefault(page.group, []).append(page)
    return grouped


def page_of(code: str) -> Page | None:
    """Returns the page of the code, or None."""
    return next((page for page in pages() if page.code == code), None)


def parse(text: str, engine: str = "") -> Page | None:
    """Returns the page that the text is, or None if its first line names no code.

    `engine` is that of the target that alone gives the code. Raises ValueError for a page that is not finished.
    """
    head, _, body = text.strip("\n").partition("\n")
    code, colon, title = head.partition(": ")
    code, _, severity = code.partition(" (")
    if not (colon and len(code) == 7 and code.startswith("FLOW") and code[4:].isdigit()):
        return None
    body = body.strip("\n")
    if not body or not title.endswith("."):
        raise ValueError(f"{code}: a page is a title that ends in a full stop, and a text that says why")
    _, _, shown = body.partition("\nExample:\n")
    example, _, instead = shown.partition("\nUse instead:\n")
    if bool(example) != bool(instead):
        raise ValueError(f"{code}: `Example:` and `Use instead:` go together")
    return Page(code, severity.rstrip(")") or "error", title.rstrip("."), body, _code(example), _code(instead), engine)


def _code(text: str) -> str:
    """The indented lines of the text, dedented."""
    lines = [line[4:] for line in text.split("\n") if line.startswith("    ") or not line.strip()]
    return "\n".join(lines).strip("\n") + "\n" if any(lines) else ""


def _texts() -> Iterator[tuple[str, str]]:
    """Yields the text of each page, and of modules that have none, with the engine of the target that it is of."""
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
    """The folder of a package, found without importing it where possible: an editable install keeps each elsewhere."""
    from importlib.util import find_spec

    spec = find_spec(name)
    assert spec is not None and spec.submodule_search_locations
    return next(iter(spec.submodule_search_locations))


def _docstring(path: str) -> str:
    """A module's docstring, read as text: nothing is imported for it."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if not text.startswith('"""FLOW'):
        return ""
    return text[3:].partition('"""')[0].replace("\\\\", "\\")
