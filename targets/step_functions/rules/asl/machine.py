"""Checks a definition against the rules of the Amazon States Language, without an engine.

`machine_problems` starts at the outermost machine. Branches and item processors are machines of their own, whose states
may go only to states of the same machine. Sources: Amazon States Language (states-language.net); AWS Step Functions
Developer Guide, Quotas, Map state.
"""

from __future__ import annotations

from ..services import service_problems
from .choice import choice_problems, is_timestamp
from .paths import path_problem, reference_path_problem, template_problems
from .retry import LARGEST, catch_problems, retry_problems, whole_problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .paths import Problem

NAME_LENGTH = 80

_PATHS = {"InputPath", "OutputPath"}
_RESULT = {"Parameters", "ResultPath"}
_ERRORS = {"ResultSelector", "Retry", "Catch"}
_ENDS = {"Next", "End"}
_TIMES = {"TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath"}
_MAP = {
    "ItemProcessor", "Iterator", "ItemReader", "ItemBatcher", "ResultWriter", "MaxConcurrency", "MaxConcurrencyPath",
    "Label", "ToleratedFailureCount", "ToleratedFailureCountPath", "ToleratedFailurePercentage",
    "ToleratedFailurePercentagePath", "ItemSelector",
}  # fmt: skip
FIELDS: dict[str, set[str]] = {  # type → fields in JSONPath, apart from those of every state
    "Pass": {*_PATHS, *_RESULT, *_ENDS, "Result", "Assign"},
    "Task": {*_PATHS, *_RESULT, *_ERRORS, *_ENDS, *_TIMES, "Resource", "Credentials", "Assign"},
    "Choice": {*_PATHS, "Choices", "Default", "Assign"},
    "Wait": {*_PATHS, *_ENDS, "Seconds", "SecondsPath", "Timestamp", "TimestampPath", "Assign"},
    "Succeed": _PATHS,
    "Fail": {"Error", "ErrorPath", "Cause", "CausePath"},
    "Parallel": {*_PATHS, *_RESULT, *_ERRORS, *_ENDS, "Branches", "Assign"},
    "Map": {*_PATHS, *_RESULT, *_ERRORS, *_ENDS, *_MAP, "ItemsPath", "Assign"},
}
JSONATA_FIELDS = {
    "Pass": {*_ENDS, "Output", "Assign"},
    "Task": {
        *_ENDS,
        "Arguments",
        "Output",
        "Assign",
        "Retry",
        "Catch",
        "TimeoutSeconds",
        "HeartbeatSeconds",
        "Resource",
        "Credentials",
    },
    "Choice": {"Choices", "Default", "Assign", "Output"},
    "Wait": {*_ENDS, "Seconds", "Timestamp", "Assign", "Output"},
    "Succeed": {"Output"},
    "Fail": {"Error", "Cause"},
    "Parallel": {*_ENDS, "Branches", "Arguments", "Output", "Assign", "Retry", "Catch"},
    "Map": {
        *_ENDS,
        *(field for field in _MAP if not field.endswith("Path")),
        "Items",
        "Output",
        "Assign",
        "Retry",
        "Catch",
    },
}
_EVERY = {"Type", "Comment", "QueryLanguage"}
_REQUIRED = {"Task": "Resource", "Choice": "Choices", "Parallel": "Branches"}
_ENDING = ("Choice", "Succeed", "Fail")  # types that take neither Next nor End
_MACHINE = {"Comment", "StartAt", "States", "QueryLanguage"}


def machine_problems(document: object) -> Iterator[Problem]:
    """Yields the problems of a definition, as (place, message)."""
    if not isinstance(document, dict):
        yield "", "a state machine must be an object"
        return
    if document.get("Version", "1.0") != "1.0":
        yield "Version", "must be `1.0`"
    if "TimeoutSeconds" in document:
        yield from whole_problem(document, "TimeoutSeconds", 1, "$")
    homes: dict[str, str] = {}
    yield from _machine(document, "", {*_MACHINE, "Version", "TimeoutSeconds"}, homes, "JSONPath")


def _machine(
    machine: dict[str, Any], place: str, fields: set[str], homes: dict[str, str], language: str
) -> Iterator[Problem]:
    """Checks a machine, outermost or nested. `homes` maps each state seen so far to the place of its `States`."""
    dot = f"{place}." if place else ""
    yield from ((f"{dot}{name}", "is not a field of a state machine") for name in machine if name not in fields)
    language = machine.get("QueryLanguage", language)
    if language not in ("JSONPath", "JSONata"):
        yield f"{dot}QueryLanguage", "must be `JSONPath` or `JSONata`"
        return
    states = machine.get("States")
    if not isinstance(states, dict) or not states:
        yield f"{dot}States", "must be an object of one or more states"
        return
    start = machine.get("StartAt")
    if not isinstance(start, str) or start not in states:
        yield (
            f"{dot}StartAt",
            f"there is no state `{start}` in this machine" if isinstance(start, str) else "must be the name of a state",
        )
    home = f"{dot}States"
    for name in states:
        if not 0 < len(name) <= NAME_LENGTH:
            yield f"{home}.{name}", f"a state's name must have 1 to {NAME_LENGTH} characters, not {len(name)}"
        if name in homes:
            yield (
                f"{home}.{name}",
                f"`{homes[name]}` has a state of the same name; names must be unique in the whole machine",
            )
        homes.setdefault(name, home)
    for name, state in states.items():
        yield from _state(state, f"{home}.{name}", states, homes, language)
    yield from _flow(states, start, home)


def _flow(states: dict[str, Any], start: object, home: str) -> Iterator[Problem]:
    """Checks that every state is reachable, and that a reachable one ends the machine."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if isinstance(name, str) and name in states and name not in seen:
            seen.add(name)
            waiting.extend(target for _, target in _transitions(states[name]))
    if seen:
        yield from ((f"{home}.{name}", "no state leads here") for name in states if name not in seen)
    if seen and not any(_is_terminal(states[name]) for name in seen):
        yield home, 'no state ends the machine: one needs `"End": true`, or the type Succeed or Fail'


def _is_terminal(state: object) -> bool:
    return isinstance(state, dict) and (state.get("End") is True or state.get("Type") in ("Succeed", "Fail"))


def _transitions(state: object) -> Iterator[tuple[str, object]]:
    """Yields the targets of a state, as (place inside the state, target)."""
    if not isinstance(state, dict):
        return
    for name in ("Next", "Default"):
        if name in state:
            yield name, state[name]
    for name in ("Choices", "Catch"):
        entries = state.get(name)
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict) and "Next" in entry:
                yield f"{name}[{index}].Next", entry["Next"]


def _state(
    state: object, place: str, states: dict[str, Any], homes: dict[str, str], language: str
) -> Iterator[Problem]:
    if not isinstance(state, dict):
        yield place, "must be an object"
        return
    kind = state.get("Type")
    if kind not in FIELDS:
        yield f"{place}.Type", f"must be one of {', '.join(FIELDS)}, not `{kind}`"
        return
    language = state.get("QueryLanguage", language)
    jsonata = language == "JSONata"
    fields = {*_EVERY, *(JSONATA_FIELDS if jsonata else FIELDS)[kind]}
    for name in state:
        if name not in fields:
            other = name in (FIELDS if jsonata else JSONATA_FIELDS)[kind]
            yield f"{place}.{name}", f"is not a field of a {kind} state" + (f" in {language}" if other else "")
    if kind in _REQUIRED and _REQUIRED[kind] not in state:
        yield place, f"`{_REQUIRED[kind]}` is missing"
    yield from _ends(state, place, kind)
    for inside, target in _transitions(state):
        if not isinstance(target, str):
            yield f"{place}.{inside}", "must be the name of a state"
        elif target not in states:
            elsewhere = f": it is in `{homes[target]}`" if target in homes else ""
            yield f"{place}.{inside}", f"there is no state `{target}` in this machine{elsewhere}"
    if "Retry" in state:
        yield from retry_problems(state["Retry"], f"{place}.Retry")
    if "Catch" in state:
        yield from catch_problems(state["Catch"], f"{place}.Catch")
    if not jsonata:
        yield from _data(state, place)
    yield from _OF_TYPE[kind](state, place, homes, language)


def _ends(state: dict[str, Any], place: str, kind: str) -> Iterator[Problem]:
    if kind in _ENDING:
        return
    if ("Next" in state) == ("End" in state):
        yield place, "must have exactly one of `Next` and `End`"
    if "End" in state and state["End"] is not True:
        yield f"{place}.End", "must be `true`"


def _data(state: dict[str, Any], place: str) -> Iterator[Problem]:
    """Checks paths and payload templates."""
    for name in ("InputPath", "OutputPath"):
        if state.get(name) is not None and (problem := path_problem(state[name])):
            yield f"{place}.{name}", problem
    if state.get("ResultPath") is not None and (problem := reference_path_problem(state["ResultPath"])):
        yield f"{place}.ResultPath", problem
    for name in (
        "ItemsPath",
        "SecondsPath",
        "TimestampPath",
        "TimeoutSecondsPath",
        "HeartbeatSecondsPath",
        "MaxConcurrencyPath",
    ):
        if name in state and (problem := path_problem(state[name])):
            yield f"{place}.{name}", problem
    for name in ("Parameters", "ResultSelector", "ItemSelector", "Credentials", "Assign"):
        if name in state:
            if name != "Parameters" and not isinstance(state[name], dict):
                yield f"{place}.{name}", "must be an object"
            yield from template_problems(state[name], f"{place}.{name}")


def _exclusive(state: dict[str, Any], place: str, *names: str, needed: bool = False) -> Iterator[Problem]:
    present = [name for name in names if name in state]
    if len(present) > 1:
        yield place, f"has {' and '.join(f'`{name}`' for name in present)}, which exclude each other"
    elif needed and not present:
        yield place, f"must have one of {', '.join(f'`{name}`' for name in names)}"


def _task(state: dict[str, Any], place: str, _homes: dict[str, str], language: str) -> Iterator[Problem]:
    yield from _exclusive(state, place, "TimeoutSeconds", "TimeoutSecondsPath")
    yield from _exclusive(state, place, "HeartbeatSeconds", "HeartbeatSecondsPath")
    for name in ("TimeoutSeconds", "HeartbeatSeconds"):
        if not (language == "JSONata" and isinstance(state.get(name), str)):
            yield from whole_problem(state, name, 1, place)
    times = state.get("TimeoutSeconds"), state.get("HeartbeatSeconds")
    if isinstance(times[0], int) and isinstance(times[1], int) and times[1] >= times[0]:
        yield f"{place}.HeartbeatSeconds", "must be smaller than TimeoutSeconds"
    resource = state.get("Resource")
    if "Resource" in state and not (
        isinstance(resource, str) and resource.startswith("arn:") and resource.count(":") >= 5
    ):
        yield f"{place}.Resource", "must be an ARN"
    elif isinstance(resource, str) and language == "JSONPath":
        yield from service_problems(resource, state.get("Parameters", {}), f"{place}.Parameters")


def _choice(state: dict[str, Any], place: str, _homes: dict[str, str], language: str) -> Iterator[Problem]:
    if "Choices" in state:
        yield from choice_problems(state["Choices"], f"{place}.Choices", language == "JSONata")


def _wait(state: dict[str, Any], place: str, _homes: dict[str, str], language: str) -> Iterator[Problem]:
    yield from _exclusive(state, place, "Seconds", "SecondsPath", "Timestamp", "TimestampPath", needed=True)
    if language == "JSONPath":
        yield from whole_problem(state, "Seconds", 0, place)
        if "Timestamp" in state and not is_timestamp(state["Timestamp"]):
            yield f"{place}.Timestamp", "must be a timestamp such as `2030-01-31T06:00:00Z`"


def _fail(state: dict[str, Any], place: str, _homes: dict[str, str], _language: str) -> Iterator[Problem]:
    yield from _exclusive(state, place, "Error", "ErrorPath")
    yield from _exclusive(state, place, "Cause", "CausePath")
    for name in ("Error", "Cause"):
        if name in state and not isinstance(state[name], str):
            yield f"{place}.{name}", "must be text"


def _parallel(state: dict[str, Any], place: str, homes: dict[str, str], language: str) -> Iterator[Problem]:
    branches = state.get("Branches")
    if "Branches" in state and (not isinstance(branches, list) or not branches):
        yield f"{place}.Branches", "must be a list of one or more branches"
        return
    for index, branch in enumerate(branches or ()):
        inside = f"{place}.Branches[{index}]"
        if isinstance(branch, dict):
            yield from _machine(branch, inside, _MACHINE, homes, language)
        else:
            yield inside, "must be an object"


def _map(state: dict[str, Any], place: str, homes: dict[str, str], language: str) -> Iterator[Problem]:
    yield from _exclusive(state, place, "ItemProcessor", "Iterator", needed=True)
    yield from _exclusive(state, place, "ItemSelector", "Parameters")
    yield from _exclusive(state, place, "MaxConcurrency", "MaxConcurrencyPath")
    if not isinstance(state.get("MaxConcurrency"), str):
        yield from whole_problem(state, "MaxConcurrency", 0, place, LARGEST)
    name = "ItemProcessor" if "ItemProcessor" in state else "Iterator"
    body, inside = state.get(name), f"{place}.{name}"
    if not isinstance(body, dict):
        if body is not None:
            yield inside, "must be an object"
        return
    config = body.get("ProcessorConfig", {})
    mode = config.get("Mode", "INLINE") if isinstance(config, dict) else None
    if mode not in ("INLINE", "DISTRIBUTED"):
        yield f"{inside}.ProcessorConfig.Mode", "must be `INLINE` or `DISTRIBUTED`"
    elif mode == "DISTRIBUTED" and config.get("ExecutionType") not in ("STANDARD", "EXPRESS"):
        yield f"{inside}.ProcessorConfig.ExecutionType", "must be `STANDARD` or `EXPRESS`"
    elif mode == "INLINE" and "ExecutionType" in config:
        yield f"{inside}.ProcessorConfig.ExecutionType", "is allowed only in a distributed Map"
    if mode == "INLINE":
        for field in ("ItemReader", "ItemBatcher", "ResultWriter", "Label"):
            if field in state:
                yield f"{place}.{field}", "is allowed only in a distributed Map"
    if "Label" in state and not (isinstance(state["Label"], str) and 0 < len(state["Label"]) <= 40):
        yield f"{place}.Label", "must be a text of 1 to 40 characters"
    yield from _reader(state, place, language)
    yield from _machine(body, inside, {*_MACHINE, "ProcessorConfig"}, homes, language)


def _reader(state: dict[str, Any], place: str, language: str) -> Iterator[Problem]:
    reader = state.get("ItemReader")
    if reader is None:
        return
    if not isinstance(reader, dict) or not isinstance(reader.get("Resource"), str):
        yield f"{place}.ItemReader", "must be an object with a `Resource`"
    elif language == "JSONPath":
        yield from template_problems(reader.get("Parameters"), f"{place}.ItemReader.Parameters")
        yield from service_problems(reader["Resource"], reader.get("Parameters", {}), f"{place}.ItemReader.Parameters")


def _nothing(_state: dict[str, Any], _place: str, _homes: dict[str, str], _language: str) -> Iterator[Problem]:
    return iter(())


_OF_TYPE = {
    "Pass": _nothing, "Task": _task, "Choice": _choice, "Wait": _wait, "Succeed": _nothing, "Fail": _fail,
    "Parallel": _parallel, "Map": _map,
}  # fmt: skip
