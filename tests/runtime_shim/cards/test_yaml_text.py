"""The YAML of `YAMLViewer`, compared with PyYAML's."""

from __future__ import annotations

import yaml
from flowc.runtime_shim.cards.yaml_text import dump
from hypothesis import given, settings
from hypothesis import strategies as st

CHARACTERS = st.one_of(
    st.sampled_from(list(" \n'\"#:-?,[]{}&*!|>%@`~=<.0123456789eEx_+abcyesnoTF\t\x85\u2028é😀\\\r")),
    st.characters(exclude_categories=["Cs"]),
)
TEXTS = st.one_of(
    st.text(CHARACTERS, max_size=12), st.text(st.sampled_from("ab cd e'\n:"), max_size=300), st.integers(110, 140).map(lambda size: "a" * size),
    st.sampled_from("yes no null ~ 1 1.5 0x1 2001-01-01 << = .inf 1:30 - ? : # .".split()),
)  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), TEXTS, st.binary(max_size=90), st.dates(), st.datetimes()
)
KEYS = st.one_of(TEXTS, st.integers(), st.none(), st.floats(allow_nan=False))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4), st.lists(inner, max_size=3).map(tuple),
        st.sets(st.one_of(TEXTS, st.integers()), max_size=1), st.lists(inner, max_size=2).map(lambda items: [items, items]),
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_it_is_what_pyyaml_writes(value: object) -> None:
    assert dump(value) == yaml.dump(value, Dumper=yaml.Dumper, default_flow_style=False, indent=2, sort_keys=False)


def test_what_is_no_plain_value_is_written_as_its_text() -> None:
    assert dump({"a": ValueError("x")}) == "a: x\n"
