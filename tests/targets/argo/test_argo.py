"""WorkflowTemplates of any flow agree with the reference, and Argo accepts them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from flowc.compiler.fast_start.record import replace
from flowc.compiler.ir.nodes import Flow
from flowc.compiler.ir.scopes import scopes
from flowc.compiler.optimize.optimize import optimized
from flowc.compiler.optimize.settings import Settings
from flowc.targets.argo.dags import Dags, sizes
from flowc.targets.argo.emit import check, check_spec, emit, needs_containers
from flowc.targets.argo.names import AGAIN, EACH, FLOW, LOOP, is_object_name, object_name, template_name
from flowc.targets.argo.pods import RETRIED
from flowc.targets.argo.validate import validate
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import hostile
from tests.support.building import documents, options_of, program_of, spec_of
from tests.support.reference import executed
from tests.support.strategies import flows

from .simulator import Simulator

SETTINGS = st.builds(
    Settings, fuse=st.booleans(), loops=st.booleans(), items=st.integers(0, 3), containers=st.integers(0, 3)
)
STEPS = st.text(st.sampled_from("abAB_é0-9each loopagain"), min_size=1, max_size=90).map(
    lambda text: text.replace(" ", "_").replace("-", "_")
)


@given(flows(depth=3))
@settings(deadline=None)
def test_a_run_does_what_the_reference_says(flow: Flow) -> None:
    text = emit(flow, scopes(flow), options_of("argo"))[0].text
    findings = [finding.message for finding in validate("x.argo.yaml", text)]
    assert not [finding for finding in findings if "more than 200" not in finding], (
        "a random flow may have more steps than Argo 4 takes"
    )
    simulator = Simulator(text, flow)
    assert simulator.run() == "Succeeded"
    assert sorted(simulator.executed) == executed(flow)


@given(flows(depth=3), SETTINGS)
@settings(deadline=None)
def test_a_flow_of_containers_runs_the_same_tasks(flow: Flow, wanted: Settings) -> None:
    """Also what has a container of its own: the tasks are the reference's, in no more containers than tasks."""
    result = optimized(flow, wanted)
    options = replace(options_of("argo"), containers=result.containers, widths=result.widths)
    text = emit(result.flow, result.scope, options)[0].text
    findings = [finding.message for finding in validate("x.argo.yaml", text)]
    assert not [finding for finding in findings if "more than 200" not in finding]
    simulator = Simulator(text, flow)
    assert simulator.run() == "Succeeded"
    assert sorted(simulator.executed) == executed(flow)
    assert simulator.containers <= len(simulator.executed)


@given(flows(depth=3))
@settings(deadline=None)
def test_the_sizes_of_dags_are_known_without_making_them(flow: Flow) -> None:
    dags = Dags(flow).flow(scopes(flow))
    assert sorted(sizes(scopes(flow), flow.by_name)) == sorted(len(dag["tasks"]) for dag in dags)


@given(flows(depth=2), st.data())
@settings(deadline=None)
def test_what_comes_after_a_failure_does_not_run(flow: Flow, data: st.DataObject) -> None:
    fails = data.draw(st.sampled_from(executed(flow)))
    simulator = Simulator(emit(flow, scopes(flow), options_of("argo"))[0].text, flow, fails)
    assert simulator.run() == "Failed"
    assert set(simulator.executed) < set(executed(flow))
    assert (flow.end, "-") not in simulator.executed


@given(st.lists(STEPS, unique=True, min_size=2))
def test_names_are_legal_and_never_collide(steps: list[str]) -> None:
    names = [template_name(step, role) for step in steps for role in ("", EACH, LOOP)] + [FLOW, AGAIN]
    assert len(set(names)) == len(names)
    for name in names:
        assert (
            len(name) <= 128
            and name.strip("-") == name
            and all(
                character.isascii() and (character.islower() or character.isdigit() or character == "-")
                for character in name
            )
        )


@given(st.text(min_size=1, max_size=80).filter(str.isidentifier))
def test_object_names_are_legal(flow: str) -> None:
    assert is_object_name(object_name(flow))


def test_plain_names_stay_readable() -> None:
    assert template_name("train_model") == "train-model"
    assert template_name("start", EACH) == "start-each"
    assert template_name("start_each") not in ("start-each", "start_each")
    assert template_name("Train") != template_name("train")
    assert object_name("WineFlow") == "wineflow"


@pytest.mark.parametrize("text", hostile.TEXTS, ids=range(len(hostile.TEXTS)))
def test_hostile_texts_come_through(text: str, tmp_path: Path) -> None:
    program = program_of(hostile.flow(text), tmp_path)
    spec = spec_of(program, "argo")[0].text
    assert not list(validate("x.argo.yaml", spec))
    template, cron = yaml.safe_load_all(spec)
    assert template["metadata"]["annotations"].get("workflows.argoproj.io/description", "") == program.flow.doc
    value = template["spec"]["arguments"]["parameters"][0]["value"]
    assert value == ("<default>" if "{{" in text else text)
    env = {variable["name"]: variable["value"] for variable in _template(template, "start")["container"]["env"]}
    assert env.get("A", text) == text
    assert ("A" in env) == ("{{" not in text and "$(" not in text)
    assert env["FLOWC_PARAMETERS"] == '{{=sprig.b64enc(toJson({"p-q": workflow.parameters["p-q"]}))}}'
    assert cron["spec"]["schedules"] == ["0 * * * *"]


def _template(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    template: dict[str, Any] = next(template for template in manifest["spec"]["templates"] if template["name"] == name)
    return template


def test_decorators(tmp_path: Path) -> None:
    source = """
from metaflow import FlowSpec, catch, kubernetes, resources, retry, step, timeout

class F(FlowSpec):
    @retry(times=3, minutes_between_retries=0.5)
    @catch(var="x")
    @timeout(hours=1, seconds=5)
    @resources(cpu=0.5, memory="500", shared_memory=64)
    @kubernetes(cpu=2, memory=100, gpu=1, gpu_vendor="amd", qos="guaranteed", secrets=["a", "b"], tolerations=[{"operator": "Exists"}],
                service_account="me", use_tmpfs=True, tmpfs_size=10, persistent_volume_claims={"claim": "/data"}, executable="python3.11",
                image_pull_secrets=["pull"], annotations={"k": "v"}, port=80, security_context={"runAsUser": 1000})
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
    manifest = yaml.safe_load(spec_of(program_of(source, tmp_path), "argo", env_secret="store")[0].text)
    start, end = _template(manifest, "start"), _template(manifest, "end")
    assert start["retryStrategy"] == {
        "limit": 6,
        "retryPolicy": "Always",
        "backoff": {"duration": "30s"},
        "expression": RETRIED,
    }
    assert start["activeDeadlineSeconds"] == 3600 + 5 + 600
    container = start["container"]
    assert container["resources"] == {
        "requests": {"cpu": "2", "memory": "500Mi"},
        "limits": {"cpu": "2", "memory": "500Mi", "amd.com/gpu": "1"},
    }
    assert container["envFrom"] == [{"secretRef": {"name": name}} for name in ("store", "a", "b")]
    assert container["command"] == ["python3.11", "-S", "/flowc/__main__.py"]
    assert container["securityContext"] == {"runAsUser": 1000} and container["ports"] == [{"containerPort": 80}]
    assert {variable["name"]: variable["value"] for variable in container["env"]} == {
        "TMPDIR": "/metaflow_temp",
        "FLOWC_ATTEMPT": "{{retries}}",
    }
    assert [mount["mountPath"] for mount in container["volumeMounts"]] == ["/dev/shm", "/metaflow_temp", "/data"]
    assert (
        start["serviceAccountName"] == "me"
        and start["tolerations"] == [{"operator": "Exists"}]
        and start["metadata"] == {"annotations": {"k": "v"}}
    )
    amounts = {"cpu": "200m", "memory": "128Mi"}
    same = {"requests": amounts, "limits": amounts}
    assert start["initContainers"] == [{"name": "flowc", "resources": same}]
    assert json.loads(start["podSpecPatch"]) == {
        "imagePullSecrets": [{"name": "pull"}],
        "initContainers": [{"name": "init", "resources": same}],
        "containers": [{"name": "wait", "resources": same}],
    }
    assert set(end) == {"name", "container"} and set(end["container"]) == {"image", "args"}


def test_baked_and_options(tmp_path: Path) -> None:
    source = "from metaflow import FlowSpec, step\n\nclass F(FlowSpec):\n    @step\n    def start(self):\n        self.next(self.end)\n\n    @step\n    def end(self):\n        pass\n"
    spec = spec_of(
        program_of(source, tmp_path),
        "argo",
        runtime="baked",
        image="r/i:1",
        name="mine",
        namespace="prod",
        service_account="sa",
        max_workers="0",
        workflow_timeout="60",
    )[0]
    assert spec.name == "mine.argo.yaml"
    manifest = yaml.safe_load(spec.text)
    assert manifest["metadata"]["namespace"] == "prod"
    assert manifest["spec"]["templateDefaults"]["container"]["command"] == ["python", "-m", "flowc.runtime_shim"]
    assert "initContainers" not in manifest["spec"]["templateDefaults"]
    assert (
        manifest["spec"]["activeDeadlineSeconds"] == 60
        and "parallelism" not in manifest["spec"]
        and manifest["spec"]["serviceAccountName"] == "sa"
    )


def test_a_step_is_a_thousand_bytes_at_most(tmp_path: Path) -> None:
    steps = "".join(
        f"    @step\n    def s{number}(self):\n        self.next(self.s{number + 1})\n\n" for number in range(100)
    )
    source = f"from metaflow import FlowSpec, step\n\nclass F(FlowSpec):\n    @step\n    def start(self):\n        self.next(self.s0)\n\n{steps}    @step\n    def s100(self):\n        self.next(self.end)\n\n    @step\n    def end(self):\n        pass\n"
    assert len(spec_of(program_of(source, tmp_path), "argo")[0].text) / 103 < 1000


SCHEDULED = """
from metaflow import FlowSpec, schedule, step

@schedule(hourly=True)
class F(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_a_schedule_keeps_what_ended_and_starts_what_was_missed(tmp_path: Path) -> None:
    program = program_of(SCHEDULED, tmp_path)
    template, cron = yaml.safe_load_all(spec_of(program, "argo")[0].text)
    labels = {"app.kubernetes.io/name": "f", "app.kubernetes.io/managed-by": "flowc", "flowc.dev/flow": "F"}
    assert template["metadata"]["labels"] == cron["metadata"]["labels"] == labels
    assert {name: value for name, value in cron["spec"].items() if name != "workflowSpec"} == {
        "schedules": ["0 * * * *"], "timezone": "UTC", "concurrencyPolicy": "Allow", "startingDeadlineSeconds": 3540,
        "successfulJobsHistoryLimit": 100, "failedJobsHistoryLimit": 100,
    }  # fmt: skip
    spec = spec_of(
        program,
        "argo",
        schedule_concurrency="Forbid",
        schedule_deadline="0",
        schedule_history="7",
        schedule_suspended="yes",
    )[0]
    assert not list(validate(spec.name, spec.text))
    changed = documents(spec.text)[1]["spec"]
    assert (changed["concurrencyPolicy"], changed["startingDeadlineSeconds"], changed["suspend"]) == ("Forbid", 0, True)
    assert changed["successfulJobsHistoryLimit"] == changed["failedJobsHistoryLimit"] == 7


def test_a_name_that_is_no_label_is_not_made_one(tmp_path: Path) -> None:
    program = program_of(SCHEDULED.replace("class F(", "class Größe_("), tmp_path)
    for document in documents(spec_of(program, "argo")[0].text):
        assert set(document["metadata"]["labels"]) == {"app.kubernetes.io/name", "app.kubernetes.io/managed-by"}


def test_every_container_states_its_resources(tmp_path: Path) -> None:
    spec = spec_of(program_of(SCHEDULED, tmp_path), "argo", helper_requests="cpu=1m", helper_limits="cpu=2,memory=1Gi")[
        0
    ]
    (brought,) = documents(spec.text)[0]["spec"]["templateDefaults"]["initContainers"]
    assert brought["resources"] == {"requests": {"cpu": "1m"}, "limits": {"cpu": "2", "memory": "1Gi"}}


LOOPS = """
from metaflow import FlowSpec, retry, step

class F(FlowSpec):
    @step
    def start(self):
        self.items = [1]
        self.next(self.first, foreach="items")

    @step
    def first(self):
        self.next(self.inside)

    @retry
    @step
    def inside(self):
        self.again = "no"
        self.next({"yes": self.inside, "no": self.last}, condition="again")

    @step
    def last(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.outside)

    @step
    def outside(self):
        self.again = "no"
        self.next({"yes": self.outside, "no": self.end}, condition="again")

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize(("limit", "inside", "outside"), [("", "94", "96"), ("500", "500", "500"), ("0", None, None)])
def test_a_loop_knows_how_often_argo_lets_it_go_round(
    limit: str, inside: str | None, outside: str | None, tmp_path: Path
) -> None:
    """Argo allows 100 levels. A foreach body of several steps takes one, and so does a `retryStrategy`."""
    program = program_of(LOOPS, tmp_path)
    manifest = documents(spec_of(program, "argo", max_visits=limit)[0].text)[0]
    for step, visits in (("inside", inside), ("outside", outside), ("end", None)):
        env = {
            variable["name"]: variable["value"] for variable in _template(manifest, step)["container"].get("env", [])
        }
        assert env.get("FLOWC_MAX_VISITS") == visits
    diagnostics = [
        diagnostic
        for diagnostic in check(program.flow, options_of("argo", max_visits=limit))
        if diagnostic.code == "FLOW554"
    ]
    assert [diagnostic.severity for diagnostic in diagnostics] == ([] if limit else ["warning", "warning"])


@pytest.mark.parametrize(("limit", "loops"), [("", ["inside", "outside"]), ("96", []), ("0", [])])
def test_a_loop_shares_a_pod_unless_its_visits_are_limited(limit: str, loops: list[str], tmp_path: Path) -> None:
    program = program_of(LOOPS, tmp_path)
    assert [step for step, _ in needs_containers(program.flow, options_of("argo", max_visits=limit))] == loops


WIDE = """
from metaflow import FlowSpec, retry, step

class F(FlowSpec):
    @step
    def start(self):
        self.xs = list(range(WIDTH))
        self.next(self.row, foreach="xs")

    @step
    def row(self):
        self.ys = list(range(100))
        self.next(self.cell, foreach="ys")

    @retry(times=1)
    @step
    def cell(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.rows)

    @step
    def rows(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize(("width", "steps"), [(39, []), (40, ["start"])])
def test_a_foreach_of_more_nodes_than_a_workflow_holds_needs_containers(
    width: int, steps: list[str], tmp_path: Path
) -> None:
    """Each of the outer items has a DAG, `row`, `join`, and two nodes for each attempt at one of the 100 inner ones."""
    program = program_of(WIDE.replace("WIDTH", str(width)), tmp_path)
    options = replace(options_of("argo"), widths=program.widths)
    assert [step for step, _ in needs_containers(program.flow, options)] == steps
    codes = [diagnostic.code for diagnostic in check(program.flow, options)]
    assert codes == ["FLOW557"] * len(steps)
    result = optimized(program.flow, None, program.widths)
    assert not list(check(result.flow, replace(options, containers=result.containers, widths=result.widths)))


@pytest.mark.parametrize(
    ("steps", "codes"), [(160, []), (300, ["FLOW551"]), (1000, ["FLOW556", "FLOW551"]), (4000, ["FLOW518"])]
)
def test_a_template_that_kubectl_or_kubernetes_refuses_for_its_size(
    steps: int, codes: list[str], tmp_path: Path
) -> None:
    middle = "".join(
        f"    @step\n    def s{number}(self):\n        self.next(self.s{number + 1})\n\n" for number in range(steps)
    )
    last = f"    @step\n    def s{steps}(self):\n        self.next(self.end)\n\n    @step\n    def end(self):\n        pass\n"
    start = "    @step\n    def start(self):\n        self.next(self.s0)\n\n"
    program = program_of(f"from metaflow import FlowSpec, step\n\nclass F(FlowSpec):\n{start}{middle}{last}", tmp_path)
    long = "registry.example.com/" + "a-team-of-many-people/" * 6 + "image:1"
    options = options_of("argo", image=long)
    assert [diagnostic.code for diagnostic in check(program.flow, options)] == []
    spec = emit(program.flow, program.scope, options)
    assert [diagnostic.code for diagnostic in check_spec(program.flow, options, lambda: spec)] == codes


BROKEN = [
    ("entrypoint: flow", "entrypoint: nope", "spec.entrypoint"),
    ("depends: start", "depends: stat", "there is no task 'stat'"),
    ("depends: start", 'depends: "start &&"', "not complete"),
    ("depends: start", "depends: start.Done", "is not a task with a status"),
    ("template: end", "template: fin", "there is no template 'fin'"),
    ("{{inputs.parameters.path}}", "{{inputs.parameters.pat}}", "no input parameter 'pat'"),
    ("outputs.parameters.splits", "outputs.parameters.split", "no output parameter 'split'"),
    ("  podGC:", "  podGarbage:", "podGarbage"),
    ("name: join\n", "name: end\n", "there are two named 'end'"),
    ("apiVersion: argoproj.io/v1alpha1", "apiVersion: argoproj.io/v1", "apiVersion"),
    ("withSequence: {count:", "withSequence: {cuont:", "cuont"),
    ("withSequence: {count:", 'withParam: "[1]"\n        withSequence: {count:', "only one of withItems, withParam"),
    ('withSequence: {count: "{{tasks.start.outputs.parameters.splits}}"}', "withParam: three", "is not a JSON list"),
    ("withSequence:", "#", "`{{item}}` needs withItems, withParam or withSequence"),
    (
        'withSequence: {count: "{{tasks.start.outputs.parameters.splits}}"}',
        'withParam: "{{tasks.start.outputs.parameters.paths}}"',
        "no output parameter 'paths'",
    ),
    (
        "  podGC:",
        "  serviceAccountName: Bad Account\n  podGC:",
        "'Bad Account' is not a valid name of a service account",
    ),
    ("  podGC:", "  nodeSelector: {a b: c}\n  podGC:", "'a b' is not a valid key"),
    ("  podGC:", "  nodeSelector: {a: c d}\n  podGC:", "'c d' is not a valid label value"),
    ("  podGC:", "  podMetadata: {annotations: {bad key: x y}}\n  podGC:", "'bad key' is not a valid key"),
    ("  podGC:", "  imagePullSecrets: [{name: A_B}]\n  podGC:", "'A_B' is not a valid name of a Secret"),
    (
        "  podGC:",
        "  volumes: [{name: x, persistentVolumeClaim: {claimName: My_Claim}}]\n  podGC:",
        "'My_Claim' is not a valid name",
    ),
    (
        "  podGC:",
        '  podSpecPatch: \'{"imagePullSecrets": [{"name": "A_B"}]}\'\n  podGC:',
        "'A_B' is not a valid name of a Secret",
    ),
    (
        "      volumeMounts:\n",
        "      volumeMounts:\n      - {name: x, mountPath: /flowc/}\n",
        "two volumes are mounted at '/flowc'",
    ),
]


@pytest.mark.parametrize(("good", "bad", "message"), BROKEN, ids=[case[2] for case in BROKEN])
def test_mistakes_are_found(good: str, bad: str, message: str) -> None:
    text = (Path(__file__).parents[2] / "golden" / "foreach" / "foreachflow.argo.yaml").read_text()
    assert good in text
    findings = list(validate("x.argo.yaml", text.replace(good, bad, 1)))
    assert any(message in finding.place + finding.message for finding in findings), findings


def test_a_circle_is_found() -> None:
    text = (Path(__file__).parents[2] / "golden" / "linear" / "linear.argo.yaml").read_text()
    findings = list(
        validate("x.argo.yaml", text.replace("template: start\n", "template: start\n        depends: end\n", 1))
    )
    assert any("wait for each other" in finding.message for finding in findings)


@pytest.mark.parametrize("text", ["a: [", "- 1", "", "a: 1\na: 2", "\t", "kind: WorkflowTemplate", "{1: 2}"])
def test_what_is_no_manifest(text: str) -> None:
    assert list(validate("x.yaml", text))
