"""A step's container as Kubernetes knows it, merged from `@kubernetes` and `@resources`; the same for every target that makes pods.

Units and fields are those of a PodSpec (Kubernetes API reference, core/v1). Of cpu, memory and disk the larger amount counts; `gpu` and
`shared_memory` of `@resources` replace (Metaflow's documentation, kubernetes). Memory is requested and limited, so that a task is never
killed for what another one uses; cpu is requested only, unless `qos="guaranteed"`, since a cpu limit slows tasks down on an idle machine.
"""

from __future__ import annotations

from flowc.compiler.decorators.decorator import number
from flowc.compiler.decorators.kubernetes import fields, names_of
from flowc.compiler.fast_start.record import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from flowc.compiler.ir.nodes import Step, Value

    Data: TypeAlias = dict[str, Any]

# Attributes of @kubernetes that no target carries over yet: refused when given.
REFUSED = ("compute_pool",)
_DISK = 10240  # MiB that @kubernetes has as its default; nobody asked for it


@record
class Pod:
    """What a step's pod has beside the shim; empty where nothing was asked for."""

    image: str  # "": that of the flow
    python: str  # what the container's Python is called; "": `python`
    container: Data  # further fields of the Container: resources, imagePullPolicy, securityContext, ports
    env: dict[str, str]
    secrets: tuple[str, ...]  # names of Secrets whose keys become environment variables
    mounts: tuple[Data, ...]  # VolumeMounts
    volumes: tuple[Data, ...]  # Volumes
    spec: Data  # further fields of the PodSpec: nodeSelector, tolerations, serviceAccountName
    labels: dict[str, str]
    annotations: dict[str, str]
    pull_secrets: tuple[str, ...]
    namespace: str  # "": that of the flow


def pod_of(step: Step) -> Pod:
    """Returns the pod of a step. Values that `@kubernetes` cannot have are passed over."""
    given = {each.name: each.attributes for each in step.decorators if each.name in ("resources", "kubernetes")}
    own: dict[str, Value] = given.get("kubernetes", {})
    volumes, mounts, env = _volumes(own, _shared_memory(given), given)
    container: Data = {}
    if own.get("image_pull_policy"):
        container["imagePullPolicy"] = str(own["image_pull_policy"])
    container.update(_resources(given))
    if own.get("port"):
        container["ports"] = [{"containerPort": int(number(own["port"]) or 0)}]
    if own.get("security_context"):
        container["securityContext"] = fields(own["security_context"])
    spec: Data = {}
    if own.get("node_selector"):
        spec["nodeSelector"] = _texts(own["node_selector"])
    tolerations = own.get("tolerations")
    if isinstance(tolerations, list) and tolerations:
        spec["tolerations"] = [fields(each) for each in tolerations]
    if own.get("service_account"):
        spec["serviceAccountName"] = str(own["service_account"])
    return Pod(
        image=str(own.get("image") or ""), python=str(own.get("executable") or ""), container=container, env=env,
        secrets=tuple(names_of(own.get("secrets"))), mounts=mounts, volumes=volumes, spec=spec, labels=_texts(own.get("labels")),
        annotations=_texts(own.get("annotations")), pull_secrets=tuple(names_of(own.get("image_pull_secrets"))),
        namespace=str(own.get("namespace") or ""),
    )  # fmt: skip


def is_guaranteed(step: Step) -> bool:
    """True for a step whose pod is to have the quality of service Guaranteed."""
    return any(each.name == "kubernetes" and str(each.attributes.get("qos")).lower() == "guaranteed" for each in step.decorators)


def metadata(pod: Pod) -> Data:
    """Returns the pod's own ObjectMeta, without what is not given."""
    return {name: texts for name, texts in (("labels", pod.labels), ("annotations", pod.annotations)) if texts}


def secrets(pod: Pod, shared: str) -> list[str]:
    """Returns the Secrets of the pod's environment, that of all pods first ("" for none); empty if it has none of its own."""
    return [each for each in (shared, *pod.secrets) if each] if pod.secrets else []


def pull_secrets(pod: Pod) -> Data:
    """Returns the field of the PodSpec that says how images are pulled; empty if nothing was asked for."""
    return {"imagePullSecrets": [{"name": each} for each in pod.pull_secrets]} if pod.pull_secrets else {}


def is_environment_name(name: str) -> bool:
    """True for a name that every version of Kubernetes takes for a variable (core/v1, EnvVar)."""
    return bool(name) and name.isascii() and not name[0].isdigit() and all(each.isalnum() or each in "-._" for each in name)


def _resources(given: dict[str, dict[str, Value]]) -> Data:
    if not given:
        return {}
    own = given.get("kubernetes", {})
    cpu, memory, disk = (_largest(given, name) for name in ("cpu", "memory", "disk"))
    gpu = next((amount for name in ("resources", "kubernetes") if (amount := number(given.get(name, {}).get("gpu"))) is not None), None)
    requests: Data = {}
    limits: Data = {}
    if cpu:
        requests["cpu"] = _amount(cpu)
        if str(own.get("qos")).lower() == "guaranteed":
            limits["cpu"] = requests["cpu"]
    if memory:
        requests["memory"] = limits["memory"] = f"{_amount(memory)}Mi"
    if disk and disk != _DISK:
        requests["ephemeral-storage"] = f"{_amount(disk)}Mi"
        if str(own.get("qos")).lower() == "guaranteed":
            limits["ephemeral-storage"] = requests["ephemeral-storage"]
    if gpu:
        limits[f"{str(own.get('gpu_vendor') or 'nvidia').lower()}.com/gpu"] = _amount(gpu)
    extended = own.get("extended_resources")
    for name, value in extended.items() if isinstance(extended, dict) else ():
        requests[name] = limits[name] = str(value)
    found = {"requests": requests, "limits": limits}
    return {"resources": {name: amounts for name, amounts in found.items() if amounts}}


def _volumes(own: dict[str, Value], shared: int, given: dict[str, dict[str, Value]]) -> tuple[tuple[Data, ...], tuple[Data, ...], dict[str, str]]:
    volumes: list[Data] = []
    mounts: list[Data] = []
    env = {}

    def add(name: str, path: str, volume: Data) -> None:
        volumes.append({"name": name, **volume})
        mounts.append({"name": name, "mountPath": path})

    if shared:
        add("shared-memory", "/dev/shm", {"emptyDir": {"medium": "Memory", "sizeLimit": f"{shared}Mi"}})
    if own.get("use_tmpfs") or own.get("tmpfs_size"):
        path = str(own.get("tmpfs_path") or "/metaflow_temp")
        size = int(number(own.get("tmpfs_size")) or max(1, (_largest(given, "memory") or 4096) // 2))  # half the memory, as in Metaflow
        add("tmpfs", path, {"emptyDir": {"medium": "Memory", "sizeLimit": f"{size}Mi"}})
        if own.get("tmpfs_tempdir", True):
            env["TMPDIR"] = path
    claims = own.get("persistent_volume_claims")
    for index, (claim, place) in enumerate(claims.items() if isinstance(claims, dict) else ()):
        add(f"claim-{index}", str(place), {"persistentVolumeClaim": {"claimName": claim}})
    return tuple(volumes), tuple(mounts), env


def _shared_memory(given: dict[str, dict[str, Value]]) -> int:
    return next((int(amount) for name in ("resources", "kubernetes") if (amount := number(given.get(name, {}).get("shared_memory")))), 0)


def _largest(given: dict[str, dict[str, Value]], name: str) -> float | None:
    return max((amount for attributes in given.values() if (amount := number(attributes.get(name))) is not None), default=None)


def _amount(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _texts(value: Value) -> dict[str, str]:
    if isinstance(value, str) and value:
        return {name.strip(): text.strip() for name, _, text in (each.partition("=") for each in value.split(","))}
    return {name: str(each) for name, each in value.items()} if isinstance(value, dict) else {}
