"""flowc against Metaflow: the same flow files, and the artifacts of every task. `harness.py` says what a case is."""

from __future__ import annotations

from pathlib import Path

import pytest

from .harness import (
    RECORDED,
    WRONG,
    Case,
    cases,
    difference,
    flowc_accepts,
    metaflow_accepts,
    recorded,
    tutorials,
    with_flowc,
    with_metaflow,
)

CASES = cases()
MISTAKES = sorted(WRONG.glob("*.py"))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_run_leaves_what_metaflow_s_leaves(case: Case, tmp_path: Path) -> None:
    """Compares with the recording of Metaflow's run."""
    outcome = with_flowc(case, tmp_path)
    told = difference(recorded(case), outcome, case)
    assert not told, f"{case.path}\n" + "\n".join(told) + f"\n{outcome.said}"


@pytest.mark.slow
@pytest.mark.metaflow
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_recording_is_what_metaflow_does(case: Case, tmp_path: Path) -> None:
    told = difference(with_metaflow(case, tmp_path), recorded(case), case)
    assert not told, f"{case.path}: python -m tests.differential.record {case.path.stem}\n" + "\n".join(told)


def test_every_recording_has_its_flow() -> None:
    assert {path.stem for path in RECORDED.glob("*.json")} == {case.path.stem for case in CASES}


@pytest.mark.parametrize("path", MISTAKES, ids=[path.stem for path in MISTAKES])
def test_a_mistake_is_refused(path: Path) -> None:
    assert not flowc_accepts(path)


@pytest.mark.slow
@pytest.mark.metaflow
@pytest.mark.parametrize("path", MISTAKES, ids=[path.stem for path in MISTAKES])
def test_metaflow_refuses_it_too(path: Path, tmp_path: Path) -> None:
    assert not metaflow_accepts(path, tmp_path)


# Metaflow's own tutorials, where they are installed; what is drawn by chance in them is set aside. The last reads a run of the one before.
CHANCE = "bonus movies playlist"
TUTORIALS = [
    (("00-helloworld/helloworld.py", ""),),
    (("01-playlist/playlist.py", CHANCE),),
    (("02-statistics/stats.py", ""), ("03-playlist-redux/playlist.py", CHANCE)),
]


@pytest.mark.slow
@pytest.mark.metaflow
@pytest.mark.parametrize("flows", TUTORIALS, ids=[flows[0][0].partition("/")[0] for flows in TUTORIALS])
def test_tutorials(flows: tuple[tuple[str, str], ...], tmp_path: Path) -> None:
    (tmp_path / "metaflow").mkdir()
    (tmp_path / "flowc").mkdir()
    for name, aside in flows:
        case = Case(tutorials() / name, (), False, frozenset(aside.split()))
        theirs, ours = with_metaflow(case, tmp_path / "metaflow"), with_flowc(case, tmp_path / "flowc")
        told = difference(theirs, ours, case)
        assert theirs.succeeded and not told, "\n".join(told) + theirs.said + ours.said
