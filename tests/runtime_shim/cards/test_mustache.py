"""Mustache templates: cases of the specification (github.com/mustache/spec, MIT licence), and what it leaves open."""

from __future__ import annotations

from typing import Any

import pytest
from flowc.runtime_shim.cards.mustache import ChevronError, render

CASES: list[tuple[str, Any, str]] = [
    ("Hello, {{subject}}!", {"subject": "world"}, "Hello, world!"),
    (
        "{{forbidden}} {{{forbidden}}} {{&forbidden}}",
        {"forbidden": '& " < >'},
        '&amp; &quot; &lt; &gt; & " < > & " < >',
    ),
    ("{{mph}} {{power}} ({{none}}) ({{missing.a}})", {"mph": 85, "power": 1.21, "none": None}, "85 1.21 () ()"),
    ("{{a.b.c}} {{#a}}{{b.c}}{{/a}}", {"a": {"b": {"c": "x"}}}, "x x"),
    ("{{#list}}({{.}}){{/list}}{{^list}}none{{/list}}", {"list": [1, "a", 2.5]}, "(1)(a)(2.5)"),
    ("{{#list}}x{{/list}}{{^list}}none{{/list}}", {"list": []}, "none"),
    ("{{#b}}y{{/b}}{{^b}}n{{/b}}", {"b": False}, "n"),
    ("{{#b}}y{{/b}}{{^b}}n{{/b}}", {"b": 0}, "y"),
    ("{{#a}}{{one}}{{#b}}{{one}}{{two}}{{/b}}{{one}}{{/a}}", {"a": {"one": 1}, "b": {"two": 2}}, "1121"),
    ("| This Is\n{{#boolean}}\n|\n{{/boolean}}\n| A Line", {"boolean": True}, "| This Is\n|\n| A Line"),
    ("  {{#boolean}}\n#{{/boolean}}\n/", {"boolean": True}, "#\n/"),
    ("Begin.\n  {{! indented }}\nEnd.\n12{{! x }}34", {}, "Begin.\nEnd.\n1234"),
    ("{{=<% %>=}}(<%text%>) {{text}}<%={{ }}=%>[{{text}}]", {"text": "Hey!"}, "(Hey!) {{text}}[Hey!]"),
    (" {{>partial}}\n>", {"content": "<\n->"}, " |\n &lt;\n-&gt;\n |\n>"),
    ("{{#lambda}}a{{x}}{{/lambda}}", {"lambda": lambda text, render: f"<{text}{render('{{x}}')}>", "x": 1}, "<a11>"),
    ("{{a.__class__}}{{a._b}}", {"a": object()}, ""),
]


@pytest.mark.parametrize(("template", "values", "expected"), CASES, ids=[case[0][:30] for case in CASES])
def test_render(template: str, values: Any, expected: str) -> None:
    assert render(template, values, partials_dict={"partial": "|\n{{content}}\n|\n"}) == expected


@pytest.mark.parametrize("template", ["{{#a}}", "{{/a}}", "{{#a}}{{/b}}", "{{a"])
def test_what_is_no_template(template: str) -> None:
    with pytest.raises(ChevronError):
        render(template, {})
