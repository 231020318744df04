"""The corpus compiles to every target, or is refused, as its files say. What runs of it leave is compared with Metaflow's in
`tests/differential`; here only runs of flows that Metaflow cannot run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.running import dump, flowc

from .cases import Idiom, idioms

IDIOMS = idioms()
COMPILED = [idiom for idiom in IDIOMS if not idiom.expected]
NOT_COMPARED = [idiom for idiom in COMPILED if not idiom.is_compared and "run" not in idiom.told]
TARGETS = ("airflow", "argo", "step-functions")


def test_names_are_unique_and_idioms_are_told() -> None:
    assert len({idiom.name for idiom in IDIOMS}) == len(IDIOMS)
    assert all({"idiom", "expect"} <= set(idiom.told) for idiom in IDIOMS)


def test_every_flow_that_compiles_is_run_or_says_why_not() -> None:
    assert not [idiom.name for idiom in NOT_COMPARED if not idiom.leaves]


@pytest.mark.parametrize("idiom", IDIOMS, ids=[idiom.name for idiom in IDIOMS])
def test_the_verdict(idiom: Idiom, tmp_path: Path) -> None:
    root = _copied(idiom, tmp_path)
    file = str(idiom.path.relative_to(idiom.root))
    words = ["--store", "s3://bucket/flows", "--format", "json", *idiom.options]
    for target in TARGETS:
        asked = [target] if idiom.expected or target in idiom.refused else []
        if asked and (target == "argo" or not idiom.expected):
            done = flowc("check", file, "--target", target, *words, cwd=root, env=idiom.environment(root))
            assert _errors(done.returncode, done.stdout, done.stderr) == idiom.refused.get(target, idiom.expected)
    targets = [target for target in TARGETS if target not in idiom.refused]
    if not idiom.expected and targets:
        words += ["--target", ",".join(targets), "-o", str(tmp_path / "build")]
        done = flowc("compile", file, *words, cwd=root, env=idiom.environment(root))
        assert _errors(done.returncode, done.stdout, done.stderr) == []
        assert all((tmp_path / "build" / target).is_dir() for target in targets)


@pytest.mark.parametrize("idiom", NOT_COMPARED, ids=[idiom.name for idiom in NOT_COMPARED])
def test_what_a_run_leaves(idiom: Idiom, tmp_path: Path) -> None:
    root, store = _copied(idiom, tmp_path), tmp_path / "store"
    words = ["run", str(idiom.path.relative_to(idiom.root)), "--store", str(store), "--run-id", "r", *idiom.options]
    flowc(*words, cwd=root, env=idiom.environment(root), check=True)
    last = (steps := dump(store)).get("end", list(steps.values())[-1])[0]
    left = {name: artifact["repr"] for name, artifact in last["artifacts"].items()}
    assert {name: left.get(name) for name in idiom.leaves} == idiom.leaves


def _copied(idiom: Idiom, folder: Path) -> Path:
    root = folder / idiom.root.name
    shutil.copytree(idiom.root, root, ignore=shutil.ignore_patterns("__pycache__"))
    (root / ".git").mkdir()
    return root


def _errors(status: int, output: str, errors: str) -> list[str]:
    assert status in (0, 1), errors
    found = [diagnostic for diagnostic in json.loads(output)["diagnostics"] if diagnostic["severity"] == "error"]
    return sorted(diagnostic["code"] for diagnostic in found)
