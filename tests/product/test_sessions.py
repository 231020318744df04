"""Pages with sessions show the output of flowc, and the files that they name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.support.sessions import PAGES, ROOT, Unlike, excerpt, renewed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_shows_what_is_printed(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "\n```console\n$ flowc " in text
    assert renewed(text) == text, "record it anew: python -m tests.support.sessions"


def test_a_page_that_shows_something_else_is_told_apart() -> None:
    assert renewed("```console\n$ echo one\ntwo\n```\n") == "```console\n$ echo one\none\n```\n"


def test_files_of_a_page_are_there_for_its_commands() -> None:
    file = "<!-- file: words.txt -->\n```text\na\nb\n```\n"
    session = "```console\n$ cat words.txt\na\nb\n$ flowc --version > v; ls\nv\nwords.txt\n```\n"
    assert renewed(f"{file}\n{session}") == f"{file}\n{session}"


@pytest.mark.parametrize(
    ("shown", "lines"),
    [
        (["old"], ["a", "b", "c", "d"]),
        (["a", "…"], ["a", "…"]),
        (["…", "c", "x"], ["…", "c", "d"]),
        (["…", "b", "…", "d", "…"], ["…", "b", "…", "d", "…"]),
        (["…", "b", "x", "y", "d", "…"], ["…", "b", "c", "d", "…"]),
    ],
)
def test_an_excerpt(shown: list[str], lines: list[str]) -> None:
    assert excerpt(shown, ["a", "b", "c", "d"], "command") == lines


def test_an_excerpt_that_begins_with_what_is_not_printed_is_refused() -> None:
    with pytest.raises(Unlike, match="`command` prints no line `z`"):
        excerpt(["…", "z", "…"], ["a", "b"], "command")


def test_argo_cd_applies_the_folder_that_compile_writes() -> None:
    text = (ROOT / "docs" / "tutorials" / "gitops.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"<!-- file: application.yaml -->\n```yaml\n(.*?)```", text, re.DOTALL)
    application = yaml.safe_load(shown)
    assert f"\nargo      {application['spec']['source']['path']}/report.argo.yaml\n" in text
    explained = re.findall(r"^- `(\w+=\w+)`", text, re.MULTILINE)
    assert sorted(application["spec"]["syncPolicy"]["syncOptions"]) == sorted(explained)
