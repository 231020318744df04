"""The pod templates as plain data: one a step, with what only this step has; what all share is in `templateDefaults`."""

from __future__ import annotations

from flowc.compiler.ir.nodes import Flow
from flowc.runtime_shim.contract.semantics import NO_OTHER_ATTEMPT
from flowc.targets.shared.container import command
from flowc.targets.shared.pods import is_environment_name, is_guaranteed, metadata, pod_of, pull_secrets, secrets
from flowc.targets.shared.step_settings import deadline, description, pause, retries, summary, variables
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
GRACE = 600  # seconds: the kubelet counts a pod's deadline from before it pulls the images (core/v1, PodSpec.activeDeadlineSeconds)
# What is tried again (docs/shim.md, Exit codes). A step that leaves with METAFLOW_EXIT_DISALLOW_RETRY (202) asks for no
# other attempt; a task that was started wrongly (2, with a message that begins as the shim's do) fails again likewise.
# The exit code of a deleted pod is "-1". The policy stays Always: with an expression both must agree (Argo, "Retries").
RETRIED = f"lastRetry.exitCode != '{NO_OTHER_ATTEMPT}' && (lastRetry.exitCode != '2' || !(lastRetry.message contains 'flowc: '))"
NONE, DEFAULT = "<none>", "<default>"  # docs/shim.md, Parameters


def pod_template(step: Step, flow: Flow, options: Options, has_path: bool, visits: int = 0) -> Data:
    """Returns the data of the template's macro `pod` for one step. `visits`: how many a loop may have; 0 for any number."""
    pod = pod_of(step)
    reported = outputs(step)
    args = ["task", "--step", step.name, "--path", PATH if has_path else "-"]
    env = {**pod.env, **{name: value for name, value in variables(step).items() if is_native(name, value)}}
    env.update(options.packages_of(step.name))
    if step.name == flow.start and flow.parameters:
        env["FLOWC_PARAMETERS"] = parameters_expression(flow.parameters)
    if retries(step):
        env["FLOWC_ATTEMPT"] = "{{retries}}"
    if visits:
        env["FLOWC_MAX_VISITS"] = str(visits)
    container = dict(pod.container)
    if pod.python:
        container = {"command": command(options, pod.python), **container}
    spec = dict(pod.spec)
    guaranteed = is_guaranteed(step)
    beside = same_amounts(options) if guaranteed else {}
    if patch := {**pull_secrets(pod), **(_of_argo(beside) if guaranteed else {})}:
        spec["podSpecPatch"] = json(patch)
    return {
        "name": template_name(step.name), "comment": summary(step.doc), "metadata": metadata(pod), "path": has_path, "spec": spec,
        "image": pod.image or options.image, "args": [*args, "--report", f"files:{REPORT}"] if reported else args, "env": list(env.items()),
        "container": container, "secrets": secrets(pod, options.own("env-secret")),
        "mounts": list(pod.mounts), "volumes": list(pod.volumes), "limit": retries(step),
        "pause": f"{pause(step)}s" if pause(step) else "", "deadline": deadline(step, GRACE), "outputs": reported, "folder": REPORT,
        "retried": RETRIED, "init": {"name": "flowc", "resources": beside} if guaranteed and options.runtime == "inject" else None,
    }  # fmt: skip


def amounts(text: str) -> dict[str, str]:
    """Returns the amounts of a text such as `cpu=100m,memory=64Mi`. Raises ValueError."""
    found = {}
    for each in text.split(",") if text else ():
        name, amount = each.split("=")
        found[name] = amount
    return found


def same_amounts(options: Options) -> Data:
    """Returns the resources of a container that stands beside the step's own in a pod of the class Guaranteed: the limits, requested too."""
    limits = amounts(options.own("helper-limits"))
    return {"requests": limits, "limits": limits}


def _of_argo(resources: Data) -> Data:
    """What a pod of the class Guaranteed says of Argo's own containers: every container of it must request what it is limited to."""
    return {
        name: [{"name": container, "resources": resources}]
        for name, container in (("initContainers", "init"), ("containers", "wait"))
    }


def is_native(name: str, value: str) -> bool:
    """True for a variable of `@environment` that a pod can say as it is; the shim sets the others, from the code package.

    Argo expands `{{` in all of a template, Kubernetes `$(` in a variable's value.
    """
    return is_environment_name(name) and "{{" not in value and "$(" not in value and "\0" not in value


def parameters_expression(parameters: Iterable[Parameter]) -> str:
    """Returns the text that Argo makes the base64 of a JSON object of.

    Each value is encoded before it is put in place, because Argo would go on to expand what a user's own text holds (docs/targets/argo.md).
    """
    inside = ", ".join(f'"{each.name}": workflow.parameters["{each.name}"]' for each in parameters)
    return "{{=sprig.b64enc(toJson({" + inside + "}))}}"


def argument(parameter: Parameter) -> Data:
    """Returns the workflow's own parameter: native, with the default as its text; without a value if it must be given.

    A `{{` in the help, which Argo would expand, is written apart.
    """
    value: str | None
    if not parameter.has_default:
        value = None if parameter.required else (NONE if parameter.type == "str" else "null")
    else:
        value = text(parameter)
    return {"name": parameter.name, "value": value, "description": description(parameter).replace("{{", "{ {")}


def text(parameter: Parameter) -> str:
    """The default as the text that the shim reads it from."""
    default = parameter.default
    if default is None or parameter.type == "file" or (isinstance(default, str) and "{{" in default):
        return DEFAULT
    if parameter.type == "json":
        found = default if isinstance(default, str) else json(default)
        return DEFAULT if "{{" in found or "}}" in found else found
    return str(default).lower() if isinstance(default, bool) else default if isinstance(default, str) else repr(default)
