"""What the parts of a WorkflowTemplate say of each other: templates, parameters, tasks, and the tags `{{…}}` that name them.

A problem is a place, such as `spec.templates[2].dag.tasks[0].depends`, and a message. Objects have the shape of Argo's schema already.
"""

from __future__ import annotations

import re

from flowc.compiler.rules.kubernetes_names import is_object
from flowc.targets.shared.cycles import circle
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
_ROOTS = ("workflow", "inputs", "outputs", "tasks", "steps", "item", "pod", "retries", "lastRetry", "node", "cronworkflow", "hooks",
          "status", "duration", "exitCode", "resourcesDuration", "io")  # fmt: skip


def document_problems(document: dict[str, Any], templates: Mapping[str, Any]) -> Iterator[Problem]:
    """Yields the problems of one object. `templates`: the WorkflowTemplates of the same file, by name."""
    name = document.get("metadata", {}).get("name")
    if name is not None and not is_object(name):
        yield "metadata.name", f"{name!r} is no name of a Kubernetes object (RFC 1123)"
    yield from pod_problems(document.get("metadata", {}), "metadata")
    spec = document["spec"]
    yield from pod_problems(spec, "spec")
    if document["kind"] == "CronWorkflow":
        yield from _cron(spec, name or "")
        yield from _workflow(spec.get("workflowSpec", {}), "spec.workflowSpec", templates)
    else:
        yield from _workflow(
            spec, "spec", templates, document["kind"] == "Workflow"
        )  # a template may leave it to the workflow


def _cron(spec: dict[str, Any], name: str) -> Iterator[Problem]:
    from flowc.compiler.rules.cron import BadCron, parse

    if len(name) > 52:
        yield "metadata.name", f"the name of a CronWorkflow has at most 52 characters, this one {len(name)}"
    given = [("spec.schedule", spec["schedule"])] if spec.get("schedule") else []
    given += [(f"spec.schedules[{index}]", each) for index, each in enumerate(spec.get("schedules", []))]
    if not given:
        yield "spec.schedules", "there is no schedule"
    for place, text in given:
        try:
            if not text.startswith("@"):
                parse(text)
        except BadCron as error:
            yield place, f"{text!r} is no cron expression: {error}"


def _workflow(
    spec: dict[str, Any], place: str, known: Mapping[str, Any], needs_entrypoint: bool = True
) -> Iterator[Problem]:
    arguments = spec.get("arguments", {}).get("parameters", [])
    yield from _distinct(arguments, f"{place}.arguments.parameters", _PARAMETER, "a parameter")
    reference = spec.get("workflowTemplateRef")
    if reference:
        if known and reference.get("name") not in known:
            yield (
                f"{place}.workflowTemplateRef.name",
                f"there is no WorkflowTemplate {reference.get('name')!r} in this file",
            )
        return
    templates = spec.get("templates", [])
    yield from _distinct(templates, f"{place}.templates", _NAME, "a template")
    yield from crd_problems(templates, f"{place}.templates")
    by_name = {each.get("name"): each for each in templates}
    if not spec.get("entrypoint"):
        if needs_entrypoint:
            yield f"{place}.entrypoint", "there is none"
    elif spec["entrypoint"] not in by_name:
        yield f"{place}.entrypoint", f"there is no template {spec['entrypoint']!r}"
    # A WorkflowTemplate may count on parameters that whoever starts it brings along.
    parameters = {each["name"] for each in arguments} if needs_entrypoint else None
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
        yield place, f"a template is of one type, this is of {', '.join(kinds) or 'none'}"
    if "container" in template and not (
        template["container"].get("image") or defaults.get("container", {}).get("image")
    ):
        yield f"{place}.container", "there is no image"
    inputs = {each["name"] for each in template.get("inputs", {}).get("parameters", [])}
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
    by_name = {each["name"]: each for each in tasks}
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
    cyclic = circle(before)
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
    """A task's template exists, and is given each parameter that it has no value for, and no other."""
    if "templateRef" in task or "inline" in task:
        return
    name = task.get("template")
    if name not in templates:
        yield f"{place}.template", f"there is no template {name!r}"
        return
    wanted = templates[name].get("inputs", {}).get("parameters", [])
    given = [each["name"] for each in task.get("arguments", {}).get("parameters", [])]
    for each in wanted:
        if each["name"] not in given and not {"value", "default", "valueFrom"} & set(each):
            yield f"{place}.arguments", f"template {name!r} needs the parameter {each['name']!r}"
    for index, each in enumerate(given):
        if each not in {one["name"] for one in wanted}:
            yield f"{place}.arguments.parameters[{index}]", f"template {name!r} has no input parameter {each!r}"


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
                return names, "there is a ')' too many"
        else:
            if not operand:
                return names, f"an operator is missing before {word!r}"
            if not _TASK.fullmatch(word):
                return names, f"{word!r} is no task and status; statuses are {', '.join(_STATUSES)}"
            names.append(word.partition(".")[0])
            operand = False
    if operand or depth:
        return names, "the expression is not complete"
    return names, ""


def _tag(tag: str, place: str, inputs: set[str], workflow: set[str] | None) -> Iterator[Problem]:
    """What a tag outside of a DAG's scope names."""
    if tag.startswith("="):
        for name in re.findall(r'workflow\.parameters\["((?:[^"\\]|\\.)*)"\]', tag):
            if workflow is not None and name not in workflow:
                yield place, f"the workflow has no parameter {name!r}"
        return
    parts = tag.strip().split(".")
    if parts[0] not in _ROOTS:
        yield place, f"`{{{{{tag}}}}}` names nothing that Argo has"
    elif parts[:2] == ["inputs", "parameters"] and len(parts) > 2 and parts[2] not in inputs:
        yield place, f"the template has no input parameter {parts[2]!r}"
    elif (
        parts[:2] == ["workflow", "parameters"] and len(parts) > 2 and workflow is not None and parts[2] not in workflow
    ):
        yield place, f"the workflow has no parameter {parts[2]!r}"


def _of_task(
    tag: str, place: str, tasks: Mapping[str, Any], ancestors: set[str], templates: Mapping[Any, Any]
) -> Iterator[Problem]:
    """A tag of a DAG's task: it may name what comes before the task, and outputs that are there."""
    parts = tag.strip().split(".")
    if tag.startswith("=") or parts[0] != "tasks" or len(parts) < 2:
        return
    if parts[1] not in tasks:
        yield place, f"there is no task {parts[1]!r} in this DAG"
    elif parts[1] not in ancestors:
        yield place, f"task {parts[1]!r} does not come before this one"
    elif parts[2:4] == ["outputs", "parameters"] and len(parts) > 4:
        template = templates.get(tasks[parts[1]].get("template"))
        if template is not None and parts[4] not in {
            each["name"] for each in template.get("outputs", {}).get("parameters", [])
        }:
            yield place, f"the template of task {parts[1]!r} has no output parameter {parts[4]!r}"


def _ancestors(name: str, before: Mapping[str, list[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(before.get(name, ()))
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += before.get(each, ())
    return found


def _distinct(several: list[dict[str, Any]], place: str, shape: re.Pattern[str], what: str) -> Iterator[Problem]:
    seen = set()
    for index, each in enumerate(several):
        name = each.get("name", "")
        if not shape.fullmatch(name):
            yield f"{place}[{index}].name", f"{name!r} is no name of {what}"
        if name in seen:
            yield f"{place}[{index}].name", f"there are two called {name!r}"
        seen.add(name)


def _texts(value: Any, place: str) -> Iterator[Problem]:
    """Every text inside a value, with its place."""
    waiting = [(place, value)]
    while waiting:
        where, each = waiting.pop()
        if isinstance(each, str):
            yield where, each
        elif isinstance(each, dict):
            waiting += [(f"{where}.{name}", one) for name, one in each.items()]
        elif isinstance(each, list):
            waiting += [(f"{where}[{index}]", one) for index, one in enumerate(each)]
