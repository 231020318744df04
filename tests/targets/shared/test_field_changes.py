"""Field by field differences: applied to the old value they give the new one."""

from __future__ import annotations

from typing import Any

from flowc.targets.operating import Field
from flowc.targets.shared.field_changes import deviations, field_changes
from hypothesis import given
from hypothesis import strategies as st

LEAVES = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a", "b.c"])
VALUES = st.recursive(
    LEAVES,
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "c.d", "name"]), inside, max_size=3)
        | st.lists(st.fixed_dictionaries({"name": st.sampled_from("xyz"), "n": inside}), max_size=3)
    ),
    max_leaves=12,
)


def as_json(value: Any) -> str:
    import json

    return json.dumps(value, sort_keys=True)


@given(VALUES, VALUES)
def test_there_is_a_change_exactly_if_they_differ(before: Any, after: Any) -> None:
    assert bool(list(field_changes(before, after))) == (as_json(before) != as_json(after))


@given(VALUES)
def test_what_only_the_live_object_has_is_no_deviation(wanted: Any) -> None:
    live = {"wanted": wanted, "status": 1}
    assert list(deviations({"wanted": wanted}, live)) == []


def test_the_paths_are_those_that_people_use() -> None:
    before = {"spec": {"templates": [{"name": "fit", "image": "a"}, {"name": "end"}], "n": [1, 2]}}
    after = {"spec": {"templates": [{"name": "fit", "image": "b"}], "n": [1, 3], "labels": {"flowc.dev/x": "1"}}}
    assert list(field_changes(before, after)) == [
        Field("spec.templates[fit].image", "a", "b"),
        Field("spec.templates[end]", {"name": "end"}, None),
        Field("spec.n[1]", 2, 3),
        Field("spec.labels", None, {"flowc.dev/x": "1"}),
    ]
