"""What the operators are told: what all steps share, and what only one has. Plain data, written as Python literals by the template.

Airflow renders an operator's templated fields with Jinja and reads texts that end like a file's name from that file (its documentation,
"Jinja Templating"), so a text of the user's stands in one only if nothing could be read into it. Parameters go as base64, which nothing can.
"""

from __future__ import annotations

from flowc.compiler.ir.nodes import Flow, Foreach, Parameter, Switch
from flowc.targets.shared.container import LIMITS, command, init_container, mount, volume
from flowc.targets.shared.pods import is_environment_name, is_guaranteed, metadata, pod_of, pull_secrets, secrets
from flowc.targets.shared.step_settings import deadline, description, pause, retries, summary, variables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, TypeAlias

    from flowc.compiler.ir.nodes import Step
    from flowc.targets.shared.pods import Pod
    from flowc.targets.target import Options

    Data: TypeAlias = dict[str, Any]

STARTUP = 3600  # seconds a pod may wait for a node, and as many again for its images and init container (`startup_timeout_seconds`)
_READ = ("{{", "{%", "{#", "$(", "\0")
_FILES = (".sh", ".bash", ".json", ".yaml", ".yml")  # `template_ext` of BashOperator and KubernetesPodOperator
_TYPES = {"file": "string", "str": "string", "int": "integer", "float": "number", "bool": "boolean"}


# Airflow's run ids are unique in a DAG only, and DAGs in an installation, which the address of its user interface names.
ADDRESS = "{{ ti.log_url.partition('/dags/')[0].partition('//')[2].strip('/') }}"
REQUEST = "{{ dag_run.clear_number | default(0, true) }}"  # counts what operators have cleared in the run
FIRST_ATTEMPT = "{{ [ti.max_tries - task.retries, 0] | max }}"  # clearing a task sets `max_tries` to the tries made, and the retries to come
TASK = "{{ ti.task_id }}.{{ ti.map_index }}"
START = "{{ ti.id | default(ti.job_id) }}"  # Airflow 3 gives each try an id; in Airflow 2 each has a job of its own


def is_text(text: str) -> bool:
    """True for a text that Airflow and Kubernetes pass on as it is."""
    return not any(each in text for each in _READ) and not text.endswith(_FILES)


def is_installation(name: str) -> bool:
    """True for a name that an installation can have: it is part of a run's id, and Airflow reads nothing into it."""
    fits = 0 < len(name) <= 100 and name.isascii() and name[0].isalnum() and is_text(name)
    return fits and all(each.isalnum() or each in "-_.:" for each in name)


def shared(flow: Flow, options: Options) -> Data:
    """Returns what all operators of the DAG share."""
    installation = options.own("airflow-installation") or ADDRESS
    environment = {
        "FLOWC_STORE": options.store, "FLOWC_FLOW": flow.name, "FLOWC_RUN": "{{ dag.dag_id }}.{{ run_id }}@" + installation,
        "FLOWC_OWNER": f"airflow:{installation}/" + "{{ dag.dag_id }}/{{ run_id }}", "FLOWC_CODE": options.code, "FLOWC_TARGET": "airflow",
        "FLOWC_ATTEMPT": "{{ ti.try_number - 1 }}", "FLOWC_FIRST_ATTEMPT": FIRST_ATTEMPT, "FLOWC_REQUEST": REQUEST, "FLOWC_TASK": TASK,
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
        "environment": environment, "image": options.image, "namespace": options.namespace, "command": command(options), "container": container,
        "spec": spec, "mounts": [mount()] if inject else [], "volumes": [volume()] if inject else [],
    }  # fmt: skip


def of_step(step: Step, flow: Flow, options: Options, kubernetes: bool) -> Data:
    """Returns what the operator of one step has of its own."""
    pod = pod_of(step)
    given = {name: value for name, value in variables(step).items() if is_environment_name(name) and is_text(value)}
    environment = {**(pod.env if kubernetes else {}), **given, **options.packages_of(step.name)}
    if step.name == flow.start and flow.parameters:
        environment["FLOWC_PARAMETERS"] = "{{ encoded(params) }}"
    found: Data = {
        "comment": summary(step.doc), "environment": environment, "retries": retries(step), "pause": pause(step),
        "deadline": _execution_timeout(step, kubernetes),
        "outcome": isinstance(step.transition, (Foreach, Switch)), "image": "", "command": None, "namespace": "", "pod": {},
    }  # fmt: skip
    if kubernetes:
        found["image"], found["namespace"] = pod.image, pod.namespace
        found["command"] = command(options, pod.python) if pod.python else None
        found["pod"] = _own(pod, options, is_guaranteed(step))
    return found


def _execution_timeout(step: Step, kubernetes: bool) -> int:
    """Seconds after which Airflow ends an attempt; 0 for never. It counts from before the pod is made, so the pod's start is allowed for."""
    seconds = deadline(step)
    return seconds + 2 * STARTUP if seconds and kubernetes else seconds


def _own(pod: Pod, options: Options, guaranteed: bool) -> Data:
    """The arguments of the DAG file's `pod` for one step; empty if it asks for nothing.

    In a pod of the class Guaranteed, the init container must request what it is limited to.
    """
    container = dict(pod.container)
    if own := secrets(pod, options.own("env-secret")):
        container["envFrom"] = _from_secrets(own)
    spec = {**pod.spec, **pull_secrets(pod)}
    if guaranteed and options.runtime == "inject":
        spec["initContainers"] = [init_container(options, LIMITS, LIMITS)]
    found = {
        "container": container,
        "mounts": list(pod.mounts),
        "volumes": list(pod.volumes),
        "metadata": metadata(pod),
        "spec": spec,
    }
    return {name: value for name, value in found.items() if value}


def _from_secrets(names: Iterable[str]) -> list[Data]:
    return [{"secretRef": {"name": each}} for each in names]


def parameter(each: Parameter) -> Data:
    """Returns the DAG's own parameter: typed by JSON Schema, with its default unless it must be given."""
    kind = _TYPES.get(each.type)
    default = (
        each.default if each.has_default and each.type != "file" else None
    )  # the file's content is in the code package
    optional = not each.required and default is None
    schema: Data = {}
    if kind and not _is_other(each):
        schema["type"] = ["null", kind] if optional or is_empty(each) else kind
    if each.type == "file":
        schema["description"] = description(each)
    elif each.help:
        schema["description"] = each.help
    return {
        "name": each.name,
        "required": each.required and not each.has_default,
        "default": default,
        "schema": schema,
    }


def is_empty(each: Parameter) -> bool:
    """True for a text whose default is the empty one. Airflow's form holds an empty text for none at all, and starts no run without a text that may
    not be null; so null is allowed, and `encoded` of the DAG file makes it the empty text again.
    """
    return each.type == "str" and each.has_default and each.default == ""


def _is_other(each: Parameter) -> bool:
    """True for a default that is not of the parameter's own type, which Airflow would refuse."""
    kinds = {"file": str, "str": str, "int": int, "float": (int, float), "bool": bool}
    return each.has_default and each.default is not None and not isinstance(each.default, kinds[each.type])  # type: ignore[arg-type]
