"""The estimate of a run against what happened: `flowc profile` of some runs, then the estimate of one more.

    python -m benchmarks.optimizer_estimate                  runs flows on this machine
    python -m benchmarks.optimizer_estimate --engine NAME [--only WORD]
                                                             runs them on argo, step-functions or airflow, as written
                                                             and by their profile (CONTRIBUTING.md, The engines)
    python -m benchmarks.optimizer_estimate --store URL --target argo FLOW.py [--optimize]
                                                             compares with the newest run in a datastore

The clock of a run goes from the start of its first task to the end of its last one, so the estimate is without the
start of the first container.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flowc.compiler.optimize.cost import Estimate, Facts, Model, estimate
from flowc.compiler.pipeline import Program, load
from flowc.runtime_shim.client.datastore import Datastore, open_datastore
from flowc.runtime_shim.contract.tasks import tasks

from flowc.run_profile import run_profile
from tests.support.s3_server import S3Server

from .measure import row

BEFORE, AFTER = 3, 3  # runs that make a profile, and those whose median is compared with the estimate
WORKERS, AT_ONCE = 8, "2"  # tasks at a time here, and containers on the interpreter, whose jobs are processes here
STEP = """    @step
    def {name}(self{inputs}):
        {body}
        self.next({next})

"""


def source(name: str, *steps: tuple[str, str, str]) -> str:
    """Returns a flow of steps, each with its name (`join(inputs)` for a join), its code and its `self.next`."""
    text = f"import random, time\nfrom metaflow import FlowSpec, step\n\nclass {name}(FlowSpec):\n"
    for step, body, following in steps:
        inputs = ", inputs" if step.endswith("(inputs)") else ""
        text += STEP.format(name=step.partition("(")[0], inputs=inputs, body=body, next=following)
    return f"{text}    @step\n    def end(self):\n        pass\n"


def sleep(seconds: str) -> str:
    return f"time.sleep({seconds})"


FLOWS = {
    "five steps in a row": source(
        "Row", ("start", sleep("0.2"), "self.a"), ("a", sleep("0.3"), "self.b"), ("b", sleep("0.1"), "self.c"),
        ("c", sleep("0.4"), "self.end"),
    ),
    "three branches": source(
        "Branches", ("start", "pass", "self.a, self.b, self.c"), ("a", sleep("0.8"), "self.j"),
        ("b", sleep("0.2"), "self.j"), ("c", sleep("0.4"), "self.j"), ("j(inputs)", "pass", "self.end"),
    ),
    "a foreach of 60": source(
        "Wide", ("start", "self.items = list(range(60))", "self.body, foreach='items'"),
        ("body", sleep("0.1"), "self.j"), ("j(inputs)", "pass", "self.end"),
    ),
    "a foreach of 60 items that differ": source(
        "Varied", ("start", "self.items = list(range(60))", "self.body, foreach='items'"),
        ("body", sleep("random.Random(self.input).expovariate(8)"), "self.j"), ("j(inputs)", "pass", "self.end"),
    ),
    "a foreach of 6 in a foreach of 4": source(
        "Nested", ("start", "self.items = list(range(4))", "self.outer, foreach='items'"),
        ("outer", "self.inner_items = list(range(6)); " + sleep("0.1"), "self.inner, foreach='inner_items'"),
        ("inner", sleep("0.2"), "self.j"), ("j(inputs)", "pass", "self.k"), ("k(inputs)", "pass", "self.end"),
    ),
    "a loop of 20 visits": source(
        "Loop", ("start", "self.n = 0", "self.again"),
        ("again", "self.n += 1; self.more = self.n < 20; " + sleep("0.05"),
         "{True: self.again, False: self.end}, condition='more'"),
    ),
}  # fmt: skip


def main() -> None:
    print(f"the estimate of a run on this machine, by a profile of {BEFORE} runs: estimated / median of {AFTER} more")
    with tempfile.TemporaryDirectory() as folder:
        for what, text in FLOWS.items():
            file, store = Path(folder, "flow.py"), os.path.join(folder, what.replace(" ", "-"))
            file.write_text(text)
            program = load(str(file))
            _run(file, store, BEFORE)
            place = open_datastore(store)
            profile = run_profile(place, program.flow.name, BEFORE)
            start = profile.starts["local"].p50
            model = Model(program.flow, program.scope, Facts(start, WORKERS, profile=profile))
            _compare(
                what, place, program, _run(file, store, AFTER), estimate(model, program.flow, program.scope, {}), start
            )


def _run(file: Path, store: str, count: int) -> list[str]:
    """Runs the flow so many times, and returns the ids of the runs."""
    names = [f"{os.urandom(4).hex()}" for _ in range(count)]
    for name in names:
        command = [sys.executable, "-m", "flowc", "run", str(file), "-q", "--store", store, "--run-id", name]
        subprocess.run([*command, "--max-workers", str(WORKERS)], check=True, stdout=subprocess.DEVNULL)
    return names


@contextmanager
def _engine(name: str) -> Iterator[tuple[Any, S3Server, str]]:
    """Yields the engine, its datastore's server, and how flowc comes to its tasks."""
    from tests.support.s3_server import s3_server

    if name == "step-functions":
        from tests.engines.step_functions import step_functions

        with step_functions() as engine:
            yield engine, engine.s3, "baked"
    elif name == "airflow":
        from tests.engines.airflow import Airflow
        from tests.engines.airflow_tasks import Processes

        python = os.environ["FLOWC_AIRFLOW_PYTHON"]
        with (
            tempfile.TemporaryDirectory(prefix="flowc-airflow-") as home,
            s3_server() as s3,
            Airflow(python, Path(home)) as airflow,
        ):
            yield Processes(airflow, s3), s3, "process"
    else:
        from tests.engines.argo import Argo, Images
        from tests.engines.kubernetes.node import ADDRESS, Node

        with Node() as node, s3_server(ADDRESS) as s3:
            yield Argo(Images(node, s3)), s3, "baked"


def on_engine(name: str, words: list[str]) -> None:
    """Runs each flow as written, and as the optimizer makes it by the profile of that run."""
    from tests.engines.deploying import STORE
    from tests.support.running import flowc

    print(f"the estimate of a run on {name}, by the profile of those before: estimated / measured", flush=True)
    with tempfile.TemporaryDirectory() as folder, _engine(name) as (engine, s3, delivery):
        os.environ.update(s3.environment)
        for what, text in FLOWS.items():
            if words and not any(word in what for word in words):
                continue
            file = Path(folder, "flow.py")
            file.write_text(text)
            file.with_name("flow.profile.json").unlink(missing_ok=True)
            runs = []
            for options in ((), ("--optimize",), ("--optimize",)):
                outcome, _ = engine.leaves(file, delivery, {}, "--max-workers", AT_ONCE, *options)
                assert outcome.succeeded, outcome.detail
                runs.append(outcome.run)
                if len(runs) == 2:
                    of_runs(what, STORE, str(file), name, runs[0], runs[1], AT_ONCE)
                elif len(runs) == 3:  # by then, what a task waits for in a container is known
                    of_runs(f"{what}, once more", STORE, str(file), name, "", runs[-1], AT_ONCE)
                flowc("profile", str(file), "--store", STORE, env=s3.environment, check=True)


def of_newest(store: str, file: str, target: str, is_optimized: bool) -> None:
    """Compares the estimate with the newest run of the flow on the target, by the profile beside the flow."""
    name = load(file).flow.name
    place = open_datastore(store if "://" in store else os.path.abspath(store))
    newest = next(run for run in place.runs(name) if (place.run(name, run) or {}).get("target") == target)
    of_runs(f"{name} on {target}", store, file, target, *(("", newest) if is_optimized else (newest, "")))


def of_runs(
    what: str, store: str, file: str, target: str, written: str, optimized: str, workers: str = ""
) -> None:  # fmt: skip
    """Compares the estimates with a run as written, and with one as optimized, if they are given.

    `workers` is the most containers at a time, if the runs had such a limit.
    """
    from flowc.compiler.optimize.settings import Settings
    from flowc.targets.target import emitter

    from flowc.flow_profile import past_of
    from flowc.options import parse
    from flowc.run_estimate import comparison
    from flowc.targeting import OPTIONS, compilations, of_targets, package_of

    program, emitters = load(file), (emitter(target),)
    place = open_datastore(store if "://" in store else os.path.abspath(store))
    past, _ = past_of(file, "", program.flow)
    words = ["--max-workers", workers] if workers else []
    arguments = parse([file, *words], (*OPTIONS, *of_targets(emitters)))
    (compilation,) = compilations(program, emitters, arguments, package_of(program).digest, file)
    both = comparison(compilation, program, Settings(), past, {}, None)
    start = past.profile.starts[target].p50 if past is not None and target in past.profile.starts else 0
    for run, one, how in ((written, both.written, ""), (optimized, both.optimized, ", optimized")):
        if run:
            _compare(what + how, place, program, [run], one, start)


def _compare(what: str, place: Datastore, program: Program, runs: list[str], one: Estimate, start: float) -> None:
    measured = [_measured(place, program.flow.name, run) for run in runs]
    seconds = statistics.median(seconds for seconds, _, _ in measured)
    _, count, containers = measured[0]
    estimated = one.seconds - start
    row(what, f"{estimated / seconds:.2f}", f"{estimated:.2f} s / {seconds:.2f} s")
    row("  tasks", f"{one.cost.tasks / count:.2f}", f"{one.cost.tasks:.0f} / {count}")
    if containers:
        row("  containers", f"{one.cost.containers / containers:.2f}", f"{one.cost.containers:.0f} / {containers}")


def _measured(place: Datastore, flow: str, run: str) -> tuple[float, int, int]:
    """Returns the seconds of a run, its tasks, and its containers, 0 if the records do not tell."""
    records = [place.record(flow, run, *task) for task in tasks(place.store, flow, run)]
    done = [record.data for record in records if record is not None]
    starts = {(data.get("start") or {}).get("id") for data in done}
    seconds = max(data["ended"] for data in done) - min(data["started"] for data in done)
    return seconds, len(done), len(starts) if None not in starts else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.optimizer_estimate", description=__doc__)
    parser.add_argument("flow", nargs="?", help="the flow's file, with --store and --target")
    parser.add_argument("--store", default="")
    parser.add_argument("--target", default="argo")
    parser.add_argument("--optimize", action="store_true", help="the newest run was compiled with the optimizer")
    parser.add_argument("--engine", choices=("argo", "step-functions", "airflow"), help="run flows on this engine")
    parser.add_argument("--only", action="append", default=[], help="flows whose names hold this word, with --engine")
    options = parser.parse_args()
    if options.engine:
        on_engine(options.engine, options.only)
    elif options.flow:
        of_newest(options.store, options.flow, options.target, options.optimize)
    else:
        main()
