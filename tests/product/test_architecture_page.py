"""What the pages for contributors name is there: every path, every module, and every section that code cites."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.import_graph import FOLDERS, ROOT

PAGES = (
    ROOT / "ARCHITECTURE.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "README.md",
    *sorted(ROOT.glob("docs/*.md")),
    *sorted(ROOT.glob("docs/decisions/*.md")),
)
TOP = (*FOLDERS, "tests", "docs", "examples", "benchmarks", ".ci", ".github")
PATH = re.compile(rf"(?:{'|'.join(map(re.escape, TOP))})/[\w./*-]*")
BARE = re.compile(r"\w+\.py")
PLACEHOLDER = re.compile(r"TARGET|NAME|FLOWnnn")
# What pages call by a name alone that is no file of the repository: flows of examples.
FLOWS = {"flow.py", "hello.py", "train.py", "wrong.py", "fragile.py", "report.py", "setup.py", "config.py"}
MODULE = re.compile(r"\b(?:flowc|tests)(?:\.[a-z_]\w*)+\b(?!/)")
CITATION = re.compile(r"(docs/[\w/-]+\.md)(?:, ([A-Z][\w',:@` -]*))?")
SOURCES = sorted(path for folder in (*FOLDERS, "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py"))


def code(text: str) -> Iterator[str]:
    """Yields the `code` of a page, without its blocks."""
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))


def exists(path: str) -> bool:
    path = PLACEHOLDER.sub("*", path)
    return any(ROOT.glob(path.rstrip("/"))) if "*" in path else (ROOT / path).exists()


def importable(name: str) -> bool:
    """True if the name is a module, or an attribute of one."""
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # what is before the last dot is no package
        return find_spec(name.rpartition(".")[0]) is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_are_there(page: Path) -> None:
    spans = set(code(page.read_text(encoding="utf-8")))
    paths = {span for span in spans if PATH.fullmatch(span)}
    names = {span for span in spans if BARE.fullmatch(span)} - FLOWS
    missing = {path for path in paths if not exists(path)} | {name for name in names if not any(source.name == name for source in SOURCES)}
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_modules_are_there(page: Path) -> None:
    names = {name for span in code(page.read_text(encoding="utf-8")) for name in MODULE.findall(span) if not re.search(r"\.(py|md|json|toml)$", name)}
    assert not {name for name in names if not importable(name)}


def test_the_guide_names_every_folder_of_the_product() -> None:
    spans = set(code((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")))
    folders = {
        f"{path.relative_to(ROOT)}/"
        for folder in ("compiler", "runtime_shim")
        for path in (ROOT / folder).iterdir()
        if (path / "__init__.py").exists()
    }
    assert not {folder for folder in folders if not any(span.startswith(folder) for span in spans)}


def test_sections_that_code_cites_are_there() -> None:
    missing = []
    for source in SOURCES:
        for page, section in CITATION.findall(source.read_text(encoding="utf-8")):
            if not exists(page):
                missing.append(f"{source.relative_to(ROOT)}: {page}")
            elif section:
                headings = re.findall(r"^#+ (.*)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
                parts = [section] if section in headings else section.split(" and ")
                missing += [
                    f"{source.relative_to(ROOT)}: {page}, {part}" for part in parts if not any(heading.startswith(part) for heading in headings)
                ]
    assert not missing


def test_the_test_reads_what_it_should() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert "compiler/pipeline.py" in {span for span in code(text) if PATH.fullmatch(span)}
    assert not exists("compiler/nothing.py") and exists("targets/TARGET/emit.py") and exists("compiler/ir/")
    assert importable("tests.support.import_graph") and not importable("flowc.nothing") and not importable("flowc.nothing.at_all")
    assert CITATION.findall("(docs/shim.md, Runs and starts).") == [("docs/shim.md", "Runs and starts")]
