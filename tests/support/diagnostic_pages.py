"""Writes `docs/diagnostics.md` and `docs/diagnostics/FLOWnnn.md` from the explanations: `python -m tests.support.diagnostic_pages`."""

from __future__ import annotations

from pathlib import Path

from flowc.explanations import Page, groups, pages

ROOT = Path(__file__).parents[2]
INDEX = """\
# Diagnostics

Each has a code that keeps its meaning, a place, what is wrong, why, and what to write instead. Errors refuse the flow; warnings and hints do not.
`flowc explain CODE` prints its page on the terminal.
"""


def documents() -> dict[Path, str]:
    """Returns the text of each page, by its path."""
    all_pages = pages()
    sections = []
    for group, several in groups(all_pages).items():
        rows = [f"| [{page.code}](diagnostics/{page.code}.md) | {_marked(page)} |" for page in several]
        sections += ["", f"## {group[0].upper()}{group[1:]}", "", "| code | what is wrong |", "|---|---|", *rows]
    index = INDEX + "\n".join(sections) + "\n"
    return {
        ROOT / "docs/diagnostics.md": index,
        **{ROOT / f"docs/diagnostics/{page.code}.md": document(page) for page in all_pages},
    }


def document(page: Page) -> str:
    """The page as Markdown."""
    prose = page.text.partition("\nExample:\n")[0].strip("\n")
    parts = [f"# {page.code}: {page.title}", f"{page.severity.capitalize()}, about {_about(page)}.", prose]
    if page.example:
        parts += ["## Example", _fenced(page.example), "## Use instead", _fenced(page.instead)]
    return "\n\n".join([*parts, "[All diagnostics](../diagnostics.md)"]) + "\n"


def _about(page: Page) -> str:
    return (
        page.group
        if page.group[0].isupper()
        else f"the {page.group}"
        if page.group in ("graph", "command line")
        else page.group
    )


def _marked(page: Page) -> str:
    return page.title if page.severity == "error" else f"{page.title} ({page.severity})"


def _fenced(example: str) -> str:
    settings, dollar, rest = example.partition("\n\n$ ")
    if dollar and settings.startswith("# pyproject.toml"):
        return f"{_fenced(settings)}\n\n{_fenced(f'$ {rest}')}"
    command, _, flow = example.partition("\n") if example.startswith("$ ") else ("", "", example)
    language = "json" if flow.startswith("{") else "toml" if flow.startswith("# pyproject.toml") else "python"
    blocks = [f"    {command}"] if command else []
    return "\n\n".join([*blocks, *([f"```{language}\n{flow.rstrip()}\n```"] if flow.strip() else [])])


def write() -> None:
    texts = documents()
    (ROOT / "docs/diagnostics").mkdir(exist_ok=True)
    for path in (ROOT / "docs/diagnostics").iterdir():
        if path not in texts:
            path.unlink()
    for path, text in texts.items():
        path.write_text(text)


if __name__ == "__main__":
    write()
