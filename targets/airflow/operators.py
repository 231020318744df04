"""The operators' arguments, shared and of one step, as plain data. The template writes them as Python literals.

Airflow renders an operator's templated fields with Jinja, and takes a text that ends like a file name for the name of a
file to read (its documentation, "Jinja Templating"). So a user's text goes into such a field only if Airflow leaves it
unchanged. Parameters go there as base64, which Airflow never changes.
"""

from __future__ import annotations

from flowc.compiler.ir.nodes import Flow, Foreach, Parameter, Switch
from flowc.targets.shared.container import LIMITS, command, init_container, mount, volume
from flowc.targets.shared.inside import comment, inside
from flowc.targets.shared.pods import is_environment_name, is_guaranteed, metadata, pod_of, pull_secrets, room, secrets
from flowc.targets.shared.step_settings import deadline, description, pause, retries, summary, variables
from flowc.targets.shared.task_arguments import task_arguments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, TypeAlias

    from flowc.compiler.ir.nodes import Form, Step
    from flowc.targets.shared.pods import Pod
    from flowc.targets.target import Options

    Data: TypeAlias = dict[str, Any]

# Seconds that a pod may wait for a node, and again for its images and init container (`startup_timeout_seconds`).
STARTUP = 3600
_READ = ("{{", "{%", "{#", "$(", "\0")
_FILES = (".sh", ".bash", ".json", ".yaml", ".yml")  # `template_ext` of BashOperator and KubernetesPodOperator
_TYPES = {"file": "string", "str": "string", "int": "integer", "float": "number", "bool": "boolean"}


# Airflow's run ids are unique only in a DAG, and DAG ids only in an installation. The address of the user interface
# identifies the installation.
ADDRESS = "{{ ti.log_url.partition('/dags/')[0].partition('//')[2].strip('/') }}"
REQUEST = "{{ dag_run.clear_number | default(0, true) }}"  # counts what operators have cleared in the run
# Clearing a task sets `max_tries` to the tries already made plus the retries to come.
FIRST_ATTEMPT = "{{ [ti.max_tries - task.retries, 0] | max }}"
TASK = "{{ ti.task_id }}.{{ ti.map_index }}"
START = "{{ ti.id | default(ti.job_id) }}"  # each try has an id in Airflow 3, and a job in Airflow 2


def is_text(text: str) -> bool:
    """Returns True for a text that Airflow and Kubernetes pass on unchanged."""
    return not any(mark in text for mark in _READ) and not text.endswith(_FILES)


def is_installation(name: str) -> bool:
    """Returns True for a valid installation name: it becomes part of a run's id, which Airflow must not change."""
    fits = 0 < len(name) <= 100 and name.isascii() and name[0].isalnum() and is_text(name)
    return fits and all(character.isalnum() or character in "-_.:" for character in name)


def shared(flow: Flow, options: Options) -> Data:
    """Returns the arguments that all operators of the DAG share."""
    installation = options.own("airflow-installation") or ADDRESS
    environment = {
        "FLOWC_STORE": options.store, "FLOWC_FLOW": flow.name,
        "FLOWC_RUN": "{{ dag.dag_id }}.{{ run_id }}@" + installation,
        "FLOWC_OWNER": f"airflow:{installation}/" + "{{ dag.dag_id }}/{{ run_id }}",
        "FLOWC_CODE": options.code, "FLOWC_TARGET": "airflow",
        "FLOWC_ATTEMPT": "{{ ti.try_number - 1 }}", "FLOWC_FIRST_ATTEMPT": FIRST_ATTEMPT,
        "FLOWC_REQUEST": REQUEST, "FLOWC_TASK": TASK,
        "FLOWC_START": START,
    }  # fmt: skip
    inject = options.runtime == "inject"
    container: Data = {"name": "base"}
    if options.own("env-secret"):
        container["envFrom"] = _from_secrets((options.own("env-secret"),))
    spec: Data = {"serviceAccountName": options.own("service-account")} if options.own("service-account") else {}
    if inject:
        spec["initContainers"] = [init_container(options)]
    return {
        "environment": environment, "image": options.image, "namespace": options.namespace,
        "command": command(options), "container": container,
        "spec": spec, "mounts": [mount()] if inject else [], "volumes": [volume()] if inject else [],
    }  # fmt: skip


def of_step(step: Step, flow: Flow, options: Options, kubernetes: bool) -> Data:
    """Returns the arguments that only the operator of this step has."""
    pod = pod_of(step)
    plain = {name: value for name, value in variables(step).items() if is_environment_name(name) and is_text(value)}
    environment = {**(pod.env if kubernetes else {}), **plain, **options.packages_of(step.name)}
    if step.name == flow.start and flow.parameters:
        environment["FLOWC_PARAMETERS"] = "{{ encoded(params) }}"
    several = bool(inside(step.name, options))
    data: Data = {
        "comment": "" if several else summary(step.doc), "doc": comment(step, options) if several else "",
        "environment": environment,
        # The function `shim` of the DAG file has the first five: they are the same for all but the step and its path.
        "arguments": task_arguments(step.name, "-", options, *room(step))[5:],
        "retries": retries(step), "pause": pause(step),
        "deadline": _execution_timeout(step, kubernetes),
        "outcome": isinstance(step.transition, (Foreach, Switch)),
        "image": "", "command": None, "namespace": "", "pod": {},
    }  # fmt: skip
    if kubernetes:
        image = options.image_of(step.name, pod.image)
        data["image"] = image if image != options.image else ""
        data["namespace"] = pod.namespace
        data["command"] = command(options, pod.python) if pod.python else None
        data["pod"] = _own(pod, options, is_guaranteed(step))
    return data


def _execution_timeout(step: Step, kubernetes: bool) -> int:
    """Returns the seconds after which Airflow stops an attempt; 0 for never.

    Airflow counts from before the pod is created, so the time that a pod may take to start is added.
    """
    seconds = deadline(step)
    return seconds + 2 * STARTUP if seconds and kubernetes else seconds


def _own(pod: Pod, options: Options, guaranteed: bool) -> Data:
    """Returns the arguments of the DAG file's `pod` for one step; empty if it asks for nothing.

    In a pod of the class Guaranteed, the init container must request what it is limited to.
    """
    container = dict(pod.container)
    if own := secrets(pod, options.own("env-secret")):
        container["envFrom"] = _from_secrets(own)
    spec = {**pod.spec, **pull_secrets(pod)}
    if guaranteed and options.runtime == "inject":
        spec["initContainers"] = [init_container(options, LIMITS, LIMITS)]
    arguments = {
        "container": container,
        "mounts": list(pod.mounts),
        "volumes": list(pod.volumes),
        "metadata": metadata(pod),
        "spec": spec,
    }
    return {name: value for name, value in arguments.items() if value}


def _from_secrets(names: Iterable[str]) -> list[Data]:
    return [{"secretRef": {"name": name}} for name in names]


def parameter_data(parameter: Parameter) -> Data:
    """Returns the DAG's parameter: typed by JSON Schema, with its default unless it is required."""
    kind = _TYPES.get(parameter.type)
    # The default of a file is its content, which is in the code package.
    is_late = parameter.type == "file" or (parameter.form is not None and bool(parameter.form.container))
    default = parameter.default if parameter.has_default and not is_late else None
    optional = not parameter.required and default is None
    schema: Data = {}
    if kind and not _is_other(parameter):
        schema["type"] = ["null", kind] if optional or is_empty(parameter) else kind
    if parameter.form is not None:
        schema.update(_form_schema(parameter.form, optional or is_empty(parameter)))
    if parameter.type == "file":
        schema["description"] = description(parameter)
    elif parameter.help:
        schema["description"] = parameter.help
    return {
        "name": parameter.name,
        "required": parameter.required and not parameter.has_default,
        "default": default,
        "schema": schema,
    }


def _form_schema(form: Form, may_be_null: bool) -> Data:
    """Returns what JSON Schema, and Airflow's form, can say of a parameter's form. The shim checks the rest."""
    one: Data = {}
    if form.choices and not form.any_case:
        one["enum"] = [*form.choices, *([None] if may_be_null and not form.items else [])]
    if not form.is_clamped:
        limits = {"minimum": form.least, "maximum": form.most}
        one.update({name: limit for name, limit in limits.items() if limit is not None})
    if not form.items or form.count != 1:
        return one if not form.items else {"type": ["null", "array"] if may_be_null else "array"}
    item = {"type": _TYPES[form.items[0]], **one} if form.items[0] in _TYPES else one
    return {"type": ["null", "array"] if may_be_null else "array", **({"items": item} if item else {})}


def is_empty(parameter: Parameter) -> bool:
    """Returns True for a text parameter whose default is "".

    Airflow's form sends null for an empty field, and refuses to start a run if null is not allowed. So null is allowed,
    and `encoded` of the DAG file turns it into "" again.
    """
    return parameter.type == "str" and parameter.has_default and parameter.default == ""


def _is_other(parameter: Parameter) -> bool:
    """Returns True for a default that is not of the parameter's own type, which Airflow would refuse."""
    kinds: dict[str, Any] = {"file": str, "str": str, "int": int, "float": (int, float), "bool": bool}
    default = parameter.default
    return parameter.has_default and default is not None and not isinstance(default, kinds[parameter.type])
