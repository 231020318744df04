"""`@batch(image=…, cpu=…, memory=…, …)`: how a task's AWS Batch job is made. Memory and shared memory in MiB."""

from __future__ import annotations

from .resources import amounts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.diagnostics import Diagnostic
    from flowc.compiler.ir import Decorator, Step, Value

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {
    "cpu": None, "gpu": None, "memory": None, "image": None, "queue": None, "iam_role": None, "execution_role": None, "shared_memory": None,
    "max_swap": None, "swappiness": None, "inferentia": None, "trainium": None, "efa": None, "host_volumes": None, "efs_volumes": None,
    "use_tmpfs": False, "tmpfs_tempdir": True, "tmpfs_size": None, "tmpfs_path": "/metaflow_temp", "aws_batch_tags": None,
    "ephemeral_storage": None, "log_driver": None, "log_options": None, "privileged": False, "executable": None,
}  # fmt: skip


def check(decorator: Decorator, _owner: Step) -> Iterator[Diagnostic]:
    yield from amounts(decorator, ("cpu", "memory"), ("gpu", "shared_memory"))
