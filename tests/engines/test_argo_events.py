"""Events start runs on the real Argo Events: one, several, any of several, and the end of another flow's run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.running import until

from .argo import Argo
from .argo_events import EVENTS, ArgoEvents, argo_events
from .deploying import left
from .faults import HEAD, value
from .kubernetes.node import NAMESPACE, Node

# Argo Events and its bus take ten minutes to build
pytestmark = [pytest.mark.node, pytest.mark.nightly]

STARTER = "flow-starter"  # the service account of Sensors
BODY = """
    alpha = Parameter("alpha", default=0.5)
    table = Parameter("table", default="none")

    @step
    def start(self):
        self.seen = (self.alpha, self.table)
        self.by = [(event.name, event.id, event.type) for event in current.trigger] if current.get("trigger") else None
        self.next(self.end)

    @step
    def end(self):
        self.names = sorted(event.name for event in current.trigger) if current.get("trigger") else None
"""
IMPORTS = "from metaflow import project, trigger, trigger_on_finish\n"


@pytest.fixture(scope="module")
def events(node: Node) -> Iterator[ArgoEvents]:
    """Argo Events, and the account that docs/targets/argo.md gives to Sensors."""
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}"
    node.call("POST", f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts", {"metadata": {"name": STARTER}})
    rules = [{"apiGroups": ["argoproj.io"], "resources": ["workflows"], "verbs": ["create"]}]
    node.call("POST", f"{rbac}/roles", {"metadata": {"name": STARTER}, "rules": rules})
    reference = {"kind": "Role", "apiGroup": "rbac.authorization.k8s.io", "name": STARTER}
    subject = {"kind": "ServiceAccount", "name": STARTER, "namespace": NAMESPACE}
    body = {"metadata": {"name": STARTER}, "roleRef": reference, "subjects": [subject]}
    node.call("POST", f"{rbac}/rolebindings", body)
    with argo_events(node) as started:
        yield started


def deployed(argo: Argo, events: ArgoEvents, folder: Path, name: str, decorators: str, *options: str) -> str:
    """Deploys a flow of that name; returns the name of its template and Sensor, once the Sensor listens."""
    path = folder / f"{name.lower()}.py"
    path.write_text(f"{HEAD}{IMPORTS}{decorators}\nclass {name}(FlowSpec):{BODY}")
    spec = argo.deploy(path, "inject", "--event-account", STARTER, *options)
    template, sensor = argo.manifests(spec)
    assert (template["kind"], sensor["kind"]) == ("WorkflowTemplate", "Sensor")
    object_name = str(sensor["metadata"]["name"])
    events.ready(object_name)
    return object_name


def started(argo: Argo, template: str, count: int = 1) -> list[str]:
    """Returns the names of the runs of the template, once there are as many."""

    def found() -> list[str]:
        items = argo.node.call("GET", f"{EVENTS}/workflows")["items"]
        names = [item["metadata"]["name"] for item in items]
        return sorted(name for name in names if name.startswith(f"{template}-"))

    until(lambda: len(found()) >= count, f"{count} runs of {template}", 300, every=0.3)
    return found()


def made(argo: Argo, flow: str, run: str) -> Any:
    argo.started.setdefault(run, 0)
    outcome = argo.wait(run)
    assert outcome.succeeded, outcome.detail
    return left(argo.s3, outcome.run, flow)


def test_an_event_starts_a_run_with_its_values(argo: Argo, events: ArgoEvents, tmp_path: Path) -> None:
    """Fields that it lacks leave defaults, an event of another name starts nothing, and text cannot become Argo's."""
    name = deployed(argo, events, tmp_path, "Single", "@trigger(event='single.ready')")
    events.publish("single.other", alpha=1)
    events.publish("single.ready", alpha=7.25, id="e-1", timestamp=1700000000)
    (first,) = started(argo, name)
    dump = made(argo, "Single", first)
    assert value(dump, "start", "seen") == "(7.25, 'none')"
    assert value(dump, "start", "by") == "[('single.ready', 'e-1', 'event')]"
    assert value(dump, "end", "names") == "['single.ready']"
    hostile = "{{workflow.name}} $(id) \"'\\\n- x"
    events.publish("single.ready", table=hostile, id=hostile)
    (second,) = set(started(argo, name, 2)) - {first}
    dump = made(argo, "Single", second)
    assert value(dump, "start", "seen") == repr((0.5, hostile))
    assert value(dump, "start", "by") == repr([("single.ready", hostile, "event")])


def test_several_events_start_a_run_together(argo: Argo, events: ArgoEvents, tmp_path: Path) -> None:
    decorators = "@trigger(events=[{'name': 'both.a', 'parameters': {'alpha': 'a'}}, {'name': 'both.b', 'parameters': {'table': 't'}}])"
    name = deployed(argo, events, tmp_path, "Both", decorators)
    events.publish("both.a", a=2)
    events.publish("both.b", t="prices")
    (run,) = started(argo, name)
    dump = made(argo, "Both", run)
    assert value(dump, "start", "seen") == "(2.0, 'prices')"
    assert value(dump, "end", "names") == "['both.a', 'both.b']"


def test_any_of_several_events_starts_a_run(argo: Argo, events: ArgoEvents, tmp_path: Path) -> None:
    decorators = "@trigger(events=[{'name': 'any.a', 'parameters': {'alpha': 'a'}}, 'any.b'])"
    name = deployed(argo, events, tmp_path, "Either", decorators, "--event-condition", "any")
    events.publish("any.b")
    (first,) = started(argo, name)
    dump = made(argo, "Either", first)
    assert value(dump, "start", "seen") == "(0.5, 'none')" and value(dump, "end", "names") == "['any.b']"
    events.publish("any.a", a=3)
    (second,) = set(started(argo, name, 2)) - {first}
    assert value(made(argo, "Either", second), "start", "seen") == "(3.0, 'none')"


def test_an_event_without_a_required_value_starts_nothing(argo: Argo, events: ArgoEvents, tmp_path: Path) -> None:
    path = tmp_path / "needs.py"
    body = BODY.replace('default="none"', "required=True, type=str")
    path.write_text(f"{HEAD}{IMPORTS}@trigger(event='needs')\nclass Needs(FlowSpec):{body}")
    spec = argo.deploy(path, "inject", "--event-account", STARTER)
    name = argo.manifests(spec)[1]["metadata"]["name"]
    events.ready(name)
    events.publish("needs", alpha=1)
    events.publish("needs", table="t")
    (run,) = started(argo, name)
    assert value(made(argo, "Needs", run), "start", "seen") == "(0.5, 't')"
    assert len(started(argo, name)) == 1


def test_the_end_of_a_run_starts_another_flow(argo: Argo, events: ArgoEvents, tmp_path: Path) -> None:
    """Within the project and branch, and with an external event, which Metaflow excludes."""
    webhook = ("--event-webhook", events.url)
    project = "@project(name='chain', branch='main', production=True)\n"
    name = deployed(
        argo, events, tmp_path, "Second", f"{project}@trigger_on_finish(flow='First')\n@trigger(event='go')", *webhook
    )
    path = tmp_path / "first.py"
    path.write_text(f"{HEAD}{IMPORTS}{project}class First(FlowSpec):{BODY}")
    first = argo.start(argo.deploy(path, "inject", *webhook))
    assert made(argo, "First", first)
    events.publish("go", id="g")
    (run,) = started(argo, name)
    dump = made(argo, "Second", run)
    end = "metaflow.chain.prod.main.First.end"
    assert value(dump, "end", "names") == repr(["go", end])
    assert f"('{end}', 'First/{argo.id_of(first)}/end/" in value(dump, "start", "by")
