"""`flowc explain`: prints what a diagnostic's code means, with an example and what to write instead."""

from __future__ import annotations

import sys

from ..explanations import Page, groups, pages
from ..options import Option, Usage
from ..terminal import Output, paint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

USAGE = ("flowc explain [CODE]",)
TEXT = """
Prints the page of a diagnostic's code: what is wrong, why it matters, an example, and what to write instead. Without a
code, lists every code.
"""
OPTIONS: tuple[Option, ...] = ()
EXAMPLES = (("flowc explain FLOW206", "what `error[FLOW206]` means"), ("flowc explain", "every code"))

_WIDTH = 96


def run(argv: list[str], out: Output) -> int:
    from ..options import one_positional, parse

    arguments = parse(argv, OPTIONS)
    all_pages = pages()
    if not arguments.positional:
        out.print("\n\n".join(_list(all_pages)))
        return 0
    word = one_positional(arguments, "the code")
    code = _code(word)
    page = next((page for page in all_pages if page.code == code), None)
    if page is None:
        near = _near(word, code, all_pages)
        hint = (
            "similar codes: " + ", ".join(f"{page.code} ({page.title})" for page in near)
            if near
            else "`flowc explain` lists every code"
        )
        raise Usage(f"there is no diagnostic `{word}`", hint)
    out.print(_shown(page))
    return 0


def _code(word: str) -> str:
    word = word.upper()
    return f"FLOW{word}" if word.isdigit() else word


def _near(word: str, code: str, all_pages: Sequence[Page]) -> list[Page]:
    """Returns at most five pages: of the same ten codes, else with a similar code, else with the word in the title."""
    import difflib

    spelt = difflib.get_close_matches(code, [page.code for page in all_pages], n=5, cutoff=0.8)
    by_code = [page for page in all_pages if page.code[:6] == code[:6]] or [
        page for page in all_pages if page.code in spelt
    ]
    if code[4:].isdigit():
        by_code.sort(key=lambda page: abs(int(page.code[4:]) - int(code[4:])))
    return (by_code or [page for page in all_pages if word.lower() in page.title.lower()])[:5]


def _list(all_pages: Sequence[Page]) -> Iterator[str]:
    for group, several in groups(all_pages).items():
        yield "\n".join([paint("1", group, sys.stdout), *(_line(page) for page in several)])


def _line(page: Page) -> str:
    return f"  {page.code}  {page.title}" + ("" if page.severity == "error" else f" ({page.severity})")


def _shown(page: Page) -> str:
    """Returns the page with its paragraphs wrapped for a terminal, and its code unchanged."""
    from ..help import wrapped

    kind = "" if page.severity == "error" else f" ({page.severity})"
    parts = [paint("1", f"{page.code}{kind}: {page.title}", sys.stdout)]
    for paragraph in page.text.split("\n\n"):
        if paragraph.startswith("    ") or paragraph in ("Example:", "Use instead:"):
            parts.append(paragraph)
        else:
            parts.append("\n".join(wrapped(paragraph, _WIDTH)))
    return "\n\n".join(parts)
