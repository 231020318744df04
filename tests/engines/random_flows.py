"""The same few random flows for every engine, and the comparison of their results with the reference.

They are drawn once, and small, since each task may be a pod. A nightly run draws hundreds more (`test_nightly.py`).
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import threading
from collections import Counter
from functools import cache
from pathlib import Path

from flowc.compiler.ir.nodes import Flow, Switch
from flowc.compiler.ir.scopes import is_loop, targets
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from tests.support.reference import Expected, expected
from tests.support.running import said
from tests.support.strategies import failures, flows, meetings, source_of

from .deploying import Dump

SEED = 2037  # of sixty tried, the one whose flows have most pairs of what happens together
COUNT = 20
MOST = 8  # attempts at tasks of one flow
# What each engine's sample has, since engines have run it wrong: a switch that a switch passes by, and a step where ways
# meet that none comes to.
MUST = ("switch-passed-by", "meeting-passed-by")
_drawing = threading.Lock()  # otherwise each of the first threads would draw them


@cache
def drawn() -> tuple[Flow, ...]:
    """Flows whose runs make at least 4 and at most MOST attempts at tasks, the same every time.

    Few flows so small have a meeting, so some are drawn of which that is the main thing.
    """
    by_source: dict[str, Flow] = {}

    def draw(several: SearchStrategy[Flow], count: int) -> None:
        @seed(SEED)
        @settings(
            max_examples=count,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            deadline=None,
        )
        @given(several)
        def one(flow: Flow) -> None:
            if len(flow.steps) <= MOST and 4 <= expected(flow).attempts <= MOST:
                by_source.setdefault(source_of(flow), flow)

        one()

    draw(flows(faults=True), 500)
    draw(meetings(faults=True), 100)
    return tuple(by_source.values())


@cache
def sample(cost: int) -> tuple[Flow, ...]:
    """Returns COUNT of the drawn flows, chosen so that many things happen together in some flow of them; of equal ones, those with fewer tasks.

    An attempt at a task is worth `cost` pairs of what happens together.
    """
    with _drawing:
        flows = drawn()
    attempts = [expected(flow).attempts for flow in flows]
    waiting = {number: together(flow) for number, flow in enumerate(flows)}
    chosen: list[int] = []
    seen: set[frozenset[str]] = set()
    for needed in [*(frozenset([feature]) for feature in MUST), *[frozenset[str]()] * (COUNT - len(MUST))]:
        possible = [number for number, pairs in waiting.items() if not needed or needed in pairs]
        best = max(
            possible,
            key=lambda number: (len(waiting[number] - seen) - cost * attempts[number], -attempts[number], -number),
        )
        seen |= waiting.pop(best)
        chosen.append(best)
    return tuple(flows[number] for number in chosen)


def together(flow: Flow) -> set[frozenset[str]]:
    """Returns the pairs of events that happen in one run of the flow."""
    reference = expected(flow)
    what = {"fails"} if reference.failed else passed_by(flow)
    for step in flow.steps:
        kind = step.name.split("_")[0]
        what.add("loop" if kind.startswith("loop") else kind)
        if step.decorators:
            names = "-".join(decorator.name for decorator in step.decorators)
            what.add(f"{kind.rstrip('0123')}-{names}-{'fails' if failures(step.name) else 'passes'}")
    return {frozenset((one, other)) for one in what for other in what}


def passed_by(flow: Flow) -> set[str]:
    """Returns the elements of MUST that happen in a successful run of the flow."""
    reached = {step for step, _ in expected(flow).records}
    before = Counter(target for step in flow.steps for target in targets(step) if target != step.name)
    features = set()
    for step in flow.steps:
        if step.name not in reached:
            if isinstance(step.transition, Switch) and not is_loop(step):
                features.add(MUST[0])
            if before[step.name] > 1 and not step.is_join:
                features.add(MUST[1])
    return features


@cache
def folder() -> Path:
    created = tempfile.mkdtemp(prefix=f"flowc-random-{os.getpid()}-")
    atexit.register(shutil.rmtree, created, ignore_errors=True)
    return Path(created)


def written(flow: Flow, name: str) -> Path:
    """Writes the flow's source to a file of its own."""
    path = folder() / f"{name}.py"
    path.write_text(source_of(flow))
    return path


def disagreement(dump: Dump, succeeded: bool, reference: Expected) -> str:
    """Returns the difference between a run's result and the reference as text; "" if there is none.

    A run with a task that fails must fail. What it leaves of other branches depends on how far they had come, but whatever is there must be
    right.
    """
    if succeeded == bool(reference.failed):
        return f"the run has {'succeeded' if succeeded else 'failed'}, but these tasks end it: {reference.failed}"
    wrong = []
    left = {
        (step, task["path"]): {name: said(one) for name, one in task["artifacts"].items()}
        for step, tasks in dump.items()
        for task in tasks
    }
    for task, artifacts in left.items():
        if artifacts != reference.records.get(task):
            wrong.append(f"{task}: {artifacts} instead of {reference.records.get(task)}")
    if not reference.failed:
        wrong += [f"{task} has left nothing" for task in reference.records if task not in left]
    return "\n".join(wrong)
