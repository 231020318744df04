"""The corpus compiles, or is refused, as its files say. `tests/differential` compares what its runs leave with Metaflow's."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.running import flowc

from .cases import Idiom, idioms

IDIOMS = idioms()


def test_names_are_unique_and_idioms_are_told() -> None:
    assert len({idiom.name for idiom in IDIOMS}) == len(IDIOMS)
    assert all({"idiom", "expect"} <= set(idiom.told) for idiom in IDIOMS)


@pytest.mark.parametrize("idiom", IDIOMS, ids=[idiom.name for idiom in IDIOMS])
def test_the_verdict(idiom: Idiom, tmp_path: Path) -> None:
    root = tmp_path / idiom.root.name
    shutil.copytree(idiom.root, root, ignore=shutil.ignore_patterns("__pycache__"))
    (root / ".git").mkdir()
    file = str(idiom.path.relative_to(idiom.root))
    words = ["check", file, "--target", "argo", "--store", "s3://bucket/flows", "--format", "json", *idiom.options]
    done = flowc(*words, cwd=root, env=idiom.environment(root))
    assert done.returncode in (0, 1), done.stderr
    errors = [diagnostic for diagnostic in json.loads(done.stdout)["diagnostics"] if diagnostic["severity"] == "error"]
    assert sorted(error["code"] for error in errors) == idiom.expected, done.stdout
