"""The events that start runs of a flow with `@trigger` or `@trigger_on_finish`, and the Sensor that waits for them.

Events arrive at one EventSource of Argo Events, each with the body `{"payload": {"name": …, …}}`. That is the form in
which Metaflow's ArgoEvent, and so the shim, sends them. The Sensor creates a Workflow of the flow's WorkflowTemplate
once every event has come, or any of them (`--event-condition any`). Source: Argo Events' documentation, Sensors.
"""

from __future__ import annotations

from flowc.compiler.decorators.decorator import record_of
from flowc.compiler.decorators.trigger import events_of
from flowc.compiler.fast_start.record import record
from flowc.compiler.report.diagnostics import Diagnostic
from flowc.runtime_shim.contract import semantics

from .names import ANY, EVENT_NAMESPACE, EVENTS, TRIGGERS
from .names import EVENT_PARAMETER as PARAMETER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypeAlias

    from flowc.compiler.ir.nodes import Decorator, Flow, Parameter
    from flowc.targets.target import Options

    Data: TypeAlias = dict[str, Any]

_PAYLOAD = "body.payload"


@record
class Awaited:
    """An event that the Sensor waits for."""

    name: str
    is_run: bool  # the end of another flow's run
    fields: tuple[tuple[str, str], ...] = ()  # (the flow's parameter, the payload's field that sets it)


def triggers_of(flow: Flow) -> tuple[Decorator, ...]:
    return tuple(decorator for decorator in flow.decorators if decorator.name in TRIGGERS)


def awaited(flow: Flow) -> tuple[Awaited, ...] | None:
    """Returns the events that start runs, or None if a function of the user names one of them."""
    found: list[Awaited] = []
    for decorator in triggers_of(flow):
        if decorator.name == "trigger":
            events = events_of(decorator, flow)
            if events is None:
                return None
            for event in events:
                name = _within(flow, event.name) if event.is_namespaced else event.name
                found.append(Awaited(name, False, event.parameters))
        else:
            upstream = record_of(decorator).upstream
            if upstream is None:
                return None
            for each in upstream:
                found.append(Awaited(_end_of(flow, each.flow, each.project, each.branch), True))
    return tuple(found)


def _within(flow: Flow, event: str) -> str:
    """Returns the full name of `namespaced_event_name(event)`."""
    return ".".join(("mfns", *_place(flow), event))


def _end_of(flow: Flow, upstream: str, project: str, branch: str) -> str:
    """Returns the name of the event that Metaflow and the shim send when a run of that flow has succeeded.

    A flow that is named alone is in the project and the branch of this one.
    """
    place = _place(flow)
    if project or branch:
        own = (*place, "", "")
        place = (project or own[0], branch or own[1])
    return ".".join(("metaflow", *place, upstream, "end"))


def _place(flow: Flow) -> tuple[str, ...]:
    """Returns the project and the branch that the flow is compiled for, () without `@project`."""
    for decorator in flow.decorators:
        if decorator.name == "project":
            project, branch, production, full = semantics.project(decorator.attributes)
            return project, full or semantics.branch_name(branch, production, "default")
    return ()


def problems(flow: Flow, options: Options) -> Iterator[Diagnostic]:
    """Yields FLOW515 for events that are not known when compiling, FLOW516 for runs that could not start."""
    events = awaited(flow)
    if events is None:
        for decorator in triggers_of(flow):
            if (events_of(decorator, flow) if decorator.name == "trigger" else record_of(decorator).upstream) is None:
                yield Diagnostic(
                    "FLOW515",
                    f"a function names what starts the flow, in `@{decorator.name}`",
                    decorator.span,
                    "flowc does not run your code when it compiles, and the function's value does not follow from "
                    "the source",
                    "write the name itself, or let the function return an expression of constants",
                )
        return
    yield from _repeated(flow, events)
    any_of_them = options.own("event-condition") == ANY
    for parameter in flow.parameters:
        if parameter.name.startswith(PARAMETER):
            yield Diagnostic(
                "FLOW516",
                f"parameter `{parameter.name}` has a name that the spec needs for an event",
                parameter.span,
                f"parameters whose names begin with `{PARAMETER}` tell a run which event started it",
                "choose a different name",
            )
        if parameter.has_default or not parameter.required:
            continue
        setting = [event for event in events if parameter.name in dict(event.fields)]
        if len(setting) < (len(events) if any_of_them else 1):
            lacking = next(event.name for event in events if event not in setting)
            which = f"the event `{lacking}` does not set it" if any_of_them else "no event sets it"
            yield Diagnostic(
                "FLOW516",
                f"parameter `{parameter.name}` is required, but {which}",
                parameter.span,
                "a run that the event starts would have no value for it",
                f"give it a default, or map a field to it: `'parameters': {{'{parameter.name}': 'FIELD'}}`",
            )


def _repeated(flow: Flow, events: tuple[Awaited, ...]) -> Iterator[Diagnostic]:
    names = [event.name for event in events]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield Diagnostic(
                "FLOW516",
                f"the flow waits for the event `{name}` twice",
                triggers_of(flow)[-1].span,
                "one event cannot be two of those that a Sensor waits for",
                "name it once",
            )


def resets(flow: Flow) -> tuple[tuple[str, str], ...]:
    """Returns the cron texts and time zones at which the Sensor forgets events that came alone (`reset_at`)."""
    found = (record_of(decorator).reset for decorator in triggers_of(flow))
    return tuple(dict.fromkeys(reset for reset in found if reset is not None))


def arguments(events: tuple[Awaited, ...]) -> list[Data]:
    """Returns the workflow's parameters that tell a run which events started it."""
    return [
        {"name": f"{PARAMETER}{number}", "value": "null", "enum": [], "description": f"set by the event {event.name}"}
        for number, event in enumerate(events, 1)
    ]


def annotations_of(events: tuple[Awaited, ...], options: Options) -> dict[str, str]:
    """Returns the annotations of the WorkflowTemplate about its Sensor."""
    joined = (" or " if options.own("event-condition") == ANY else " and ").join(event.name for event in events)
    place = options.own("event-namespace")
    return {EVENTS: joined, **({EVENT_NAMESPACE: place} if place else {})}


def expression(count: int) -> str:
    """Returns the expression that Argo evaluates to the base64 of a JSON array of these parameters' texts."""
    values = ", ".join(f'workflow.parameters["{PARAMETER}{number}"]' for number in range(1, count + 1))
    return "{{=sprig.b64enc(toJson([" + values + "]))}}"


def sensor(
    name: str, flow: Flow, events: tuple[Awaited, ...], options: Options, defaults: dict[str, str | None], labels: Data
) -> Data:  # fmt: skip
    """Returns the values of the template `argo/sensor.yaml`.

    `defaults` has the text of each parameter's default, None for a required one.
    """
    required = {parameter.name for parameter in flow.parameters if defaults.get(parameter.name) is None}
    names, sources = _sources(flow.parameters, events, defaults)
    own = options.own("event-namespace")
    return {
        "name": name, "prefix": f"{name}-", "namespace": own or options.namespace,
        "target_namespace": options.namespace if own else "", "flow": flow.name, "labels": labels,
        "bus": options.own("event-bus"), "account": options.own("event-account"),
        "source": options.own("event-source"), "event": options.own("event-name"),
        "dependencies": [
            {"name": f"event-{number}", "exprs": list(_filters(event, required))}
            for number, event in enumerate(events, 1)
        ],
        "condition": (" || " if options.own("event-condition") == ANY else " && ").join(
            f"event-{number}" for number in range(1, len(events) + 1)
        ),
        "resets": [{"byTime": {"cron": cron, "timezone": timezone}} for cron, timezone in resets(flow)],
        "parameters": names, "sources": sources,
    }  # fmt: skip


def _filters(event: Awaited, required: set[str]) -> Iterator[Data]:
    """Yields what an event must have: its name, and the fields that set required parameters."""
    yield {"expr": f"name == '{event.name}'", "fields": [{"name": "name", "path": f"{_PAYLOAD}.name"}]}
    for parameter, field in event.fields:
        if parameter in required:  # the filter fails where there is no such field
            yield {"expr": "true", "fields": [{"name": "field", "path": f"{_PAYLOAD}.{field}"}]}


def _sources(
    parameters: tuple[Parameter, ...], events: tuple[Awaited, ...], defaults: dict[str, str | None]
) -> tuple[list[str], list[Data]]:
    """Returns the Workflow's parameters, and for each where its value comes from.

    An absent field, or an event that has not come, leaves the default.
    """
    names: list[str] = []
    sources: list[Data] = []

    def add(name: str, source: Data, default: str | None) -> None:
        value = {} if default is None else {"value": default}
        sources.append({"src": {**source, **value}, "dest": f"spec.arguments.parameters.{len(names)}.value"})
        names.append(name)

    for number, event in enumerate(events, 1):
        fields = dict(event.fields)
        for parameter in parameters:
            if parameter.name in fields:
                source = {"dependencyName": f"event-{number}", "dataKey": f"{_PAYLOAD}.{fields[parameter.name]}"}
                add(parameter.name, source, defaults[parameter.name])
    for number, event in enumerate(events, 1):
        source = {"dependencyName": f"event-{number}", "dataTemplate": _about(event)}
        add(f"{PARAMETER}{number}", source, "null")
    return names, sources


def _about(event: Awaited) -> str:
    """Returns Argo Events' template for the JSON text that FLOWC_TRIGGER has of the event."""
    fields = {"name": "name", "id": "pathspec" if event.is_run else "id", "timestamp": "timestamp"}
    values = ", ".join(f'"{key}": {{{{ .Input.{_PAYLOAD}.{field} | toJson }}}}' for key, field in fields.items())
    return "{" + values + f', "type": "{"run" if event.is_run else "event"}"' + "}"
