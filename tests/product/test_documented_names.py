"""Every name to import on the pages of the language and the client can be imported."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import flowc

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(
    path.relative_to(DOCS).as_posix() for folder in (DOCS, DOCS / "tutorials") for path in folder.glob("*.md")
)
# Python's, an event's of `run --json`, an example's, a file
OTHERS = frozenset(("True", "False", "MemoryError", "ProcessEnded", "MyFlow", "Dockerfile"))
OWN = frozenset(("@timed", "@timed(…)", "@gpu_pool", "@cost_center", "@audited"))  # examples of a user's own decorators


def spans(page: str) -> list[str]:
    """The page's `code`, without its blocks."""
    text = re.sub(r"```.*?```", "", (DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.findall(r"`([^`\n]+)`", text)


@pytest.mark.parametrize("page", PAGES)
def test_every_class_and_decorator_of_a_page_can_be_imported(page: str) -> None:
    missing = set()
    for span in spans(page):
        match = re.match(r"(@?)([A-Za-z_]\w*)(?:$|[(,\[]|\.([a-z]\w*))", span)
        if match is None or span in OWN:
            continue
        at, name, attribute = match.groups()
        if not at and (name in OTHERS or not re.match(r"[A-Z]+\d*[a-z]", name)):
            continue
        value = getattr(flowc, name, None)
        if value is None or (attribute and inspect.isclass(value) and not hasattr(value, attribute)):
            missing.add(span)
    assert not missing


@pytest.mark.parametrize("page", PAGES)
def test_every_import_of_a_page_works(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    for statement in re.findall(r"from (?:flowc|metaflow)\S* import [\w, ]+", text):
        exec(statement, {})


def test_the_pages_have_such_names() -> None:
    """Checks that the test above finds names."""
    assert {"S3GetObject", "S3PutObject", "DataArtifact"} <= set(spans("client.md"))
    assert any(span.startswith("@retry(") for span in spans("language.md"))
    assert {name for name in flowc.API if getattr(flowc, name, None) is not None} == flowc.API
