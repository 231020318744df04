"""`@kubernetes(image=…, cpu=1, memory=4096, …)`: how a task's pod is made. Memory, disk, tmpfs and shared memory in MiB."""

from __future__ import annotations

from .decorator import value_error
from .resources import amounts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.diagnostics import Diagnostic
    from flowc.compiler.ir import Decorator, Step, Value

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {
    "cpu": 1, "memory": 4096, "disk": 10240, "image": None, "image_pull_policy": None, "image_pull_secrets": [], "service_account": None,
    "secrets": [], "node_selector": {}, "namespace": None, "gpu": None, "gpu_vendor": "nvidia", "tolerations": [], "labels": {},
    "annotations": {}, "use_tmpfs": False, "tmpfs_tempdir": True, "tmpfs_size": None, "tmpfs_path": "/metaflow_temp",
    "persistent_volume_claims": {}, "shared_memory": None, "port": None, "compute_pool": None, "executable": None,
    "hostname_resolution_timeout": 600, "qos": "burstable", "extended_resources": {}, "security_context": {},
}  # fmt: skip


def check(decorator: Decorator, _owner: Step) -> Iterator[Diagnostic]:
    yield from amounts(decorator, ("cpu", "memory", "disk"), ("gpu", "shared_memory"))
    if str(decorator.attributes["gpu_vendor"]).lower() not in ("nvidia", "amd"):
        yield value_error(decorator, "gpu_vendor", "only these vendors are known", "write `'nvidia'` or `'amd'`")
    if str(decorator.attributes["qos"]).lower() not in ("burstable", "guaranteed"):
        yield value_error(decorator, "qos", "only these classes are known", "write `'burstable'` or `'guaranteed'`")
