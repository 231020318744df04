"""`@trigger(event=None, events=[], options={})`: an event starts a run, and its payload sets parameters.

An event is a name, or a dictionary with `name` and `parameters`. `parameters` maps parameters to fields of the
payload: it is a dictionary, or a list of names and (parameter, field) pairs. Each of these may be a function that is
called when the flow is deployed. Metaflow has one such function, `namespaced_event_name('x')`: the event's name
within the project's branch. A local run ignores the decorator, as Metaflow does.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record, replace
from flowc.compiler.report.diagnostics import nearest

from ._kinds import dicts
from ._reset import reset_of, wrong_reset
from .decorator import function_name, value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Flow, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "flow"
ATTRIBUTES: dict[str, Value] = {"event": None, "events": [], "options": {}}
DEPLOY_TIME = True
FUNCTIONS = ("event", "events")
WHY = "the event would never start a run"
HOW = "let a system outside flowc start the run, or remove the decorator"
NAMESPACED = (
    # in the IR, `{"namespaced_event_name": "x"}`; project.event_name returns the name that it stands for
    "namespaced_event_name"
)
_FIELD = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_NAME = _FIELD | frozenset(".-")


@record
class Event:
    """An event of a trigger whose values are known."""

    name: str
    is_namespaced: bool  # `name` is within the project's branch (project.event_name)
    parameters: tuple[tuple[str, str], ...]  # (the flow's parameter, the payload's field)


@record
class Trigger:
    """The events or flows that start a run."""

    events: tuple[Event, ...] | None  # None: a function of the user decides; parameters are as written
    reset: tuple[str, str] | None = None  # the cron text and time zone at which events that came alone are forgotten


def read(decorator: Decorator) -> Trigger:
    """Returns the decorator's values as a record. Its check has accepted them."""
    events = []
    for entry in _several(decorator):
        name = (
            entry.get("name")
            if isinstance(entry, dict) and not function_name(entry) and NAMESPACED not in entry
            else entry
        )
        mapping = entry.get("parameters", {}) if isinstance(entry, dict) and name is not entry else {}
        if function_name(name) or function_name(mapping):
            return Trigger(None, reset_of(decorator))
        is_namespaced = isinstance(name, dict)
        event = str(name[NAMESPACED]) if isinstance(name, dict) else str(name)
        events.append(Event(event, is_namespaced, tuple(_pairs(mapping) or ())))
    return Trigger(tuple(events), reset_of(decorator))


def events_of(decorator: Decorator, flow: Flow) -> tuple[Event, ...] | None:
    """Returns the events with the flow's parameters, or None if a function of the user decides.

    With exactly one event and no mapping, every parameter comes from the field of the same name (Metaflow's
    documentation, events).
    """
    events = read(decorator).events
    if events is None:
        return None
    if len(events) == 1 and not events[0].parameters:
        return (
            replace(events[0], parameters=tuple((parameter.name, parameter.name) for parameter in flow.parameters)),
        )
    own = {parameter.name.lower(): parameter.name for parameter in flow.parameters}
    return tuple(
        replace(event, parameters=tuple((own[name.lower()], field) for name, field in event.parameters))
        for event in events
    )


def check(decorator: Decorator, owner: Flow) -> Iterator[Diagnostic]:
    attributes = decorator.attributes
    yield from dicts(decorator, "options")
    yield from wrong_reset(decorator)
    if bool(attributes["event"]) == bool(attributes["events"]):
        both = bool(attributes["event"])
        why = "Metaflow accepts only one of the two" if both else "without it, no event would ever start the flow"
        yield value_error(
            decorator,
            "events" if both else "event",
            why,
            "give `event` or `events`, not both" if both else "write `@trigger(event='NAME')`",
        )
        return
    if attributes["events"] and not isinstance(attributes["events"], list) and not function_name(attributes["events"]):
        yield value_error(decorator, "events", "it must be a list of events", "write `events=['…', '…']`")
        return
    attribute = "event" if attributes["event"] else "events"
    if function_name(attributes[attribute]):
        return
    names: list[str] = []
    mapped: list[str] = []
    for entry in _several(decorator):
        for why, how in _wrong(entry, owner, names, mapped):
            yield value_error(decorator, attribute, why, how)


def _several(decorator: Decorator) -> list[Value]:
    attributes = decorator.attributes
    events = attributes["events"]
    return [attributes["event"]] if attributes["event"] else events if isinstance(events, list) else [events]


def _wrong(event: Value, flow: Flow, names: list[str], mapped: list[str]) -> Iterator[tuple[str, str]]:
    """Yields (why, how) for each fault of one event, and adds its name and the parameters that it sets to the lists."""
    if function_name(event):
        return
    is_full = isinstance(event, dict) and NAMESPACED not in event
    name = event.get("name") if isinstance(event, dict) and is_full else event
    if isinstance(event, dict) and is_full:
        unknown = [key for key in event if key not in ("name", "parameters")]
        if unknown:
            yield f"an event has no key `{unknown[0]}`", "its keys are `name` and `parameters`"
        if "name" not in event:
            yield "an event must have a `name`", "write `{'name': '…', 'parameters': {…}}`"
            return
    if isinstance(name, dict) and NAMESPACED in name:
        name = name[NAMESPACED]
    if not function_name(name):
        if not isinstance(name, str) or not name or not _NAME.issuperset(name):
            yield f"`{name}` is not a valid event name", "use letters, digits, `_`, `-` and `.`"
        elif name in names:
            yield f"the event `{name}` is given twice", "keep one of them"
        else:
            names.append(name)
    if isinstance(event, dict) and is_full:
        yield from _wrong_parameters(event.get("parameters", {}), flow, mapped)


def _wrong_parameters(mapping: Value, flow: Flow, mapped: list[str]) -> Iterator[tuple[str, str]]:
    if function_name(mapping):
        return
    pairs = _pairs(mapping)
    if pairs is None:
        yield (
            "`parameters` must map parameters to fields of the payload",
            "write `{'parameter': 'field'}`, or `['name', ('parameter', 'field')]`",
        )
        return
    parameters = {parameter.name.lower() for parameter in flow.parameters}
    for parameter, field in pairs:
        if parameter.lower() not in parameters:
            close = nearest(parameter, [parameter.name for parameter in flow.parameters])
            yield (
                f"the flow has no parameter `{parameter}`",
                f"did you mean `{close}`?" if close else "use the name of a parameter of the flow",
            )
        elif parameter.lower() in mapped:
            yield f"the parameter `{parameter}` is set twice", "keep one of them"
        mapped.append(parameter.lower())
        if not field or not _FIELD.issuperset(field):
            yield f"`{field}` is not a valid name of a payload field", "use letters, digits and underscores"


def _pairs(mapping: Value) -> list[tuple[str, str]] | None:
    """Returns the (parameter, field) pairs of a mapping in either form, or None for any other value."""
    if isinstance(mapping, dict):
        several: list[Value] = [[name, field] for name, field in mapping.items()]
    elif isinstance(mapping, list):
        several = [[pair, pair] if isinstance(pair, str) else pair for pair in mapping]
    else:
        return None
    pairs = []
    for item in several:
        if not (isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) and isinstance(item[1], str)):
            return None
        pairs.append((item[0], item[1]))
    return pairs
