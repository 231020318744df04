"""`@kubernetes(image=…, cpu=1, memory=4096, …)`: the pod of a task. Memory, disk, tmpfs and shared memory are in MiB.

A local run reads it as `@resources`.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.compiler.report.diagnostics import Diagnostic
from flowc.compiler.rules.kubernetes_names import KEY, LABEL_VALUE, OBJECT, is_key, is_label, is_namespace, is_object
from flowc.runtime_shim.contract.semantics import DEFAULT_CPU, DEFAULT_MEMORY, number

from ._kinds import amounts, dicts, flags, name_lists, paths, texts, within
from .decorator import value_error, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Step, Value

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {
    "cpu": DEFAULT_CPU, "memory": DEFAULT_MEMORY, "disk": 10240, "image": None, "image_pull_policy": None,
    "image_pull_secrets": [], "service_account": None, "secrets": [], "node_selector": {}, "namespace": None,
    "gpu": None, "gpu_vendor": "nvidia", "tolerations": [], "labels": {}, "annotations": {}, "use_tmpfs": False,
    "tmpfs_tempdir": True, "tmpfs_size": None, "tmpfs_path": "/metaflow_temp", "persistent_volume_claims": {},
    "shared_memory": None, "port": None, "compute_pool": None, "executable": None, "hostname_resolution_timeout": 600,
    "qos": "burstable", "extended_resources": {}, "security_context": {},
}  # fmt: skip
HOW = "use `@resources`, which every target understands, or remove it"
POLICIES = ("Always", "IfNotPresent", "Never")
# core/v1: Toleration, SecurityContext. Metaflow spells their fields as Kubernetes' Python client does, manifests use
# camel case; both are accepted.
_TOLERATION: dict[str, tuple[str, ...]] = {
    "key": (), "value": (), "operator": ("Exists", "Equal"),
    "effect": ("NoSchedule", "PreferNoSchedule", "NoExecute"), "toleration_seconds": (),
}  # fmt: skip
_CONTEXT: dict[str, type] = {
    "privileged": bool, "allow_privilege_escalation": bool, "run_as_user": int, "run_as_group": int,
    "run_as_non_root": bool,
    "read_only_root_filesystem": bool, "capabilities": dict, "seccomp_profile": dict, "se_linux_options": dict,
    "proc_mount": str,
}  # fmt: skip


@record
class Kubernetes:
    """The pod of a task.

    The defaults are those of a step without the decorator; empty values are left to the target.
    """

    cpu: float | None = None  # cores
    memory: float | None = None  # MiB
    disk: float | None = None  # MiB
    gpu: float | None = None  # number of devices
    shared_memory: float | None = None  # MiB
    gpu_vendor: str = "nvidia"
    is_guaranteed: bool = False  # the pod's quality of service
    extended_resources: dict[str, str] = {}
    image: str = ""
    image_pull_policy: str = ""
    image_pull_secrets: tuple[str, ...] = ()
    executable: str = ""  # the Python of the container
    namespace: str = ""
    service_account: str = ""
    secrets: tuple[str, ...] = ()  # names of Secrets whose keys become environment variables
    node_selector: dict[str, str] = {}
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    tolerations: tuple[dict[str, Value], ...] = ()  # as in a manifest
    security_context: dict[str, Value] = {}  # as in a manifest
    claims: dict[str, str] = {}  # PersistentVolumeClaim → mount path
    port: int = 0
    tmpfs_path: str = ""  # "": no tmpfs
    tmpfs_size: int = 0  # MiB; 0: half of the memory
    tmpfs_is_tempdir: bool = False


def read(decorator: Decorator) -> Kubernetes:
    """Returns the decorator's values as a record, without the invalid ones."""
    attributes = decorator.attributes
    claims, extended, tolerations = (
        attributes["persistent_volume_claims"],
        attributes["extended_resources"],
        attributes["tolerations"],
    )
    has_tmpfs = bool(attributes["use_tmpfs"] or attributes["tmpfs_size"])
    return Kubernetes(
        cpu=number(attributes["cpu"]), memory=number(attributes["memory"]), disk=number(attributes["disk"]),
        gpu=number(attributes["gpu"]),
        shared_memory=number(attributes["shared_memory"]), gpu_vendor=str(attributes["gpu_vendor"] or "nvidia").lower(),
        is_guaranteed=str(attributes["qos"]).lower() == "guaranteed",
        extended_resources={name: str(value) for name, value in extended.items()} if isinstance(extended, dict) else {},
        image=str(attributes["image"] or ""), image_pull_policy=str(attributes["image_pull_policy"] or ""),
        image_pull_secrets=tuple(_names_in(attributes["image_pull_secrets"])),
        executable=str(attributes["executable"] or ""),
        namespace=str(attributes["namespace"] or ""), service_account=str(attributes["service_account"] or ""),
        secrets=tuple(_names_in(attributes["secrets"])), node_selector=_pairs(attributes["node_selector"]),
        labels=_pairs(attributes["labels"]),
        annotations=_pairs(attributes["annotations"]),
        tolerations=tuple(_fields(toleration) for toleration in tolerations) if isinstance(tolerations, list) else (),
        security_context=_fields(attributes["security_context"]),
        claims={name: str(path) for name, path in claims.items()} if isinstance(claims, dict) else {},
        port=whole(attributes["port"]) or 0,
        tmpfs_path=str(attributes["tmpfs_path"] or "/metaflow_temp") if has_tmpfs else "",
        tmpfs_size=whole(attributes["tmpfs_size"]) or 0,
        tmpfs_is_tempdir=has_tmpfs and bool(attributes["tmpfs_tempdir"]),
    )  # fmt: skip


def _camel_case(name: str) -> str:
    """Returns a field's name as in a manifest: `run_as_user` becomes `runAsUser`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _fields(value: Value) -> dict[str, Value]:
    """Returns a toleration or security context with its fields named as in a manifest."""
    return (
        {_camel_case(name): value for name, value in value.items() if value is not None}
        if isinstance(value, dict)
        else {}
    )


def _pairs(value: Value) -> dict[str, str]:
    """Returns a dictionary, also from text such as `a=1,b=2`."""
    if isinstance(value, str) and value:
        return {name.strip(): text.strip() for name, _, text in (part.partition("=") for part in value.split(","))}
    return {name: str(item) for name, item in value.items()} if isinstance(value, dict) else {}


def check(decorator: Decorator, owner: Step) -> Iterator[Diagnostic]:
    attributes = decorator.attributes
    yield from amounts(decorator, ("cpu", "memory", "disk"), ("gpu",))
    yield from texts(decorator, "image", "service_account", "namespace", "compute_pool", "executable")
    yield from name_lists(decorator, "secrets", "image_pull_secrets")
    yield from flags(decorator, "use_tmpfs", "tmpfs_tempdir")
    yield from within(decorator, {"shared_memory": (0, None), "tmpfs_size": (0, None), "port": (0, 65535)})
    yield from dicts(decorator, "extended_resources")
    for name, allowed in (("gpu_vendor", ("nvidia", "amd")), ("qos", ("burstable", "guaranteed"))):
        if attributes[name] is not None and str(attributes[name]).lower() not in allowed:
            kind = "vendors" if name == "gpu_vendor" else "classes"
            yield value_error(
                decorator, name, f"flowc knows only two {kind}", f"write `{allowed[0]!r}` or `{allowed[1]!r}`"
            )
    if attributes["image_pull_policy"] is not None and attributes["image_pull_policy"] not in POLICIES:
        yield value_error(
            decorator,
            "image_pull_policy",
            "Kubernetes has only three classes of service",
            "write " + " or ".join(f"`'{policy}'`" for policy in POLICIES),
        )
    if attributes["tmpfs_path"] is not None and not paths(attributes["tmpfs_path"]):
        yield value_error(decorator, "tmpfs_path", "it must be an absolute path", "write `tmpfs_path='/metaflow_temp'`")
    waiting = number(attributes["hostname_resolution_timeout"])
    if waiting is None or waiting <= 0:
        yield value_error(
            decorator,
            "hostname_resolution_timeout",
            "it must be a number of seconds",
            "write `hostname_resolution_timeout=600`",
        )
    claims = attributes["persistent_volume_claims"]
    if claims is not None and not (isinstance(claims, dict) and all(paths(claim) for claim in claims.values())):
        how = "write `persistent_volume_claims={'claim': '/data'}`"
        yield value_error(decorator, "persistent_volume_claims", "it must map names of claims to absolute paths", how)
    yield from _maps(decorator)
    yield from _names(decorator)
    yield from _tolerations(decorator)
    yield from _security_context(decorator)
    from flowc.runtime_shim.contract.decorator_names import GANGS

    if any(decorator.name == "catch" for decorator in owner.decorators) and any(
        decorator.name in GANGS for decorator in owner.decorators
    ):
        what = f"`@catch` cannot be on step `{owner.name}`, which has `@parallel` and runs on Kubernetes"
        why = "on Kubernetes its tasks are one job, which fails as a whole"
        yield Diagnostic("FLOW122", what, decorator.span, why, "catch the exception in the step itself")


def _maps(decorator: Decorator) -> Iterator[Diagnostic]:
    for name in ("node_selector", "labels", "annotations"):
        value = decorator.attributes[name]
        if isinstance(value, str):
            several = value.split(",")
            keys = [item.partition("=")[0].strip() for item in several]
            if not value or not all("=" in item for item in several):
                yield value_error(
                    decorator,
                    name,
                    "it must be a dictionary of texts",
                    f"write `{name}={{'key': 'value'}}`, or `'key=value,key=value'`",
                )
            elif len(set(keys)) < len(keys):
                yield value_error(decorator, name, f"`{max(keys, key=keys.count)}` is given twice", "keep one of them")
            pairs = [(key.strip(), text.strip()) for key, _, text in (item.partition("=") for item in several)]
        elif value is None or isinstance(value, dict):
            pairs = [] if value is None else [(key, "" if text is None else text) for key, text in value.items()]  # type: ignore[misc]
            if not all(key and not isinstance(text, (dict, list)) for key, text in pairs):
                yield value_error(
                    decorator, name, "it must be a dictionary of texts", f"write `{name}={{'key': 'value'}}`"
                )
                continue
        else:
            yield value_error(decorator, name, "it must be a dictionary of texts", f"write `{name}={{'key': 'value'}}`")
            continue
        kind = {"labels": "a label", "node_selector": "a node's label", "annotations": "an annotation"}[name]
        for key, text in pairs:
            if not is_key(key.lower() if name == "annotations" else key):
                yield value_error(decorator, name, f"`{key[:70]}` is not a valid key of {kind}", f"use {KEY}")
            if name != "annotations" and not is_label(str(text)):
                yield value_error(
                    decorator,
                    name,
                    f"`{str(text)[:70]}` of `{key}` is not a valid value of {kind}",
                    f"use {LABEL_VALUE}",
                )


def _names_in(value: Value) -> list[str]:
    """Returns the names in an attribute that holds a name, several names separated by commas, or a list of names."""
    several = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return [name for item in several if (name := str(item).strip())]


def _names(decorator: Decorator) -> Iterator[Diagnostic]:
    """Yields a diagnostic for each name that a Kubernetes object cannot have."""
    attributes = decorator.attributes
    claims = attributes["persistent_volume_claims"]
    several = {name: _names_in(attributes[name]) for name in ("secrets", "image_pull_secrets")}
    several["service_account"] = (
        [attributes["service_account"]]
        if isinstance(attributes["service_account"], str) and attributes["service_account"]
        else []
    )
    several["persistent_volume_claims"] = list(claims) if isinstance(claims, dict) else []
    for attribute, names in several.items():
        for name in names:
            if not is_object(name):
                yield value_error(
                    decorator,
                    attribute,
                    f"`{name[:70]}` is not a valid name of a Kubernetes object",
                    f"use {OBJECT}",
                )
    if (
        isinstance(attributes["namespace"], str)
        and attributes["namespace"]
        and not is_namespace(attributes["namespace"])
    ):
        how = "use up to 63 lower-case letters, digits and `-`, with a letter or digit at both ends"
        yield value_error(
            decorator, "namespace", f"`{attributes['namespace'][:70]}` is not a valid name of a namespace", how
        )
    resources = attributes["extended_resources"]
    for key in resources if isinstance(resources, dict) else ():
        if not is_key(key):
            yield value_error(
                decorator, "extended_resources", f"`{key[:70]}` is not a valid name of a resource", f"use {KEY}"
            )


def _tolerations(decorator: Decorator) -> Iterator[Diagnostic]:
    several = decorator.attributes["tolerations"]
    if several is None:
        return
    if not (isinstance(several, list) and all(isinstance(item, dict) for item in several)):
        how = "write `tolerations=[{'key': 'gpu', 'operator': 'Exists'}]`"
        yield value_error(decorator, "tolerations", "it must be a list of dictionaries", how)
        return
    spellings = {spelling: name for name in _TOLERATION for spelling in (name, _camel_case(name))}
    for item in several:
        for key, value in item.items():  # type: ignore[union-attr]
            if key not in spellings:
                yield value_error(
                    decorator,
                    "tolerations",
                    f"a toleration has no key `{key}`",
                    "its keys are " + ", ".join(f"`{one}`" for one in _TOLERATION),
                )
            elif (allowed := _TOLERATION[spellings[key]]) and value is not None and value not in allowed:
                yield value_error(
                    decorator,
                    "tolerations",
                    f"`{key}` cannot be `{value}`",
                    "use " + ", ".join(f"`'{one}'`" for one in allowed),
                )


def _security_context(decorator: Decorator) -> Iterator[Diagnostic]:
    yield from dicts(decorator, "security_context")
    context = decorator.attributes["security_context"]
    spellings = {spelling: name for name in _CONTEXT for spelling in (name, _camel_case(name))}
    for key, value in context.items() if isinstance(context, dict) else ():
        if key not in spellings:
            yield value_error(
                decorator,
                "security_context",
                f"a security context has no key `{key}`",
                "its keys are " + ", ".join(f"`{field}`" for field in _CONTEXT),
            )
        elif value is not None and not (
            isinstance(value, _CONTEXT[spellings[key]])
            and isinstance(value, bool) == (_CONTEXT[spellings[key]] is bool)
        ):
            kind = {bool: "True or False", int: "a number", dict: "a dictionary", str: "text"}[_CONTEXT[spellings[key]]]
            yield value_error(
                decorator, "security_context", f"`{key}` must be {kind}", "correct the value, or remove it"
            )
