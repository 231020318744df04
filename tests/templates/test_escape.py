"""The language's own reader returns any interpolated value: no template can forget to escape."""

from __future__ import annotations

import ast
import json
import subprocess
from typing import Any

import pytest
import yaml
from flowc.templates import escape
from flowc.templates.build import environment, translate_text
from flowc.templates.runtime import Context, Environment
from hypothesis import given, settings
from hypothesis import strategies as st

HOSTILE = (
    """a b@"@'@\\@`@$@${x}@$(x)@{{x}}@{%x%}@{#x#}@#}@%s@|@: @ #@a: b@- a@--- @...@!tag@&a@*a@?@~@=@<<@y@N@on@No@null@None@True@1:30@0x1f@1e3@1_000""".split(
        "@"
    )
    + [
        "+1",
        ".5",
        "-",
        ",",
        "[",
        "]",
        "{",
        "}",
        "@a",
        "",
        " ",
        " a",
        "a ",
        "a\nb",
        "\n",
        "a\r\nb",
        "\t",
        "\0",
        "\x7f",
        "\x85",
        "\u2028",
    ]
    + ["\ufeff", "\ud800", "🎉", "é", "x" * 10_000, "2026-01-01", "a\\nb", "'''", '"""']
)
texts = st.text(st.characters(exclude_categories=[])) | st.sampled_from(HOSTILE)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def rendered(source: str, language: str, **data: Any) -> str:
    scope: dict[str, Any] = {}
    exec(translate_text(source, f"t.{language}", language), scope)
    return "".join(scope["root"](Context(dict(data)), environment=Environment(language)))


@given(values, texts)
@settings(max_examples=300, deadline=None)
def test_yaml(value: Any, key: str) -> None:
    # YAML allows a key 1,024 characters
    text = rendered(
        "a:\n  - {{ v }}\n  - {{ k }}: {{ v }}\n    b: [{{ v }}, {x: {{ k }}}]\n", "yaml", v=value, k=key[:100]
    )
    assert yaml.safe_load(text) == {"a": [value, {key[:100]: value, "b": [value, {"x": key[:100]}]}]}


@given(values, texts)
@settings(max_examples=200, deadline=None)
def test_json(value: Any, key: str) -> None:
    text = rendered('{"a": {{ v }}, {{ k }}: [{{ v }}]}', "json", v=value, k=f"k{key}")
    assert json.loads(text) == {"a": value, f"k{key}": [value]}


@given(values)
@settings(max_examples=200, deadline=None)
def test_python(value: Any) -> None:
    text = rendered("f({{ v }}, x={{ v }})", "py", v=value)
    call = ast.parse(text.encode("utf-8", "surrogatepass").decode("utf-8", "replace"), mode="eval").body
    assert (
        isinstance(call, ast.Call)
        and ast.literal_eval(call.args[0]) == value
        and ast.literal_eval(call.keywords[0].value) == value
    )
    assert "\n" not in text


def test_shell() -> None:
    words = [text for text in HOSTILE if "\0" not in text and "\ud800" not in text]
    script = rendered("for w in {{ v }} {{ one }}; do printf '%s\\0' \"$w\"; done", "sh", v=words, one="a'b")
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == [*words, "a'b"]
    with pytest.raises(ValueError):
        escape.shell("a\0b")


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_numbers_at_the_edge(value: float) -> None:
    assert repr(yaml.safe_load(escape.yaml(value))) == repr(value)
    assert repr(eval(escape.python(value))) == repr(value)
    with pytest.raises(ValueError):
        escape.json(value)


@pytest.mark.parametrize("value", [object(), b"x", {1: 2}, {"a": {1}}])
def test_other_values_are_refused(value: Any) -> None:
    for write in (escape.yaml, escape.json, escape.python):
        with pytest.raises(TypeError):
            write(value)


@given(texts)
def test_comments_stay_on_their_line(text: str) -> None:
    assert escape.comment(text).isprintable()


@pytest.mark.parametrize("text", ["", "class", "a b", "1a", "a;b", "é", "a\n"])
def test_no_identifier(text: str) -> None:
    with pytest.raises(ValueError):
        escape.identifier(text)


TRICKY = """{% macro tree(node, depth=0) %}
{% for child in node.children %}
- {{ child.name }}: {{ loop.index }} {{ loop.first }} {{ loop.last }} {{ depth }}
{% if child.children %}
{{ tree(child, depth + 1) }}
{%- endif %}
{% else %}
none
{% endfor %}
{% endmacro %}
{# a comment #}
{{ tree(root) }}
{% for each in root.children recursive %}{{ each.name }}{% if each.children %}[{{ loop(each.children) }}]{% endif %}{% endfor %}
{% set text = root.name ~ "-" ~ 3 %}
{{ text }} {{ text|comment }} {{ root.children|length }} {{ "a" if root.missing is defined else "b" }}
{% if root.name is string and not root.children is none %}yes{% endif %}
"""


def test_translated_templates_give_what_jinja2_gives() -> None:
    leaf = {"name": "a: {{b}}", "children": []}
    root = {"name": "r\n", "children": [leaf, {"name": "x", "children": [leaf, leaf]}]}
    assert rendered(TRICKY, "yaml", root=root) == environment("yaml").from_string(TRICKY).render(root=root)


def test_a_missing_name_is_an_error() -> None:
    from flowc.templates.runtime import TemplateRuntimeError

    for source in (
        "{{ absent }}",
        "{{ d.absent }}",
        "{% if absent %}{% endif %}",
        "{% for x in absent %}{% endfor %}",
        "{{ d ~ 'x' }}",
    ):
        with pytest.raises((TemplateRuntimeError, TypeError)):
            rendered(source, "yaml", d={})
