"""DAG files of any flow agree with the reference, and Airflow accepts them."""

from __future__ import annotations

import ast
import base64
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flowc.compiler.fast_start.record import replace
from flowc.compiler.ir.nodes import Flow
from flowc.compiler.ir.scopes import is_loop, scopes
from flowc.compiler.optimize.optimize import optimized
from flowc.compiler.optimize.settings import Settings
from flowc.targets.airflow.emit import check, emit, needs_containers
from flowc.targets.airflow.names import CHOICE, ITEMS, PATHS, is_dag_id, task_id, variable
from flowc.targets.airflow.validate import validate
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jinja2.sandbox import SandboxedEnvironment

from tests.support import hostile
from tests.support.building import options_of, program_of, spec_of
from tests.support.reference import executed
from tests.support.strategies import Block, flow_of, flows

from .simulator import Failed, Simulator, modules, read

NO_LOOPS = flows(depth=3).filter(lambda flow: not any(map(is_loop, flow.steps)))


@given(NO_LOOPS, st.sampled_from(["kubernetes", "process"]))
@settings(deadline=None)
def test_a_run_does_what_the_reference_says(flow: Flow, how: str) -> None:
    text = emit(flow, scopes(flow), options_of("airflow", airflow_tasks=how))[0].text
    assert not list(validate("x_dag.py", text))
    simulator = Simulator(text, flow)
    assert simulator.run() == "success", simulator.states
    assert sorted(simulator.executed) == executed(flow)


SETTINGS = st.builds(
    Settings, fuse=st.booleans(), loops=st.just(True), items=st.integers(0, 3), containers=st.integers(0, 3)
)


@given(flows(depth=3), SETTINGS, st.sampled_from(["kubernetes", "process"]))
@settings(deadline=None)
def test_a_flow_of_containers_runs_the_same_tasks(flow: Flow, wanted: Settings, how: str) -> None:
    """Loops too: the tasks are the reference's, in no more containers than tasks."""
    result = optimized(flow, wanted)
    options = replace(options_of("airflow", airflow_tasks=how), containers=result.containers, widths=result.widths)
    assert not [found for found in check(result.flow, options) if found.severity == "error"]
    text = emit(result.flow, result.scope, options)[0].text
    assert not list(validate("x_dag.py", text))
    simulator = Simulator(text, flow)
    assert simulator.run() == "success", simulator.states
    assert sorted(simulator.executed) == executed(flow)
    assert simulator.containers <= len(simulator.executed)


STEP: Block = [("step", None)]
MEETINGS: list[Block] = [
    [("meeting", ([STEP] * blocks, outer, inner))] for blocks in (2, 3, 4) for outer in (0, 1) for inner in (0, 1)
]  # fmt: skip
AROUND: list[Callable[[Block], Block]] = [
    lambda block: block,
    lambda block: [*block, *STEP],
    lambda block: [("branches", [block, STEP])],
    lambda block: [("foreach", (block, 2))],
    lambda block: [("foreach", ([("branches", [STEP, block])], 2))],
    *(lambda block, taken=taken: [("switch", ([block, STEP], taken))] for taken in (0, 1)),
    *(lambda block, taken=taken: [("meeting", ([STEP, STEP, block], 1, taken))] for taken in (0, 1)),
    *(lambda block, taken=taken: [("meeting", ([block, STEP, STEP], 1, taken))] for taken in (0, 1)),
]


@pytest.mark.parametrize("around", AROUND, ids=range(len(AROUND)))
@pytest.mark.parametrize("meeting", MEETINGS, ids=range(len(MEETINGS)))
def test_a_step_where_ways_meet_runs_only_if_one_leads_there(meeting: Block, around: Callable[[Block], Block]) -> None:
    """Each shape of a meeting, each way through it, in all surroundings: a run may skip the step, or its switches."""
    flow = flow_of(around(meeting))
    simulator = Simulator(emit(flow, scopes(flow), options_of("airflow"))[0].text, flow)
    assert simulator.run() == "success", simulator.states
    assert sorted(simulator.executed) == executed(flow)


def test_only_a_way_that_may_be_passed_by_has_a_task_of_its_own() -> None:
    """A DAG has only the tasks that the flow needs: none for a switch with a way that only skips the other."""
    plain = flow_of([("switch", ([STEP], 0)), ("switch", ([STEP, STEP], 1))])
    assert "EmptyOperator" not in emit(plain, scopes(plain), options_of("airflow"))[0].text
    meeting = flow_of([("meeting", ([STEP] * 3, 1, 1))])
    assert len(re.findall(r"= EmptyOperator", emit(meeting, scopes(meeting), options_of("airflow"))[0].text)) == 1


@given(NO_LOOPS, st.data())
@settings(deadline=None)
def test_what_comes_after_a_failure_does_not_run(flow: Flow, data: st.DataObject) -> None:
    fails = data.draw(st.sampled_from(executed(flow)))
    simulator = Simulator(emit(flow, scopes(flow), options_of("airflow"))[0].text, flow, fails)
    assert simulator.run() == "failed"
    assert (flow.end, "-") not in simulator.executed


@given(flows().filter(lambda flow: any(map(is_loop, flow.steps))))
@settings(max_examples=10)
def test_loops_need_containers(flow: Flow) -> None:
    loops = [step.name for step in flow.steps if is_loop(step)]
    assert [step for step, _ in needs_containers(flow, options_of("airflow"))] == loops
    found = [diagnostic for diagnostic in check(flow, options_of("airflow")) if diagnostic.code == "FLOW530"]
    assert len(found) == len(loops) and all(diagnostic.span for diagnostic in found), "where settings forbid it"


WIDE = """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.rows = list(range(OUTER))
        self.next(self.row, foreach="rows")

    @step
    def row(self):
        self.cells = list(range(INNER))
        self.next(self.cell, foreach="cells")

    @step
    def cell(self):
        self.next(self.join_cells)

    @step
    def join_cells(self, inputs):
        self.next(self.join_rows)

    @step
    def join_rows(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize(
    ("outer", "inner", "needed"),
    [(32, 32, []), (33, 32, ["start"]), (2000, 1, ["start"]), (1, 2000, ["row"]), (2000, 2000, ["start"])],
)
def test_foreaches_that_are_wider_than_airflow_maps_need_containers(
    outer: int, inner: int, needed: list[str], tmp_path: Path
) -> None:
    program = program_of(WIDE.replace("OUTER", str(outer)).replace("INNER", str(inner)), tmp_path)
    options = replace(options_of("airflow"), widths=program.widths)
    assert [step for step, _ in needs_containers(program.flow, options)] == needed


def test_a_container_of_several_tasks(tmp_path: Path) -> None:
    source = """
from metaflow import FlowSpec, resources, retry, step, timeout

class F(FlowSpec):
    @retry(times=3, minutes_between_retries=1)
    @timeout(hours=1)
    @resources(cpu=2, memory=1000)
    @step
    def start(self):
        self.n = 0
        self.next(self.turn)

    @retry(times=1, minutes_between_retries=2)
    @resources(cpu=2, memory=1000)
    @step
    def turn(self):
        self.n += 1
        self.way = "on" if self.n < 3 else "out"
        self.next({"on": self.turn, "out": self.end}, condition="way")

    @resources(cpu=2, memory=1000)
    @step
    def end(self):
        pass
"""
    program = program_of(source, tmp_path)
    result = optimized(program.flow)
    for how, field in (("kubernetes", "arguments"), ("process", "bash_command")):
        options = replace(options_of("airflow", airflow_tasks=how), containers=result.containers)
        dag = read(emit(result.flow, result.scope, options)[0].text)
        assert list(dag.nodes) == ["start"]
        start = dag.nodes["start"].settings
        words = start[field].split() if how == "process" else start[field]
        assert words[words.index("--within") :] == ["--within", "start,turn,end", "--cores", "2", "--memory", "1000"]
        assert (start["retries"], start["retry_delay"].seconds) == (3, 120)
        assert "execution_timeout" not in start, "each task has its own timeout"
        assert start["doc_md"] == "One container runs 3 steps: start, turn, end"


@given(
    st.lists(
        st.text(st.sampled_from("abAB_é0f"), min_size=1, max_size=260).filter(str.isidentifier), unique=True, min_size=2
    )
)
def test_names_are_legal_and_never_collide(steps: list[str]) -> None:
    roles = ("", PATHS, CHOICE, ITEMS)
    ids = [task_id(step, role) for step in steps for role in roles]
    variables = [variable(step, role) for step in steps for role in ("task", *roles[1:])]
    assert len(set(ids)) == len(ids) and len(set(variables)) == len(variables)
    assert all(is_dag_id(name) or len(name) <= 250 for name in ids)
    assert all(variable.isascii() and variable.isidentifier() for variable in variables)


@pytest.mark.parametrize("how", ["kubernetes", "process"])
@pytest.mark.parametrize("text", hostile.TEXTS, ids=range(len(hostile.TEXTS)))
def test_hostile_texts_come_through(text: str, how: str, tmp_path: Path) -> None:
    program = program_of(hostile.flow(text), tmp_path)
    spec = spec_of(program, "airflow", airflow_tasks=how)[0].text
    assert not list(validate("x_dag.py", spec))
    dag = read(spec)
    ((name, parameter),) = dag.settings["params"].items()
    assert (name, parameter.default, parameter.schema["type"]) == ("p-q", (text,), "string")
    assert parameter.schema["description"] == program.flow.parameters[0].help
    assert dag.settings.get("doc_md", "\n") == program.flow.doc + "\n"
    assert not dag.settings.get("doc_md", "").endswith(".md"), "Airflow would look for a file"
    start = dag.nodes["start"].settings
    environment = start["env" if how == "process" else "env_vars"]
    safe = not any(mark in text for mark in ("{{", "{%", "{#", "$(")) and not text.endswith((".sh", ".json"))
    assert environment.get("A") == (text if safe else None)
    assert environment["FLOWC_PARAMETERS"] == "{{ encoded(params) }}"
    encoded = dag.settings["user_defined_macros"]["encoded"]({name: text})
    assert json.loads(base64.b64decode(encoded)) == {name: text}
    assert (dag.settings["schedule"], dag.settings["start_date"][1]) == ("0 * * * *", "Europe/Berlin")


def test_decorators(tmp_path: Path) -> None:
    source = """
from metaflow import FlowSpec, catch, kubernetes, resources, retry, step, timeout

class F(FlowSpec):
    @retry(times=3, minutes_between_retries=0.5)
    @catch(var="x")
    @timeout(hours=1, seconds=5)
    @resources(cpu=0.5, memory="500")
    @kubernetes(cpu=2, memory=100, gpu=1, secrets=["a"], service_account="me", tmpfs_size=10, image="i:1", namespace="there", executable="py")
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
    dag = read(spec_of(program_of(source, tmp_path), "airflow", env_secret="store", runtime_image="r:1")[0].text)
    start, end = dag.nodes["start"].settings, dag.nodes["end"].settings
    assert (
        start["retries"] == 6
        and start["retry_delay"].total_seconds() == 30
        and start["execution_timeout"].total_seconds() == 2 * 3600 + 3600 + 5 + 60
    )
    assert (start["image"], start["namespace"], start["cmds"]) == ("i:1", "there", ["py", "-S", "/flowc/__main__.py"])
    pod = start["pod_template_dict"]["spec"]
    (container,) = pod["containers"]
    assert container["resources"] == {
        "requests": {"cpu": "2", "memory": "500Mi"},
        "limits": {"memory": "500Mi", "nvidia.com/gpu": "1"},
    }
    assert container["envFrom"] == [{"secretRef": {"name": "store"}}, {"secretRef": {"name": "a"}}]
    assert [mount["mountPath"] for mount in container["volumeMounts"]] == ["/flowc", "/metaflow_temp"]
    assert pod["serviceAccountName"] == "me" and [volume["name"] for volume in pod["volumes"]] == ["flowc", "tmpfs"]
    assert pod["initContainers"][0]["image"] == "r:1" and start["env_vars"]["TMPDIR"] == "/metaflow_temp"
    assert end["retries"] == 0


@pytest.mark.parametrize(
    ("base", "installation", "known_as"),
    [
        ("http://localhost:8080", "", "localhost:8080"),
        ("https://airflow.example.com", "", "airflow.example.com"),
        ("https://airflow.example.com/prod", "", "airflow.example.com/prod"),  # not told from others by its host
        ("https://airflow.example.com/prod/", "", "airflow.example.com/prod"),
        ("http://localhost:8080", "team-a", "team-a"),
    ],
)
@pytest.mark.parametrize(
    "rest", ["/dags/d/runs/r/tasks/t?try_number=1", "/dags/d/grid?dag_run_id=r&task_id=t&tab=logs"], ids=["3", "2"]
)
def test_runs_of_different_installations_have_different_ids(
    base: str, installation: str, known_as: str, rest: str, tmp_path: Path
) -> None:
    program = program_of(OF_PODS.replace("ATTRIBUTES", "").replace("RESOURCES", ""), tmp_path)
    environment = read(spec_of(program, "airflow", airflow_installation=installation)[0].text).settings["default_args"][
        "env_vars"
    ]
    context = {"dag": {"dag_id": "d"}, "run_id": "r", "ti": {"log_url": base + rest}}
    rendered = {
        name: SandboxedEnvironment().from_string(environment[name]).render(context)
        for name in ("FLOWC_RUN", "FLOWC_OWNER")
    }
    assert rendered == {"FLOWC_RUN": f"d.r@{known_as}", "FLOWC_OWNER": f"airflow:{known_as}/d/r"}


@pytest.mark.parametrize(
    "name",
    [
        "a/b",
        "{{ 1 }}",
        "a b",
        ".a",
        "-a",
        "ä",
        "a\nb",
        "$(A)",
        "team.sh",
        "team.json",
        "x" * 101,
        "a'b",
        'a"',
        "a@b",
        "%41",
    ],
)
def test_a_name_that_airflow_would_read_is_refused(name: str, tmp_path: Path) -> None:
    program = program_of(OF_PODS.replace("ATTRIBUTES", "").replace("RESOURCES", ""), tmp_path)
    (diagnostic,) = check(program.flow, options_of("airflow", airflow_installation=name))
    assert (diagnostic.code, diagnostic.severity) == ("FLOW536", "error") and diagnostic.why and diagnostic.how
    assert not list(check(program.flow, options_of("airflow", airflow_installation="Team-a_1.b:8080")))


def test_parameters(tmp_path: Path) -> None:
    source = """
from metaflow import FlowSpec, JSONType, Parameter, step

class F(FlowSpec):
    a = Parameter("a", type=int, required=True)
    b = Parameter("b")
    c = Parameter("c", default=1.5)
    d = Parameter("d", type=JSONType, default='{"x": 1}')
    e = Parameter("e", type=bool, default=True)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
    params = read(spec_of(program_of(source, tmp_path), "airflow")[0].text).settings["params"]
    assert {name: (parameter.default, parameter.schema.get("type")) for name, parameter in params.items()} == {
        "a": ((), "integer"), "b": ((None,), ["null", "string"]), "c": ((1.5,), "number"), "d": (({"x": 1},), None), "e": ((True,), "boolean"),
    }  # fmt: skip


def test_an_empty_text_may_be_left_empty(tmp_path: Path) -> None:
    """Airflow's form sends an empty text as null, and refuses a null that the type does not allow."""
    source = """
from metaflow import FlowSpec, JSONType, Parameter, step

class F(FlowSpec):
    a = Parameter("a", default="")
    b = Parameter("b")
    c = Parameter("c", default="x")
    d = Parameter("d", type=JSONType, default='""')

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
    settings = read(spec_of(program_of(source, tmp_path), "airflow")[0].text).settings
    assert {name: (parameter.default, parameter.schema.get("type")) for name, parameter in settings["params"].items()} == {
        "a": (("",), ["null", "string"]), "b": ((None,), ["null", "string"]), "c": (("x",), "string"), "d": (("",), None),
    }  # fmt: skip
    encoded = settings["user_defined_macros"]["encoded"]
    assert json.loads(base64.b64decode(encoded({"a": None, "b": None, "c": "x", "d": None}))) == {
        "a": "",
        "b": None,
        "c": "x",
        "d": None,
    }
    assert json.loads(base64.b64decode(encoded({"a": "y", "b": "", "c": "", "d": ""}))) == {
        "a": "y",
        "b": "",
        "c": "",
        "d": "",
    }


def test_helpers_are_tried_again_and_read_what_tasks_said_at_once(tmp_path: Path) -> None:
    """A passing fault of Airflow in a helper task does not fail the run.

    One request reads all outcomes of a mapped task.
    """

    class Lazy:
        """Airflow's sequence of the results of a mapped task. Each access is a request."""

        requests = 0

        def __getitem__(self, key: object) -> list[object]:
            assert key == slice(None)
            self.requests += 1
            return [
                {"paths": ["0", "1"], "next": "halve", "path": "0"},
                '{"paths": ["2"], "next": "triple", "path": "1"}',
            ]

    dag = read((Path(__file__).parents[2] / "golden" / "switch_in_foreach" / "SwitchInForeach_dag.py").read_text())
    helpers = {name: node.settings for name, node in dag.nodes.items() if node.kind != "operator"}
    assert set(helpers) == {"start.paths", "halve.items", "triple.items", "note.items"}
    assert all(
        helper["retries"] == 3 and 0 < helper["retry_delay"].total_seconds() <= 60 for helper in helpers.values()
    )
    switch = (
        read(spec_of(program_of(Path("tests/flows/switch.py").read_text(), tmp_path), "airflow")[0].text)
        .nodes["start.choice"]
        .settings
    )
    assert switch["retries"] == 3
    lazy = Lazy()
    with modules():
        assert helpers["start.paths"]["function"](lazy) == ["0", "1", "2"]
    assert helpers["halve.items"]["function"]("halve", [lazy], []) == ["0"]
    assert lazy.requests == 2


def test_a_foreach_wider_than_airflow_maps_names_the_setting() -> None:
    dag = read((Path(__file__).parents[2] / "golden" / "foreach" / "ForeachFlow_dag.py").read_text())
    paths = dag.nodes["start.paths"].settings["function"]
    with modules():
        assert len(paths([{"paths": [str(index) for index in range(1024)]}])) == 1024
        with pytest.raises(
            Failed,
            match=r"has 1025 tasks.* at most 1024: raise \[core\] max_map_length \(AIRFLOW__CORE__MAX_MAP_LENGTH\)",
        ):
            paths([{"paths": [str(index) for index in range(1025)]}])


NESTED = """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.xs = OUTER
        self.next(self.outer, foreach="xs")

    @step
    def outer(self):
        self.ys = INNER
        self.next(self.inner, foreach="ys")

    @step
    def inner(self):
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize(
    ("outer", "inner", "texts"),
    [
        ("list(range(1024))", "[1]", []),
        ("list(range(1025))", "[1]", ["has 1025 tasks, more than Airflow's limit of 1024"]),
        ("range(40)", "range(30)", ["has 1200 tasks, 30 for each of 40 outer items"]),
        ("range(40)", "range(25)", []),
        ("[input()]", "[n for n in range(3000)]", ["`outer` has 3000 tasks"]),
        ("range(int(input()))", "[1, 2]", []),
        ("list(range(2000)); self.xs.clear()", "[1]", []),
    ],
)
def test_a_foreach_that_is_known_to_be_too_wide_is_refused(
    outer: str, inner: str, texts: list[str], tmp_path: Path
) -> None:
    program = program_of(NESTED.replace("OUTER", outer).replace("INNER", inner), tmp_path)
    options = replace(options_of("airflow"), widths=program.widths)
    diagnostics = list(check(program.flow, options))
    assert len(diagnostics) == len(texts) and all(
        text in diagnostic.what for diagnostic, text in zip(diagnostics, texts)
    )
    assert all(
        diagnostic.code == "FLOW574" and diagnostic.severity == "error" and diagnostic.span
        for diagnostic in diagnostics
    )
    assert not list(check(program.flow, replace(options_of("airflow", max_map_length="5000"), widths=program.widths)))


OF_PODS = """
from metaflow import FlowSpec, kubernetes, resources, step

class F(FlowSpec):
    @kubernetes(ATTRIBUTES)
    @step
    def start(self):
        self.next(self.end)

    @resources(RESOURCES)
    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize(
    ("attributes", "resources", "expected"),
    [
        ("", "", []),
        ('secrets=["db"]', "", [("FLOW570", "error", "`secrets`")]),
        ('persistent_volume_claims={"data": "/data"}', "", [("FLOW570", "error", "`persistent_volume_claims`")]),
        ('service_account="me"', "", [("FLOW570", "error", "`service_account`")]),
        ('image="i@sha256:0"', "", [("FLOW571", "warning", "`image`")]),
        (
            "gpu=1, memory=8000",
            "cpu=4",
            [("FLOW571", "warning", "`gpu`"), ("FLOW571", "warning", "`cpu` of `@resources` of step `end`")],
        ),
        ('image="i", secrets=["a"]', "", [("FLOW570", "error", "`secrets`"), ("FLOW571", "warning", "`image`")]),
        ("use_tmpfs=True", "", [("FLOW571", "warning", "`use_tmpfs`")]),
    ],
)
def test_what_a_process_cannot_have_is_said(
    attributes: str, resources: str, expected: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    flow = program_of(OF_PODS.replace("ATTRIBUTES", attributes).replace("RESOURCES", resources), tmp_path).flow
    diagnostics = list(check(flow, options_of("airflow", airflow_tasks="process")))
    assert [(diagnostic.code, diagnostic.severity) for diagnostic in diagnostics] == [entry[:2] for entry in expected]
    assert all(
        text in diagnostic.what and diagnostic.span and diagnostic.how
        for diagnostic, (_, _, text) in zip(diagnostics, expected)
    )
    assert not list(check(flow, options_of("airflow")))


@pytest.mark.parametrize(
    ("how", "options", "expected"),
    [
        ("process", {"kubernetes_conn_id": "k"}, ("FLOW572", "error")),
        ("kubernetes", {"airflow_python": "/opt/python"}, ("FLOW572", "error")),
        ("process", {"env_secret": "s"}, ("FLOW573", "warning")),
        ("process", {"service_account": "s"}, ("FLOW573", "warning")),
        ("process", {"image": "i:1"}, ("FLOW573", "warning")),
        ("process", {"runtime_image": "i:1"}, ("FLOW573", "warning")),
        ("process", {"runtime": "baked"}, ("FLOW573", "warning")),
        ("process", {"namespace": "ml"}, ("FLOW573", "warning")),
    ],
)
def test_an_option_of_the_other_way_to_run_tasks_is_said(
    how: str, options: dict[str, str], expected: tuple[str, str], tmp_path: Path
) -> None:
    flow = program_of(OF_PODS.replace("ATTRIBUTES", "").replace("RESOURCES", ""), tmp_path).flow
    (one,) = check(flow, options_of("airflow", airflow_tasks=how, **options))
    assert (one.code, one.severity) == expected and f"`--{next(iter(options)).replace('_', '-')}`" in one.what
    other = "kubernetes" if how == "process" else "process"
    assert not list(check(flow, options_of("airflow", airflow_tasks=other, **options)))


def test_how_much_runs_at_a_time(tmp_path: Path) -> None:
    program = program_of(OF_PODS.replace("ATTRIBUTES", "").replace("RESOURCES", ""), tmp_path)
    assert "max_active_runs" not in read(spec_of(program, "airflow")[0].text).settings
    settings = read(spec_of(program, "airflow", max_workers="7", max_active_runs="2")[0].text).settings
    assert (settings["max_active_tasks"], settings["max_active_runs"]) == (7, 2)


def test_a_timeout_does_not_end_a_pod_that_still_waits(tmp_path: Path) -> None:
    """Airflow's time limit starts before the pod exists, which may wait for a node and its images."""
    source = (
        OF_PODS.replace("ATTRIBUTES", "")
        .replace("@resources(RESOURCES)", "@timeout(seconds=600)")
        .replace("resources,", "timeout,")
    )
    program = program_of(source, tmp_path)
    dag = read(spec_of(program, "airflow")[0].text)
    startup = dag.settings["default_args"]["startup_timeout_seconds"]
    assert dag.nodes["end"].settings["execution_timeout"].total_seconds() >= 2 * startup + 600 + 60
    dag = read(spec_of(program, "airflow", airflow_tasks="process")[0].text)
    assert dag.nodes["end"].settings["execution_timeout"].total_seconds() == 600 + 60


@pytest.mark.parametrize("how", ["kubernetes", "process"])
def test_exit_codes_of_a_task(how: str, tmp_path: Path) -> None:
    """No exit code means a skip, as 99 does for BashOperator. One code forbids a retry, if there is one."""
    source = OF_PODS.replace("ATTRIBUTES", "").replace("@resources(RESOURCES)", "RETRY").replace("resources,", "retry,")
    none = spec_of(program_of(source.replace("    RETRY\n", ""), tmp_path), "airflow", airflow_tasks=how)[0].text
    one = spec_of(program_of(source.replace("RETRY", "@retry(times=1)"), tmp_path), "airflow", airflow_tasks=how)[
        0
    ].text
    assert read(none).settings["default_args"].get("skip_on_exit_code") is None and "AirflowFailException" not in none
    assert "skip_on_exit_code" in none or how == "kubernetes"
    assert read(one).settings["default_args"]["skip_on_exit_code"] == 202 and one.count("= StepOperator(") == 2


@pytest.mark.parametrize("runtime", ["inject", "baked"])
def test_every_container_of_a_guaranteed_pod_requests_what_it_is_limited_to(runtime: str, tmp_path: Path) -> None:
    source = OF_PODS.replace("ATTRIBUTES", 'cpu=1, memory=500, disk=2000, qos="guaranteed"').replace(
        "RESOURCES", "cpu=1"
    )
    dag = read(spec_of(program_of(source, tmp_path), "airflow", runtime=runtime)[0].text)
    spec = dag.nodes["start"].settings["pod_template_dict"]["spec"]
    containers = [*spec["containers"], *spec.get("initContainers", ())]
    assert len(containers) == (2 if runtime == "inject" else 1)
    assert all(container["resources"]["requests"] == container["resources"]["limits"] for container in containers)
    assert all({"cpu", "memory"} <= set(container["resources"]["limits"]) for container in containers)
    assert containers[0]["resources"]["limits"] == {"cpu": "1", "memory": "500Mi", "ephemeral-storage": "2000Mi"}
    other = dag.nodes["end"].settings["pod_template_dict"]["spec"].get("initContainers", [])
    assert all(container["resources"]["requests"] == {"cpu": "10m", "memory": "16Mi"} for container in other)


@pytest.mark.parametrize(
    ("how", "qos", "codes"),
    [("kubernetes", "guaranteed", ["FLOW575"]), ("kubernetes", "burstable", []), ("process", "guaranteed", [])],
)
def test_airflows_own_container_of_a_guaranteed_pod_is_said(
    how: str, qos: str, codes: list[str], tmp_path: Path
) -> None:
    source = (
        NESTED.replace("OUTER", "[1]").replace("INNER", "[1]").replace("FlowSpec, step", "FlowSpec, kubernetes, step")
    )
    for step in ("outer", "inner"):  # of which one reports something
        source = source.replace(
            f"    @step\n    def {step}(", f'    @kubernetes(qos="{qos}")\n    @step\n    def {step}('
        )
    diagnostics = list(check(program_of(source, tmp_path).flow, options_of("airflow", airflow_tasks=how)))
    assert [diagnostic.code for diagnostic in diagnostics if diagnostic.code != "FLOW571"] == codes
    assert all(
        "`outer`" in diagnostic.what and diagnostic.severity == "warning"
        for diagnostic in diagnostics
        if diagnostic.code == "FLOW575"
    )


def test_it_imports_nothing_of_flowc(tmp_path: Path) -> None:
    for file in (Path(__file__).parents[2] / "golden").rglob("*_dag.py"):
        tree = ast.parse(file.read_text())
        modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert not any(module.startswith(("flowc", "metaflow")) for module in modules)


BROKEN = [
    ("import pendulum\n", "import pendulum, flowc\n", "module `flowc`"),
    ("import pendulum\n", "import pendulum\nfrom . import x\n", "alone"),
    ('task_id="end"', 'task_id="join"', "used twice"),
    ('task_id="end"', 'task_id="the end"', "is not a valid task id"),
    ("join_task >> end_task", "join_task >> fin_task", "`fin_task` is not defined"),
    ("join_task >> end_task", "join_task >> end_task\n    end_task >> join_task", "wait for each other"),
    ("schedule=None", 'schedule="61 * * * *"', "not a valid cron expression"),
    ("{{ run_id }}@", "{{ run_id }@", "not closed"),
    ('task_id="end",', 'task_id="end",\n        trigger_rule="sometimes",', "not a trigger rule"),
    ('dag_id="ForeachFlow"', 'dag_id="a b"', "is not a valid DAG id"),
    ("with DAG(", "with DAG((", "not Python"),
]


@pytest.mark.parametrize(("good", "bad", "message"), BROKEN, ids=[case[2] for case in BROKEN])
def test_mistakes_are_found(good: str, bad: str, message: str) -> None:
    text = (Path(__file__).parents[2] / "golden" / "foreach" / "ForeachFlow_dag.py").read_text()
    assert good in text
    assert any(message in finding.message for finding in validate("x_dag.py", text.replace(good, bad, 1)))


BROKEN_PODS = [
    ('{"team": "ml"}', '{"team": "m l"}', "`labels`: 'm l' is not a valid label value"),
    ('{"team": "ml"}', '{"my team": "ml"}', "`labels`: 'my team' is not a valid key"),
    ('{"labels": {"team": "ml"}}', '{"annotations": {"a/b/c": "ml"}}', "`annotations`: 'a/b/c' is not a valid key"),
    ('{"pool": "spot"}', '{"pool": "-spot"}', "`nodeSelector`: '-spot' is not a valid label value"),
    (
        '{"nodeSelector": {"pool": "spot"}}',
        '{"serviceAccountName": "Me"}',
        "'Me' is not a valid name of a service account",
    ),
    (
        '{"nodeSelector": {"pool": "spot"}}',
        '{"imagePullSecrets": [{"name": "a_b"}]}',
        "'a_b' is not a valid name of a Secret",
    ),
    (
        '{"name": "base"}',
        '{"name": "base", "envFrom": [{"secretRef": {"name": "Store"}}]}',
        "'Store' is not a valid name of a Secret",
    ),
    (
        'metadata={"labels"',
        'mounts=[{"name": "c", "mountPath": "/flowc/x"}], metadata={"labels"',
        "'/flowc/x': `/flowc` holds what flowc needs",
    ),
    (
        'metadata={"labels"',
        'mounts=[{"name": "c", "mountPath": "/airflow/xcom"}], metadata={"labels"',
        "'/airflow/xcom'",
    ),
    ('metadata={"labels"', 'mounts=[{"mountPath": "/"}], metadata={"labels"', "'/': it would hide everything"),
    (
        'metadata={"labels"',
        'mounts=[{"mountPath": "/a"}, {"mountPath": "/a/"}], metadata={"labels"',
        "'/a': two volumes",
    ),
    (
        'metadata={"labels"',
        'volumes=[{"persistentVolumeClaim": {"claimName": "A"}}], metadata={"labels"',
        "'A' is not a valid name of a Persistent",
    ),
    ('task_id="end",', 'task_id="end", namespace="my.space",', "'my.space' is not a valid namespace name"),
    ('task_id="end",', 'task_id="end", service_account_name="a b",', "'a b' is not a valid name of a service account"),
    ('"retries": 0,', '"retries": 0, "namespace": "My",', "'My' is not a valid namespace name"),
]


@pytest.mark.parametrize(("good", "bad", "message"), BROKEN_PODS, ids=[case[2] for case in BROKEN_PODS])
def test_mistakes_of_pods_are_found(good: str, bad: str, message: str) -> None:
    text = (Path(__file__).parents[2] / "golden" / "decorated" / "Decorated_dag.py").read_text()
    assert good in text
    broken = text.replace(good, bad, 1)
    (finding,) = validate("x_dag.py", broken)
    assert message in finding.message
    assert finding.place == f"line {1 + broken[: broken.index(bad)].count(chr(10))}"


@pytest.mark.parametrize(
    ("good", "same"),
    [
        ('{"team": "ml"}', '{"team": "{{ run_id }}"}'),
        ('{"team": "ml"}', '{"team": str(1)}'),
        ('{"OMP_NUM_THREADS": "2"}', '{"serviceAccountName": "Any Text"}'),
        ('metadata={"labels"', 'mounts=[{"name": "c", "mountPath": "/airflow"}], metadata={"labels"'),
    ],
)
def test_what_pods_may_have_is_no_mistake(good: str, same: str) -> None:
    text = (Path(__file__).parents[2] / "golden" / "decorated" / "Decorated_dag.py").read_text()
    assert good in text and not list(validate("x_dag.py", text.replace(good, same, 1)))


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    assume("DAG" not in text)
    assert list(validate("x_dag.py", text))
