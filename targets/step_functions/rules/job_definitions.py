"""Rules for a list of job definitions with one container (AWS Batch API Reference, RegisterJobDefinition)."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .asl.paths import Problem

    # A shape: a type, [shape of each item], {name: shape}, {"*": shape of each value}, or a function that returns the
    # problem, "" for none. A name that ends in "!" is required.
    Shape = Any

SIZE = 24 * 1024  # bytes of a job definition (AWS Batch, service quotas)
_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_DRIVERS = ("json-file", "syslog", "journald", "gelf", "fluentd", "awslogs", "splunk", "awsfirelens")


def _within(low: int, high: int) -> Shape:
    def problem(value: object) -> str:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return "" if whole and low <= value <= high else f"must be a whole number from {low} to {high}"  # type: ignore[operator]

    return problem


def _one_of(*values: str) -> Shape:
    return lambda value: "" if value in values else f"must be one of {', '.join(values)}"


def _name(value: object) -> str:
    return "" if isinstance(value, str) and _NAME.fullmatch(value) else "must be up to 128 letters, digits, `-` and `_`"


def _variable(value: object) -> str:
    if not isinstance(value, str) or not value:
        return "must be text"
    return "names that begin with `AWS_BATCH` are reserved for Batch" if value.startswith("AWS_BATCH") else ""


def _path(value: object) -> str:
    return "" if isinstance(value, str) and value.startswith("/") else "must be an absolute path"


def role_problem(value: object) -> str:
    """Returns the problem with the ARN of a role; "" for a valid one (IAM User Guide, IAM ARNs)."""
    return (
        ""
        if isinstance(value, str) and _ROLE.fullmatch(value)
        else "must be the ARN of a role, as in `arn:aws:iam::123456789012:role/NAME`"
    )


_ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+")
_AMOUNT = 2**31 - 1
_EFS = {
    "fileSystemId!": str, "rootDirectory": str, "transitEncryption": _one_of("ENABLED", "DISABLED"),
    "transitEncryptionPort": _within(0, 65535),
    "authorizationConfig": {"accessPointId": str, "iam": _one_of("ENABLED", "DISABLED")},
}  # fmt: skip
_SECRETS = [{"name!": str, "valueFrom!": str}]
_CONTAINER: Shape = {
    "image!": str, "command": [str], "jobRoleArn": role_problem, "executionRoleArn": role_problem,
    "user": str, "instanceType": str,
    "volumes": [{"name!": str, "host": {"sourcePath": str}, "efsVolumeConfiguration": _EFS}],
    "environment": [{"name!": _variable, "value!": str}],
    "mountPoints": [{"sourceVolume!": str, "containerPath!": _path, "readOnly": bool}],
    "readonlyRootFilesystem": bool, "privileged": bool, "enableExecuteCommand": bool,
    "ulimits": [{"name!": str, "hardLimit!": _within(0, _AMOUNT), "softLimit!": _within(0, _AMOUNT)}],
    "resourceRequirements!": [{"type!": _one_of("GPU", "VCPU", "MEMORY"), "value!": str}],
    "linuxParameters": {
        "devices": [{"hostPath!": str, "containerPath": str, "permissions": [_one_of("READ", "WRITE", "MKNOD")]}],
        "initProcessEnabled": bool, "sharedMemorySize": _within(1, _AMOUNT), "maxSwap": _within(0, _AMOUNT),
        "swappiness": _within(0, 100),
        "tmpfs": [{"containerPath!": _path, "size!": _within(1, _AMOUNT), "mountOptions": [str]}],
    },
    "logConfiguration": {"logDriver!": _one_of(*_DRIVERS), "options": {"*": str}, "secretOptions": _SECRETS},
    "secrets": _SECRETS,
    "networkConfiguration": {"assignPublicIp": _one_of("ENABLED", "DISABLED")},
    "fargatePlatformConfiguration": {"platformVersion": str},
    "ephemeralStorage": {"sizeInGiB!": _within(21, 200)},
    "runtimePlatform": {"operatingSystemFamily": str, "cpuArchitecture": str},
    "repositoryCredentials": {"credentialsParameter!": str},
}  # fmt: skip
DEFINITION: Shape = {
    "jobDefinitionName!": _name, "type!": _one_of("container"), "containerProperties!": _CONTAINER,
    "parameters": {"*": str}, "schedulingPriority": _within(0, 9999), "propagateTags": bool, "tags": {"*": str},
    "retryStrategy": {
        "attempts": _within(1, 10),
        "evaluateOnExit": [
            {
                "onStatusReason": str, "onReason": str, "onExitCode": str,
                "action!": _one_of("RETRY", "EXIT", "retry", "exit"),
            }
        ],
    },
    "timeout": {"attemptDurationSeconds": _within(60, _AMOUNT)},
    "platformCapabilities": [_one_of("EC2", "FARGATE", "MANAGED_INSTANCES")],
}  # fmt: skip


def definitions_problems(document: object) -> Iterator[Problem]:
    """Yields the problems of a list of job definitions, as (place, message)."""
    if not isinstance(document, list):
        yield "", "must be a list of job definitions"
        return
    seen: set[str] = set()
    for index, definition in enumerate(document):
        name = definition.get("jobDefinitionName") if isinstance(definition, dict) else None
        place = f"[{index}]"
        yield from _shape(definition, DEFINITION, place)
        if isinstance(name, str):
            if name in seen:
                yield f"{place}.jobDefinitionName", f"there is a second definition `{name}`"
            seen.add(name)
        if isinstance(definition, dict) and isinstance(definition.get("containerProperties"), dict):
            yield from _container(definition["containerProperties"], f"{place}.containerProperties")
        yield from _size(definition, place)


def _container(container: dict[str, Any], place: str) -> Iterator[Problem]:
    """Checks the rules between fields of a container."""
    amounts = [amount for amount in container.get("resourceRequirements") or () if isinstance(amount, dict)]
    kinds = [amount.get("type") for amount in amounts]
    for kind in ("VCPU", "MEMORY"):
        if kinds.count(kind) != 1:
            yield f"{place}.resourceRequirements", f"must contain {kind} exactly once"
    for index, amount in enumerate(amounts):
        least = {"MEMORY": 4}.get(str(amount.get("type")), 1)
        value = amount.get("value")
        fraction = amount.get("type") == "VCPU" and value in ("0.25", "0.5")  # on Fargate
        if (
            isinstance(value, str)
            and not fraction
            and not (value.isascii() and value.isdigit() and len(value) < 20 and int(value) >= least)
        ):
            yield (
                f"{place}.resourceRequirements[{index}].value",
                f"must be the text of a whole number of at least {least}",
            )
    volumes = {volume.get("name") for volume in container.get("volumes") or () if isinstance(volume, dict)}
    for index, mount in enumerate(container.get("mountPoints") or ()):
        if isinstance(mount, dict) and mount.get("sourceVolume") not in volumes:
            yield f"{place}.mountPoints[{index}].sourceVolume", f"there is no volume `{mount.get('sourceVolume')}`"
    names = [entry.get("name") for entry in container.get("environment") or () if isinstance(entry, dict)]
    for name in sorted({str(name) for name in names if names.count(name) > 1}):
        yield f"{place}.environment", f"`{name}` occurs twice"


def _size(definition: object, place: str) -> Iterator[Problem]:
    import json

    size = len(json.dumps(definition, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace"))
    if size > SIZE:
        yield place, f"is {size} bytes long, but a job definition has at most {SIZE}"


def _shape(value: object, shape: Shape, place: str) -> Iterator[Problem]:
    if isinstance(shape, type):
        if not isinstance(value, shape):
            yield place, f"must be {'text' if shape is str else 'true or false'}"
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield place, "must be a list"
            return
        for index, item in enumerate(value):
            yield from _shape(item, shape[0], f"{place}[{index}]")
    elif isinstance(shape, dict):
        if not isinstance(value, dict):
            yield place, "must be an object"
            return
        shapes = {name.rstrip("!"): inner for name, inner in shape.items()}
        yield from (
            (place, f"`{name[:-1]}` is missing") for name in shape if name.endswith("!") and name[:-1] not in value
        )
        for name, item in value.items():
            if "*" in shapes or name in shapes:
                yield from _shape(item, shapes.get(name, shapes.get("*")), f"{place}.{name}")
            else:
                yield f"{place}.{name}", "is not a valid field here"
    elif problem := shape(value):
        yield place, problem
