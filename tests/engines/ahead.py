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

    def ran(self, case: Case) -> Ran:
        """Waits for the case's run; the first case of an engine begins all of them."""
        if case not in self.futures:
            engine = self.engine(case.engine)
            pool = ThreadPoolExecutor(engine.at_once)
            self.pools.append(pool)
            for each in self.selected:
                if each.engine == case.engine and not each.refusal:
                    self.futures[each] = pool.submit(_run, engine, each)
        return self.futures[case].result()

    def stop(self) -> None:
        """Begins no more runs, and waits for those that run."""
        for each in self.pools:
            each.shutdown(cancel_futures=True)


def _run(engine: Engine, case: Case) -> Ran:
    outcome, left = engine.leaves(case.path(), case.delivery, json.loads(case.given))
    return Ran(outcome, without_run(left, outcome.run))
