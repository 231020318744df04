"""Choices by a profile: what saves time shares a container, and what the user has set stays."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from flowc.compiler.fast_start.record import replace
from flowc.compiler.ir import nodes
from flowc.compiler.ir.scopes import is_loop, scopes
from flowc.compiler.optimize.choose import Choice, choose
from flowc.compiler.optimize.cost import INSIDE_SECONDS, Facts, Model, estimate
from flowc.compiler.optimize.optimize import Optimized, optimized
from flowc.compiler.optimize.profile import Profile, Spread
from flowc.compiler.optimize.settings import Settings, StepSettings
from flowc.compiler.optimize.sketch import shown, sketched, step
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.strategies import flows, number

START = 10.0
FAN, SPLIT = "start > *fit > &j > end", "start > a, b; a > &j; b > &j; j > end"


def profile(seconds: Mapping[str, float], widths: Mapping[str, int]) -> Profile:
    steps: dict[str, dict[str, Spread]] = {}
    for name, value in seconds.items():
        steps[name] = {"succeeded": Spread(1, value, value, value)}
    for name, width in widths.items():
        steps[name]["width"] = Spread(1, width, width, width)
    return Profile("Sketch", 1, {}, {}, steps)


def chosen(
    text: str,
    seconds: Mapping[str, float],
    widths: Mapping[str, int] | None = None,
    wanted: Settings | None = None,
    *decorated: nodes.Step,
) -> tuple[str, Choice]:
    """Returns the containers of the choice as text, and the choice. Steps without seconds take 0.1 s."""
    flow = sketched(text, {own.name: own for own in decorated})
    known = {own.name: seconds.get(own.name, 0.1) for own in flow.steps}
    model = Model(flow, scopes(flow), Facts(START, 0, INSIDE_SECONDS, profile(known, widths or {})))
    choice = choose(lambda some: optimized(flow, some), model, scopes(flow), wanted or Settings())
    return shown(optimized(flow, choice.settings).draft), choice


def test_a_foreach_of_short_tasks_shares_one_container() -> None:
    containers, choice = chosen(FAN, {"fit": 0.1}, {"start": 60})
    assert containers == "start+fit+j+end"
    assert [decision.step for decision in choice.decisions] == ["start"]
    assert choice.decisions[0].sentence == (
        "the 60 items of `start` run in one container with `start` and `j`: the run then takes about 19 s, "
        "and 31 s in 15 containers"
    )


def test_a_foreach_of_long_tasks_is_divided_up_to_the_bound() -> None:
    containers, choice = chosen(FAN, {"fit": 60}, {"start": 1000})
    assert containers == "start > *[fit] (63 items,16 containers); [fit] > &j+end; j+end"
    assert "in 16 containers" in choice.decisions[0].sentence
    assert chosen(FAN, {"fit": 60}, {"start": 1000}, Settings(containers=100))[0].startswith(
        "start > *[fit] (10 items,100 containers)"
    )


def test_a_foreach_within_the_bound_may_have_a_container_for_each_item() -> None:
    containers, choice = chosen(FAN, {"fit": 600}, {"start": 12})
    assert containers == "start > *fit; fit > &j+end; j+end"
    assert (
        "a container for each item" in choice.decisions[0].sentence or "12 containers" in choice.decisions[0].sentence
    )


def test_the_least_number_of_items_counts() -> None:
    containers, _ = chosen(FAN, {"fit": 600}, {"start": 12}, Settings(items=5))
    assert containers == "start > *[fit] (5 items,16 containers); [fit] > &j+end; j+end"
    assert chosen(FAN, {"fit": 600}, {"start": 0})[0]  # nothing to divide


def test_a_foreach_of_unknown_width_is_left_to_the_rules() -> None:
    containers, choice = chosen(FAN, {"fit": 600})
    assert containers == "start > *[fit] (16 containers); [fit] > &j+end; j+end" and not choice.decisions


def test_branches_share_a_container_unless_that_loses_time() -> None:
    assert chosen(SPLIT, {"a": 5, "b": 5})[0] == "start+a+b+j+end"
    containers, choice = chosen(SPLIT, {"a": 600, "b": 600})
    assert containers == "start > a, b; a > &j+end; b > &j+end; j+end"
    assert choice.decisions[0].sentence.startswith("the branches of `start` keep containers of their own")
    several = [step(name, cpu=1) for name in ("start", "a", "b", "j", "end")]
    two_cores = Settings(steps=(("j", StepSettings(cpu=2)),))
    assert chosen(SPLIT, {"a": 600, "b": 600}, None, two_cores, *several)[0] == "start+a+b+j+end"


def test_steps_that_request_different_amounts_share_one_if_little_stands_idle() -> None:
    large = step("fit", cpu=16, memory=65536)
    brief, choice = chosen("start > fit > end", {"start": 2, "fit": 900, "end": 1}, None, None, large)
    assert brief == "start+fit+end" and "that saves 20 s" in choice.decisions[0].sentence
    long, choice = chosen("start > fit > end", {"start": 900, "fit": 900, "end": 1}, None, None, large)
    assert long == "start > fit+end; fit+end"
    assert any("keep containers of their own" in decision.sentence for decision in choice.decisions)


def test_what_the_user_has_set_stays() -> None:
    own = (
        StepSettings(together=False, items=7),
        StepSettings(items=7),
        StepSettings(containers=3),
        StepSettings(together=True),
    )
    for one in own:
        wanted = Settings(steps=(("fit", one),))
        _, choice = chosen(FAN, {"fit": 0.1}, {"start": 60}, wanted)
        assert choice.settings == wanted and not choice.decisions
    wanted = Settings(steps=(("start", StepSettings(branches=False)),))
    assert chosen(SPLIT, {"a": 1, "b": 1}, None, wanted)[1].settings == wanted
    large = step("fit", cpu=16)
    for wanted in (Settings(fuse=False), Settings(steps=(("fit", StepSettings(fuse=False)),))):
        assert chosen("start > fit > end", {"start": 1}, None, wanted, large)[1].settings == wanted


@given(
    flows(2), st.builds(Settings, fuse=st.booleans(), loops=st.booleans(), containers=st.integers(1, 5)),
    st.lists(st.sampled_from((0.01, 1.0, 30.0, 1000.0)), min_size=1, max_size=6), st.integers(0, 100),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_a_choice_takes_no_longer_than_the_rules(
    flow: nodes.Flow, wanted: Settings, seconds: list[float], more: int
) -> None:
    """It never costs time beyond what counts as equal, keeps to the bound, and makes the same flow again."""
    heads = [own.name for own in flow.steps if isinstance(own.transition, nodes.Foreach)]
    past = profile(
        {own.name: seconds[at % len(seconds)] for at, own in enumerate(flow.steps)},
        {name: number(name) + more for name in heads},
    )
    loops = {own.name: number(own.name) + 1 for own in flow.steps if is_loop(own)}
    model = Model(flow, scopes(flow), Facts(START, 0, INSIDE_SECONDS, replace(past, flow=flow.name), loops))

    def rewrite(some: Settings) -> Optimized:
        return optimized(flow, some)

    by_rules, choice = rewrite(wanted), choose(rewrite, model, scopes(flow), wanted)
    result = rewrite(choice.settings)
    after, before = (
        estimate(model, one.flow, one.scope, one.containers_by_step) for one in (result, by_rules)
    )  # fmt: skip
    assert after == choice.estimate
    assert after.seconds <= before.seconds * 1.02 ** max(1, len(choice.decisions)) + 1e-6
    for name, container in result.containers:
        if container.items or container.containers:
            width = model.width(container.steps[-1])
            assert -(-width // max(1, container.items, -(-width // (container.containers or width or 1)))) <= max(
                1, wanted.containers
            ), name
    assert choose(rewrite, model, scopes(flow), wanted) == choice


def test_a_large_flow_is_left_to_the_rules_in_part() -> None:
    text = "start > " + " > ".join(f"*fit{at} > &j{at}" for at in range(100)) + " > end"
    widths = {"start": 100, **{f"j{at}": 100 for at in range(99)}}
    _, choice = chosen(text, {}, widths)
    *made, rest = choice.decisions
    assert 0 < len(made) < 100
    assert rest.sentence == (
        f"the rules without a profile decide on {100 - len(made)} more parts, since the flow is large"
    )


def test_a_choice_reads_no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    for name in ("time", "monotonic", "perf_counter"):
        monkeypatch.setattr(time, name, None)
    assert chosen(FAN, {"fit": 60}, {"start": 1000})[1].decisions
