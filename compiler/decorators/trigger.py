"""`@trigger(event=None, events=[], options={})`: a run starts when an event comes, its payload giving parameters.

An event is a name, or a dictionary with `name` and `parameters`: a dictionary from parameters to fields of the payload, or a list of names and
(parameter, field) pairs. Each of these may be a function, called when the flow is deployed; `namespaced_event_name('x')` is the one of
Metaflow's own, and stands for the event's name within the project's branch. Ignored in a local run, as in Metaflow.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record, replace
from flowc.compiler.report.diagnostics import nearest

from ._kinds import dicts
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
HOW = "start the run from the event outside of flowc, or remove it"
NAMESPACED = (
    "namespaced_event_name"  # carried as `{"namespaced_event_name": "x"}`; project.event_name says what it stands for
)
_FIELD = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_NAME = _FIELD | frozenset(".-")


@record
class Event:
    """One event of a trigger whose values are known."""

    name: str
    is_namespaced: bool  # `name` is within the project's branch (project.event_name)
    parameters: tuple[tuple[str, str], ...]  # (the flow's parameter, the payload's field)


@record
class Trigger:
    """What starts a run."""

    events: tuple[Event, ...] | None  # None where a function of the user's decides; parameters are as they are written


def read(decorator: Decorator) -> Trigger:
    """Returns what the decorator says. Its own check has accepted its values."""
    found = []
    for each in _several(decorator):
        name = (
            each.get("name") if isinstance(each, dict) and not function_name(each) and NAMESPACED not in each else each
        )
        mapping = each.get("parameters", {}) if isinstance(each, dict) and name is not each else {}
        if function_name(name) or function_name(mapping):
            return Trigger(None)
        is_namespaced = isinstance(name, dict)
        event = str(name[NAMESPACED]) if isinstance(name, dict) else str(name)
        found.append(Event(event, is_namespaced, tuple(_pairs(mapping) or ())))
    return Trigger(tuple(found))


def events_of(decorator: Decorator, flow: Flow) -> tuple[Event, ...] | None:
    """Returns the events with the flow's parameters, None where a function of the user's decides.

    With exactly one event and no mapping, every parameter comes from the field of its own name (Metaflow's documentation, events).
    """
    events = read(decorator).events
    if events is None:
        return None
    if len(events) == 1 and not events[0].parameters:
        return (replace(events[0], parameters=tuple((each.name, each.name) for each in flow.parameters)),)
    own = {each.name.lower(): each.name for each in flow.parameters}
    return tuple(
        replace(event, parameters=tuple((own[name.lower()], field) for name, field in event.parameters))
        for event in events
    )


def check(decorator: Decorator, owner: Flow) -> Iterator[Diagnostic]:
    given = decorator.attributes
    yield from dicts(decorator, "options")
    if bool(given["event"]) == bool(given["events"]):
        both = bool(given["event"])
        why = "one of the two says what the flow waits for" if both else "nothing says what the flow waits for"
        yield value_error(
            decorator,
            "events" if both else "event",
            why,
            "give `event` or `events`, not both" if both else "write `@trigger(event='NAME')`",
        )
        return
    if given["events"] and not isinstance(given["events"], list) and not function_name(given["events"]):
        yield value_error(decorator, "events", "it is a list of events", "write `events=['…', '…']`")
        return
    attribute = "event" if given["event"] else "events"
    if function_name(given[attribute]):
        return
    names: list[str] = []
    mapped: list[str] = []
    for each in _several(decorator):
        for why, how in _wrong(each, owner, names, mapped):
            yield value_error(decorator, attribute, why, how)


def _several(decorator: Decorator) -> list[Value]:
    given = decorator.attributes
    events = given["events"]
    return [given["event"]] if given["event"] else events if isinstance(events, list) else [events]


def _wrong(event: Value, flow: Flow, names: list[str], mapped: list[str]) -> Iterator[tuple[str, str]]:
    """Yields (why, how) for what is wrong with one event, which adds its name and the parameters that it sets to the lists."""
    if function_name(event):
        return
    is_full = isinstance(event, dict) and NAMESPACED not in event
    name = event.get("name") if isinstance(event, dict) and is_full else event
    if isinstance(event, dict) and is_full:
        unknown = [key for key in event if key not in ("name", "parameters")]
        if unknown:
            yield f"an event has no `{unknown[0]}`", "its keys are `name` and `parameters`"
        if "name" not in event:
            yield "the event has no `name`", "write `{'name': '…', 'parameters': {…}}`"
            return
    if isinstance(name, dict) and NAMESPACED in name:
        name = name[NAMESPACED]
    if not function_name(name):
        if not isinstance(name, str) or not name or not _NAME.issuperset(name):
            yield f"`{name}` cannot be the name of an event", "use letters, digits, `_`, `-` and `.`"
        elif name in names:
            yield f"the event `{name}` is there twice", "keep one of them"
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
            "`parameters` maps parameters to fields of the payload",
            "write `{'parameter': 'field'}`, or `['name', ('parameter', 'field')]`",
        )
        return
    known = {each.name.lower() for each in flow.parameters}
    for parameter, field in pairs:
        if parameter.lower() not in known:
            close = nearest(parameter, [each.name for each in flow.parameters])
            yield (
                f"the flow has no parameter `{parameter}`",
                f"did you mean `{close}`?" if close else "map parameters that the flow has",
            )
        elif parameter.lower() in mapped:
            yield f"the parameter `{parameter}` is set twice", "keep one of them"
        mapped.append(parameter.lower())
        if not field or not _FIELD.issuperset(field):
            yield f"`{field}` cannot be a field of a payload", "use letters, digits and underscores"


def _pairs(mapping: Value) -> list[tuple[str, str]] | None:
    """The (parameter, field) pairs of a mapping in either form; None for what is neither."""
    if isinstance(mapping, dict):
        several: list[Value] = [[name, field] for name, field in mapping.items()]
    elif isinstance(mapping, list):
        several = [[each, each] if isinstance(each, str) else each for each in mapping]
    else:
        return None
    found = []
    for each in several:
        if not (isinstance(each, list) and len(each) == 2 and isinstance(each[0], str) and isinstance(each[1], str)):
            return None
        found.append((each[0], each[1]))
    return found
