"""Begins the runs of all selected tests of an engine together, since most of a run is waiting."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import pytest

from .cases import Case
from .deploying import Dump, Given, Outcome, without_run


class Engine(Protocol):
    """The interface of an engine's module: it runs a flow from its source to its result."""

    at_once: int  # how many runs it takes at a time

    def leaves(self, flow: Path, delivery: str, parameters: Given, *options: str) -> tuple[Outcome, Dump]: ...


@dataclass
class Ran:
    """The end of a case."""

    outcome: Outcome
    left: Dump


@dataclass(frozen=True)
class Scenario:
    """An incident on an engine and its required outcome.

    `act` takes the engine and an empty folder, causes the incident, and asserts.
    """

    engine: str
    act: Callable[[Any, Path], None]

    def __str__(self) -> str:
        return self.act.__name__


def scenarios(engine: str, *acts: Callable[[Any, Path], None]) -> list[object]:
    """The scenarios, as parameters of a test."""
    return [pytest.param(scenario, id=str(scenario)) for scenario in (Scenario(engine, act) for act in acts)]


class Ahead:
    """`selected`: all cases and scenarios of this session; `engine`: starts an engine by its name, or returns it."""

    def __init__(self, selected: list[Case | Scenario], engine: Callable[[str], Engine]) -> None:
        self.selected, self.engine = selected, engine
        self.futures: dict[Case | Scenario, Future[Any]] = {}
        self.pools: list[ThreadPoolExecutor] = []

    def begin(self, name: str) -> None:
        """Begins everything that is selected for the engine, once. Scenarios come first, since they wait longest."""
        selected = [
            entry for entry in self.selected if entry.engine == name and not (isinstance(entry, Case) and entry.refusal)
        ]
        if not selected or selected[0] in self.futures:
            return
        engine = self.engine(name)
        pool = ThreadPoolExecutor(engine.at_once)
        self.pools.append(pool)
        for entry in sorted(selected, key=lambda entry: isinstance(entry, Case)):
            self.futures[entry] = pool.submit(_do, engine, entry)

    def ran(self, case: Case) -> Ran:
        """Waits for the case's run."""
        self.begin(case.engine)
        ran: Ran = self.futures[case].result()
        return ran

    def happened(self, scenario: Scenario) -> None:
        """Waits for the scenario's end. Raises what it raised."""
        self.begin(scenario.engine)
        self.futures[scenario].result()

    def stop(self) -> None:
        """Begins no more runs, and waits for those that run."""
        for pool in self.pools:
            pool.shutdown(cancel_futures=True)


def _do(engine: Engine, selected: Case | Scenario) -> Ran | None:
    if isinstance(selected, Case):
        outcome, left = engine.leaves(selected.path(), selected.delivery, json.loads(selected.given))
        return Ran(outcome, without_run(left, outcome.run))
    with TemporaryDirectory() as folder:
        selected.act(engine, Path(folder))
    return None
