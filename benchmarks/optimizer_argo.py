"""`python -m benchmarks.optimizer_argo`: pods and seconds of runs on a real Argo, with and without `--optimize`.

All in one run, on one node. What would take the node an hour without the optimizer is measured on a smaller flow, and
said so: a foreach of 1,000 items by one of 100. Needs what the tests on the node need (CONTRIBUTING.md, The engines),
so it is not part of `make bench`. Names of flows as arguments choose some of them.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.engines.argo import Argo, Images
from tests.engines.kubernetes.node import ADDRESS, Node
from tests.golden.regenerate import FLOWS
from tests.support.running import until
from tests.support.s3_server import s3_server

from .measure import row
from .optimizer_flows import HEAD, fold, line, loop

ONE = (
    HEAD
    + """class One(FlowSpec):
    @step
    def start(self):
        self.x = 1
"""
)


@dataclass(frozen=True)
class Measured:
    """One run."""

    pods: int
    seconds: float
    spec: int  # bytes


@dataclass(frozen=True)
class Case:
    """A flow, and the smaller one that stands for it without the optimizer: "" for itself, "-" for none."""

    name: str
    source: str  # "": the wine example
    smaller: str = ""
    note: str = ""


CASES = (
    Case("one pod", ONE),
    Case("ten linear steps", line(10)),
    Case("wine", ""),
    Case("wine, all in one pod", "", "-"),
    Case("ten steps, foreach of 1,000", fold(1000), fold(100), "measured without it: a foreach of 100"),
    Case("ten steps, foreach of 10,000", fold(10000), "-"),
    Case("loop of 300 visits", loop(300), loop(20), "measured without it: 20 visits"),
)


def main() -> None:
    chosen = [case for case in CASES if not sys.argv[1:] or any(word in case.name for word in sys.argv[1:])]
    print("pods and seconds on Argo, without and with --optimize")
    with tempfile.TemporaryDirectory() as folder, Node() as node, s3_server(ADDRESS) as s3:
        argo = Argo(Images(node, s3))
        run(argo, _written(Path(folder), Case("warm", ONE), ONE), "warm")  # the first pod of a node takes longer
        for case in chosen:
            measure(argo, case, Path(folder))


def measure(argo: Argo, case: Case, folder: Path) -> tuple[Measured | None, Measured]:
    """Runs the flow without the optimizer, if that is feasible, and with it."""
    before = None
    if case.smaller != "-":
        limited = ("--max-visits", "0") if case.source.startswith("class Loop") else ()  # else visits share a pod
        before = run(argo, _written(folder, case, case.smaller or case.source), "plain", *limited)
        row(
            case.name,
            f"{before.pods} pods",
            f"{before.seconds:.1f} s; spec {before.spec} bytes; {case.note}".strip("; "),
        )
    after = run(argo, _written(folder, case, case.source), "optimized", "--optimize")
    ratio = f"; {before.seconds / after.seconds:.1f} x as fast" if before else ""
    row(
        f"{case.name}, --optimize", f"{after.pods} pods",
        f"{after.seconds:.1f} s; spec {after.spec} bytes{ratio}",
    )  # fmt: skip
    return before, after


def run(argo: Argo, flow: Path, name: str, *options: str) -> Measured:
    """Runs the flow; raises AssertionError if it fails."""
    spec = argo.deploy(flow, "baked", "--name", f"{name}-{flow.stem.replace('_', '-')}"[:50], *options)
    started = argo.start(spec)
    began = time.monotonic()
    until(lambda: argo.has_ended(started), f"the end of {started}", 3600, every=0.2)
    seconds = time.monotonic() - began
    outcome = argo.wait(started)
    assert outcome.succeeded, outcome.detail
    return Measured(outcome.tasks, seconds, len(spec.only(".argo.yaml").encode()))


def _written(folder: Path, case: Case, source: str) -> Path:
    if not source:
        return _wine(folder) if "," in case.name else FLOWS["wine"]
    path = folder / f"{case.name.partition(',')[0].replace(' ', '_')}_{len(source)}.py"
    path.write_text(source)
    return path


def _wine(folder: Path) -> Path:
    """Returns a copy of the wine example with settings that put all of its steps into one container."""
    copy = folder / "wine"
    copy.mkdir()
    for name in ("flow.py", "models.py", "requirements.txt"):
        shutil.copy(FLOWS["wine"].parent / name, copy)
    (copy / "pyproject.toml").write_text(
        '[tool.flowc.optimize]\nsizes = "largest"\n\n'
        "[tool.flowc.optimize.steps.fold]\ntogether = true\ncpu = 2\nmemory = 2000\n"
    )
    return copy / "flow.py"


if __name__ == "__main__":
    main()
