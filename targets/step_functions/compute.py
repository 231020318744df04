"""What a step's container needs, merged from `@resources`, `@batch` and `@kubernetes`, in the units of AWS Batch.

Of an amount that several of them give, the largest counts, and 1 vCPU and 4096 MiB where none does (Metaflow's documentation, batch). What
Batch on EC2 only takes whole is rounded up. `@batch` is this target's own decorator, so a step that has both does not read `@kubernetes`.
"""

from __future__ import annotations

from flowc.compiler.decorators.decorator import number
from flowc.compiler.fast_start.record import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.ir.nodes import Step, Value
    from flowc.targets.target import Options

# Attributes that say something about the task itself which this target does not carry over yet: refused when given.
REFUSED = {
    "batch": ("inferentia", "trainium", "efa", "aws_batch_tags", "ephemeral_storage"),
    "kubernetes": (
        "secrets", "persistent_volume_claims", "port", "extended_resources", "security_context", "use_tmpfs", "tmpfs_size",
    ),
}  # fmt: skip


@record
class Volume:
    name: str
    path: str  # in the container
    host_path: str = ""  # of the instance; or
    file_system: str = ""  # the id of an EFS file system


@record
class Compute:
    """The container of a step's job."""

    image: str
    python: str  # what the container's Python is called
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
    """Returns the container of the step's job. Values that `@batch` cannot have are passed over."""
    given = {each.name: each.attributes for each in step.decorators if each.name in ("resources", "batch", "kubernetes")}
    batch: dict[str, Value] = given.get("batch", {})
    if "batch" in given:
        given.pop("kubernetes", None)
    own = batch or given.get("kubernetes", {})
    memory = _largest(given, "memory") or 4096
    tmpfs = bool(batch.get("use_tmpfs") or batch.get("tmpfs_size"))
    return Compute(
        image=str(own.get("image") or options.image),
        python=str(own.get("executable") or "python"),
        vcpus=_largest(given, "cpu") or 1,
        memory=max(4, memory),  # Batch's least
        gpus=_largest(given, "gpu") or 0,
        queue=str(batch.get("queue") or options.own("job-queue")),
        job_role=str(batch.get("iam_role") or options.own("job-role")),
        execution_role=str(batch.get("execution_role") or options.own("execution-role")),
        shared_memory=_largest(given, "shared_memory") or 0,
        max_swap=_whole(batch.get("max_swap")),
        swappiness=_whole(batch.get("swappiness")),
        tmpfs_path=str(batch.get("tmpfs_path") or "/metaflow_temp") if tmpfs else "",
        tmpfs_size=(_whole(batch.get("tmpfs_size")) or max(1, memory // 2)) if tmpfs else 0,
        tmpfs_is_tempdir=tmpfs and bool(batch.get("tmpfs_tempdir", True)),
        volumes=(*_host_volumes(batch.get("host_volumes")), *_efs_volumes(batch.get("efs_volumes"))),
        privileged=batch.get("privileged") is True,
        log_driver=str(batch.get("log_driver") or ("awslogs" if batch.get("log_options") else "")),
        log_options=tuple(_log_options(batch.get("log_options"))),
    )


def _largest(given: dict[str, dict[str, Value]], name: str) -> int | None:
    amounts = [amount for attributes in given.values() if (amount := number(attributes.get(name))) is not None]
    return -int(-max(amounts) // 1) if amounts else None


def _whole(value: Value) -> int | None:
    amount = number(value)
    return int(amount) if amount is not None and amount >= 0 and amount == int(amount) else None


def _host_volumes(paths: Value) -> list[Volume]:
    several = [paths] if isinstance(paths, str) else paths if isinstance(paths, list) else []
    parts = [str(each).partition(":") for each in several]
    return [Volume(f"host-{index}", path or host, host_path=host) for index, (host, _, path) in enumerate(parts)]


def _efs_volumes(paths: Value) -> list[Volume]:
    """Returns the file systems of `ID` or `ID:PATH`, of a list of them, or of a dict of ids and paths. One without a path is at `/mnt/ID`."""
    if isinstance(paths, dict):
        several = [(file_system, str(path or "")) for file_system, path in paths.items()]
    else:
        texts = [paths] if isinstance(paths, str) else paths if isinstance(paths, list) else []
        several = [(file_system, path) for file_system, _, path in (str(each).partition(":") for each in texts)]
    return [Volume(f"efs-{index}", path or f"/mnt/{file_system}", file_system=file_system) for index, (file_system, path) in enumerate(several)]


def _log_options(options: Value) -> list[tuple[str, str]]:
    if isinstance(options, dict):
        return [(name, str(value)) for name, value in options.items()]
    return [(name, value) for each in (options if isinstance(options, list) else []) for name, _, value in (str(each).partition(":"),)]
