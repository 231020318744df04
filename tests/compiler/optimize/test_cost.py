"""The model of costs: numbers that a person can follow, and as many tasks as a run has."""

from __future__ import annotations

import pytest
from flowc.compiler.ir import nodes
from flowc.compiler.ir.scopes import is_loop, scopes
from flowc.compiler.optimize.cost import (
    ASSUMED_ITEMS,
    ASSUMED_SECONDS,
    INSIDE_SECONDS,
    Estimate,
    Facts,
    Model,
    estimate,
)
from flowc.compiler.optimize.optimize import Optimized, optimized
from flowc.compiler.optimize.profile import Profile, Spread
from flowc.compiler.optimize.settings import NOTHING, Settings, StepSettings
from flowc.compiler.optimize.sketch import sketched, step
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.reference import expected
from tests.support.strategies import flows, number

START = 8.0


def steady(seconds: float, count: int = 1) -> dict[str, Spread]:
    return {"succeeded": Spread(count, seconds, seconds, seconds)}


def measured(**seconds: float) -> Profile:
    return Profile("Sketch", 1, {}, {}, {name: steady(value) for name, value in seconds.items()})


def of(text: str, facts: Facts, wanted: Settings = NOTHING, *decorated: nodes.Step) -> Estimate:
    return with_assumed(text, facts, wanted, *decorated)[0]


def with_assumed(
    text: str, facts: Facts, wanted: Settings = NOTHING, *decorated: nodes.Step
) -> tuple[Estimate, tuple[str, ...]]:
    flow = sketched(text, {own.name: own for own in decorated})
    model = Model(flow, scopes(flow), facts)
    return of_result(model, optimized(flow, wanted)), model.assumed()


def of_result(model: Model, result: Optimized) -> Estimate:
    return estimate(model, result.flow, result.scope, result.containers_by_step)


def test_a_line() -> None:
    facts = Facts(START, profile=measured(start=1, fit=20, end=3))
    one = of("start > fit > end", facts)
    assert (one.seconds, one.cost.containers, one.cost.tasks) == (24 + 3 * START, 3, 3)
    assert one.cost.core_seconds == one.seconds and one.cost.gib_seconds == 4 * one.seconds
    fused = of("start > fit > end", facts, Settings())
    assert fused.seconds == pytest.approx(24 + START + 3 * INSIDE_SECONDS) and fused.cost.containers == 1


def test_branches_run_at_the_same_time_if_there_is_room() -> None:
    text, facts = "start > a, b, c; a > &j; b > &j; c > &j; j > end", {"start": 1, "a": 30, "b": 20, "c": 10, "j": 1}
    profile = measured(**facts, end=1)
    apart = of(text, Facts(START, profile=profile))
    assert apart.seconds == pytest.approx(33 + 4 * START)
    assert of(text, Facts(START, 1, INSIDE_SECONDS, profile)).seconds == pytest.approx(63 + 6 * START)
    together = of(text, Facts(START, profile=profile), Settings())
    assert together.seconds == pytest.approx(63 + START + 6 * INSIDE_SECONDS)  # one core
    size = {name: step(name, cpu=2) for name in ("start", "a", "b", "c", "j", "end")}
    four = of(text, Facts(START, profile=profile), Settings(steps=(("a", StepSettings(cpu=4)),)), *size.values())
    assert four.cost.core_seconds == pytest.approx(4 * four.seconds)
    assert four.seconds == pytest.approx(33 + START + 4 * INSIDE_SECONDS, abs=0.1)  # two at a time: a beside b, then c


def test_a_foreach_goes_in_rounds_by_workers_and_cores() -> None:
    text, profile = "start > *fit > &j > end", measured(start=1, fit=6, j=1, end=1)
    facts = Facts(START, 10, INSIDE_SECONDS, profile, {"start": 100})
    apart = of(text, facts)
    assert apart.seconds == pytest.approx(3 + 3 * START + 10 * (6 + START))
    assert (apart.cost.containers, apart.cost.tasks) == (103, 103)
    chunks = of(text, facts, Settings(containers=5))
    assert chunks.cost.containers == pytest.approx(1 + 5 + 1) and chunks.cost.tasks == 103
    assert chunks.seconds == pytest.approx(3 + 3 * START + 20 * (6 + INSIDE_SECONDS), abs=0.2)
    wide = of(text, facts, Settings(containers=5, steps=(("fit", StepSettings(cpu=4)),)))
    assert wide.seconds == pytest.approx(3 + 3 * START + 5 * 6, abs=1)
    assert of(text, Facts(START, 10, INSIDE_SECONDS, profile, {"start": 0})).cost.tasks == 3


def test_items_that_differ_end_with_the_slowest() -> None:
    varied = Spread(100, 1, 4, 30)
    profile = Profile("Sketch", 1, {}, {}, {**measured(start=1, j=1, end=1).steps, "fit": {"succeeded": varied}})
    few, many = (
        of("start > *fit > &j > end", Facts(START, 0, INSIDE_SECONDS, profile, {"start": count})).seconds
        - 3
        - 4 * START
        for count in (2, 500)
    )
    assert few == pytest.approx(varied.largest(2)) and many == pytest.approx(30)


def test_failed_attempts_cost_their_time_a_pause_and_a_start() -> None:
    steps = {**measured(start=1, end=1).steps, "fit": {**steady(10, 4), "failed": Spread(2, 6, 6, 6)}}
    facts = Facts(START, profile=Profile("Sketch", 1, {}, {}, steps))
    one = of("start > fit > end", facts, NOTHING, step("fit", retry=(2, 1)))
    assert one.seconds == pytest.approx(12 + 3 * START + 2 / 4 * (6 + 60 + START))


def test_a_loop() -> None:
    text, profile = "start > again > again | end", measured(start=1, again=2, end=1)
    apart = of(text, Facts(START, profile=profile, widths={"again": 300}))
    assert (apart.cost.containers, apart.seconds) == (302, 2 + 600 + 302 * START)
    one = of(text, Facts(START, profile=profile, widths={"again": 300}), Settings(fuse=False))
    assert one.cost.containers == 3 and one.seconds == pytest.approx(602 + 3 * START + 300 * INSIDE_SECONDS)


def test_cases_count_as_often_as_they_were_chosen() -> None:
    text = "start > a | b; a > end; b > end"
    steps = measured(start=0, a=100, b=20, end=0).steps
    profile = Profile("Sketch", 4, {}, {}, steps, {"start": {"a": 1, "b": 3}})
    assert of(text, Facts(0, profile=profile)).seconds == pytest.approx(0.25 * 100 + 0.75 * 20)
    assert of(text, Facts(0, profile=profile), Settings()).seconds == pytest.approx(40 + 3 * INSIDE_SECONDS)
    even, assumed = with_assumed(text, Facts(0))
    assert even.seconds == pytest.approx(3 * ASSUMED_SECONDS)
    assert "the cases of the switch of `start` are equally likely" in assumed


def test_what_is_not_known_is_said() -> None:
    text = "start > *fit > &j > again > again | end"
    one, assumed = with_assumed(text, Facts(START), NOTHING, step("fit", cpu=2, memory=8192))
    assert one.cost.tasks == 1 + ASSUMED_ITEMS + 1 + ASSUMED_ITEMS + 1
    assert assumed == (
        "a container of `start`, `j`, `again`, `end`, which requests nothing, counts as 1 core and 4 GiB",
        f"a task of `start`, `fit`, `j`, `again` and 1 more takes {ASSUMED_SECONDS:g} s",
        f"the foreach of `start` has {ASSUMED_ITEMS} items",
        f"the loop `again` has {ASSUMED_ITEMS} visits",
    )
    known = measured(start=1, fit=1, j=1, again=1, end=1)
    widths = {"start": 3, "again": 2}
    sized = [step(name, cpu=1, memory=1024) for name in known.steps]
    assert with_assumed(text, Facts(1, 0, INSIDE_SECONDS, known, widths), NOTHING, *sized)[1] == ()


@given(flows(2), st.builds(Settings, fuse=st.booleans(), loops=st.booleans(), containers=st.integers(0, 3)))
@settings(max_examples=60, deadline=None)
def test_an_estimate_counts_the_tasks_of_a_run(flow: nodes.Flow, wanted: Settings) -> None:
    """With what one run has left as its profile, there are as many tasks as in that run, optimized or not."""
    records = expected(flow).records
    chosen = {
        own.name: {own.transition.cases[number(own.name)].target: 1}
        for own in flow.steps
        if isinstance(own.transition, nodes.Switch) and not is_loop(own)
    }
    profile = Profile(flow.name, 1, {}, {}, {own.name: steady(1) for own in flow.steps}, chosen)
    widths = {own.name: number(own.name) + is_loop(own) for own in flow.steps if number(own.name)}
    model = Model(flow, scopes(flow), Facts(START, 0, INSIDE_SECONDS, profile, widths))
    written = estimate(model, flow, scopes(flow), {})
    assert written.cost.tasks == written.cost.containers == pytest.approx(len(records))
    fused = of_result(model, optimized(flow, wanted))
    assert fused.cost.tasks == pytest.approx(len(records)) and fused.cost.containers <= len(records) + 1e-6
