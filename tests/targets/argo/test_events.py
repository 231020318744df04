"""The Sensor of a flow with `@trigger` or `@trigger_on_finish`, and what a run hears of its events."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim.task.triggers import decoded

from tests.support.building import documents
from tests.support.running import flowc

HEAD = "from metaflow import FlowSpec, Parameter, current, namespaced_event_name, project, step, trigger, trigger_on_finish\n"
BODY = """
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def written(folder: Path, decorators: str, parameters: str = "", before: str = "") -> Path:
    path = folder / "flow.py"
    path.write_text(f"{HEAD}{before}\n{decorators}\nclass F(FlowSpec):\n{parameters}{BODY}")
    return path


def manifests(folder: Path, flow: Path, *options: str) -> list[dict[str, Any]]:
    flowc(
        "compile",
        str(flow),
        "--target",
        "argo",
        "--store",
        "s3://b/p",
        "--output",
        str(folder / "out"),
        *options,
        check=True,
    )
    (spec,) = (folder / "out" / "argo").glob("*.argo.yaml")
    return documents(spec.read_text())


def test_one_event_without_a_mapping_sets_each_parameter_by_its_name(tmp_path: Path) -> None:
    flow = written(tmp_path, "@trigger(event='ready')", "    alpha = Parameter('alpha', default=0.5)\n"
                   "    label = Parameter('label', required=True, type=str)\n")  # fmt: skip
    template, sensor = manifests(tmp_path, flow, "--event-source", "hook", "--event-name", "all", "--event-bus", "main")
    spec = sensor["spec"]
    assert spec["eventBusName"] == "main"
    assert spec["dependencies"] == [{
        "name": "event-1", "eventSourceName": "hook", "eventName": "all",
        "filters": {"exprs": [
            {"expr": "name == 'ready'", "fields": [{"name": "name", "path": "body.payload.name"}]},
            {"expr": "true", "fields": [{"name": "field", "path": "body.payload.label"}]},
        ]},
    }]  # fmt: skip
    trigger = spec["triggers"][0]["template"]
    sources = [
        (each["src"].get("dataKey"), each["src"].get("value"), each["dest"]) for each in trigger["k8s"]["parameters"]
    ]
    place = "spec.arguments.parameters.{}.value"
    assert sources == [
        ("body.payload.alpha", "0.5", place.format(0)), ("body.payload.label", None, place.format(1)),
        (None, "null", place.format(2)),
    ]  # fmt: skip
    started = trigger["k8s"]["source"]["resource"]["spec"]
    assert started["workflowTemplateRef"] == {"name": template["metadata"]["name"]}
    names = [each["name"] for each in template["spec"]["arguments"]["parameters"]]
    assert [each["name"] for each in started["arguments"]["parameters"]] == names == ["alpha", "label", "flowc-event-1"]


@pytest.mark.parametrize(
    ("options", "condition"), [((), "event-1 && event-2"), (("--event-condition", "any"), "event-1 || event-2")]
)
def test_several_events_start_a_run_together_or_each(tmp_path: Path, options: tuple[str, ...], condition: str) -> None:
    flow = written(tmp_path, "@trigger(event='ready')\n@trigger_on_finish(flow='Other')")
    _, sensor = manifests(tmp_path, flow, *options)
    assert sensor["spec"]["triggers"][0]["template"]["conditions"] == condition
    filters = [each["filters"]["exprs"][0]["expr"] for each in sensor["spec"]["dependencies"]]
    assert filters == ["name == 'ready'", "name == 'metaflow.Other.end'"]


@pytest.mark.parametrize(
    ("decorators", "options", "names"),
    [
        ("@trigger_on_finish(flow='A')", (), ["metaflow.A.end"]),
        ("@project(name='p')\n@trigger_on_finish(flow='A')", ("--production",), ["metaflow.p.prod.A.end"]),
        ("@project(name='p')\n@trigger_on_finish(flow='A')", ("--branch", "b"), ["metaflow.p.test.b.A.end"]),
        ("@project(name='p')\n@trigger_on_finish(flows=['q.prod.A', 'B'])", ("--production",),
         ["metaflow.q.prod.A.end", "metaflow.p.prod.B.end"]),
        ("@project(name='p')\n@trigger_on_finish(flow={'name': 'A', 'project': 'q', 'project_branch': 'x'})", ("--production",),
         ["metaflow.q.x.A.end"]),
        ("@project(name='p')\n@trigger(event=namespaced_event_name('e'))", ("--production",), ["mfns.p.prod.e"]),
        ("@trigger(event=namespaced_event_name('e'))", (), ["mfns.e"]),
    ],
)  # fmt: skip
def test_names_are_those_of_the_project_and_branch(
    tmp_path: Path, decorators: str, options: tuple[str, ...], names: list[str]
) -> None:
    _, sensor = manifests(tmp_path, written(tmp_path, decorators), *options)
    assert [each["filters"]["exprs"][0]["expr"] for each in sensor["spec"]["dependencies"]] == [
        f"name == '{name}'" for name in names
    ]


def test_a_sensor_may_be_in_another_namespace(tmp_path: Path) -> None:
    flow = written(tmp_path, "@trigger(event='ready')")
    options = ("--namespace", "ml", "--event-namespace", "events", "--event-account", "starter")
    template, sensor = manifests(tmp_path, flow, *options)
    assert (template["metadata"]["namespace"], sensor["metadata"]["namespace"]) == ("ml", "events")
    assert sensor["spec"]["template"]["serviceAccountName"] == "starter"
    resource = sensor["spec"]["triggers"][0]["template"]["k8s"]["source"]["resource"]
    assert resource["metadata"]["namespace"] == "ml"
    assert template["metadata"]["annotations"]["flowc/event-namespace"] == "events"


def test_tasks_announce_only_where_a_webhook_is_given(tmp_path: Path) -> None:
    flow = written(tmp_path, "")
    told: list[dict[str, str]] = []
    for options in ((), ("--event-webhook", "http://e/x"), ("--event-webhook", "http://e/x", "--announce", "nothing")):
        env = manifests(tmp_path, flow, *options)[0]["spec"]["templateDefaults"]["container"]["env"]
        told.append({each["name"]: each["value"] for each in env if "EVENT" in each["name"] or "ANN" in each["name"]})
    url = {"METAFLOW_ARGO_EVENTS_WEBHOOK_URL": "http://e/x"}
    assert told == [{}, {**url, "FLOWC_ANNOUNCE": "runs"}, url]


@pytest.mark.parametrize(
    ("decorators", "parameters", "before", "options", "said"),
    [
        ("@trigger(events=['a', 'b'])", "    p = Parameter('p', required=True)\n", "", (),
         "FLOW516]: parameter `p` is required, but no event sets it"),
        ("@trigger(events=[{'name': 'a', 'parameters': {'p': 'x'}}, 'b'])", "    p = Parameter('p', required=True)\n", "",
         ("--event-condition", "any"), "FLOW516]: parameter `p` is required, but the event `b` does not set it"),
        ("@trigger(event='metaflow.A.end')\n@trigger_on_finish(flow='A')", "", "", (),
         "FLOW516]: the flow waits for the event `metaflow.A.end` twice"),
        ("@trigger(event='a')", "    p = Parameter('flowc-event-1', default=1)\n", "", (),
         "FLOW516]: parameter `flowc-event-1` has a name that the spec needs for an event"),
        ("@trigger(event='a', options={'reset_at': {'cron': 'never'}})", "", "", (), "FLOW121]: invalid value: `@trigger(options={'reset_at'"),
        ("@trigger(event=name)", "", "import time\ndef name(context):\n    return str(time.time())\n", (),
         "FLOW515]: a function names what starts the flow, in `@trigger`"),
        ("@trigger_on_finish(flow=name)", "", "import time\ndef name(context):\n    return str(time.time())\n", (),
         "FLOW515]: a function names what starts the flow, in `@trigger_on_finish`"),
        ("@trigger(event='a')", "", "", ("--event-namespace", "events"), "FLOW512]: `--event-namespace events`"),
        ("@trigger(event='a')", "", "", ("--event-source", "no name"), "FLOW512]: invalid value: `--event-source no name`"),
    ],
)  # fmt: skip
def test_what_cannot_start_a_run_is_refused(
    tmp_path: Path, decorators: str, parameters: str, before: str, options: tuple[str, ...], said: str
) -> None:
    flow = written(tmp_path, decorators, parameters, before)
    done = flowc("check", str(flow), "--target", "argo", "--store", "s3://b/p", *options)
    assert done.returncode == 1 and said in done.stdout + done.stderr, done.stdout + done.stderr


def test_a_sensor_that_is_no_longer_emitted_is_named(tmp_path: Path) -> None:
    manifests(tmp_path, written(tmp_path, "@trigger(event='ready')"))
    done = flowc(
        "compile",
        str(written(tmp_path, "")),
        "--target",
        "argo",
        "--store",
        "s3://b/p",
        "--output",
        str(tmp_path / "out"),
    )
    assert "kubectl delete sensor f" in done.stderr


EVENTS: list[dict[str, Any]] = [
    {"name": "ready", "id": "7", "timestamp": 1.7e9, "type": "event"},
    {"name": "metaflow.A.end", "id": "A/1/end/2", "timestamp": None, "type": "run"},
]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([EVENTS[0], None, EVENTS[1]]),
        base64.b64encode(json.dumps([*map(json.dumps, EVENTS), "null"]).encode()).decode(),
        json.dumps([{**EVENTS[0], "timestamp": "1700000000", "type": None}, {**EVENTS[1], "timestamp": "soon"}]),
    ],
)
def test_the_shim_reads_events(text: str) -> None:
    assert decoded(text) == EVENTS


@pytest.mark.parametrize("text", ["[", "x", "{}", "[1]", '["{}"]', '[{"name": 1}]'])
def test_events_that_are_none_stop_the_task(text: str) -> None:
    from flowc.runtime_shim.contract.errors import ShimError

    with pytest.raises(ShimError, match="FLOWC_TRIGGER"):
        decoded(text)
