"""The pages for contributors name only existing paths, modules and sections."""

from __future__ import annotations

import re
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
# Names on the pages that are not files of the repository: flows of examples.
FLOWS = {"flow.py", "hello.py", "train.py", "wrong.py", "fragile.py", "report.py", "setup.py", "config.py"}
MODULE = re.compile(r"\b(?:flowc|tests)(?:\.[a-z_]\w*)+\b(?!/)")
CITATION = re.compile(r"(docs/[\w/-]+\.md)(?:, ([A-Z][\w',:@` -]*))?")
SOURCES = sorted(path for folder in (*FOLDERS, "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py"))


def spans(page: Path) -> set[str]:
    """Returns the `code` of a page, without its blocks."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return set(re.findall(r"`([^`\n]+)`", text))


def headings(page: Path) -> list[str]:
    return re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)


def exists(path: str) -> bool:
    path = PLACEHOLDER.sub("*", path)
    return any(ROOT.glob(path.rstrip("/"))) if "*" in path else (ROOT / path).exists()


def importable(name: str) -> bool:
    """True if the name is a module, or an attribute of one."""
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # the part before the last dot is not a package
        return find_spec(name.rpartition(".")[0]) is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_are_there(page: Path) -> None:
    names = {source.name for source in SOURCES} | FLOWS
    missing = {span for span in spans(page) if PATH.fullmatch(span) and not exists(span)}
    missing |= {span for span in spans(page) if BARE.fullmatch(span) and span not in names}
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_modules_are_there(page: Path) -> None:
    names = {name for span in spans(page) for name in MODULE.findall(span)}
    assert not {name for name in names if not re.search(r"\.(py|md|json|toml)$", name) and not importable(name)}


def test_the_guide_names_every_folder_of_the_product() -> None:
    named = spans(ROOT / "ARCHITECTURE.md")
    packages = [
        path.parent for folder in ("compiler", "runtime_shim") for path in (ROOT / folder).glob("*/__init__.py")
    ]
    assert len(packages) > 15
    assert not {str(package) for package in packages if f"{package.relative_to(ROOT)}/" not in named}


def test_sections_that_code_cites_are_there() -> None:
    missing = []
    for source in SOURCES:
        for page, section in CITATION.findall(source.read_text(encoding="utf-8")):
            place = f"{source.relative_to(ROOT)}: {page}"
            if not exists(page):
                missing.append(place)
            elif section:
                titles = headings(ROOT / page)
                parts = [section] if section in titles else section.split(" and ")
                missing += [f"{place}, {part}" for part in parts if not any(title.startswith(part) for title in titles)]
    assert not missing


def test_the_test_reads_what_it_should() -> None:
    assert "compiler/pipeline.py" in {span for span in spans(ROOT / "ARCHITECTURE.md") if PATH.fullmatch(span)}
    assert not exists("compiler/nothing.py")
    assert exists("targets/TARGET/emit.py") and exists("compiler/ir/")
    assert importable("tests.support.import_graph")
    assert not importable("flowc.nothing") and not importable("flowc.nothing.at_all")
    assert CITATION.findall("(docs/shim.md, Runs and starts).") == [("docs/shim.md", "Runs and starts")]
