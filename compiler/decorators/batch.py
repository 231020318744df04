"""`@batch(image=…, cpu=…, memory=…, …)`: the AWS Batch job of a task.

Memory, swap, tmpfs and shared memory are in MiB, storage in GiB.

A local run reads it as `@resources`. On a target that starts pods, it asks for the pod's cores, memory, devices and
image; what only AWS Batch has is left out with a warning (FLOW508), or refused.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.runtime_shim.contract.semantics import number

from ._kinds import amounts, dicts, flags, paths, texts, within
from .decorator import value_error, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Step, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {
    "cpu": None, "gpu": None, "memory": None, "image": None, "queue": None, "iam_role": None, "execution_role": None,
    "shared_memory": None,
    "max_swap": None, "swappiness": None, "inferentia": None, "trainium": None, "efa": None, "host_volumes": None,
    "efs_volumes": None,
    "use_tmpfs": False, "tmpfs_tempdir": True, "tmpfs_size": None, "tmpfs_path": "/metaflow_temp",
    "aws_batch_tags": None,
    "ephemeral_storage": None, "log_driver": None, "log_options": None, "privileged": False, "executable": None,
}  # fmt: skip
HOW = "use `@resources`, which every target understands, or remove it"
# AWS Batch, tag restrictions; and the least and most of Fargate's storage (AWS Batch, ContainerProperties)
_TAG = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 +-=._:/@")
_LONGEST_KEY, _LONGEST_VALUE = 128, 256


@record
class Batch:
    """The job of a task.

    The defaults are those of a step without the decorator; empty values are left to the target.
    """

    cpu: float | None = None  # cores
    memory: float | None = None  # MiB
    gpu: float | None = None  # number of devices
    shared_memory: float | None = None  # MiB
    accelerators: int = 0  # Inferentia or Trainium devices
    image: str = ""
    executable: str = ""  # the Python of the container
    queue: str = ""
    iam_role: str = ""
    execution_role: str = ""
    max_swap: int | None = None  # MiB
    swappiness: int | None = None  # 0 to 100
    host_volumes: tuple[tuple[str, str], ...] = ()  # (path of the instance, path in the container; "" for the same)
    # (id of the file system, path in the container; "" for the usual one)
    efs_volumes: tuple[tuple[str, str], ...] = ()
    tmpfs_path: str = ""  # "": no tmpfs
    tmpfs_size: int = 0  # MiB; 0: half of the memory
    tmpfs_is_tempdir: bool = False
    privileged: bool = False
    log_driver: str = ""
    log_options: tuple[tuple[str, str], ...] = ()


def read(decorator: Decorator) -> Batch:
    """Returns the decorator's values as a record, without the invalid ones."""
    attributes = decorator.attributes
    has_tmpfs = bool(attributes["use_tmpfs"] or attributes["tmpfs_size"])
    return Batch(
        cpu=number(attributes["cpu"]), memory=number(attributes["memory"]), gpu=number(attributes["gpu"]),
        shared_memory=number(attributes["shared_memory"]),
        accelerators=whole(attributes["inferentia"]) or whole(attributes["trainium"]) or 0,
        image=str(attributes["image"] or ""),
        executable=str(attributes["executable"] or ""), queue=str(attributes["queue"] or ""),
        iam_role=str(attributes["iam_role"] or ""),
        execution_role=str(attributes["execution_role"] or ""), max_swap=whole(attributes["max_swap"]),
        swappiness=whole(attributes["swappiness"]),
        host_volumes=_paths(attributes["host_volumes"]), efs_volumes=_paths(attributes["efs_volumes"]),
        tmpfs_path=str(attributes["tmpfs_path"] or "/metaflow_temp") if has_tmpfs else "",
        tmpfs_size=whole(attributes["tmpfs_size"]) or 0,
        tmpfs_is_tempdir=has_tmpfs and bool(attributes["tmpfs_tempdir"]), privileged=attributes["privileged"] is True,
        log_driver=str(attributes["log_driver"] or ""), log_options=_log_options(attributes["log_options"]),
    )  # fmt: skip


def _paths(value: Value) -> tuple[tuple[str, str], ...]:
    """Returns the pairs in `NAME` or `NAME:PATH`, in a list of these, or in a dictionary of names and paths."""
    if isinstance(value, dict):
        return tuple((name, str(path or "")) for name, path in value.items())
    several = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple((name, path) for name, _, path in (str(item).partition(":") for item in several))


def _log_options(options: Value) -> tuple[tuple[str, str], ...]:
    if isinstance(options, dict):
        return tuple((name, str(value)) for name, value in options.items())
    return tuple(
        (name, value)
        for option in (options if isinstance(options, list) else [])
        for name, _, value in (str(option).partition(":"),)
    )


def check(decorator: Decorator, owner: Step) -> Iterator[Diagnostic]:
    attributes = decorator.attributes
    yield from amounts(decorator, ("cpu", "memory"), ("gpu", "shared_memory"))
    yield from texts(decorator, "image", "queue", "iam_role", "execution_role", "log_driver", "executable")
    yield from flags(decorator, "use_tmpfs", "tmpfs_tempdir", "privileged")
    yield from within(
        decorator,
        {
            "max_swap": (0, None),
            "swappiness": (0, 100),
            "tmpfs_size": (0, None),
            "inferentia": (0, None),
            "trainium": (0, None),
            "efa": (0, None),
            "ephemeral_storage": (21, 200),
        },  # fmt: skip
    )
    if attributes["inferentia"] is not None and attributes["trainium"] is not None:
        yield value_error(
            decorator, "trainium", "`inferentia` is another name for the same device", "keep one of the two"
        )
    if not paths(attributes["tmpfs_path"]) and attributes["tmpfs_path"] is not None:
        yield value_error(decorator, "tmpfs_path", "it must be an absolute path", "write `tmpfs_path='/metaflow_temp'`")
    yield from _volumes(decorator)
    yield from _tags(decorator)
    options = attributes["log_options"]
    if options is not None and not isinstance(options, dict):
        if not (isinstance(options, list) and all(isinstance(option, str) and ":" in option for option in options)):
            yield value_error(
                decorator, "log_options", "it must be a list of options", "write `log_options=['awslogs-group:NAME']`"
            )


def _volumes(decorator: Decorator) -> Iterator[Diagnostic]:
    hosts, systems = decorator.attributes["host_volumes"], decorator.attributes["efs_volumes"]
    several = hosts if isinstance(hosts, list) else [hosts]
    if hosts is not None and not all(isinstance(item, str) and all(map(paths, item.split(":", 1))) for item in several):
        why = "it must be an absolute path, `HOST_PATH:CONTAINER_PATH`, or a list of these"
        yield value_error(
            decorator, "host_volumes", why, "write `host_volumes=['/data']` or `host_volumes=['/mnt/data:/data']`"
        )
    if systems is not None and not _file_systems(systems):
        why = "it must be the id of a file system, `ID:CONTAINER_PATH`, or a list of these"
        yield value_error(decorator, "efs_volumes", why, "write `efs_volumes=['fs-1234:/data']`")


def _file_systems(systems: Value) -> bool:
    """Returns True for `ID`, `ID:PATH`, a list of these, or a dictionary of ids and paths."""
    if isinstance(systems, dict):
        return all(
            system and not {":", "/"} & set(system) and (path is None or paths(path))
            for system, path in systems.items()
        )
    several = systems if isinstance(systems, list) else [systems]
    for item in several:
        name, colon, path = item.partition(":") if isinstance(item, str) else ("", "", "")
        if not name or "/" in name or (colon and not paths(path)):
            return False
    return True


def _tags(decorator: Decorator) -> Iterator[Diagnostic]:
    yield from dicts(decorator, "aws_batch_tags")
    tags = decorator.attributes["aws_batch_tags"]
    for key, value in tags.items() if isinstance(tags, dict) else ():
        if not isinstance(value, str):
            yield value_error(
                decorator, "aws_batch_tags", f"the value of the tag `{key}` must be text", "write it as text"
            )
        elif key.lower().startswith("aws:") or value.lower().startswith("aws:"):
            yield value_error(
                decorator,
                "aws_batch_tags",
                "the prefix `aws:` is reserved for AWS's own tags",
                "use a different prefix",
            )
        elif not key or len(key) > _LONGEST_KEY or len(value) > _LONGEST_VALUE:
            why = f"a tag's key must have 1 to {_LONGEST_KEY} characters, and its value at most {_LONGEST_VALUE}"
            yield value_error(decorator, "aws_batch_tags", why, "use a key and a value of these lengths")
        elif not _TAG.issuperset(key) or not _TAG.issuperset(value):
            yield value_error(
                decorator,
                "aws_batch_tags",
                f"the tag `{key}` contains a character that AWS refuses",
                "use letters, digits, spaces and `+-=._:/@`",
            )
