"""A profile's form: a round trip is the identity, the published schema accepts it, and damage is explained."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import flowc.compiler.schema
import jsonschema
import pytest
from flowc.compiler.optimize.profile import MEASURES, Malformed, Profile, Spread, dumps, loads, spread
from hypothesis import given
from hypothesis import strategies as st

SCHEMA = json.loads((Path(flowc.compiler.schema.__path__[0]) / "profile.v1.json").read_text())
T = TypeVar("T")
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
# as records give them: whole milliseconds
spreads = st.lists(st.integers(0, 10**9).map(lambda number: number / 1000), min_size=1, max_size=30).map(spread)
profiles = st.builds(
    Profile, names, st.integers(0, 100), st.dictionaries(names, spreads, max_size=3),
    st.dictionaries(names, spreads, max_size=3),
    st.dictionaries(names, st.dictionaries(st.sampled_from(MEASURES), spreads, max_size=4), max_size=4),
    st.dictionaries(names, st.dictionaries(names, st.integers(0, 99), max_size=3), max_size=3),
)  # fmt: skip


@given(profiles)
def test_a_round_trip_is_the_identity(profile: Profile) -> None:
    text = dumps(profile)
    VALIDATOR.validate(json.loads(text))
    assert loads(text) == profile and dumps(loads(text)) == text


def turned(table: Mapping[str, T]) -> dict[str, T]:
    return dict(reversed(list(table.items())))


@given(profiles)
def test_the_order_of_what_was_measured_does_not_count(profile: Profile) -> None:
    steps = {name: turned(measures) for name, measures in turned(profile.steps).items()}
    chosen = {name: turned(counts) for name, counts in turned(profile.chosen).items()}
    other = Profile(profile.flow, profile.runs, turned(profile.starts), turned(profile.inside), steps, chosen)
    assert dumps(other) == dumps(profile)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=50))
def test_percentiles_are_numbers_of_the_list(numbers: list[int]) -> None:
    one = spread(numbers)
    assert one is not None
    for percent, value in ((50, one.p50), (90, one.p90), (99, one.p99)):
        assert value in numbers
        assert sum(number <= value for number in numbers) >= percent / 100 * len(numbers)
        assert sum(number >= value for number in numbers) >= (1 - percent / 100) * len(numbers)
    assert one.p50 <= one.mean <= one.p99


@given(spreads)
def test_the_slowest_of_more_is_no_faster(one: Spread) -> None:
    slowest = [one.largest(count) for count in (1, 2, 4, 8, 16, 64, 1000, 10**6)]
    assert all(later >= earlier - 1e-9 for earlier, later in zip(slowest[1:], slowest[2:]))
    assert slowest[-1] == pytest.approx(one.p99) and slowest[0] == one.mean


GOOD = '{"version": 1, "flow": "F", "runs": 1, "starts": {}, "inside": {}, "steps": {"a": {"succeeded": %s}}, "chosen": {}}'


FINE = '{"count": 1, "p50": 1, "p90": 1, "p99": 1}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        ("[]", "no `version`"),
        ('{"version": true}', "`flow` must be text"),
        ('{"version": 2}', "has format 2, but this flowc reads format 1"),
        ('{"version": 1, "flow": "F", "runs": -1}', "`runs` a whole number"),
        ('{"version": 1, "flow": "F", "runs": 1, "steps": {}}', "`starts` must be an object"),
        (
            '{"version": 1, "flow": "F", "runs": 1, "starts": {}, "inside": {}, "steps": {"a": 3}}',
            "`steps.a` must be an object",
        ),
        (
            '{"version": 1, "flow": "F", "runs": 1, "starts": {}, "inside": {}, "steps": {}}',
            "`chosen` must be an object",
        ),
        ((GOOD % FINE).replace('"chosen": {}', '"chosen": {"a": {"b": -1}}'), "`chosen.a` must be whole numbers"),
        (GOOD % "3", "`steps.a.succeeded` must have `count`"),
        (GOOD % '{"count": 0, "p50": 1, "p90": 1, "p99": 1}', "must have `count`"),
        (GOOD % '{"count": 1, "p50": 2, "p90": 1, "p99": 1}', "do not fall"),
        (GOOD % '{"count": 1, "p50": 1, "p90": 1, "p99": NaN}', "do not fall"),
        (GOOD % '{"count": 1, "p50": 1, "p90": 1, "p99": "x"}', "must be numbers"),
    ],
)
def test_damage_is_explained(text: str, message: str) -> None:
    with pytest.raises(Malformed, match=message.replace("(", r"\(")):
        loads(text)


def test_unknown_keys_are_ignored() -> None:
    text = GOOD % '{"count": 1, "p50": 1, "p90": 1, "p99": 1, "p10": 0}'
    assert loads(text.replace('"runs": 1', '"runs": 1, "more": 2')).steps["a"]["succeeded"] == Spread(1, 1, 1, 1)
