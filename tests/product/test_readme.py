"""The README shows exactly the output of flowc."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.golden.regenerate import ROOT
from tests.support.running import flowc

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"<!-- (\w+)(?:: (\S+))? -->\n```\w*\n(.*?)```", README, re.DOTALL)
HELLO = ROOT / "examples" / "hello.py"


@pytest.mark.parametrize(
    ("kind", "argument", "text"), BLOCKS, ids=[f"{kind} {argument}" for kind, argument, _ in BLOCKS]
)
def test_block(kind: str, argument: str, text: str, tmp_path: Path) -> None:
    if kind == "file":
        assert (ROOT / argument).read_text().startswith(text)
    elif kind == "compile":
        spec = flowc(
            "compile", str(HELLO), "-t", argument, "--store", "s3://models/flowc", "-o", "-", check=True
        ).stdout
        # of what a job definition says, the code's digest too
        assert text in re.sub(r'-[0-9a-f]{8}"', '-DIGEST"', spec)
    else:
        assert kind == "check"
        (tmp_path / "hello.py").write_text(HELLO.read_text().replace("self.end)", "self.ent)"))
        assert text in flowc("check", "hello.py", cwd=tmp_path).stderr


def test_there_are_blocks() -> None:
    assert [kind for kind, _, _ in BLOCKS] == ["file", "compile", "compile", "compile", "check"]


@pytest.mark.parametrize(
    "page",
    sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md")),
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert link.startswith("https://") or (page.parent / link).exists(), link


def test_make_targets_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for page in (README, (ROOT / "CONTRIBUTING.md").read_text()):
        for target in re.findall(r"`?\bmake ([a-z-]+)\b", page):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
