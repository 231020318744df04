"""The objects of a deployment in a cluster: what flowc writes on them, and how they differ from what they should be.

A mark tells the objects of a deployment: a label with its name, and an annotation with the URL of its records. The
annotation is compared before anything is written, because a label alone could be of a different cluster's user.
"""

from __future__ import annotations

from flowc.targets.operating import ADD, CHANGE, DELETE, SAME, Change, Deployed, Drift, EngineError, Field, Parameter
from flowc.targets.shared.field_changes import deviations, field_changes

from .cluster import MANAGER, Missing
from .deployment import SPEC
from .names import EVENT_NAMESPACE, EVENT_PARAMETER, EVENTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from flowc.targets.operating import Wanted
    from flowc.targets.target import SpecFile

    from .cluster import Cluster

    Manifest = dict[str, Any]

DEPLOYMENT, RECORDS = "flowc.dev/deployment", "flowc.dev/records"
SPEC_DIGEST = "flowc.dev/spec"  # of the template; every run of it has it too, and so says of which deployment it is
TEMPLATE, CRON, SENSOR = "WorkflowTemplate", "CronWorkflow", "Sensor"
PLURALS = {TEMPLATE: "workflowtemplates", CRON: "cronworkflows", SENSOR: "sensors"}
_REMOVED = {  # by kind, in the order of removal: first what starts runs
    SENSOR: "events no longer start runs; its runs stay",
    CRON: "it stops firing; its runs stay",
    TEMPLATE: "it can no longer be started",
}
PAUSER = "flowc-pause"  # owns `spec.suspend` of a CronWorkflow, so that a deploy leaves it
_OF_SERVER = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink")


def manifests(files: Sequence[SpecFile]) -> list[Manifest]:
    """Returns the objects of the spec, in the order in which they are written."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [
        document
        for file in files if file.name.endswith(SPEC)
        for document in yaml.load_all(file.text, loader) if document
    ]  # fmt: skip


def marked(manifest: Manifest, name: str, records: str, namespace: str) -> Manifest:
    """Returns the object as a deploy writes it: with the mark, in a namespace, and without `spec.suspend`.

    A Sensor may be in a namespace of its own.
    """
    metadata = manifest["metadata"]
    spec = {**manifest["spec"]}
    if manifest["kind"] == SENSOR:
        namespace = metadata.get("namespace", namespace)
    elif manifest["kind"] == CRON:
        spec.pop("suspend", None)
    else:  # the controller puts these on every run, whoever starts it
        own = spec.get("workflowMetadata", {})
        spec["workflowMetadata"] = {
            **own,
            "labels": {**own.get("labels", {}), DEPLOYMENT: name},
            "annotations": {**own.get("annotations", {}), SPEC_DIGEST: _digest(manifest["spec"])},
        }
    return {
        **manifest,
        "metadata": {
            **metadata,
            "namespace": namespace,
            "labels": {**metadata.get("labels", {}), DEPLOYMENT: name},
            "annotations": {**metadata.get("annotations", {}), RECORDS: records},
        },
        "spec": spec,
    }


def _digest(spec: Manifest) -> str:
    import json

    from flowc.runtime_shim.contract.digest import sha256

    text = json.dumps(spec, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return str(sha256(text).hexdigest())[:16]


def spec_digest(spec: Manifest) -> str:
    """Returns the digest in a template's spec, or in what a run has stored of it; "" for none."""
    return str(spec.get("workflowMetadata", {}).get("annotations", {}).get(SPEC_DIGEST, ""))


def changes(cluster: Cluster, wanted: Wanted, last: Sequence[SpecFile]) -> tuple[Change, ...]:
    """Returns the changes that a deploy makes, from the server's dry run."""
    earlier = {
        manifest["kind"]: marked(manifest, wanted.name, wanted.records, cluster.namespace)
        for manifest in manifests(last)
    }
    wanted_objects = manifests(wanted.files)
    planned = [_written(cluster, manifest, wanted, earlier) for manifest in wanted_objects]
    kinds = {manifest["kind"] for manifest in wanted_objects}
    return (*planned, *(change for change in removal(cluster, wanted.name, wanted.records) if change.kind not in kinds))


def removal(cluster: Cluster, name: str, records: str) -> tuple[Change, ...]:
    """Returns what removes the deployment's objects; the schedule first, so that it starts nothing in between."""
    template = cluster.get(cluster.path(PLURALS[TEMPLATE], name))
    removals = []
    for kind, note in _REMOVED.items():
        place = _namespace_of_sensor(template) if kind == SENSOR else ""
        live = template if kind == TEMPLATE else cluster.get(cluster.path(PLURALS[kind], name, place))
        if live is not None and _mark_of(live) == records and "deletionTimestamp" not in live["metadata"]:
            removals.append(Change(DELETE, kind, name, note=note, handle=live))
    return tuple(removals)


def _namespace_of_sensor(template: Manifest | None) -> str:
    """Returns the namespace of the template's Sensor; "" for the template's own."""
    return str((template or {}).get("metadata", {}).get("annotations", {}).get(EVENT_NAMESPACE, ""))


def _written(cluster: Cluster, manifest: Manifest, wanted: Wanted, earlier: dict[str, Manifest]) -> Change:
    kind, name = manifest["kind"], manifest["metadata"]["name"]
    if kind != SENSOR and manifest["metadata"].get("namespace", cluster.namespace) != cluster.namespace:
        message = f"the spec is for namespace `{manifest['metadata']['namespace']}`, not for `{cluster.namespace}`"
        raise EngineError(message, "give the same `--namespace` as `compile` had")
    own = marked(manifest, wanted.name, wanted.records, cluster.namespace)
    path = _path(cluster, own)
    live = cluster.get(path)
    if live is not None and "deletionTimestamp" in live["metadata"]:
        raise EngineError(f"{kind} {name} is being deleted", "wait until it is gone, and run the same command again")
    drift = tuple(_drift(live, earlier.get(kind))) if live is not None else ()
    if wanted.keep_drift:
        for one in drift:
            _keep(own, one.path)
    paused = kind == CRON and (wanted.starts_paused or bool(manifest["spec"].get("suspend")))
    dry = _rehearsed(cluster, path, own)
    if live is None:
        return Change(ADD, kind, name, note="it starts paused" if paused else "", handle=(own, None, paused))
    fields = tuple(field for field in field_changes(_shown(live), _shown(dry)) if f"[{SPEC_DIGEST}]" not in field.path)
    if kind == CRON and _suspended_by_flowc(live):  # the pause changes hands, and stays
        fields = tuple(field for field in fields if field.path != "spec.suspend")
    return Change(
        CHANGE if fields else SAME, kind, name, fields, drift, owner=_owner(live, wanted.records),
        handle=(own, live, False),
    )  # fmt: skip


def _rehearsed(cluster: Cluster, path: str, own: Manifest) -> Manifest:
    """Returns the object as it would be. Raises EngineError where there is no place for it."""
    try:
        return dict(cluster.apply(path, own, dry_run=True))
    except Missing as error:
        if "namespaces" in error.message:
            raise EngineError(error.message, "create it, or give a different `--namespace`") from None
        message = f"the cluster {cluster.server} does not know the kind {own['kind']}"
        needed = "Argo Events 1.9 or later" if own["kind"] == SENSOR else "Argo Workflows 3.7 or later"
        raise EngineError(message, f"install {needed}") from None


def _path(cluster: Cluster, manifest: Manifest) -> str:
    metadata = manifest["metadata"]
    return cluster.path(PLURALS[manifest["kind"]], metadata["name"], metadata["namespace"])


def write(cluster: Cluster, change: Change) -> None:
    """Applies what was planned. Raises EngineError with `is_outdated` if the object is not as it was then."""
    if change.op == DELETE:
        live = change.handle
        place = cluster.path(PLURALS[change.kind], change.name, live["metadata"].get("namespace", ""))
        cluster.delete(place, live["metadata"]["uid"], orphan=change.kind == CRON)
        return
    own, planned, paused = change.handle
    path = _path(cluster, own)
    live = cluster.get(path)
    if (live is None) != (planned is None) or (live is not None and _shown(live) != _shown(planned)):
        raise EngineError(f"{change.kind} {change.name} has changed since it was planned", is_outdated=True)
    if live is None and paused:  # it never fires: it is made with a pause, which then changes hands
        live = cluster.apply(path, {**own, "spec": {**own["spec"], "suspend": True}}, force=False)
    if live is not None and change.kind == CRON and _suspended_by_flowc(live):
        pause(cluster, change.name, True)
    if live is not None and change.kind == TEMPLATE:  # of a CronWorkflow, the controller's writes change the version
        own = {**own, "metadata": {**own["metadata"], "resourceVersion": live["metadata"]["resourceVersion"]}}
    cluster.apply(path, own)


def pause(cluster: Cluster, name: str, paused: bool) -> None:
    """Sets `spec.suspend` under a name of its own, which deploys do not touch."""
    patch = {
        "apiVersion": "argoproj.io/v1alpha1", "kind": CRON, "metadata": {"name": name}, "spec": {"suspend": paused},
    }  # fmt: skip
    cluster.apply(cluster.path(PLURALS[CRON], name), patch, manager=PAUSER)


def deployed(template: Manifest, cron: Manifest | None) -> Deployed:
    """Returns the deployment that the objects are."""
    metadata, spec = template["metadata"], template["spec"]
    annotations = metadata.get("annotations", {})
    schedules = cron["spec"].get("schedules") or [cron["spec"].get("schedule", "")] if cron is not None else []
    zone = cron["spec"].get("timezone", "") if cron is not None else ""
    env = spec.get("templateDefaults", {}).get("container", {}).get("env", [])
    return Deployed(
        metadata["name"], annotations.get("flowc/flow", ""), annotations.get("flowc/code", ""), _mark_of(template),
        next((str(one.get("value", "")) for one in env if one.get("name") == "FLOWC_STORE"), ""),
        _starts(schedules, zone, annotations.get(EVENTS, "")),
        bool(cron is not None and cron["spec"].get("suspend")),
        tuple(
            Parameter(one["name"], "value" not in one, tuple(one.get("enum", ())))
            for one in spec.get("arguments", {}).get("parameters", [])
            if not one["name"].startswith(EVENT_PARAMETER)
        ),
        max((seconds(entry.get("time", "")) for entry in metadata.get("managedFields", [])), default=0.0),
    )  # fmt: skip


def _starts(schedules: Sequence[str], zone: str, events: str) -> str:
    """Returns what starts runs, in words: `0 6 * * * UTC`, `on data.ready`."""
    fires = " and ".join(schedules) + (f" {zone}" if schedules and zone else "")
    return ", ".join(part for part in (fires, f"on {events}" if events else "") if part)


def seconds(text: str | None) -> float:
    """Returns the time of Kubernetes' text in seconds since 1970; 0 if there is none."""
    if not text:
        return 0.0
    from datetime import datetime, timezone

    return datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc).timestamp()


def _mark_of(live: Manifest) -> str:
    """Returns the records of the deployment that the object is part of, or ""."""
    return str(live["metadata"].get("annotations", {}).get(RECORDS, ""))


def _owner(live: Manifest, records: str) -> str:
    """Returns who owns the object, or "" for this deployment."""
    mark = _mark_of(live)
    if mark == records:
        return ""
    if mark:
        return f"the deployment with its records in {mark}"
    managers = sorted(
        {entry["manager"] for entry in live["metadata"].get("managedFields", []) if "manager" in entry} - {MANAGER}
    )
    return f"somebody who wrote it with {' and '.join(managers)}" if managers else "somebody else"


def _shown(live: Manifest) -> Manifest:
    """Returns the object without what the server and the controller add."""
    metadata = {key: value for key, value in live["metadata"].items() if key not in _OF_SERVER}
    return {**{key: value for key, value in live.items() if key != "status"}, "metadata": metadata}


def _drift(live: Manifest, earlier: Manifest | None) -> list[Drift]:
    """Returns what others have changed of the fields that the last deployment wrote."""
    if earlier is None:
        return []
    return [Drift(field.path, field.before, field.after, *_changer(live, field)) for field in deviations(earlier, live)]


def _changer(live: Manifest, field: Field) -> tuple[str, str]:
    """Returns who changed the field, and when, from the fields that the server keeps for each writer."""
    keys = [f"f:{part}" for part in field.path.replace("[", ".").replace("]", "").split(".")]
    best, depth = ("", ""), 0
    for entry in live["metadata"].get("managedFields", []):
        if entry.get("manager") == MANAGER and entry.get("operation") == "Apply":
            continue
        node, at = entry.get("fieldsV1", {}), 0
        while at < len(keys) and keys[at] in node:
            node, at = node[keys[at]], at + 1
        # it owns the field itself, or a whole list or map around it
        if at > depth and (at == len(keys) or not node):
            best, depth = (str(entry.get("manager", "")), str(entry.get("time", ""))), at
    return best


def _suspended_by_flowc(live: Manifest) -> bool:
    """Returns True if the object is suspended, and only by the field manager of deploys, which is about to let go."""
    if live.get("spec", {}).get("suspend") is not True:
        return False
    owners = [
        entry["manager"]
        for entry in live["metadata"].get("managedFields", [])
        if "f:suspend" in entry.get("fieldsV1", {}).get("f:spec", {})
    ]
    return bool(owners) and set(owners) == {MANAGER}


def _keep(own: Manifest, path: str) -> None:
    """Takes the field out of what is written, so that its value stays. Raises EngineError for a part of a list."""
    if "[" in path:
        message = f"{own['kind']} {path} cannot stay as it is: it is part of a list, which a deploy writes as a whole"
        raise EngineError(message, "change the flow or the options accordingly, or leave out `--keep-drift`")
    keys = path.split(".")
    node: Any = own
    for key in keys[:-1]:
        node[key] = dict(node.get(key) or {})
        node = node[key]
    node.pop(keys[-1], None)
