"""Finds the problems that AWS would find in a spec of this target, without an account.

`validate` checks one file; `together` checks the references between the files of one flow.
"""

from __future__ import annotations

import json

from flowc.targets.target import Finding

from .rules.asl.machine import machine_problems
from .rules.job_definitions import definitions_problems

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from .rules.asl.paths import Problem

DEFINITION_SIZE = 1024 * 1024  # bytes of a state machine's definition (AWS Step Functions, quotas)
_SCHEDULE = {
    "Name", "Description", "GroupName", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow",
    "Target", "State", "StartDate", "EndDate", "KmsKeyArn", "ActionAfterCompletion", "ClientToken",
}  # fmt: skip
_SUFFIXES = (".asl.json", ".batch.json", ".schedule.json", ".policy.json")


def recognises(name: str, text: str) -> bool:
    """Returns True for a file that has the name, or the look, of one of this target's files."""
    if name.endswith(_SUFFIXES):
        return True
    return name.endswith(".json") and (
        '"StartAt"' in text and '"States"' in text or '"jobDefinitionName"' in text or '"ScheduleExpression"' in text
    )


def validate(name: str, text: str) -> Iterator[Finding]:
    """Yields every problem of the file."""
    repeated: list[str] = []
    try:
        document = json.loads(
            text, object_pairs_hook=lambda pairs: _object(pairs, repeated), parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        yield Finding(name, f"line {getattr(error, 'lineno', 1)}", f"this is not JSON: {getattr(error, 'msg', error)}")
        return
    for key in repeated:
        yield Finding(name, key, "this key occurs twice in one object")
    for place, message in _problems(name, text, document):
        yield Finding(name, place or "$", message)


def together(files: Mapping[str, str]) -> Iterator[Finding]:
    """Yields the problems between files that are valid alone: missing job definitions, parameters without a value.

    `files` maps names to texts.
    """
    documents = {name: json.loads(text) for name, text in files.items() if recognises(name, text)}
    definitions = {
        definition["jobDefinitionName"]: definition
        for document in documents.values()
        if isinstance(document, list)
        for definition in document
    }
    if not definitions:
        return
    for name, document in documents.items():
        if not isinstance(document, dict) or "States" not in document:
            continue
        for place, parameters in _submitted(document, ""):
            job_definition = parameters.get("JobDefinition")
            if not isinstance(job_definition, str) or job_definition.startswith("arn:"):
                continue
            if job_definition not in definitions:
                yield Finding(name, f"{place}.JobDefinition", f"there is no job definition `{job_definition}`")
                continue
            definition = definitions[job_definition]
            names = {field.removesuffix(".$") for field in parameters.get("Parameters", {})} | set(
                definition.get("parameters", {})
            )
            for argument in definition["containerProperties"].get("command", []):
                if argument.startswith("Ref::") and argument[5:] not in names:
                    yield Finding(
                        name,
                        f"{place}.Parameters",
                        f"`{argument}` in the command of `{job_definition}` never gets a value",
                    )


def _problems(name: str, text: str, document: Any) -> Iterator[Problem]:
    if name.endswith(".batch.json") or isinstance(document, list):
        yield from definitions_problems(document)
    elif name.endswith(".schedule.json") or (isinstance(document, dict) and "ScheduleExpression" in document):
        yield from _schedule(document)
    elif name.endswith(".policy.json"):
        yield from _policy(document)
    else:
        if len(text.encode("utf-8", "replace")) > DEFINITION_SIZE:
            yield "", f"a definition must have at most {DEFINITION_SIZE} bytes"
        yield from machine_problems(document)


def _schedule(document: Any) -> Iterator[Problem]:
    """Checks the input of CreateSchedule (Amazon EventBridge Scheduler API Reference)."""
    if not isinstance(document, dict):
        yield "", "a schedule must be an object"
        return
    yield from ((field, "is not a field of a schedule") for field in document if field not in _SCHEDULE)
    yield from (
        ("", f"`{field}` is missing")
        for field in ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")
        if field not in document
    )
    name = document.get("Name", "x")
    if not (
        isinstance(name, str)
        and 0 < len(name) <= 64
        and all(character.isascii() and (character.isalnum() or character in "-_.") for character in name)
    ):
        yield "Name", "must be up to 64 letters, digits, `-`, `_` and `.`"
    if document.get("State", "ENABLED") not in ("ENABLED", "DISABLED"):
        yield "State", "must be `ENABLED` or `DISABLED`"
    yield from _expression(document.get("ScheduleExpression", "rate(1 day)"))
    target = document.get("Target", {"Arn": "", "RoleArn": ""})
    for field in ("Arn", "RoleArn"):
        if not isinstance(target, dict) or not isinstance(target.get(field), str):
            yield f"Target.{field}", "must be an ARN"
    text = target.get("Input", "{}") if isinstance(target, dict) else "{}"
    try:
        valid = isinstance(json.loads(text), dict)
    except (ValueError, TypeError):
        valid = False
    if not valid:
        yield "Target.Input", "must be the text of a JSON object"


def _expression(expression: Any) -> Iterator[Problem]:
    if not isinstance(expression, str):
        yield "ScheduleExpression", "must be text"
    elif expression.startswith("cron(") and expression.endswith(")"):
        from flowc.compiler.rules.cron import BadCron, parse

        fields = expression[5:-1].split()
        if len(fields) != 6:
            yield "ScheduleExpression", f"cron must have six fields here, not {len(fields)}"
            return
        try:
            parse(" ".join(fields))
        except BadCron as error:
            yield "ScheduleExpression", str(error)
    elif not (expression.startswith(("rate(", "at(")) and expression.endswith(")")):
        yield "ScheduleExpression", "must be `cron(…)`, `rate(…)` or `at(…)`"


def _policy(document: Any) -> Iterator[Problem]:
    """Checks a policy (IAM JSON policy elements: Version, Statement)."""
    if (
        not isinstance(document, dict)
        or document.get("Version") != "2012-10-17"
        or not isinstance(document.get("Statement"), list)
    ):
        yield "", 'a policy must be an object with `"Version": "2012-10-17"` and a list `Statement`'
        return
    for index, statement in enumerate(document["Statement"]):
        place = f"Statement[{index}]"
        if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
            yield place, "needs an `Effect`, `Allow` or `Deny`"
        elif not {"Action", "NotAction"} & set(statement) or not {"Resource", "NotResource"} & set(statement):
            yield place, "needs an `Action` and a `Resource`"


def _submitted(machine: dict[str, Any], place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields the place and parameters of every state that submits a Batch job."""
    for name, state in machine["States"].items():
        inside = f"{place}States.{name}"
        if state.get("Type") == "Task" and ":batch:submitJob" in state.get("Resource", ""):
            yield f"{inside}.Parameters", state.get("Parameters", {})
        for index, branch in enumerate(state.get("Branches", [])):
            yield from _submitted(branch, f"{inside}.Branches[{index}].")
        for field in ("ItemProcessor", "Iterator"):
            if field in state:
                yield from _submitted(state[field], f"{inside}.{field}.")


def _object(pairs: list[tuple[str, Any]], repeated: list[str]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        repeated.extend(sorted({name for name in names if names.count(name) > 1}))
    return result


def _no_constant(name: str) -> Any:
    raise ValueError(f"`{name}` is not a JSON value")
