"""The pod templates as plain data: one for each step. Settings that all steps share are in `templateDefaults`."""

from __future__ import annotations

from flowc.compiler.fast_start.record import replace
from flowc.compiler.ir.nodes import Flow
from flowc.runtime_shim.contract.semantics import NO_OTHER_ATTEMPT
from flowc.targets.shared.container import command
from flowc.targets.shared.inside import inside
from flowc.targets.shared.pods import is_environment_name, is_guaranteed, metadata, pod_of, pull_secrets, room, secrets
from flowc.targets.shared.step_settings import deadline, description, pause, retries, summary, variables
from flowc.targets.shared.task_arguments import task_arguments
from flowc.templates.escape import json

from .dags import PATH, outputs
from .names import template_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, TypeAlias

    from flowc.compiler.ir.nodes import Parameter, Step
    from flowc.targets.target import Options

    Data: TypeAlias = dict[str, Any]

REPORT = "/tmp/flowc"  # the folder that the shim reports to
# Seconds. The kubelet counts a pod's deadline from before it pulls the images (core/v1, PodSpec.activeDeadlineSeconds).
GRACE = 600
# The condition for another attempt (docs/shim.md, Exit codes). A step that exits with METAFLOW_EXIT_DISALLOW_RETRY
# (202) forbids one. A task that was started wrongly (2, with a message of the shim) would only fail again. The exit
# code of a deleted pod is "-1". The retry policy stays Always: with an expression, both must agree (Argo, "Retries").
RETRIED = (
    f"lastRetry.exitCode != '{NO_OTHER_ATTEMPT}' && "
    "(lastRetry.exitCode != '2' || !(lastRetry.message contains 'flowc: '))"
)
NONE, DEFAULT = "<none>", "<default>"  # docs/shim.md, Parameters


def pod_template(step: Step, flow: Flow, options: Options, has_path: bool, visits: int = 0, events: int = 0) -> Data:
    """Returns the data of the template's macro `pod` for one step.

    `visits` limits a loop; 0 for no limit. `events` is how many events may have started the run.
    """
    pod = pod_of(step)
    shared = options.container_of(step.name)
    reported = outputs(step, shared is not None and bool(shared.items or shared.containers))
    args = task_arguments(step.name, PATH if has_path else "-", options, *room(step))
    env = {**pod.env, **{name: value for name, value in variables(step).items() if is_native(name, value)}}
    env.update(options.packages_of(step.name))
    if step.name == flow.start and flow.parameters:
        env["FLOWC_PARAMETERS"] = parameters_expression(flow.parameters)
    if step.name == flow.start and "--within" in args:  # FLOWC_RUN has the Workflow's uid
        env["FLOWC_UNIQUE_RUN"] = "1"
    if step.name == flow.start and events:
        from .events import expression

        env["FLOWC_TRIGGER"] = expression(events)
    limit = retries(step)
    if limit:
        env["FLOWC_ATTEMPT"] = "{{retries}}"
    if visits:
        env["FLOWC_MAX_VISITS"] = str(visits)
    container = dict(pod.container)
    if pod.python:
        container = {"command": command(options, pod.python), **container}
    if shared is not None and shared.steps[1:]:
        pod = replace(pod, annotations={"flowc/steps": ", ".join(shared.steps), **pod.annotations})
    spec, seconds = dict(pod.spec), pause(step)
    guaranteed = is_guaranteed(step)
    beside = same_amounts(options) if guaranteed else {}
    if patch := {**pull_secrets(pod), **(_of_argo(beside) if guaranteed else {})}:
        spec["podSpecPatch"] = json(patch)
    return {
        "name": template_name(step.name), "comment": summary(step.doc),
        "inside": inside(step.name, options), "metadata": metadata(pod), "path": has_path,
        "spec": spec, "image": options.image_of(step.name, pod.image),
        "args": [*args, "--report", f"files:{REPORT}"] if reported else args, "env": list(env.items()),
        "container": container, "secrets": secrets(pod, options.own("env-secret")),
        "mounts": list(pod.mounts), "volumes": list(pod.volumes), "limit": limit,
        "pause": f"{seconds}s" if seconds else "", "deadline": deadline(step, GRACE), "outputs": reported,
        "folder": REPORT, "retried": RETRIED,
        "init": {"name": "flowc", "resources": beside} if guaranteed and options.runtime == "inject" else None,
    }  # fmt: skip


def amounts(text: str) -> dict[str, str]:
    """Returns the amounts of a text such as `cpu=100m,memory=64Mi`. Raises ValueError."""
    parsed = {}
    for pair in text.split(",") if text else ():
        name, amount = pair.split("=")
        parsed[name] = amount
    return parsed


def same_amounts(options: Options) -> Data:
    """Returns the resources of a helper container in a pod of the class Guaranteed: requests that equal its limits."""
    limits = amounts(options.own("helper-limits"))
    return {"requests": limits, "limits": limits}


def _of_argo(resources: Data) -> Data:
    """Returns the resources of Argo's own containers, for a pod of the class Guaranteed.

    Every container of such a pod must have requests that equal its limits.
    """
    return {
        name: [{"name": container, "resources": resources}]
        for name, container in (("initContainers", "init"), ("containers", "wait"))
    }


def is_native(name: str, value: str) -> bool:
    """Returns True for a variable of `@environment` that a pod can hold unchanged. The shim sets the others.

    Argo expands `{{` in the whole template, and Kubernetes `$(` in the value of a variable.
    """
    return is_environment_name(name) and "{{" not in value and "$(" not in value and "\0" not in value


def parameters_expression(parameters: Iterable[Parameter]) -> str:
    """Returns the expression that Argo evaluates to the base64 of a JSON object of all parameters.

    Each value is encoded before it is put in place: Argo would expand tags in a user's text (docs/targets/argo.md).
    """
    inside = ", ".join(f'"{parameter.name}": workflow.parameters["{parameter.name}"]' for parameter in parameters)
    return "{{=sprig.b64enc(toJson({" + inside + "}))}}"


def argument(parameter: Parameter) -> Data:
    """Returns the workflow's parameter, with the default as its text, or without a value if it is required.

    A `{{` in the help is written as `{ {`, so that Argo does not expand it.
    """
    value: str | None
    if not parameter.has_default:
        value = None if parameter.required else (NONE if parameter.type == "str" else "null")
    else:
        value = text(parameter)
    told = description(parameter).replace("{{", "{ {")
    return {"name": parameter.name, "value": value, "enum": choices(parameter, value), "description": told}


def choices(parameter: Parameter, value: str | None) -> list[str]:
    """Returns the values that Argo offers and accepts; [] for any.

    Argo refuses a default that is not among them. The shim checks choices that Argo would change, or compare otherwise.
    """
    form = parameter.form
    if form is None or form.items or form.any_case or value == DEFAULT or any("{{" in each for each in form.choices):
        return []
    more = [value] if form.choices and value is not None and value not in form.choices else []
    return [*form.choices, *more]


def text(parameter: Parameter) -> str:
    """Returns the default as text that the shim can read."""
    default = parameter.default
    is_late = parameter.type == "file" or (parameter.form is not None and bool(parameter.form.container))
    if default is None or is_late or (isinstance(default, str) and "{{" in default):
        return DEFAULT
    if parameter.type == "json":
        value = default if isinstance(default, str) else json(default)
        return DEFAULT if "{{" in value or "}}" in value else value
    return str(default).lower() if isinstance(default, bool) else default if isinstance(default, str) else repr(default)
