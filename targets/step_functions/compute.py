"""The needs of a step's container, merged from `@resources`, `@batch` and `@kubernetes`, in the units of AWS Batch.

If several decorators give an amount, the largest counts; the defaults are 1 vCPU and 4096 MiB (Metaflow's
documentation, batch). Batch on EC2 accepts only whole amounts, so fractions are rounded up. `@batch` is this target's
own decorator: for a step that has both, `@kubernetes` is not read.
"""

from __future__ import annotations

from flowc.compiler.decorators.batch import Batch, read
from flowc.compiler.decorators.decorator import record_of
from flowc.compiler.fast_start.record import record
from flowc.runtime_shim.contract.semantics import DEFAULT_CPU, DEFAULT_MEMORY
from flowc.targets.shared.step_settings import decorator_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.decorators.kubernetes import Kubernetes
    from flowc.compiler.decorators.resources import Resources
    from flowc.compiler.ir.nodes import Step
    from flowc.targets.target import Options

# Attributes that affect the task itself and that this target does not support yet: refused if given.
REFUSED = {
    "batch": ("inferentia", "trainium", "efa", "aws_batch_tags", "ephemeral_storage"),
    "kubernetes": (
        "secrets", "persistent_volume_claims", "port", "extended_resources", "security_context", "use_tmpfs",
        "tmpfs_size",
    ),
}  # fmt: skip


@record
class Volume:
    name: str
    path: str  # in the container
    host_path: str = ""  # on the instance; or
    file_system: str = ""  # the id of an EFS file system


@record
class Compute:
    """The container of a step's job."""

    image: str
    python: str  # the command of the container's Python
    vcpus: int
    memory: int  # MiB
    gpus: int  # 0: none
    queue: str
    job_role: str  # "": that of the instance
    execution_role: str  # "": none
    shared_memory: int  # MiB; 0: Docker's default
    max_swap: int | None  # MiB
    swappiness: int | None  # 0 to 100
    tmpfs_path: str  # "": no tmpfs
    tmpfs_size: int  # MiB
    tmpfs_is_tempdir: bool
    volumes: tuple[Volume, ...]
    privileged: bool
    log_driver: str  # "": Batch's own, which is awslogs; named where it has options
    log_options: tuple[tuple[str, str], ...]


def compute_of(step: Step, options: Options) -> Compute:
    """Returns the container of the step's job. Invalid values of `@batch` are ignored."""
    asked = _read(step)
    own = asked[1]
    job = own if isinstance(own, Batch) else Batch()
    memory = _largest(asked, "memory") or DEFAULT_MEMORY
    return Compute(
        image=own.image or options.image,
        python=own.executable or "python",
        vcpus=_largest(asked, "cpu") or DEFAULT_CPU,
        memory=max(4, memory),  # the least that Batch accepts
        gpus=_largest(asked, "gpu") or 0,
        queue=job.queue or options.own("job-queue"),
        job_role=job.iam_role or options.own("job-role"),
        execution_role=job.execution_role or options.own("execution-role"),
        shared_memory=_largest(asked, "shared_memory") or 0,
        max_swap=job.max_swap,
        swappiness=job.swappiness,
        tmpfs_path=job.tmpfs_path,
        tmpfs_size=(job.tmpfs_size or max(1, memory // 2)) if job.tmpfs_path else 0,
        tmpfs_is_tempdir=job.tmpfs_is_tempdir,
        volumes=(
            *(
                Volume(f"host-{index}", path or host, host_path=host)
                for index, (host, path) in enumerate(job.host_volumes)
            ),
            *(
                Volume(f"efs-{index}", path or f"/mnt/{identifier}", file_system=identifier)
                for index, (identifier, path) in enumerate(job.efs_volumes)
            ),
        ),
        privileged=job.privileged,
        log_driver=job.log_driver or ("awslogs" if job.log_options else ""),
        log_options=job.log_options,
    )


def _read(step: Step) -> tuple[Resources | None, Batch | Kubernetes]:
    """Returns the values of `@resources`, or None without it, and those of the decorator of the step's job."""
    needs, job, pod = (decorator_of(step, name) for name in ("resources", "batch", "kubernetes"))
    own = read(job) if job else record_of(pod) if pod else Batch()
    resources = None
    if needs is not None:
        from flowc.compiler.decorators.resources import read as read_resources

        resources = read_resources(needs)
    return resources, own


def _largest(asked: tuple[object, ...], name: str) -> int | None:
    """Returns the largest of the amounts of that name, rounded up; None if there is none."""
    amounts = [amount for source in asked if (amount := getattr(source, name, None)) is not None]
    return -int(-max(amounts) // 1) if amounts else None
