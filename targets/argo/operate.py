"""What flowc does with Argo itself: the API server of a cluster, through Kubernetes' client (`operating.py`)."""

from __future__ import annotations

from flowc.targets.operating import EngineError, Setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flowc.targets.operating import Change, Deployed, Engine, EngineRun, EngineTask, Finding, Start, Wanted
    from flowc.targets.target import SpecFile

    from .cluster import Cluster

SETTINGS = (
    Setting("kube-context", "the cluster: a context of the kubeconfig (default: its current context)"),
    Setting("kubeconfig", "the kubeconfig (default: KUBECONFIG, else ~/.kube/config, else the pod's account)", "FILE"),
    Setting("cluster", "the uid of the cluster's namespace `kube-system`; another cluster is refused", "UID"),
)
GROUP = "argoproj.io"
_OWN = ("workflowtemplates", "cronworkflows", "sensors")
# What each command needs: (verb, resource, group). docs/deploying.md has roles of these.
_READ = tuple((verb, "workflowtemplates", GROUP) for verb in ("get", "list"))
_READ += tuple((verb, "cronworkflows", GROUP) for verb in ("get", "list"))
_READ += (("get", "sensors", GROUP),)
_RUNS = (("get", "workflows", GROUP), ("list", "workflows", GROUP))
NEEDS = {
    "plan": (*_READ, *_RUNS, *(("patch", resource, GROUP) for resource in _OWN)),
    "deploy": (
        *_READ, *_RUNS,
        *((verb, resource, GROUP) for resource in _OWN
          for verb in ("create", "patch", "delete")),
    ),
    "delete": (*_READ, *_RUNS, *(("delete", resource, GROUP) for resource in _OWN)),
    "pause": (("get", "cronworkflows", GROUP), ("patch", "cronworkflows", GROUP)),
    "trigger": (("get", "workflowtemplates", GROUP), ("get", "workflows", GROUP), ("create", "workflows", GROUP),
                ("patch", "workflows", GROUP), ("delete", "workflows", GROUP)),
    "status": _RUNS,
    "logs": (*_RUNS, ("list", "pods", ""), ("get", "pods/log", "")),
    "terminate": (*_RUNS, ("patch", "workflows", GROUP)),
}  # fmt: skip


def connect(settings: Mapping[str, str]) -> Engine:
    """Returns Argo in the cluster and namespace of the settings. Raises EngineError."""
    from .cluster import Cluster

    cluster = Cluster(settings)
    uid = ""
    if settings.get("cluster"):
        uid = str((cluster.get("/api/v1/namespaces/kube-system") or {}).get("metadata", {}).get("uid", ""))
        if uid != settings["cluster"]:
            message = f"the kubeconfig's context `{cluster.context}` is of a different cluster: {uid or 'unknown'}"
            raise EngineError(message, f"the context of flowc is for cluster {settings['cluster']}; name its context")
    return Argo(cluster, uid)


class Argo:
    """Argo in one namespace of one cluster."""

    keeps_runs = True  # a Workflow holds a copy of its template

    def __init__(self, cluster: Cluster, uid: str) -> None:
        self._cluster = cluster
        where = {"cluster": cluster.context, "server": cluster.server, "namespace": cluster.namespace, "uid": uid}
        self.where: Mapping[str, str] = {name: value for name, value in where.items() if value}

    def user(self) -> str:
        return self._cluster.user()

    def missing_permissions(self, verbs: Sequence[str]) -> tuple[str, ...]:
        needed = dict.fromkeys(need for verb in verbs for need in NEEDS[verb])
        return tuple(
            f"{verb} {resource}" for verb, resource, group in needed
            if not self._cluster.allowed(verb, resource, group)
        )  # fmt: skip

    def changes(self, wanted: Wanted, last: Sequence[SpecFile]) -> tuple[Change, ...]:
        from . import objects

        return objects.changes(self._cluster, wanted, last)

    def removal(self, name: str, records: str) -> tuple[Change, ...]:
        from . import objects

        return objects.removal(self._cluster, name, records)

    def apply(self, change: Change) -> None:
        from . import objects

        objects.write(self._cluster, change)

    def settle(self, wanted: Wanted, seconds: float) -> None:
        """Returns at once: `trigger` sees to it that a run has the new template."""

    def deployed(self, name: str) -> Deployed | None:
        from . import objects

        template = self._cluster.get(self._cluster.path("workflowtemplates", name))
        if template is None:
            return None
        try:
            cron = self._cluster.get(self._cluster.path("cronworkflows", name))
        except EngineError:  # whoever may only trigger need not read schedules
            cron = None
        return objects.deployed(template, cron)

    def deployments(self) -> tuple[Deployed, ...]:
        from . import objects

        crons = {
            cron["metadata"]["name"]: cron
            for cron in self._cluster.list(self._cluster.path("cronworkflows"), objects.DEPLOYMENT)
        }
        templates = self._cluster.list(self._cluster.path("workflowtemplates"), objects.DEPLOYMENT)
        return tuple(objects.deployed(template, crons.get(template["metadata"]["name"])) for template in templates)

    def pause(self, name: str, paused: bool) -> bool:
        from . import objects

        cron = self._cluster.get(self._cluster.path("cronworkflows", name))
        if cron is None:
            if self._cluster.get(self._cluster.path("sensors", name)) is not None:
                hint = "deploy the flow without `@trigger`, or delete the deployment"
                raise EngineError(f"`{name}` is started by events, and Argo Events cannot pause a Sensor", hint)
            raise EngineError(f"`{name}` has no schedule", "add `@schedule` to the flow and deploy it")
        if bool(cron["spec"].get("suspend")) == paused:
            return False
        objects.pause(self._cluster, name, paused)
        return True

    def trigger(self, start: Start) -> EngineRun:
        from . import workflows

        return workflows.trigger(self._cluster, start)

    def run(self, name: str) -> EngineRun | None:
        from . import workflows

        return workflows.get(self._cluster, name)

    def runs(self, name: str, under_way: bool = False) -> tuple[EngineRun, ...]:
        from . import workflows

        return workflows.listed(self._cluster, name, under_way)

    def terminate(self, run: EngineRun, graceful: bool) -> bool:
        from . import workflows

        return workflows.terminate(self._cluster, run, graceful)

    def suspend(self, run: EngineRun, suspended: bool) -> bool:
        from . import workflows

        return workflows.suspend(self._cluster, run, suspended)

    def retry(self, run: EngineRun) -> None:
        from . import retry

        retry.retry(self._cluster, run)

    def findings(self, options: Mapping[str, str]) -> Iterator[Finding]:
        from . import findings

        return findings.findings(self._cluster, self.missing_permissions, options)

    def logs(self, run: EngineRun) -> Iterator[tuple[EngineTask, bytes]]:
        from . import workflows

        return workflows.logs(self._cluster, run)
