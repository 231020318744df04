"""The IR's JSON form: a round trip is the identity, the published schema accepts what is written, and damage is explained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import flowc.compiler.schema
import jsonschema
import pytest
from flowc.compiler.fast_start.record import replace
from flowc.compiler.ir import nodes
from flowc.compiler.ir.json_form import Malformed, _python_text, dumps, from_json, to_json
from flowc.compiler.ir.scopes import scopes
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.strategies import SPAN, flow_of, flows

SCHEMA = json.loads((Path(flowc.compiler.schema.__path__[0]) / "ir.v1.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
                      lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8)  # fmt: skip


@given(values)
def test_dumps_writes_what_json_reads(value: Any) -> None:
    assert json.loads(dumps(value)) == value


@given(texts)
@settings(deadline=None)
def test_the_fallback_quotes_as_the_c_function_does(text: str) -> None:
    assert json.loads(_python_text(text)) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", {"\udfff": 1}])
def test_dumps_refuses_what_json_cannot_say(value: Any) -> None:
    with pytest.raises(ValueError):
        dumps(value)


@given(flows(2), values, texts)
@settings(max_examples=100, deadline=None)
def test_round_trip(flow: nodes.Flow, value: Any, text: str) -> None:
    full = replace(
        flow,
        doc=text,
        parameters=(nodes.Parameter("p", "p-1", "json", value, True, False, text, "", SPAN),),
        constants=(nodes.Constant("c", SPAN),),
        decorators=(nodes.Decorator("schedule", {"cron": text}, SPAN),),
        steps=(
            replace(flow.steps[0], decorators=(nodes.Decorator("environment", {"vars": {text: text}}, SPAN),)),
            *flow.steps[1:],
        ),
    )
    scope = scopes(full)
    text_of_ir = to_json(full, scope)
    assert from_json(text_of_ir) == (full, scope)
    VALIDATOR.validate(json.loads(text_of_ir))


def test_the_schema_is_itself_legal() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def damaged(change: Any) -> str:
    flow = flow_of([("foreach", ([("step", None)], 2)), ("switch", ([[("step", None)]], 0))])
    data = json.loads(to_json(flow, scopes(flow)))
    change(data)
    return json.dumps(data)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(version=2), "version 2"),
        (lambda d: d.pop("version"), "no `version`"),
        (lambda d: d["flow"].pop("name"), "flow: no `name`"),
        (lambda d: d["flow"].update(colour="red"), "flow: unknown `colour`"),
        (lambda d: d["flow"]["steps"][0].update(is_join=1), r"flow.steps\[0\].is_join: 1 is not of type bool"),
        (
            lambda d: d["flow"]["steps"][0]["transition"].update(kind="jump"),
            r"flow.steps\[0\].transition: no known `kind`",
        ),
        (lambda d: d["flow"]["steps"][0]["span"].update(line="1"), "line: '1' is not of type int"),
        (lambda d: d["flow"].update(start="nowhere"), "nowhere"),
        (lambda d: d["scopes"].update(entry="end"), "scopes: not those of the flow's graph"),
        (lambda d: d.update(flow=[]), "flow: not an object"),
    ],
)
def test_damage_is_explained(change: Any, message: str) -> None:
    text = damaged(change)
    with pytest.raises(Malformed, match=message):
        from_json(text)
    if "nowhere" not in message and "graph" not in message:  # those two are about names, which a schema cannot follow
        with pytest.raises(jsonschema.ValidationError):
            VALIDATOR.validate(json.loads(text))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000])
def test_other_texts_are_explained(text: str) -> None:
    with pytest.raises(Malformed):
        from_json(text)
