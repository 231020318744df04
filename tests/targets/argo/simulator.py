"""Argo's controller on one page: runs a WorkflowTemplate's DAGs as documented, with the reference's outcomes.

What it knows: `depends` (read once all tasks in it have ended; a plain name is Succeeded, Skipped or Daemoned), `when`, `withSequence` by count,
`withParam`, input and output parameters, `valueFrom.expression` of one conditional, recursion, `templateDefaults` (ignored: nothing here is a container).
A tag that has no value is left as it is, as the controller does.
"""

from __future__ import annotations

import json
import re
from typing import Any

from flowc.compiler.ir.nodes import Flow

from tests.support.building import documents
from tests.support.container_of_tasks import ContainerOfTasks
from tests.support.reference import Executed

_TAG = re.compile(r"\{\{(.+?)\}\}")


class Simulator:
    """Runs one manifest of a flow; `executed` are its tasks, and `containers` their containers."""

    def __init__(self, manifest: str, flow: Flow, fails: Executed | None = None) -> None:
        self.spec = next(document for document in documents(manifest) if document["kind"] == "WorkflowTemplate")["spec"]
        self.templates = {template["name"]: template for template in self.spec["templates"]}
        self.shim = ContainerOfTasks(flow)
        self.fails = fails
        self.executed: list[Executed] = []
        self.containers = 0

    def run(self) -> str:
        """Returns the phase of the workflow: Succeeded or Failed."""
        return self._template(self.spec["entrypoint"], {})[0]

    def _template(self, name: str, inputs: dict[str, str]) -> tuple[str, dict[str, str]]:
        template = self.templates[name]
        declared = {parameter["name"] for parameter in template.get("inputs", {}).get("parameters", [])}
        assert declared == set(inputs), f"{name} is given {inputs}"
        scope = {f"inputs.parameters.{key}": value for key, value in inputs.items()}
        if "dag" in template:
            return self._dag(template, scope)
        arguments = [self._filled(argument, scope) for argument in template["container"]["args"]]
        self.containers += 1
        tasks, reported = self.shim.run(arguments)
        for step, path in tasks:
            assert (step, path) not in self.executed, f"{step} ran twice at {path}"
            if (step, path) == self.fails:
                return "Failed", {}
            self.executed.append((step, path))
        outputs = {}
        for parameter in template.get("outputs", {}).get("parameters", []):
            folder, _, file = parameter["valueFrom"]["path"].rpartition("/")
            assert f"files:{folder}" in arguments
            value = reported[file]
            outputs[parameter["name"]] = json.dumps(value) if isinstance(value, list) else str(value)
        return "Succeeded", outputs

    def _dag(self, template: dict[str, Any], scope: dict[str, str]) -> tuple[str, dict[str, str]]:
        phases: dict[str, str] = {}
        waiting = list(template["dag"]["tasks"])
        while waiting:
            ready = [task for task in waiting if set(_names(task.get("depends", ""))) <= set(phases)]
            assert ready, f"tasks wait for ever: {[task['name'] for task in waiting]}"
            for task in ready:
                waiting.remove(task)
                name = task["name"]
                phases[name], outputs = self._task(task, phases, scope)
                scope = {
                    **scope,
                    f"tasks.{name}.status": phases[name],
                    **{f"tasks.{name}.outputs.parameters.{key}": value for key, value in outputs.items()},
                }
                if phases[name] in ("Skipped", "Omitted"):
                    del scope[f"tasks.{name}.status"]  # not among what a tag can name
        if "Failed" in phases.values():
            return "Failed", {}
        outputs = {
            parameter["name"]: self._expression(parameter["valueFrom"]["expression"], scope)
            for parameter in template.get("outputs", {}).get("parameters", [])
        }
        return "Succeeded", outputs

    def _task(self, task: dict[str, Any], phases: dict[str, str], scope: dict[str, str]) -> tuple[str, dict[str, str]]:
        if "depends" in task and not _holds(task["depends"], phases):
            return "Omitted", {}
        if "when" in task and not _true(self._filled(task["when"], scope)):
            return "Skipped", {}
        if "withParam" in task:
            items = json.loads(self._filled(task["withParam"], scope))
        elif "withSequence" in task:
            count = self._filled(task["withSequence"]["count"], scope)
            assert count.isdigit(), f"{task['name']}: the count is {count}"
            items = [str(index) for index in range(int(count))]
        else:
            return self._call(task, scope)
        outcomes = [self._call(task, {**scope, "item": item})[0] for item in items]
        return ("Failed" if "Failed" in outcomes else "Succeeded" if outcomes else "Skipped"), {}

    def _call(self, task: dict[str, Any], scope: dict[str, str]) -> tuple[str, dict[str, str]]:
        parameters = task.get("arguments", {}).get("parameters", [])
        return self._template(
            task["template"], {parameter["name"]: self._filled(parameter["value"], scope) for parameter in parameters}
        )

    def _filled(self, text: str, scope: dict[str, str]) -> str:
        return _TAG.sub(lambda tag: scope.get(tag[1], tag[0]), text)

    def _expression(self, text: str, scope: dict[str, str]) -> str:
        condition, _, ways = text.partition(" ? ")
        name, _, value = condition.partition(" == ")
        first, _, second = ways.partition(" : ")
        chosen = first if scope.get(name) == value.strip("'") else second
        return scope[re.sub(r"\['(.*?)'\]", r".\1", chosen)]


def _names(depends: str) -> list[str]:
    return [word.partition(".")[0] for word in re.findall(r"[-.\w]+", depends)]


def _holds(depends: str, phases: dict[str, str]) -> bool:
    def one(match: re.Match[str]) -> str:
        name, _, status = match[0].partition(".")
        return str(phases[name] == status if status else phases[name] in ("Succeeded", "Skipped", "Daemoned"))

    return _evaluated(re.sub(r"[-.\w]+", one, depends))


def _true(when: str) -> bool:
    return _evaluated(re.sub(r"'([^']*)' == '([^']*)'", lambda match: str(match[1] == match[2]), when))


def _evaluated(text: str) -> bool:
    assert re.fullmatch(r"(True|False|\s|[()&|])*", text), text
    return bool(eval(text.replace("||", " or ").replace("&&", " and ")))
