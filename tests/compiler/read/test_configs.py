"""Configs: the sources of their texts, their values, and the uses of these."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flowc.compiler.ir.json_form import from_json, to_json
from flowc.compiler.options.compile_inputs import NOTHING, CompileOptions
from flowc.compiler.pipeline import Program, load
from flowc.compiler.read.config_formats import BadText, literal, parse
from flowc.compiler.report.diagnostics import Refused

HEAD = "import os\nimport json\nfrom metaflow import *\n"
END = "\n    @step\n    def end(self):\n        pass\n"


def program(folder: Path, body: str, options: CompileOptions = NOTHING, top: str = "") -> Program:
    """The program of a flow with these class attributes and, if `body` has no step, a start."""
    if "def start" not in body:
        body += "\n@step\ndef start(self):\n    self.next(self.end)\n"
    text = (
        HEAD
        + top
        + "\nclass MyFlow(FlowSpec):\n"
        + "".join(f"    {line}\n" for line in body.strip().splitlines())
        + END
    )
    (folder / "flow.py").write_text(text)
    return load(str(folder / "flow.py"), options=options)


def said(folder: Path, body: str, options: CompileOptions = NOTHING, top: str = "") -> list[str]:
    try:
        return [diagnostic.code for diagnostic in program(folder, body, options, top).diagnostics]
    except Refused as refused:
        return [diagnostic.code for diagnostic in refused.diagnostics]


def value(folder: Path, arguments: str, options: CompileOptions = NOTHING, top: str = "") -> Any:
    return program(folder, f"cfg = Config({arguments})", options, top).flow.configs[0].value


STEP = "@step\ndef start(self):\n    self.next(self.end)\n"


# ── the source of the text ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_default_file_is_beside_the_flow_or_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flow, here = tmp_path / "flow", tmp_path / "here"
    flow.mkdir()
    here.mkdir()
    monkeypatch.chdir(here)
    (flow / "c.json").write_text('{"where": "flow"}')
    assert value(flow, "'cfg', default='c.json'") == {"where": "flow"}
    (here / "c.json").write_text('{"where": "here"}')
    assert value(flow, "'cfg', default='c.json'") == {"where": "here"}  # as Metaflow does
    assert said(flow, "cfg = Config('cfg', default='c.json')") == ["FLOW137"]
    (here / "c.json").write_text('{"where": "flow"}')
    assert said(flow, "cfg = Config('cfg', default='c.json')") == []


@pytest.mark.parametrize(
    "path",
    [
        "os.path.join(os.path.dirname(__file__), 'conf', 'c.json')", "os.path.join(os.path.dirname(os.path.abspath(__file__)), 'conf/c.json')",
        "Path(__file__).parent / 'conf' / 'c.json'", "str(Path(__file__).resolve().parent / 'conf/c.json')", "FOLDER + '/c.json'",
        "str(HERE / 'conf' / 'c.json')", "HERE / 'conf/c.json'", "HERE.joinpath('conf', 'c.json')",
    ],
)  # fmt: skip
def test_a_path_from_the_flows_own_file(path: str, tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "c.json").write_text("{}")
    top = "from pathlib import Path\nFOLDER = os.path.join(os.path.dirname(__file__), 'conf')\nHERE = Path(__file__).parent\n"
    flow = program(tmp_path, f"cfg = Config('cfg', default={path})", top=top).flow
    assert flow.inputs[0].value == "conf/c.json"  # equal on every machine


def test_what_is_given_comes_first(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"a": 2}')
    text = "'cfg', default_value={'a': 1}"
    assert value(tmp_path, text) == {"a": 1}
    assert value(tmp_path, text, CompileOptions(config_files=(("cfg", str(tmp_path / "other.json")),))) == {"a": 2}
    assert value(tmp_path, text, CompileOptions(config_values=(("cfg", '{"a": 3}'),))) == {"a": 3}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("'cfg'", None),
        ("'cfg', default_value=None", None),
        ("'cfg', default_value='null'", None),
        ("'cfg', default_value={}", {}),
        ("'cfg', default_value={'t': (1, 2), 3: 'x'}", {"t": [1, 2], "3": "x"}),  # as JSON text, as in Metaflow
        ("'cfg', default_value='', plain=True", ""),
        ("'cfg', default_value='{\"a\": 1}', plain=True", '{"a": 1}'),
        ("'cfg', default_value=lambda context: {'name': context.parameter_name}", {"name": "cfg"}),
        ("'cfg', default_value=made", {"flow": "MyFlow"}),
        ("'cfg', default_value='a: 1', parser=pairs", {"a": "1"}),
        ("'cfg', default_value='a: 1', parser='flow.pairs'", {"a": "1"}),
        ("'cfg', default_value='a,b', parser=lambda text: text.split(','), plain=True", ["a", "b"]),
        ("'cfg', default_value='a,b', parser=lambda text: tuple(text.split(',')), plain=True", ["a", "b"]),
        ("'cfg', default_value='a: [1, {b: x}]', parser=yaml_parser", {"a": [1, {"b": "x"}]}),
        ("'cfg', default_value='a: 1', parser='.plugins.parsers.yaml_parser'", {"a": 1}),
        ("'cfg', default_value='{\"a\": 1}', parser='json.loads'", {"a": 1}),
    ],
)
def test_values(arguments: str, expected: Any, tmp_path: Path) -> None:
    top = "def pairs(text):\n    k, v = text.split(':')\n    return {k: v.strip()}\ndef made(context):\n    return {'flow': context.flow_name}\n"
    assert value(tmp_path, arguments, top=top) == expected


def test_json_keeps_less_than_python(tmp_path: Path) -> None:
    """Steps see the value of `literal`; `value` is for other readers."""
    config = program(
        tmp_path, "cfg = Config('cfg', default_value='a,b', parser=lambda t: tuple(t.split(',')), plain=True)"
    ).flow.configs[0]
    assert (config.value, config.literal) == (["a", "b"], "('a', 'b',)")
    assert [literal(item) for item in ({1: "x"}, (), {"a"}, b"\0", [True, None])] == [
        "{1: 'x'}",
        "()",
        "{'a'}",
        "b'\\x00'",
        "",
    ]


# ── what is wrong ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "options", "codes"),
    [
        ("cfg = Config('cfg', default='nowhere.json')", CompileOptions(), ["FLOW130"]),
        ("cfg = Config('cfg')", CompileOptions(config_files=(("cfg", "nowhere.json"),)), ["FLOW130"]),
        ("cfg = Config('cfg', required=True)", CompileOptions(), ["FLOW131"]),
        ("cfg = Config('cfg', required=True, default_value={})", CompileOptions(), []),
        ("cfg = Config('cfg', default_value='{')", CompileOptions(), ["FLOW132"]),
        ("cfg = Config('cfg', default_value='[1]')", CompileOptions(), ["FLOW132"]),
        ("cfg = Config('cfg', default_value='NaN', plain=False)", CompileOptions(), ["FLOW132"]),
        ("cfg = Config('cfg', default_value='a: 2020-01-01', parser=yaml_parser)", CompileOptions(), ["FLOW132"]),
        ("cfg = Config('cfg', default_value='x', parser=lambda t: open(t).read())", CompileOptions(), ["FLOW133"]),
        ("cfg = Config('cfg', default_value='x', parser='some.where.parser')", CompileOptions(), ["FLOW133"]),
        ("cfg = Config('cfg', default_value=lambda c: {'u': c.user_name})", CompileOptions(), ["FLOW134"]),
        ("cfg = Config('cfg')", CompileOptions(config_values=(("cgf", "{}"),)), ["FLOW135"]),
        (
            "cfg = Config('cfg')",
            CompileOptions(config_values=(("cfg", "{}"),), config_files=(("cfg", "x"),)),
            ["FLOW135"],
        ),
        ("", CompileOptions(config_values=(("cfg", "{}"),)), ["FLOW135"]),
        ("cfg = Config('cfg', default='a', default_value='b')", CompileOptions(), ["FLOW136"]),
        ("cfg = Config('cfg', default_value=3)", CompileOptions(), ["FLOW136"]),
        ("cfg = Config('cfg')\nother = Config('cfg')", CompileOptions(), ["FLOW136"]),
        ("cfg = Config()", CompileOptions(), ["FLOW136"]),
        ("cfg = Config('cfg', nonsense=1)", CompileOptions(), ["FLOW113"]),
        ("cfg = Config('cfg')\nb = Config('b', default_value=cfg.x)", CompileOptions(), ["FLOW134"]),
    ],
)
def test_mistakes(body: str, options: CompileOptions, codes: list[str], tmp_path: Path) -> None:
    assert said(tmp_path, body, options) == codes


def test_one_mistake_is_said_once(tmp_path: Path) -> None:
    """The uses of a config that could not be read give no further diagnostics."""
    body = "cfg = Config('cfg', default='nowhere.json')\np = Parameter('p', default=cfg.p)\n@retry(**cfg.r)\n@environment(vars={'A': cfg.a})\n"
    assert said(tmp_path, body + STEP) == ["FLOW130"]


# ── uses ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

SETTINGS = "cfg = Config('settings', default_value={'a': {'b': 'X', 'n': 3}, 'retry': {'times': 1}, 'l': [{'z': 2}], 'which': 'a', 'a-b': 5})\n"


def start(folder: Path, above: str, top: str = "", body: str = SETTINGS) -> dict[str, Any]:
    step = next(
        step for step in program(folder, body + above + "\n" + STEP, top=top).flow.steps if step.name == "start"
    )
    return dict(step.decorators[0].attributes)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("cfg.a.n", 3), ("cfg['a']['n']", 3), ("cfg.a['n']", 3), ("cfg['l'][0]['z']", 2), ("cfg['a-b']", 5), ("cfg[cfg.which].n", 3),
        ("config_expr('settings.a.n')", 3), ("config_expr('settings').a.n", 3), ("config_expr('settings.a.n + LIMIT')", 8),
        ("config_expr('settings.a.get(\"m\", 7)')", 7), ("config_expr('double(settings)')", 6), ("config_expr('len(settings.l)')", 1),
        ("config_expr(\"[each['z'] for each in settings.l][0]\")", 2), ("config_expr('max(settings.a.n, 5) if settings.l else 0')", 5),
    ],
)  # fmt: skip
def test_values_of_decorators(written: str, expected: Any, tmp_path: Path) -> None:
    top = "LIMIT = 5\ndef double(s):\n    return s.a.n * 2\n"
    assert start(tmp_path, f"@timeout(seconds={written})", top)["seconds"] == expected


def test_whole_decorators(tmp_path: Path) -> None:
    assert start(tmp_path, "@retry(**cfg.retry)")["times"] == 1
    assert start(tmp_path, "@retry(**config_expr('settings.retry'), minutes_between_retries=0)") == {
        "times": 1,
        "minutes_between_retries": 0,
    }
    assert start(tmp_path, "@environment(vars=config_expr('settings.a'))")["vars"] == {"b": "X", "n": 3}
    assert start(tmp_path, "@environment(vars={'x': cfg.a.b, **EXTRA})", "EXTRA = {'y': 'z'}\n")["vars"] == {
        "x": "X",
        "y": "z",
    }
    assert said(tmp_path, SETTINGS + "@retry(**cfg.a)\n" + STEP) == ["FLOW113", "FLOW113"]
    assert said(tmp_path, SETTINGS + "@retry(**cfg.retry, times=2)\n" + STEP) == ["FLOW113"]


def test_parameters_and_flow_decorators(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(
        HEAD + "@schedule(cron=config_expr('settings.cron'))\nclass MyFlow(FlowSpec):\n"
        "    settings = Config('settings', default_value={'cron': '1 2 * * *', 'alpha': 0.5})\n"
        "    alpha = Parameter('alpha', default=settings.alpha)\n    @step\n    def end(self):\n        pass\n"
    )
    flow = load(str(tmp_path / "flow.py")).flow
    assert flow.decorators[0].attributes["cron"] == "1 2 * * *"
    assert (flow.parameters[0].default, flow.parameters[0].type) == (0.5, "float")


@pytest.mark.parametrize(
    "written",
    ["cfg.a.n + 1", "str(cfg.a.n)", "f'{cfg.a.n}'", "cfg.a.b.lower()", "int(cfg.a.n)", "cfg.a.n or 3", "-cfg.a.n"],
)
def test_nothing_can_be_computed_in_a_class_body(written: str, tmp_path: Path) -> None:
    """Metaflow fails there when the flow is imported, or silently computes with the object itself."""
    with pytest.raises(Refused, match="FLOW120") as refused:
        start(tmp_path, f"@timeout(seconds={written})")
    assert "config_expr(" in refused.value.diagnostics[0].how


@pytest.mark.parametrize(
    "written", ["cfg", "cfg.nope", "cfg.a.n.x", "config_expr('nope')", "config_expr('settings.nope')", "config_expr(1)"]
)
def test_what_is_not_there(written: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="FLOW120"):
        start(tmp_path, f"@environment(vars={{'A': {written}}})")


def test_configs_are_inherited(tmp_path: Path) -> None:
    (tmp_path / "base.py").write_text(HEAD + "class Base(FlowSpec):\n    cfg = Config('cfg', default_value={'n': 2})\n")
    (tmp_path / "flow.py").write_text(
        HEAD
        + "from base import Base\nclass MyFlow(Base):\n    @retry(times=config_expr('cfg.n'))\n    @step\n    def end(self):\n        pass\n"
    )
    flow = load(str(tmp_path / "flow.py")).flow
    assert flow.steps[0].decorators[0].attributes["times"] == 2 and flow.configs[0].name == "cfg"


def test_cases_of_a_switch(tmp_path: Path) -> None:
    body = """
cfg = Config('cfg', default_value={'first': 'yes', 'n': 2})
@step
def start(self):
    self.kind = 'yes'
    self.next({self.cfg.first: self.a, self.cfg.n: self.b}, condition='kind')
@step
def a(self):
    self.next(self.end)
@step
def b(self):
    self.next(self.end)
"""
    switch = program(tmp_path, body).flow.steps[0].transition
    assert [(case.value, case.target) for case in switch.cases] == [("yes", "a"), (2, "b")]  # type: ignore[union-attr]
    assert said(tmp_path, body.replace("self.cfg.n:", "self.cfg.nope:")) == ["FLOW203"]


def test_provenance_and_round_trip(tmp_path: Path) -> None:
    options = CompileOptions(config_values=(("cfg", '{"a": 1}'),))
    loaded = program(
        tmp_path, "cfg = Config('cfg')\nown = Config('own', default_value='{}')\nnone = Config('none')", options
    )
    inputs = loaded.flow.inputs
    # the others are part of the source
    assert [(entry.kind, entry.name, entry.value) for entry in inputs] == [("config", "cfg", "--config-value")]
    assert inputs[0].digest == "sha256:" + __import__("hashlib").sha256(b'{"a": 1}').hexdigest()
    assert from_json(to_json(loaded.flow, loaded.scope)) == (loaded.flow, loaded.scope)
    older = json.loads(to_json(loaded.flow, loaded.scope))
    for name in ("configs", "inputs", "mutators", "decorators_known"):
        del older["flow"][name]  # what a front end wrote that knows no configs
    assert from_json(json.dumps(older))[0].configs == ()


# ── texts ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("requirements", "# c\nnumpy==1.2 # why\nreq[b, a]>=2, <3\npython==3.10.*\n-e file:.\nx @ git+https://h/x\n",
         {"packages": {"numpy": "1.2", "req[a,b]": "<3,>=2", "x@git+https://h/x": ""}, "python": "3.10.*"}),
        ("requirements", "", {"packages": {}, "python": None}),
        ("pyproject", '[project]\nrequires-python = ">=3.9"\ndependencies = ["a==1", "b"]\n', {"packages": {"a": "1", "b": ""}, "python": ">=3.9"}),
        ("pyproject", "", {"packages": {}, "python": None}),
        ("conda", "name: x\ndependencies:\n  - python=3.9\n  - numpy=1.2 # c\n  - scipy>=1\nother:\n  - no\n",
         {"packages": {"numpy": "1.2", "scipy": ">=1"}, "python": "3.9"}),
        ("yaml", "", None),
        ("yaml", "1: x", {1: "x"}),
    ],
)  # fmt: skip
def test_texts(kind: str, text: str, expected: Any) -> None:
    assert parse(kind, text) == expected


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("requirements", "not a requirement"), ("requirements", "a; python_version < '3'"), ("requirements", "python==3\npython==4"),
        ("conda", "dependencies:\n- pip:\n"), ("conda", "dependencies:\n- a b\n"), ("toml", "a"), ("yaml", "a: [") , ("yaml", "!!python/object:x {}"),
        ("json", "[" * 100_000), ("yaml", "a: &a [x, x]\n" + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(8))),
        ("json", '"\\ud800"'), ("json", "1e999"),
    ],
)  # fmt: skip
def test_bad_texts(kind: str, text: str) -> None:
    with pytest.raises(BadText):
        parse(kind, text)
