"""The runs that are compared: every flow of `tests/flows` and the wine example, and random flows, on each engine, by each way of delivery.

A flow is found without being listed. Where its target refuses it, `tests/golden` has what it says, and the run is expected to be refused so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flowc.compiler.ir.nodes import Flow

from tests.golden.regenerate import FLOWS, HERE
from tests.support import hostile

from .deploying import Given
from .random_flows import COUNT, sample, written

DELIVERIES = {
    "argo": ("inject", "baked"),
    "step-functions": ("inject", "baked"),
    "airflow": ("process",),
    "airflow-pods": ("inject", "baked"),
}
# engines on which every flow runs with several tasks to a container too: delivery `optimized`
OPTIMIZED = ("argo", "step-functions", "airflow", "airflow-pods")
MARKS = {"argo": "node", "step-functions": "engine", "airflow": "engine", "airflow-pods": "node"}
TEXTS: list[Any] = [text for text in hostile.TEXTS if len(text) < 1000]
HOSTILE = (
    "{{workflow.name}} {{=1+1}} {{ run_id }} {% x %} {# y #} $.y $$.z States.Format('{}') '\"$(HOME) ${HOME}`\\ \n é☃ #"
)

# flows that nest what others have one of: many pods, and for Airflow the DAG that its `process` tasks run too
NESTED = ("branches_in_foreach_in_branch", "nested_foreach", "switch_in_foreach")

# flows of what the compiler has written out, or the shim does, before the engine or the shim's delivery has anything to do with it
ONCE = ("configs", "hostile_values", "include_file", "own_decorators", "project")

# and on Argo, where a task is a pod, those of what the engine does after the shim's delivery, or that other flows show one by one
ONCE_A_POD = (*ONCE, "decorated", "loop_in_foreach")

# with what a flow is run; once as it is where nothing is said
GIVEN: dict[str, list[Given]] = {
    "hostile_values": [{}, {"n": HOSTILE, "no": "~", "p-q": "$(date) '\"{{inputs.parameters.x}}\n", "all": TEXTS, "empty": " "}],
    "switch_meeting": [{}, {"first": "meet", "items": "meet,on-note,on-past"}, {"second": "note", "items": "on-note,meet"}],
    "switch": [{}, {"size": "big"}, {"size": "huge"}],
    "wine": [{"folds": 2}],  # each fold's tasks import scikit-learn, which takes a second
    "parameter_forms": [
        {},
        {"size": "large", "kind": "net", "workers": 8, "depth": 3, "table": ["a b", "{{x}}"], "window": [2, 3], "pair": ["q", 7], "quiet": True, "day": "2021-01-02T03:04:05", "target": "x/y", "names": "p+q"},
    ],
    "parameters": [
        {},
        {"text": HOSTILE, "number": -3, "learning-rate": 2.5, "verbose": True, "table": {"a": ["{{x}}", "{}", None]}, "words": "p,{{q}}", "note": "<none>x"},
    ],
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One run of one flow on one engine."""

    engine: str
    flow: str  # of FLOWS, or `random-3`
    delivery: str
    given: str = field(default="{}")  # its parameters, as JSON

    @property
    def target(self) -> str:
        return self.engine.removesuffix("-pods")

    @property
    def number(self) -> int:
        """A case of a random flow."""
        return int(self.flow.rpartition("-")[2])

    @property
    def is_random(self) -> bool:
        return self.flow.startswith("random-")

    @property
    def refusal(self) -> str:
        """The errors of `flowc compile` for the flow; "" if it compiles."""
        file = HERE / self.flow / f"{self.target}-refused.txt"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def path(self) -> Path:
        """The flow's file."""
        if not self.is_random:
            return FLOWS[self.flow]
        return written(self.random(), f"{self.target.replace('-', '_')}_{self.number}")

    def random(self) -> Flow:
        """Returns the random flow.

        Those for Argo are smaller, since an attempt is a pod, which costs as much as six jobs.
        """
        return sample(cost=2 if self.target == "argo" else 0)[self.number]

    def __str__(self) -> str:
        suffix = "".join(f"-{str(value)[:4]}" for value in list(json.loads(self.given).values())[:1])
        return f"{self.engine}-{self.flow}{suffix if suffix.isprintable() and suffix.isascii() else '-given'}-{self.delivery}"


def parameters(cases: Iterator[Case]) -> list[object]:
    """The cases, as parameters of a test, with the marks of what they need."""
    marked: list[object] = []
    for case in cases:
        marks = [getattr(pytest.mark, MARKS[case.engine])]
        marked.append(
            pytest.param(case, id=str(case), marks=[*marks, pytest.mark.nightly] if is_nightly(case) else marks)
        )
    return marked


def is_nightly(case: Case) -> bool:
    """Whether only `make nightly` runs it: every other delivery in Airflow's pods, which are made as Argo's are, and take longest, and there nested
    flows, those of ONCE and a switch's other cases; every other delivery of what ONCE or ONCE_A_POD names; the wine flow, whose tasks import for
    seconds, by more than one way a target."""
    if case.delivery == "optimized":
        return True  # one flow has all of it (`containers.py`)
    deliveries = DELIVERIES[case.engine]
    other = case.flow in FLOWS and case.delivery != deliveries[list(FLOWS).index(case.flow) % len(deliveries)]
    if case.flow == "wine":
        return case.engine == "airflow-pods" or case.delivery != deliveries[0]
    as_it_is = case.given == "{}"
    if case.engine == "airflow-pods":
        return (
            other
            or case.flow in NESTED
            or case.flow in ONCE
            and as_it_is
            or case.flow in ("switch", "switch_meeting")
            and not as_it_is
        )
    return other and as_it_is and case.flow in (ONCE_A_POD if case.engine == "argo" else ONCE)


def of_features() -> Iterator[Case]:
    for engine, deliveries in DELIVERIES.items():
        for name in FLOWS:
            for number, values in enumerate(GIVEN.get(name, [{}])):
                # parameters do not meet the shim's delivery
                for delivery in deliveries if number == 0 else (deliveries[number % len(deliveries)],):
                    yield Case(engine, name, delivery, json.dumps(values, sort_keys=True))
                if engine in OPTIMIZED:
                    yield Case(engine, name, "optimized", json.dumps(values, sort_keys=True))


def of_random_flows() -> Iterator[Case]:
    """Each engine runs them once: how the shim is delivered is none of their business. Airflow's are processes, which take a third of the time."""
    for engine, delivery in (("argo", "baked"), ("step-functions", "baked"), ("airflow", "process")):
        for number in range(COUNT):
            yield Case(engine, f"random-{number}", delivery)
            if engine in OPTIMIZED:
                yield Case(engine, f"random-{number}", "optimized")
