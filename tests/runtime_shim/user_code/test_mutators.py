"""Mutators: refused unless they may run; their changes are compiled, and run in tasks as with Metaflow."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowc.compiler.ir.json_form import from_json, to_json
from flowc.compiler.options.compile_inputs import CompileOptions
from flowc.compiler.pipeline import Program, load
from flowc.compiler.report.diagnostics import Diagnostic, Refused
from flowc.runtime_shim.user_code.mutators import parse_spec

from tests.support.running import artifacts, flowc, run

RUN = CompileOptions(run_mutators=True)
FLOW = """
import os
from metaflow import Config, FlowMutator, FlowSpec, Parameter, StepMutator, environment, retry, schedule, step
from metaflow.user_decorators.user_step_decorator import UserStepDecorator, user_step_decorator


@user_step_decorator
def timed(step_name, flow, inputs, attributes):
    flow.added = getattr(flow, "added", []) + [f"timed({attributes})"]
    yield


class Ready(FlowMutator):
    def init(self, *args, **kwargs):
        self.field = args[0]

    def pre_mutate(self, mutable_flow):
        for each in mutable_flow.settings[self.field]:
            mutable_flow.add_parameter(each["name"], Parameter(each["name"], type=str, default=each["default"]))
        mutable_flow.remove_parameter("old-one")
        mutable_flow.add_decorator("schedule:daily=true")
        mutable_flow.middle.add_decorator("timed:k=from_text,n=2")

    def mutate(self, mutable_flow):
        for name, each in mutable_flow.steps:
            each.add_decorator(retry, deco_kwargs={"times": 2, "minutes_between_retries": 0})


class Override(StepMutator):
    def pre_mutate(self, mutable_step):
        for name, _, _, attributes in mutable_step.get_decorator_specs("environment"):
            attributes["vars"]["ADDED"] = mutable_step.flow.settings.word
            mutable_step.add_decorator(environment, deco_kwargs=attributes, duplicates=mutable_step.OVERRIDE)


class Both(UserStepDecorator, StepMutator):
    def init(self, marker="none"):
        self.marker = marker

    def mutate(self, mutable_step):
        mutable_step.add_decorator(environment, deco_kwargs={"vars": {"MARK": self.marker}})

    def pre_step(self, step_name, flow, inputs=None):
        flow.marked = os.environ["MARK"]


@Ready("parameters")
class Mutated(FlowSpec):
    settings = Config("settings", default_value={"parameters": [{"name": "first", "default": "1"}], "word": "hello"})
    old = Parameter("old-one", default=1)

    @Override
    @environment(vars={"OWN": "own"})
    @retry(times=0)
    @step
    def start(self):
        self.seen = [os.environ["OWN"], os.environ["ADDED"], self.first, hasattr(self, "old")]
        self.next(self.middle)

    @step
    def middle(self):
        self.next(self.end)

    @Both(marker=settings.word)
    @step
    def end(self):
        self.all = [self.seen, self.added, self.marked]


if __name__ == "__main__":
    Mutated()
"""
ALL = "[['own', 'hello', '1', False], [\"timed({'k': 'from_text', 'n': 2})\"], 'hello']"


def program(folder: Path, text: str = FLOW, options: CompileOptions = RUN) -> Program:
    (folder / "flow.py").write_text(text)
    return load(str(folder / "flow.py"), options=options)


def test_each_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        program(tmp_path, options=CompileOptions())
    assert [(diagnostic.code, diagnostic.what.partition(" ")[0]) for diagnostic in refused.value.diagnostics] == [
        ("FLOW140", "`@Ready`"), ("FLOW140", "`@Override`"), ("FLOW140", "`@Both`")
    ]  # fmt: skip


def test_what_they_change_is_compiled(tmp_path: Path) -> None:
    loaded = program(tmp_path)
    flow = loaded.flow
    steps = {step.name: {decorator.name: decorator.attributes for decorator in step.decorators} for step in flow.steps}
    assert [(parameter.name, parameter.default, parameter.type) for parameter in flow.parameters] == [
        ("first", "1", "str")
    ]
    assert [decorator.name for decorator in flow.decorators] == ["schedule"] and flow.decorators[0].attributes[
        "daily"
    ] is True
    assert steps["start"]["environment"]["vars"] == {"OWN": "own", "ADDED": "hello"}
    # what is there already stays
    assert steps["start"]["retry"]["times"] == 0 and steps["middle"]["retry"]["times"] == 2
    assert steps["end"]["environment"]["vars"] == {"MARK": "hello"}
    assert [(entry.kind, entry.name) for entry in flow.inputs] == [
        ("mutator", f"flow.{name}") for name in ("Ready", "Override", "Both")
    ]
    assert from_json(to_json(flow, loaded.scope)) == (flow, loaded.scope)
    assert to_json(flow, loaded.scope) == to_json(program(tmp_path).flow, loaded.scope)


def test_they_run_again_in_tasks(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW)
    run(tmp_path / "flow.py", tmp_path / "store")
    printed = flowc("dump", "r/end", "--store", str(tmp_path / "store"), "--json", check=True).stdout
    assert ALL.replace('"', '\\"') in printed


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("def pre_mutate(self, f): f.nope", "has no attribute 'nope'"),
        ("def pre_mutate(self, f): f.add_parameter('old', Parameter('x'))", "already has a class member 'old'"),
        ("def pre_mutate(self, f): f.add_parameter('x', 3)", "Only a Parameter"),
        ("def pre_mutate(self, f): f.start.add_decorator('nonsense')", "Unknown step decorator"),
        ("def pre_mutate(self, f): f.start.add_decorator('schedule')", "Unknown step decorator"),
        ("def pre_mutate(self, f): f.start.add_decorator(retry, deco_kwargs={'tmes': 1}, duplicates=f.OVERRIDE)", "does not support the attribute 'tmes'"),
        ("def pre_mutate(self, f): f.start.add_decorator(retry, duplicates=f.ERROR)", "only once"),
        ("def pre_mutate(self, f): f.start.add_decorator(retry, duplicates=7)", "Invalid duplicates value"),
        ("def pre_mutate(self, f): f.start.add_decorator(print)", "add_decorator takes"),
        ("def pre_mutate(self, f): f.remove_decorator('M')", "Cannot remove FlowMutator"),
        ("def mutate(self, f): f.add_parameter('x', Parameter('x'))", "only allowed in the `pre_mutate`"),
        ("def mutate(self, f): f.remove_parameter('old-one')", "only allowed in the `pre_mutate`"),
        ("def mutate(self, f): f.add_decorator(schedule)", "only allowed in the `pre_mutate`"),
        ("def mutate(self, f): f.settings.word = 'x'", "immutable"),
        ("def mutate(self, f): __import__('socket').create_connection(('127.0.0.1', 9))", "no network"),
        ("def mutate(self, f): __import__('urllib.request').request.urlopen('http://127.0.0.1:9')", "no network"),
        ("def mutate(self, f): __import__('sys').exit(3)", "SystemExit"),
        ("def add_to_package(self): return ['x']", "must return tuples"),
        ("def add_to_package(self): return [('/no/such', 'x.py')]", "which is not a file"),
        ("def add_to_package(self): return [(__file__, 'x.py'), (__import__('os').__file__, 'x.py')]", "already has that name"),
        ("def add_to_package(self): from metaflow.packaging_sys import ContentType; return [(__file__, 'x', ContentType.OTHER_CONTENT)]", "which flowc does not support"),
        ("def mutate(self, f): __import__('os')._exit(3)", "without an answer"),
        ("def mutate(self, f): f.start.add_decorator(environment, deco_kwargs={'vars': {'A': object()}})", None),
    ],
)  # fmt: skip
def test_what_they_may_not(body: str, message: str | None, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = FLOW.replace('@Ready("parameters")', "@M").replace(
        "class Ready(", f"class M(FlowMutator):\n    {body}\n\n\nclass Ready("
    )
    if message is None:
        text = text.replace('    @environment(vars={"OWN": "own"})\n', "").replace("    @Override\n", "")
    with pytest.raises(Refused) as refused:
        program(tmp_path, text)
    assert [diagnostic.code for diagnostic in refused.value.diagnostics] == ["FLOW141"]
    assert (message or "type object") in refused.value.diagnostics[0].what


def test_files_for_the_code_package(tmp_path: Path) -> None:
    """`add_to_package` takes pairs, kinds of content and whole modules, as documented.

    It replaces no file of the flow.
    """
    lib = tmp_path / "elsewhere" / "lib"
    (lib / "deep").mkdir(parents=True)
    for name, text in (("__init__.py", "A = 1"), ("deep/data.txt", "data"), ("deep/old.pyc", "no")):
        (lib / name).write_text(text)
    (tmp_path / "elsewhere" / "helper.py").write_text("other")
    flow = """
import os, sys
from metaflow import FlowMutator, FlowSpec, StepMutator, step
from metaflow.packaging_sys import ContentType
import helper

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "elsewhere"))
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "elsewhere")


class Files(FlowMutator):
    def add_to_package(self):
        yield os.path.join(HERE, "lib/deep/data.txt"), "more/data.txt"
        yield os.path.join(HERE, "lib/deep/data.txt"), "user.txt", ContentType.USER_CONTENT
        yield os.path.join(HERE, "helper.py"), "helper.py", ContentType.CODE_CONTENT


class Module(StepMutator):
    def add_to_package(self):
        import lib

        return [(lib, None, ContentType.MODULE_CONTENT)]


@Files
class Train(FlowSpec):
    @Module
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
    (tmp_path / "helper.py").write_text("OWN = 1")
    loaded = program(tmp_path, flow)
    added = {
        "lib/__init__.py": b"A = 1",
        "lib/deep/data.txt": b"data",
        "more/data.txt": b"data",
        "user.txt": b"data",
        "helper.py": b"OWN = 1",
    }
    assert {name: data for name, data in loaded.files.items() if not name.startswith("flow")} == added
    assert {entry.name for entry in loaded.flow.inputs if entry.kind == "file"} == {*added}


def test_what_is_imported_from_where_nothing_is_read_may_be_a_mutator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mutator of an installed package: a warning without `--run-mutators`, and found with it."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "acme_platform.py").write_text("""
from metaflow import FlowMutator, StepMutator, retry, user_step_decorator


class standards(FlowMutator):
    def pre_mutate(self, mutable_flow):
        for _, each in mutable_flow.steps:
            each.add_decorator(retry, deco_kwargs={"times": 1})


class limited(StepMutator):
    def mutate(self, mutable_step):
        mutable_step.add_decorator("timeout:minutes=2")


@user_step_decorator
def timed(step_name, flow, inputs=None, attributes=None):
    yield


def ordinary(function):
    return function
""")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    flow = """
from acme_platform import limited, ordinary, standards, timed
from metaflow import FlowSpec, step


@standards
class Train(FlowSpec):
    @limited
    @timed
    @step
    @ordinary
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
    diagnostics = program(tmp_path, flow, CompileOptions()).diagnostics
    assert [(diagnostic.code, diagnostic.severity, diagnostic.what[:11]) for diagnostic in diagnostics] == [
        ("FLOW143", "warning", "`@standards"), ("FLOW143", "hint", "`@limited` "), ("FLOW143", "hint", "`@timed` is"),
    ]  # fmt: skip
    loaded = program(tmp_path, flow)
    assert not loaded.diagnostics and loaded.flow.mutators == ("acme_platform.standards", "acme_platform.limited")
    assert {step.name: [decorator.name for decorator in step.decorators] for step in loaded.flow.steps} == {
        "start": ["timeout", "retry"],
        "end": ["retry"],
    }
    plain = flow.replace("@standards\n", "").replace("    @limited\n", "")
    assert program(tmp_path, plain).flow.mutators == ()


def test_the_environment_is_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "of this machine")
    text = FLOW.replace(
        'attributes["vars"]["ADDED"] = mutable_step.flow.settings.word',
        'attributes["vars"]["ADDED"] = os.environ.get("SECRET", "unset")',
    )
    added = {
        options: program(tmp_path, text, options).flow.steps[0].decorators[0].attributes["vars"]
        for options in (RUN, CompileOptions(variables=(("SECRET", "given"),), run_mutators=True))
    }
    assert [variables["ADDED"] for variables in added.values()] == ["unset", "given"]  # type: ignore[index,call-overload]


def test_functions_of_configs_may_run_too(tmp_path: Path) -> None:
    text = """
import configparser, platform
from metaflow import Config, FlowSpec, step
def ini(text):
    reader = configparser.ConfigParser()
    reader.read_string(text)
    return {"alpha": float(reader["model"]["alpha"]), "pair": (1, 2)}
def value(context):
    return {"name": context.parameter_name + platform.node()[:0]}
class MyFlow(FlowSpec):
    a = Config("a", default_value="[model]\\nalpha = 0.5", parser=ini)
    b = Config("b", default_value=value)
    @step
    def end(self):
        pass
"""
    assert {diagnostic.code for diagnostic in _refused(tmp_path, text)} == {"FLOW133", "FLOW134"}
    configs = program(tmp_path, text).flow.configs
    assert [config.value for config in configs] == [{"alpha": 0.5, "pair": [1, 2]}, {"name": "b"}]
    assert configs[0].literal == "{'alpha': 0.5, 'pair': (1, 2,)}"
    failing = text.replace('reader["model"]', 'reader["nothing"]')
    with pytest.raises(Refused, match="FLOW134"):
        program(tmp_path, failing)


def _refused(folder: Path, text: str) -> list[Diagnostic]:
    with pytest.raises(Refused) as refused:
        program(folder, text, CompileOptions())
    return list(refused.value.diagnostics)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("retry", ("retry", [], {})),
        ("retry:times=2,minutes_between_retries=0.5", ("retry", [], {"times": 2, "minutes_between_retries": 0.5})),
        ('environment:vars={"a": 1, "b": "x,y"}', ("environment", [], {"vars": {"a": 1, "b": "x,y"}})),
        ("my.M:0=x,2=3,k=a b", ("my.M", ["x", None, 3], {"k": "a b"})),
        ("card:id=a,type=b=c", ("card", [], {"id": "a", "type": "b=c"})),
    ],
)
def test_the_text_form(text: str, expected: object) -> None:
    assert parse_spec(text) == expected


ATTACHED = """
import os
from metaflow import FlowMutator, FlowSpec, StepMutator, step, user_step_decorator


@user_step_decorator
def note(step_name, flow, inputs, attributes):
    flow.noted = attributes["k"]
    yield


class AtMost(StepMutator):
    def init(self, cpu):
        self.cpu = cpu

    def pre_mutate(self, mutable_step):
        assert not list(mutable_step.get_decorator_specs("resources")), "--with comes after pre_mutate"

    def mutate(self, mutable_step):
        for _, _, _, attributes in mutable_step.get_decorator_specs("resources"):
            changed = {**attributes, "cpu": min(attributes["cpu"], self.cpu)}
            mutable_step.add_decorator("resources", deco_kwargs=changed, duplicates=mutable_step.OVERRIDE)


class NoRetries(FlowMutator):
    def mutate(self, mutable_flow):
        for name, each in mutable_flow.steps:
            for _, _, _, attributes in each.get_decorator_specs("environment"):
                each.add_decorator(note, deco_kwargs={"k": attributes["vars"]["W"]})
            each.remove_decorator("retry")


@NoRetries
class Attached(FlowSpec):
    @AtMost(cpu=2)
    @step
    def start(self):
        self.w = os.environ.get("W")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Attached()
"""


def test_they_see_what_with_attaches_and_their_changes_win(tmp_path: Path) -> None:
    """Unchanged decorators stay as `--with` added them, even one that may be repeated. The mutator removes `retry`."""
    (tmp_path / "flow.py").write_text(ATTACHED)
    attach = ("resources:cpu=8,memory=100", "retry:times=3", "card:type=blank", "card:id=two")
    loaded = load(str(tmp_path / "flow.py"), attach=attach, options=RUN)
    start, end = (
        {decorator.name: decorator.attributes for decorator in step.decorators if decorator.name != "card"}
        for step in loaded.flow.steps
    )
    assert start.keys() == end.keys() == {"resources"}
    assert (start["resources"]["cpu"], start["resources"]["memory"], end["resources"]["cpu"]) == (2, 100, 8)
    for step in loaded.flow.steps:
        assert sorted((decorator.attributes["type"], decorator.attributes["id"]) for decorator in step.decorators if decorator.name == "card") == [
            ("blank", None), ("default", "two"),
        ]  # fmt: skip
    assert [entry.name for entry in loaded.flow.inputs if entry.kind == "with"] == list(attach)
    assert from_json(to_json(loaded.flow, loaded.scope))[0] == loaded.flow


def test_what_with_attaches_is_there_when_they_run_again_in_tasks(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(ATTACHED)
    run(tmp_path / "flow.py", tmp_path / "store", "--with", 'environment:vars={"W":"cli"}')
    assert (artifacts(tmp_path / "store", "start")["w"], artifacts(tmp_path / "store", "end")["noted"]) == (
        "'cli'",
        "'cli'",
    )


def test_a_wrong_with_is_said_once_and_before_they_run(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(ATTACHED)
    with pytest.raises(Refused) as refused:
        load(str(tmp_path / "flow.py"), attach=["resorces"], options=RUN)
    assert [diagnostic.code for diagnostic in refused.value.diagnostics] == ["FLOW110"]


def test_without_leave_to_run_with_attaches_as_ever(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(ATTACHED.replace("@NoRetries\n", "").replace("    @AtMost(cpu=2)\n", ""))
    for options in (RUN, CompileOptions()):
        loaded = load(str(tmp_path / "flow.py"), attach=["retry:times=3"], options=options)
        assert [[decorator.name for decorator in step.decorators] for step in loaded.flow.steps] == [
            ["retry"],
            ["retry"],
        ]
        assert not [entry for entry in loaded.flow.inputs if entry.kind == "with"]
