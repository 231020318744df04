"""Runs of all selected cases, begun together: most of a run on an engine is waiting, which several can do at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .cases import Case
from .deploying import Dump, Given, Outcome, without_run


class Engine(Protocol):
    """What an engine's module gives: a run of a flow from its source to what it leaves."""

    at_once: int  # how many runs it takes at a time

    def leaves(self, flow: Path, delivery: str, given: Given) -> tuple[Outcome, Dump]: ...


@dataclass
class Ran:
    """How a case ended."""

    outcome: Outcome
    left: Dump


class Ahead:
    """`selected`: all cases of this session; `engine`: starts an engine by its name, or returns it."""

    def __init__(self, selected: list[Case], engine: Callable[[str], Engine]) -> None:
        self.selected, self.engine = selected, engine
        self.futures: dict[Case, Future[Ran]] = {}
        self.pools: list[ThreadPoolExecutor] = []

    def begin(self, name: str) -> None:
        """Begins the runs of all selected cases of that engine, unless they have begun."""
        cases = [each for each in self.selected if each.engine == name and not each.refusal]
        if not cases or cases[0] in self.futures:
            return
        engine = self.engine(name)
        pool = ThreadPoolExecutor(engine.at_once)
        self.pools.append(pool)
        for each in cases:
            self.futures[each] = pool.submit(_run, engine, each)

    def ran(self, case: Case) -> Ran:
        """Waits for the case's run."""
        self.begin(case.engine)
        return self.futures[case].result()

    def stop(self) -> None:
        """Begins no more runs, and waits for those that run."""
        for each in self.pools:
            each.shutdown(cancel_futures=True)


def _run(engine: Engine, case: Case) -> Ran:
    outcome, left = engine.leaves(case.path(), case.delivery, json.loads(case.given))
    return Ran(outcome, without_run(left, outcome.run))
