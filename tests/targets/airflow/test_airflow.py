"""DAG files of any flow do what the reference says, and are what Airflow reads."""

from __future__ import annotations

import ast
import base64
import json
from pathlib import Path

import pytest
from flowc.compiler.ir import Flow
from flowc.compiler.scopes import is_loop, scopes
from flowc.targets.airflow.emit import check, emit
from flowc.targets.airflow.names import CHOICE, ITEMS, PATHS, is_dag_id, task_id, variable
from flowc.targets.airflow.validate import validate
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests import hostile
from tests.building import options_of, program_of, spec_of
from tests.reference import executed
from tests.strategies import flows

from .simulator import Simulator, read

NO_LOOPS = flows(depth=3).filter(lambda flow: not any(map(is_loop, flow.steps)))


@given(NO_LOOPS, st.sampled_from(["kubernetes", "process"]))
@settings(deadline=None)
def test_a_run_does_what_the_reference_says(flow: Flow, how: str) -> None:
    text = emit(flow, scopes(flow), options_of("airflow", airflow_tasks=how))[0].text
    assert not list(validate("x_dag.py", text))
    simulator = Simulator(text, flow)
    assert simulator.run() == "success", simulator.states
    assert sorted(simulator.executed) == executed(flow)


@given(NO_LOOPS, st.data())
@settings(deadline=None)
def test_what_comes_after_a_failure_does_not_run(flow: Flow, data: st.DataObject) -> None:
    fails = data.draw(st.sampled_from(executed(flow)))
    simulator = Simulator(emit(flow, scopes(flow), options_of("airflow"))[0].text, flow, fails)
    assert simulator.run() == "failed"
    assert (flow.end, "-") not in simulator.executed


@given(flows().filter(lambda flow: any(map(is_loop, flow.steps))))
@settings(max_examples=10)
def test_loops_are_refused(flow: Flow) -> None:
    found = [each for each in check(flow, options_of("airflow")) if each.code == "FLOW530"]
    assert len(found) == sum(map(is_loop, flow.steps))
    assert all(each.span and each.why and each.how for each in found)


@given(st.lists(st.text(st.sampled_from("abAB_é0f"), min_size=1, max_size=260).filter(str.isidentifier), unique=True, min_size=2))
def test_names_are_legal_and_never_collide(steps: list[str]) -> None:
    roles = ("", PATHS, CHOICE, ITEMS)
    ids = [task_id(step, role) for step in steps for role in roles]
    variables = [variable(step, role) for step in steps for role in ("task", *roles[1:])]
    assert len(set(ids)) == len(ids) and len(set(variables)) == len(variables)
    assert all(is_dag_id(each) or len(each) <= 250 for each in ids)
    assert all(each.isascii() and each.isidentifier() for each in variables)


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
    given = start["env" if how == "process" else "env_vars"]
    safe = not any(each in text for each in ("{{", "{%", "{#", "$(")) and not text.endswith((".sh", ".json"))
    assert given.get("A") == (text if safe else None)
    assert given["FLOWC_PARAMETERS"] == "{{ encoded(params) }}"
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
    assert start["retries"] == 6 and start["retry_delay"].total_seconds() == 30 and start["execution_timeout"].total_seconds() == 3600 + 5 + 60
    assert (start["image"], start["namespace"], start["cmds"]) == ("i:1", "there", ["py", "-S", "/flowc/__main__.py"])
    pod = start["pod_template_dict"]["spec"]
    (container,) = pod["containers"]
    assert container["resources"] == {"requests": {"cpu": "2", "memory": "500Mi"}, "limits": {"memory": "500Mi", "nvidia.com/gpu": "1"}}
    assert container["envFrom"] == [{"secretRef": {"name": "store"}}, {"secretRef": {"name": "a"}}]
    assert [each["mountPath"] for each in container["volumeMounts"]] == ["/flowc", "/metaflow_temp"]
    assert pod["serviceAccountName"] == "me" and [each["name"] for each in pod["volumes"]] == ["flowc", "tmpfs"]
    assert pod["initContainers"][0]["image"] == "r:1" and start["env_vars"]["TMPDIR"] == "/metaflow_temp"
    assert end["retries"] == 0 and end["env_vars"]["FLOWC_RUN"] == "{{ dag.dag_id }}.{{ run_id }}@{{ ti.log_url.split('/')[2] }}"


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
    assert {name: (each.default, each.schema.get("type")) for name, each in params.items()} == {
        "a": ((), "integer"), "b": ((None,), ["null", "string"]), "c": ((1.5,), "number"), "d": (({"x": 1},), None), "e": ((True,), "boolean"),
    }  # fmt: skip


def test_it_imports_nothing_of_flowc(tmp_path: Path) -> None:
    for file in (Path(__file__).parents[2] / "golden").rglob("*_dag.py"):
        tree = ast.parse(file.read_text())
        modules = [each.module or "" for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)]
        assert not any(each.startswith(("flowc", "metaflow")) for each in modules)


BROKEN = [
    ("import pendulum\n", "import pendulum, flowc\n", "module `flowc`"),
    ("import pendulum\n", "import pendulum\nfrom . import x\n", "alone"),
    ('task_id="end"', 'task_id="join"', "given twice"),
    ('task_id="end"', 'task_id="the end"', "cannot be the id"),
    ("join_task >> end_task", "join_task >> fin_task", "`fin_task` is not defined"),
    ("join_task >> end_task", "join_task >> end_task\n    end_task >> join_task", "wait for each other"),
    ("schedule=None", 'schedule="61 * * * *"', "no cron expression"),
    ("{{ run_id }}@", "{{ run_id }@", "not closed"),
    ('task_id="end",', 'task_id="end",\n        trigger_rule="sometimes",', "no trigger rule"),
    ('dag_id="ForeachFlow"', 'dag_id="a b"', "cannot be the id of a DAG"),
    ("with DAG(", "with DAG((", "not Python"),
]


@pytest.mark.parametrize(("good", "bad", "message"), BROKEN, ids=[each[2] for each in BROKEN])
def test_mistakes_are_found(good: str, bad: str, message: str) -> None:
    text = (Path(__file__).parents[2] / "golden" / "foreach" / "ForeachFlow_dag.py").read_text()
    assert good in text
    assert any(message in each.message for each in validate("x_dag.py", text.replace(good, bad, 1)))


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    assume("DAG" not in text)
    assert list(validate("x_dag.py", text))
