"""The feature flows in containers of several tasks leave what each task in a place of its own leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.regenerate import FLOWS
from tests.support.fused import SHARED, Engine, copied
from tests.support.running import run
from tests.support.same_run import facts

UNLIKE = ("configs", "decorated", "gang")  # no two of their steps may share a container


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """What `flowc run` leaves of each flow, once it was asked for."""
    return {}


@pytest.mark.parametrize("how", ["all in one", "chunks of 2", pytest.param("as by default", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", sorted(set(FLOWS) - {"wine"}))
def test_the_same_run(name: str, how: str, plain: dict[str, dict[str, object]], tmp_path: Path) -> None:
    flow = copied(FLOWS[name], tmp_path / "flow")
    text = flow.read_text(encoding="utf-8")
    flow.write_text(text.replace("@retry(times=1)", "@retry(times=1, minutes_between_retries=0)"), encoding="utf-8")
    engine = Engine(flow, tmp_path / "engine", SHARED[how](flow))
    engine.go()
    if name not in plain:
        run(flow, tmp_path / "plain")
        plain[name] = facts(str(tmp_path / "plain"), engine.program.flow.name, "r")
    assert facts(engine.store, engine.program.flow.name, "r") == plain[name]
    assert name in UNLIKE or any("--within" in arguments for arguments in engine.started)
