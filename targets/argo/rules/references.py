"""Checks the references between parts of a WorkflowTemplate: templates, parameters, tasks, and tags `{{…}}`.

A problem is a place, such as `spec.templates[2].dag.tasks[0].depends`, and a message. The objects must have the shape
of Argo's schema.
"""

from __future__ import annotations

import re

from flowc.compiler.rules.kubernetes_names import is_object
from flowc.targets.shared.cycles import cycle
from flowc.targets.shared.kubernetes_objects import pod_problems

from .custom_resources import crd_problems

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, TypeAlias

    Problem: TypeAlias = tuple[str, str]

_NAME = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9]{0,127}")
_PARAMETER = re.compile(r"[-a-zA-Z0-9_]+")
_TAG = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_TASK = re.compile(
    r"[a-zA-Z0-9][-a-zA-Z0-9]*(\.(Succeeded|Failed|Errored|Skipped|Omitted|Daemoned|AnySucceeded|AllFailed))?"
)
_STATUSES = ("Succeeded", "Failed", "Errored", "Skipped", "Omitted", "Daemoned", "AnySucceeded", "AllFailed")
_TYPES = ("container", "script", "steps", "dag", "suspend", "resource", "data", "http", "plugin", "containerSet")
_ROOTS = (
    "workflow", "inputs", "outputs", "tasks", "steps", "item", "pod", "retries", "lastRetry", "node", "cronworkflow",
    "hooks", "status", "duration", "exitCode", "resourcesDuration", "io",
)  # fmt: skip


def document_problems(document: dict[str, Any], templates: Mapping[str, Any]) -> Iterator[Problem]:
    """Yields the problems of one object. `templates`: the WorkflowTemplates of the same file, by name."""
    name = document.get("metadata", {}).get("name")
    if name is not None and not is_object(name):
        yield "metadata.name", f"{name!r} is not a valid Kubernetes object name (RFC 1123)"
    yield from pod_problems(document.get("metadata", {}), "metadata")
    spec = document["spec"]
    yield from pod_problems(spec, "spec")
    if document["kind"] == "CronWorkflow":
        yield from _cron(spec, name or "")
        yield from _workflow(spec.get("workflowSpec", {}), "spec.workflowSpec", templates)
    else:
        # A template may leave its entrypoint to the workflow.
        yield from _workflow(spec, "spec", templates, document["kind"] == "Workflow")


def _cron(spec: dict[str, Any], name: str) -> Iterator[Problem]:
    from flowc.compiler.rules.cron import BadCron, parse

    if len(name) > 52:
        yield "metadata.name", f"the name of a CronWorkflow must have at most 52 characters, not {len(name)}"
    schedules = [("spec.schedule", spec["schedule"])] if spec.get("schedule") else []
    schedules += [(f"spec.schedules[{index}]", text) for index, text in enumerate(spec.get("schedules", []))]
    if not schedules:
        yield "spec.schedules", "there is no schedule"
    for place, text in schedules:
        try:
            if not text.startswith("@"):
                parse(text)
        except BadCron as error:
            yield place, f"{text!r} is not a valid cron expression: {error}"


def _workflow(
    spec: dict[str, Any], place: str, known_templates: Mapping[str, Any], needs_entrypoint: bool = True
) -> Iterator[Problem]:
    arguments = spec.get("arguments", {}).get("parameters", [])
    yield from _distinct(arguments, f"{place}.arguments.parameters", _PARAMETER, "a parameter")
    reference = spec.get("workflowTemplateRef")
    if reference:
        if known_templates and reference.get("name") not in known_templates:
            yield (
                f"{place}.workflowTemplateRef.name",
                f"there is no WorkflowTemplate {reference.get('name')!r} in this file",
            )
        return
    templates = spec.get("templates", [])
    yield from _distinct(templates, f"{place}.templates", _NAME, "a template")
    yield from crd_problems(templates, f"{place}.templates")
    by_name = {entry.get("name"): entry for entry in templates}
    if not spec.get("entrypoint"):
        if needs_entrypoint:
            yield f"{place}.entrypoint", "the entrypoint is missing"
    elif spec["entrypoint"] not in by_name:
        yield f"{place}.entrypoint", f"there is no template {spec['entrypoint']!r}"
    # A WorkflowTemplate may use parameters that are given only when it is started.
    parameters = {entry["name"] for entry in arguments} if needs_entrypoint else None
    defaults = spec.get("templateDefaults", {})
    for index, template in enumerate(templates):
        yield from _template(template, f"{place}.templates[{index}]", by_name, parameters, defaults)


def _template(
    template: dict[str, Any],
    place: str,
    templates: Mapping[Any, Any],
    workflow: set[str] | None,
    defaults: dict[str, Any],
) -> Iterator[Problem]:
    kinds = [kind for kind in _TYPES if kind in template]
    if len(kinds) != 1:
        yield place, f"a template must have exactly one type, not {', '.join(kinds) or 'none'}"
    if "container" in template and not (
        template["container"].get("image") or defaults.get("container", {}).get("image")
    ):
        yield f"{place}.container", "the image is missing"
    inputs = {parameter["name"] for parameter in template.get("inputs", {}).get("parameters", [])}
    yield from _distinct(
        template.get("inputs", {}).get("parameters", []), f"{place}.inputs.parameters", _PARAMETER, "a parameter"
    )
    yield from _distinct(
        template.get("outputs", {}).get("parameters", []), f"{place}.outputs.parameters", _PARAMETER, "a parameter"
    )
    for where, text in _texts(template, place):
        for tag in _TAG.findall(text):
            yield from _tag(tag, where, inputs, workflow)
    if "dag" in template:
        yield from _dag(template, place, templates)


def _dag(template: dict[str, Any], place: str, templates: Mapping[Any, Any]) -> Iterator[Problem]:
    tasks = template["dag"].get("tasks", [])
    yield from _distinct(tasks, f"{place}.dag.tasks", _NAME, "a task")
    by_name = {entry["name"]: entry for entry in tasks}
    before: dict[str, list[str]] = {}
    for index, task in enumerate(tasks):
        here = f"{place}.dag.tasks[{index}]"
        before[task["name"]] = []
        for name in task.get("dependencies", []):
            before[task["name"]].append(name)
        if task.get("depends"):
            names, problem = _depends(task["depends"])
            if problem:
                yield f"{here}.depends", problem
            before[task["name"]] += names
        for name in before[task["name"]]:
            if name not in by_name:
                yield f"{here}.depends", f"there is no task {name!r} in this DAG"
        yield from _call(task, here, templates)
        yield from _items(task, here)
    cyclic = cycle(before)
    if cyclic:
        yield f"{place}.dag", f"the tasks {', '.join(cyclic)} wait for each other"
        return
    for index, task in enumerate(tasks):
        ancestors = _ancestors(task["name"], before)
        for where, text in _texts(task, f"{place}.dag.tasks[{index}]"):
            for tag in _TAG.findall(text):
                yield from _of_task(tag, where, by_name, ancestors, templates)
    for where, text in _texts(template.get("outputs", {}), f"{place}.outputs"):
        for name in re.findall(r"tasks(?:\.([-a-zA-Z0-9]+)|\['([^']*)'\])", text):
            if (name[0] or name[1]) not in by_name:
                yield where, f"there is no task {name[0] or name[1]!r} in this DAG"


def _call(task: dict[str, Any], place: str, templates: Mapping[Any, Any]) -> Iterator[Problem]:
    """Checks that a task's template exists, and gets all parameters that have no value, and no others."""
    if "templateRef" in task or "inline" in task:
        return
    name = task.get("template")
    if name not in templates:
        yield f"{place}.template", f"there is no template {name!r}"
        return
    inputs = templates[name].get("inputs", {}).get("parameters", [])
    arguments = [argument["name"] for argument in task.get("arguments", {}).get("parameters", [])]
    for parameter in inputs:
        if parameter["name"] not in arguments and not {"value", "default", "valueFrom"} & set(parameter):
            yield f"{place}.arguments", f"template {name!r} needs the parameter {parameter['name']!r}"
    for index, argument in enumerate(arguments):
        if argument not in {parameter["name"] for parameter in inputs}:
            yield f"{place}.arguments.parameters[{index}]", f"template {name!r} has no input parameter {argument!r}"


def _items(task: dict[str, Any], place: str) -> Iterator[Problem]:
    """Checks what a task runs once for: at most one list, of a form that Argo reads, and no `{{item}}` without one."""
    lists = [field for field in ("withItems", "withParam", "withSequence") if task.get(field)]
    if len(lists) > 1:
        yield place, f"a task must have only one of withItems, withParam and withSequence, not {', '.join(lists)}"
    listed = task.get("withParam", "")
    if listed and "{{" not in listed:
        import json

        try:
            is_list = isinstance(json.loads(listed), list)
        except ValueError:
            is_list = False
        if not is_list:
            yield f"{place}.withParam", f"{listed!r} is not a JSON list"
    if not lists:
        for where, text in _texts(task.get("arguments", {}), f"{place}.arguments"):
            if any(tag.strip().split(".")[0] == "item" for tag in _TAG.findall(text)):
                yield where, "`{{item}}` needs withItems, withParam or withSequence"


def _depends(text: str) -> tuple[list[str], str]:
    """Returns the tasks that the expression names, and what is wrong with it ("" if nothing)."""
    words = re.findall(r"\|\||&&|!|\(|\)|[^\s()!&|]+", text)
    names: list[str] = []
    depth, operand = 0, True  # `operand`: a name or `(` must come next
    for word in words:
        if word in ("||", "&&"):
            if operand:
                return names, f"an operand is missing before {word!r}"
            operand = True
        elif word == "!":
            if not operand:
                return names, "an operator is missing before '!'"
        elif word == "(":
            if not operand:
                return names, "an operator is missing before '('"
            depth += 1
        elif word == ")":
            depth -= 1
            if operand or depth < 0:
                return names, "there is an extra ')'"
        else:
            if not operand:
                return names, f"an operator is missing before {word!r}"
            if not _TASK.fullmatch(word):
                return names, f"{word!r} is not a task with a status; statuses are {', '.join(_STATUSES)}"
            names.append(word.partition(".")[0])
            operand = False
    if operand or depth:
        return names, "the expression is not complete"
    return names, ""


def _tag(tag: str, place: str, inputs: set[str], workflow: set[str] | None) -> Iterator[Problem]:
    """Checks that a tag names something that exists, apart from the tasks of a DAG."""
    if tag.startswith("="):
        for name in re.findall(r'workflow\.parameters\["((?:[^"\\]|\\.)*)"\]', tag):
            if workflow is not None and name not in workflow:
                yield place, f"the workflow has no parameter {name!r}"
        return
    parts = tag.strip().split(".")
    if parts[0] not in _ROOTS:
        yield place, f"`{{{{{tag}}}}}` is not a variable of Argo"
    elif parts[:2] == ["inputs", "parameters"] and len(parts) > 2 and parts[2] not in inputs:
        yield place, f"the template has no input parameter {parts[2]!r}"
    elif (
        parts[:2] == ["workflow", "parameters"] and len(parts) > 2 and workflow is not None and parts[2] not in workflow
    ):
        yield place, f"the workflow has no parameter {parts[2]!r}"


def _of_task(
    tag: str, place: str, tasks: Mapping[str, Any], ancestors: set[str], templates: Mapping[Any, Any]
) -> Iterator[Problem]:
    """Checks a tag in a DAG's task: it may name only tasks that come before, and outputs that exist."""
    parts = tag.strip().split(".")
    if tag.startswith("=") or parts[0] != "tasks" or len(parts) < 2:
        return
    if parts[1] not in tasks:
        yield place, f"there is no task {parts[1]!r} in this DAG"
    elif parts[1] not in ancestors:
        yield place, f"task {parts[1]!r} does not run before this one"
    elif parts[2:4] == ["outputs", "parameters"] and len(parts) > 4:
        template = templates.get(tasks[parts[1]].get("template"))
        if template is not None and parts[4] not in {
            parameter["name"] for parameter in template.get("outputs", {}).get("parameters", [])
        }:
            yield place, f"the template of task {parts[1]!r} has no output parameter {parts[4]!r}"


def _ancestors(name: str, before: Mapping[str, list[str]]) -> set[str]:
    ancestors: set[str] = set()
    waiting = list(before.get(name, ()))
    while waiting:
        task = waiting.pop()
        if task not in ancestors:
            ancestors.add(task)
            waiting += before.get(task, ())
    return ancestors


def _distinct(entries: list[dict[str, Any]], place: str, shape: re.Pattern[str], what: str) -> Iterator[Problem]:
    seen = set()
    for index, entry in enumerate(entries):
        name = entry.get("name", "")
        if not shape.fullmatch(name):
            yield f"{place}[{index}].name", f"{name!r} is not a valid name of {what}"
        if name in seen:
            yield f"{place}[{index}].name", f"there are two named {name!r}"
        seen.add(name)


def _texts(value: Any, place: str) -> Iterator[Problem]:
    """Yields every text inside a value, with its place."""
    waiting = [(place, value)]
    while waiting:
        where, part = waiting.pop()
        if isinstance(part, str):
            yield where, part
        elif isinstance(part, dict):
            waiting += [(f"{where}.{name}", inner) for name, inner in part.items()]
        elif isinstance(part, list):
            waiting += [(f"{where}[{index}]", inner) for index, inner in enumerate(part)]
