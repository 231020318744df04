"""Rules for the parameters of the services that a flow's states call: `batch:submitJob` and `s3:getObject`.

Sources: AWS Step Functions Developer Guide, Run AWS Batch workloads; AWS Batch API Reference, SubmitJob; Amazon S3 API
Reference, GetObject.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .asl.paths import Problem

_SUBMIT_JOB = {  # of the optimized integration, which has no `EcsPropertiesOverride`
    "ArrayProperties", "ContainerOverrides", "DependsOn", "JobDefinition", "JobName", "JobQueue", "Parameters",
    "PropagateTags", "RetryStrategy", "Tags", "Timeout",
}  # fmt: skip
_NEEDED = {"batch:submitJob": ("JobName", "JobDefinition", "JobQueue"), "s3:getObject": ("Bucket", "Key")}
_OVERRIDES = {"Command", "Environment", "InstanceType", "Memory", "ResourceRequirements", "Vcpus"}
JOB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
OVERRIDES_SIZE = 8192  # characters of a job's container overrides, as JSON


def service_problems(resource: str, parameters: object, place: str) -> Iterator[Problem]:
    """Yields the problems of a task's parameters, for the services known here."""
    service = resource.split(":", 5)[-1].removeprefix("aws-sdk:").partition(".")[0]
    if service not in _NEEDED:
        return
    if not isinstance(parameters, dict):
        yield place, "must be an object"
        return
    names = [name.removesuffix(".$") for name in parameters]
    yield from (
        (place, f"`{name}` is missing, which {service} requires") for name in _NEEDED[service] if name not in names
    )
    if service != "batch:submitJob" or "aws-sdk" in resource:
        return
    yield from (
        (f"{place}.{name}", "is not a parameter of batch:submitJob") for name in names if name not in _SUBMIT_JOB
    )
    name = parameters.get("JobName")
    if name is not None and not (isinstance(name, str) and JOB_NAME.fullmatch(name)):
        yield f"{place}.JobName", "must be up to 128 letters, digits, `-` and `_`, and begin with a letter or digit"
    yield from _overrides(parameters.get("ContainerOverrides"), f"{place}.ContainerOverrides")


def _overrides(overrides: object, place: str) -> Iterator[Problem]:
    if overrides is None:
        return
    if not isinstance(overrides, dict):
        yield place, "must be an object"
        return
    fields = {name.removesuffix(".$") for name in overrides}
    yield from ((f"{place}.{name}", "is not a valid field here") for name in sorted(fields - _OVERRIDES))
    variables = overrides.get("Environment", [])
    for index, variable in enumerate(variables if isinstance(variables, list) else ()):
        inside = f"{place}.Environment[{index}]"
        names = sorted(field.removesuffix(".$") for field in variable) if isinstance(variable, dict) else []
        if names != ["Name", "Value"]:
            yield inside, "must be an object with `Name` and `Value`"
        elif str(variable.get("Name", "")).startswith("AWS_BATCH"):
            yield inside, "names that begin with `AWS_BATCH` are reserved for Batch"
    if "Environment" in overrides and not isinstance(variables, list):
        yield f"{place}.Environment", "must be a list"
    import json

    if len(json.dumps(overrides)) > OVERRIDES_SIZE:
        yield place, f"is longer than {OVERRIDES_SIZE} characters"
