"""`python -m benchmarks.optimizer_engines [ENGINE] [WORD…]`: containers and seconds with and without `--optimize`.

The engines are Step Functions (an interpreter of the Amazon States Language whose jobs are processes here) and Airflow
with tasks that are processes. All in one run. What would take an hour without the optimizer is measured on a smaller
flow, and said so. Words choose cases by their names. With `--folder`, the datastore of Airflow's tasks is a folder, not
an S3 server in Python, which takes most of the time of short tasks. Needs what the tests on the engines need
(CONTRIBUTING.md, The engines), so it is not part of `make bench`.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.engines.airflow import Airflow
from tests.engines.airflow_tasks import python_with
from tests.engines.deploying import Compiled, compiled
from tests.engines.packages import packages_of
from tests.engines.step_functions import StepFunctions, step_functions
from tests.golden.regenerate import FLOWS
from tests.support.s3_server import S3Server, s3_server

from .measure import row
from .optimizer_flows import fold, line, loop

NOT_FEASIBLE = "-"


@dataclass(frozen=True)
class Case:
    """A flow, and the smaller one that stands for it without the optimizer."""

    name: str
    source: str  # "": the wine example
    smaller: str = ""  # "": the same
    times: int = 1  # how many times as large as the smaller one
    note: str = ""


CASES = (
    Case("ten linear steps", line(10)),
    Case("wine", ""),
    Case("ten steps, foreach of 1,000", fold(1000), fold(100), 10, "measured without it: a foreach of 100"),
    Case("ten steps, foreach of 10,000", fold(10_000), NOT_FEASIBLE),
    Case("loop of 300 visits", loop(300), loop(60), 5, "measured without it: 60 visits"),
    Case("ten steps, foreach of 100,000", fold(100_000), NOT_FEASIBLE),
)


@dataclass(frozen=True)
class Measured:
    """One run."""

    containers: int
    seconds: float
    spec: int  # bytes of all files


class OnStepFunctions:
    name = "Step Functions"
    can_loop = True

    def __init__(self, stack: ExitStack) -> None:
        self.engine: StepFunctions = stack.enter_context(step_functions())

    def run(self, flow: Path, *options: str) -> Measured:
        """Runs the flow; raises AssertionError if it fails."""
        spec, machine = self.engine.deploy(flow, "baked", *options)
        before, began = self.engine.jobs(), time.monotonic()
        outcome = self.engine.wait(self.engine.start(machine), 3600)
        seconds = time.monotonic() - began
        assert outcome.succeeded, outcome.detail
        return Measured(self.engine.jobs() - before, seconds, _size(spec))


class OnAirflow:
    name = "Airflow"
    can_loop = False  # without the optimizer

    def __init__(self, stack: ExitStack) -> None:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="flowc-airflow-")))
        self.s3: S3Server = stack.enter_context(s3_server())
        self.is_s3 = "--folder" not in sys.argv
        self.airflow = stack.enter_context(Airflow(os.environ["FLOWC_AIRFLOW_PYTHON"], folder))

    def run(self, flow: Path, *options: str) -> Measured:
        """Runs the flow; raises AssertionError if it fails."""
        python = python_with(packages_of(flow), self.airflow.home)
        store = self.s3 if self.is_s3 else Path(tempfile.mkdtemp(dir=self.airflow.home))
        spec = compiled(flow, "airflow", store, "--airflow-tasks", "process", "--airflow-python", python, *options)
        began = time.monotonic()
        result = self.airflow.run(spec.only("_dag.py"), {}, self.s3.environment, 3600)
        seconds = time.monotonic() - began
        assert result["state"] == "success", result["log"][-3000:]
        steps = (states for name, states in result["tasks"].items() if "." not in name)
        return Measured(sum(state == "success" for states in steps for state in states), seconds, _size(spec))


def _size(spec: Compiled) -> int:
    return sum(len(text.encode()) for text in spec.files.values())


ENGINES: dict[str, type[OnStepFunctions] | type[OnAirflow]] = {"step-functions": OnStepFunctions, "airflow": OnAirflow}


def main() -> None:
    words = [word for word in sys.argv[1:] if word != "--folder"]
    engines = [word for word in words if word in ENGINES] or list(ENGINES)
    wanted = [word for word in words if word not in ENGINES]
    for name in engines:
        with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
            engine = ENGINES[name](stack)
            print(f"containers and seconds on {engine.name}, without and with --optimize", flush=True)
            for case in CASES:
                if not wanted or any(word in case.name for word in wanted):
                    measure(engine, case, Path(folder))


def measure(engine: OnStepFunctions | OnAirflow, case: Case, folder: Path) -> None:
    """Runs the flow without the optimizer, if that is feasible, and with it."""
    before = None
    if case.smaller != NOT_FEASIBLE and (engine.can_loop or "loop" not in case.name):
        before = engine.run(_written(folder, case.smaller or case.source))
        row(
            case.name,
            f"{before.containers}",
            f"{before.seconds:.1f} s; spec {before.spec} bytes; {case.note}".strip("; "),
        )
    after = engine.run(_written(folder, case.source), "--optimize")
    each = "for each item or visit " if case.times > 1 else ""
    ratio = f"; {each}{case.times * before.seconds / after.seconds:.1f} x as fast" if before else ""
    row(f"{case.name}, --optimize", f"{after.containers}", f"{after.seconds:.1f} s; spec {after.spec} bytes{ratio}")


def _written(folder: Path, source: str) -> Path:
    if not source:
        return FLOWS["wine"]
    place = Path(tempfile.mkdtemp(dir=folder), "flow.py")
    place.write_text(source)
    return place


if __name__ == "__main__":
    main()
