"""A step's pod, merged from `@kubernetes` (or `@batch`) and `@resources`; the same for every target that makes pods.

Units and fields are those of a PodSpec (Kubernetes API reference, core/v1). For cpu, memory and disk, the larger amount
counts; `gpu` and `shared_memory` of `@resources` replace those of `@kubernetes` (Metaflow's documentation, kubernetes).
Memory is requested and limited, so that a task is never killed for the memory of a different one. Cpu is only
requested, unless `qos="guaranteed"`, since a cpu limit slows tasks down on an idle machine.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.runtime_shim.contract.semantics import DEFAULT_MEMORY

from .step_settings import decorator_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from flowc.compiler.decorators.kubernetes import Kubernetes
    from flowc.compiler.decorators.resources import Resources
    from flowc.compiler.ir.nodes import Step

    Data: TypeAlias = dict[str, Any]
    Asked: TypeAlias = tuple[Resources | None, Kubernetes]

# Attributes of @kubernetes that no target supports yet: refused if given.
REFUSED = ("compute_pool",)
_DISK = 10240  # MiB: the default of @kubernetes, so not a request of the user


@record
class Pod:
    """The parts of a step's pod beside the shim; empty if nothing was asked for."""

    image: str  # "": that of the flow
    python: str  # the command of the container's Python; "": `python`
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


_NOTHING_ASKED = Pod("", "", {}, {}, (), (), (), {}, {}, {}, (), "")


def pod_of(step: Step) -> Pod:
    """Returns the pod of a step. Invalid values of `@kubernetes` are ignored."""
    if not _asks(step):
        return _NOTHING_ASKED
    needs, own = _read(step)
    asked = (needs, own)
    volumes, mounts, env = _volumes(own, asked)
    container: Data = {}
    if own.image_pull_policy:
        container["imagePullPolicy"] = own.image_pull_policy
    container.update(_resources(own, asked))
    if own.port:
        container["ports"] = [{"containerPort": own.port}]
    if own.security_context:
        container["securityContext"] = own.security_context
    spec: Data = {}
    if own.node_selector:
        spec["nodeSelector"] = own.node_selector
    if own.tolerations:
        spec["tolerations"] = list(own.tolerations)
    if own.service_account:
        spec["serviceAccountName"] = own.service_account
    return Pod(
        image=own.image, python=own.executable, container=container, env=env, secrets=own.secrets, mounts=mounts,
        volumes=volumes, spec=spec, labels=own.labels, annotations=own.annotations,
        pull_secrets=own.image_pull_secrets, namespace=own.namespace,
    )  # fmt: skip


def room(step: Step) -> tuple[float, float]:
    """Returns the cores and the memory (MiB) that the step's container requests; 0 for what its spec does not say."""
    if not _asks(step):
        return 0, 0
    asked = _read(step)
    return _largest(asked, "cpu") or 0, _largest(asked, "memory") or 0


def is_guaranteed(step: Step) -> bool:
    """Returns True for a step whose pod must have the quality of service Guaranteed."""
    return decorator_of(step, "kubernetes") is not None and _read(step)[1].is_guaranteed


def _asks(step: Step) -> bool:
    return any(decorator.name in ("resources", "kubernetes", "batch") for decorator in step.decorators)


def _read(step: Step) -> tuple[Resources | None, Kubernetes]:
    """Returns the values of `@resources`, or None without it, and those of `@kubernetes` or, without it, `@batch`."""
    from flowc.compiler.decorators.kubernetes import Kubernetes, read

    needs, own = decorator_of(step, "resources"), decorator_of(step, "kubernetes")
    resources = None
    if needs is not None:
        from flowc.compiler.decorators.resources import read as read_resources

        resources = read_resources(needs)
    if own is not None:
        return resources, read(own)
    job = decorator_of(step, "batch")
    if job is None:
        return resources, Kubernetes()
    from .batch_as_kubernetes import as_kubernetes

    return resources, as_kubernetes(job)


def metadata(pod: Pod) -> Data:
    """Returns the pod's own ObjectMeta, without absent fields."""
    return {name: texts for name, texts in (("labels", pod.labels), ("annotations", pod.annotations)) if texts}


def secrets(pod: Pod, shared: str) -> list[str]:
    """Returns the Secrets of the pod's environment, `shared` ("" for none) first; empty without any of its own."""
    return [name for name in (shared, *pod.secrets) if name] if pod.secrets else []


def pull_secrets(pod: Pod) -> Data:
    """Returns `imagePullSecrets` of the PodSpec; empty if the pod has none."""
    return {"imagePullSecrets": [{"name": name} for name in pod.pull_secrets]} if pod.pull_secrets else {}


def is_environment_name(name: str) -> bool:
    """Returns True for a name that every version of Kubernetes accepts for a variable (core/v1, EnvVar)."""
    return (
        bool(name)
        and name.isascii()
        and not name[0].isdigit()
        and all(character.isalnum() or character in "-._" for character in name)
    )


def _resources(own: Kubernetes, asked: Asked) -> Data:
    cpu, memory, disk = (_largest(asked, name) for name in ("cpu", "memory", "disk"))
    gpu = next((source.gpu for source in asked if source is not None and source.gpu is not None), None)
    requests: Data = {}
    limits: Data = {}
    if cpu:
        requests["cpu"] = _amount(cpu)
        if own.is_guaranteed:
            limits["cpu"] = requests["cpu"]
    if memory:
        requests["memory"] = limits["memory"] = f"{_amount(memory)}Mi"
    if disk and disk != _DISK:
        requests["ephemeral-storage"] = f"{_amount(disk)}Mi"
        if own.is_guaranteed:
            limits["ephemeral-storage"] = requests["ephemeral-storage"]
    if gpu:
        limits[f"{own.gpu_vendor}.com/gpu"] = _amount(gpu)
    for name, value in own.extended_resources.items():
        requests[name] = limits[name] = value
    resources = {name: amounts for name, amounts in (("requests", requests), ("limits", limits)) if amounts}
    return {"resources": resources} if resources else {}


def _volumes(own: Kubernetes, asked: Asked) -> tuple[tuple[Data, ...], tuple[Data, ...], dict[str, str]]:
    volumes: list[Data] = []
    mounts: list[Data] = []
    env = {}

    def add(name: str, path: str, volume: Data) -> None:
        volumes.append({"name": name, **volume})
        mounts.append({"name": name, "mountPath": path})

    shared = next((int(source.shared_memory) for source in asked if source is not None and source.shared_memory), 0)
    if shared:
        add("shared-memory", "/dev/shm", {"emptyDir": {"medium": "Memory", "sizeLimit": f"{shared}Mi"}})
    if own.tmpfs_path:
        half = max(1, (_largest(asked, "memory") or DEFAULT_MEMORY) // 2)  # of the memory, as in Metaflow
        size = own.tmpfs_size or int(half)
        add("tmpfs", own.tmpfs_path, {"emptyDir": {"medium": "Memory", "sizeLimit": f"{size}Mi"}})
        if own.tmpfs_is_tempdir:
            env["TMPDIR"] = own.tmpfs_path
    for index, (claim, place) in enumerate(own.claims.items()):
        add(f"claim-{index}", place, {"persistentVolumeClaim": {"claimName": claim}})
    return tuple(volumes), tuple(mounts), env


def _largest(asked: Asked, name: str) -> float | None:
    return max((amount for source in asked if (amount := getattr(source, name, None)) is not None), default=None)


def _amount(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
