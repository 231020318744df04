"""What Argo gets of a spec: a WorkflowTemplate and a CronWorkflow. `kubectl apply` leaves both when a later spec has none."""

from __future__ import annotations

from flowc.compiler.options.schedules import schedule_of
from flowc.targets.target import Deployment

from .names import object_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.ir.nodes import Flow
    from flowc.targets.target import Options

SPEC, KUSTOMIZE = ".argo.yaml", ".kustomizeconfig.yaml"  # what the files' names end in


def deployment(flow: Flow, options: Options) -> Deployment:
    """Returns what `emit` calls the objects and the file. Where the spec says a namespace, an item is `KIND NAMESPACE/NAME`."""
    name = options.name or object_name(options.deployment or flow.name)
    kinds = ("workflowtemplate",) if schedule_of(flow) is None else ("cronworkflow", "workflowtemplate")
    place = f"{options.namespace}/" if options.namespace else ""
    return Deployment(name, tuple(f"{kind} {place}{name}" for kind in kinds), (name + SPEC, name + KUSTOMIZE))


def removal(item: str) -> tuple[str, str, str]:
    """Returns what to tell whoever deploys, about an item that the spec no longer has."""
    kind, _, place = item.partition(" ")
    namespace, _, name = place.rpartition("/")
    where = f" -n {namespace}" if namespace else ""
    if (
        kind == "cronworkflow"
    ):  # which is the owner of the runs that it has started (Argo, ConvertCronWorkflowToWorkflow)
        why = "`kubectl apply` leaves its CronWorkflow in the cluster, which goes on starting runs"
        how = f"where it was deployed, run `kubectl delete cronworkflow {name}{where} --cascade=orphan`, which keeps its runs"
        return f"the schedule of `{place}` is no longer in the spec", why, how
    why = "`kubectl apply` leaves it in the cluster, where it can still be started"
    how = f"where it was deployed, run `kubectl delete workflowtemplate {name}{where}`"
    return f"the WorkflowTemplate `{place}` is no longer in the spec", why, how
