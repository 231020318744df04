"""The compiler reports the faults of any file: no traceback, no hanging, no spec that an engine would refuse.

`FLOWC_FUZZ=N` reads N mutated flows (1,000 by default, 20,000 in `make nightly`), in as many shares as there are workers;
`FLOWC_FUZZ_SEED` chooses another series. A failing input is written where the message says.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest
from flowc.compiler.ir.validity import violations
from flowc.compiler.pipeline import load
from flowc.compiler.report.diagnostics import Refused, full
from flowc.runtime_shim.contract.graph import Graph
from flowc.targets.target import emitter, names, validator

from tests.fuzz.mutate import mutated
from tests.support.building import options_of

COUNT = int(os.environ.get("FLOWC_FUZZ", "1000"))
SEED = int(os.environ.get("FLOWC_FUZZ_SEED", "1"))
SHARES = 8
SECONDS = 20  # processor time for one input: a bound on hanging, not a measure of speed
ROOT = Path(__file__).parent.parent.parent


def corpus() -> list[bytes]:
    """The flows of the repository, right and wrong ones."""
    paths = [
        *(ROOT / "tests" / "flows").glob("*.py"),
        *(ROOT / "examples").glob("**/*.py"),
        *(ROOT / "tests" / "differential").glob("**/*.py"),
    ]
    wrong = [
        text
        for file in sorted((ROOT / "tests" / "fixtures" / "compiler" / "diagnostics").glob("*.txt"))
        for text in cases(file)
    ]
    return [path.read_bytes() for path in sorted(paths) if path.stat().st_size] + wrong


def cases(file: Path) -> Iterator[bytes]:
    """Yields the flows of a fixture file, each between its title and `>>>`, with the line of imports."""
    for part in file.read_text(encoding="utf-8").split("\n>>>")[:-1]:
        yield b"from metaflow import *\n" + part[part.rfind("\n# ") + 1 :].encode()


@pytest.fixture
def alarm() -> Iterator[None]:
    """Makes an input that takes too long fail, wherever it hangs."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"more than {SECONDS} s of processor time")

    before = signal.signal(signal.SIGVTALRM, ring)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize("share", range(SHARES))
def test_mutated_flows(share: int, tmp_path: Path, alarm: None) -> None:
    chance = random.Random(f"{SEED}-{share}")
    flows = corpus()
    accepted = 0
    for number in range(-(-COUNT // SHARES)):
        data = mutated(chance.choice(flows), chance)
        path = tmp_path / "flow.py"
        path.write_bytes(data)
        try:
            signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
            accepted += digested(path)
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        except BaseException as error:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            kept = tmp_path / f"failing-{number}.py"
            kept.write_bytes(data)
            pytest.fail(
                f"FLOWC_FUZZ_SEED={SEED} share {share} input {number}, kept in {kept}: {type(error).__name__}: {error}"
            )
    print(f"{accepted} accepted")


def digested(path: Path) -> bool:
    """Reads the flow, and emits it for every target that accepts it. Returns False if it is refused."""
    try:
        program = load(str(path))
    except Refused as refused:
        assert refused.diagnostics
        for diagnostic in refused.diagnostics:
            assert diagnostic.code and diagnostic.what and diagnostic.why, diagnostic
            full(diagnostic, refused.sources, False)
        return False
    assert not list(violations(program.flow, program.scope))
    import json

    from flowc.compiler.ir.json_form import from_json, to_json

    text = to_json(program.flow, program.scope)
    assert from_json(text) == (program.flow, program.scope)
    Graph(json.loads(text))
    for name in names():
        target, options = emitter(name), options_of(name)
        if any(diagnostic.severity == "error" for diagnostic in target.check(program.flow, options)):
            continue
        for file in target.emit(program.flow, program.scope, options):
            if validator(name).recognises(file.name, file.text):
                findings = list(validator(name).validate(file.name, file.text))
                assert not findings, findings
    return True
