"""The deployment of a spec on Argo: a WorkflowTemplate, a CronWorkflow and a Sensor.

`kubectl apply` leaves them in the cluster when a later spec lacks them.
"""

from __future__ import annotations

from flowc.compiler.options.schedules import schedule_of
from flowc.targets.target import Deployment

from .names import TRIGGERS, object_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.ir.nodes import Flow
    from flowc.targets.target import Options

SPEC, KUSTOMIZE = ".argo.yaml", ".kustomizeconfig.yaml"  # suffixes of the file names


def deployment(flow: Flow, options: Options) -> Deployment:
    """Returns the names that `emit` gives to the objects and files.

    An item is `KIND NAME`, or `KIND NAMESPACE/NAME` if the spec names a namespace.
    """
    name = options.name or object_name(options.deployment or flow.name)
    place = f"{options.namespace}/" if options.namespace else ""
    items = [f"cronworkflow {place}{name}"] if schedule_of(flow) is not None else []
    if any(decorator.name in TRIGGERS for decorator in flow.decorators):
        namespace = options.own("event-namespace")
        items.append(f"sensor {f'{namespace}/' if namespace else place}{name}")
    return Deployment(name, (*items, f"workflowtemplate {place}{name}"), (name + SPEC, name + KUSTOMIZE))


def removal(item: str) -> tuple[str, str, str]:
    """Returns what, why and how, for an item that the spec no longer has."""
    kind, _, place = item.partition(" ")
    namespace, _, name = place.rpartition("/")
    where = f" -n {namespace}" if namespace else ""
    if kind == "cronworkflow":
        # A CronWorkflow owns the runs that it has started (Argo, ConvertCronWorkflowToWorkflow).
        command = f"kubectl delete cronworkflow {name}{where} --cascade=orphan"
        why = "`kubectl apply` leaves its CronWorkflow in the cluster, which goes on starting runs"
        how = f"where it was deployed, run `{command}`, which keeps its runs"
        return f"the schedule of `{place}` is no longer in the spec", why, how
    if kind == "sensor":
        how = f"where it was deployed, run `kubectl delete sensor {name}{where}`"
        why = "`kubectl apply` leaves its Sensor in the cluster, which goes on starting runs"
        return f"the Sensor `{place}` is no longer in the spec", why, how
    why = "`kubectl apply` leaves it in the cluster, where it can still be started"
    how = f"where it was deployed, run `kubectl delete workflowtemplate {name}{where}`"
    return f"the WorkflowTemplate `{place}` is no longer in the spec", why, how
