"""The formats for programs are valid for any text of a diagnostic."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from flowc.compiler.ir.nodes import Span
from flowc.compiler.report.diagnostics import ERROR, HINT, WARNING, Diagnostic, in_order
from hypothesis import given, settings
from hypothesis import strategies as st

from flowc.formats import FOR_PEOPLE, FOR_PROGRAMS, renderer
from tests.support.diagnostic_pages import ROOT

SCHEMA = json.loads((ROOT / "tests/fixtures/sarif/sarif-schema-2.1.0.json").read_text())
VALIDATOR = jsonschema.Draft4Validator(SCHEMA)
ONE = Diagnostic(
    "FLOW206",
    "step `a` goes to `ent`",
    Span("flows/a b.py", 3, 9, 3, 20),
    "only a step can be gone to",
    "did you mean `end`?",
)
PLACELESS = Diagnostic("FLOW601", "no datastore was given", None, "it is part of a spec", "give `--store`", WARNING)
HOSTILE = st.text(st.sampled_from("a%:,\r\n\x1b\0]'\"<>&\\é\u2028"), min_size=1, max_size=12)
DIAGNOSTICS = st.lists(
    st.builds(
        Diagnostic,
        st.sampled_from(["FLOW206", "FLOW307", "FLOW510"]), HOSTILE, st.one_of(st.none(), st.builds(Span, HOSTILE, *[st.integers(1, 99)] * 4)),
        HOSTILE, HOSTILE, st.sampled_from([ERROR, WARNING, HINT]),
    ),
    max_size=4,
).map(in_order)  # fmt: skip


def rendered(name: str, *diagnostics: Diagnostic) -> str:
    return renderer(name)(diagnostics, {"flows/a b.py": "1\n2\n        self.next(self.ent)\n"}, False)


def test_every_file_is_a_format() -> None:
    assert {path.stem for path in (ROOT / "flowc/formats").glob("[a-z]*.py")} == {*FOR_PEOPLE, *FOR_PROGRAMS}


def test_json() -> None:
    document = json.loads(rendered("json", ONE, PLACELESS))
    assert document == {
        "version": 1,
        "diagnostics": [
            {
                "code": "FLOW206", "severity": "error", "what": ONE.what, "why": ONE.why, "how": ONE.how,
                "file": "flows/a b.py", "line": 3, "column": 9, "end_line": 3, "end_column": 20,
            },
            {
                "code": "FLOW601", "severity": "warning", "what": PLACELESS.what, "why": PLACELESS.why, "how": PLACELESS.how,
                "file": None, "line": None, "column": None, "end_line": None, "end_column": None,
            },
        ],
        "errors": 1, "warnings": 1, "hints": 0,
    }  # fmt: skip
    assert json.loads(rendered("json")) == {"version": 1, "diagnostics": [], "errors": 0, "warnings": 0, "hints": 0}


def test_github() -> None:
    assert rendered("github", ONE) == (
        "::error file=flows/a b.py,line=3,col=9,endLine=3,endColumn=20,title=flowc FLOW206::"
        "step `a` goes to `ent`%0Awhy: only a step can be gone to%0Ahelp: did you mean `end`?\n"
    )
    assert (
        rendered("github", PLACELESS).startswith("::warning title=flowc FLOW601::no datastore")
        and rendered("github") == ""
    )


@settings(deadline=None, max_examples=50)
@given(DIAGNOSTICS)
def test_no_text_ends_an_annotation_or_begins_another(diagnostics: tuple[Diagnostic, ...]) -> None:
    lines = renderer("github")(diagnostics, {}, False).split("\n")
    assert lines.pop() == "" and len(lines) == len(diagnostics)
    for line, one in zip(lines, diagnostics):
        command = re.fullmatch(r"::(error|warning|notice) ((?:[A-Za-z]+=[^:,\r\n]*,?)+)::([^\r\n]*)", line)
        assert command is not None, line
        properties = dict(word.split("=", 1) for word in command[2].split(","))
        if one.span is not None:
            unescaped = (
                properties["file"]
                .replace("%3A", ":")
                .replace("%2C", ",")
                .replace("%0A", "\n")
                .replace("%0D", "\r")
                .replace("%25", "%")
            )
            assert unescaped == one.span.file


def test_sarif() -> None:
    log = json.loads(rendered("sarif", ONE, PLACELESS, ONE))
    VALIDATOR.validate(log)
    (run,) = log["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["FLOW206", "FLOW601"]
    first, placeless, _ = run["results"]
    assert first["level"] == "error" and placeless["level"] == "warning" and "locations" not in placeless
    place = first["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "flows/a%20b.py"},
        "region": {"startLine": 3, "startColumn": 9, "endLine": 3, "endColumn": 20},
    }
    VALIDATOR.validate(json.loads(rendered("sarif")))


@settings(deadline=None, max_examples=50)
@given(DIAGNOSTICS)
def test_sarif_is_valid_whatever_is_said(diagnostics: tuple[Diagnostic, ...]) -> None:
    log = json.loads(renderer("sarif")(diagnostics, {}, False))
    VALIDATOR.validate(log)
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in log["runs"][0]["results"])


def test_the_schema_can_refuse() -> None:
    log: dict[str, Any] = json.loads(rendered("sarif", ONE))
    log["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(log)


@pytest.mark.parametrize("name", FOR_PEOPLE)
def test_formats_for_people_say_nothing_when_there_is_nothing_to_say(name: str, tmp_path: Path) -> None:
    assert rendered(name) == "" and "FLOW206" in rendered(name, ONE)
