"""How Sphinx builds the documentation site: `make docs`.

The pages are the Markdown files of `docs/`, which are read on GitHub too; a few of the repository's root (`COPIES`);
and those of `docs/site/`, which hold the API reference. Warnings are errors, so a broken link fails the build.
"""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from typing import Any

import flowc

project = "flowc"
author = "the flowc authors"
release = version = flowc.__version__

ROOT = Path(__file__).parents[2]
COPIES = {
    "site/architecture": "ARCHITECTURE.md",
    "site/contributing": "CONTRIBUTING.md",
    "site/conduct": "CODE_OF_CONDUCT.md",
    "site/security": "SECURITY.md",
    "site/changes": "CHANGELOG.md",
}

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["site/conf.py"]
html_theme = "furo"
html_title = "flowc"
html_copy_source = False

myst_heading_anchors = 3
suppress_warnings = ["misc.highlighting_failure"]  # `…` stands for what an example leaves out

autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "inherited-members": True, "undoc-members": True}
autodoc_preserve_defaults = True


def page(app: Any, name: str, source: list[str]) -> None:
    """Replaces a placeholder by its page of the root, and turns links to pages into links within the site."""
    path = COPIES.get(name, f"docs/{name}.md")
    text = (ROOT / path).read_text(encoding="utf-8") if name in COPIES else source[0]
    folder = posixpath.dirname(path)
    app.env.note_dependency(str(ROOT / path))  # so that the page is read again when this file has changed

    def link(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, match[1]))
        known = {file: f"docs/{page}.md" for page, file in COPIES.items()}
        target = "docs/decisions/README.md" if target == "docs/decisions" else known.get(target, target)
        return f"]({os.path.relpath(target, posixpath.dirname(f'docs/{name}'))}{match[2] or ''})"

    source[0] = re.sub(r"\]\((?!https?:)([^)#\s]+)(#[^)\s]*)?\)", link, text)


def docstring(_app: Any, _what: str, _name: str, _value: object, _options: object, lines: list[str]) -> None:
    """Makes a docstring reStructuredText: an indented block is code, and nothing but `code` is markup."""
    text: list[str] = []
    for number, line in enumerate(lines):
        is_code = line.startswith("    ")
        if is_code and (number == 0 or not lines[number - 1].strip()) and not _in_code(text):
            text += ["::", ""]
        text.append(line if is_code else _escaped(line))
    lines[:] = text


def signature(*event: Any) -> tuple[str | None, str | None]:
    """Leaves private arguments out."""
    arguments, returned = event[-2:]
    return re.sub(r", _\w+:[^,)]*", "", arguments) if arguments else arguments, returned


def _in_code(text: list[str]) -> bool:
    last = next((line for line in reversed(text) if line.strip()), "")
    return last.startswith("    ")


def _escaped(line: str) -> str:
    """Returns the line with the characters that mean something in reStructuredText escaped outside of `code`."""
    text = ""
    for number, part in enumerate(re.split(r"`([^`]+)`", line)):
        if number % 2:
            text += f"\\ ``{part}``\\ "
        else:
            text += re.sub(r"([*_|`\\])", r"\\\1", part)
    return text


def setup(app: Any) -> None:
    app.connect("source-read", page)
    app.connect("autodoc-process-docstring", docstring)
    app.connect("autodoc-process-signature", signature)
