"""The target `argo`: a WorkflowTemplate and, for a flow with @schedule, the CronWorkflow that starts it, in one file.

Beside it, where it is asked for, is what Kustomize must know of them.
"""

from __future__ import annotations

from flowc.compiler.options.schedules import schedule_of
from flowc.compiler.rules.cron import five_fields
from flowc.compiler.rules.kubernetes_names import is_label
from flowc.targets.shared.container import LIMITS, REQUESTS, command, init_container, mount, prerequisite, volume
from flowc.targets.shared.control_flow import steps_by_name
from flowc.targets.shared.provenance import compiled_with
from flowc.targets.target import Option, SpecFile
from flowc.templates.render import render

from .dags import Dags, visits, with_path
from .deployment import KUSTOMIZE, SPEC
from .names import FLOW, object_name
from .pods import amounts, argument, pod_template
from .refuse import HONOURED as HONOURED
from .refuse import NAME as NAME
from .refuse import refusals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Flow, Scope
    from flowc.compiler.report.diagnostics import Diagnostic
    from flowc.targets.target import Emitted, Options

# A name is a run's only in its namespace and cluster, and as long as it exists: an end of the uid tells two of one name apart.
RUN = "{{workflow.name}}-{{=sprig.trunc(6, workflow.uid)}}"
OWNER = "argo:{{workflow.namespace}}/{{workflow.name}}:{{workflow.uid}}"
MAX_OBJECT = (
    1024 * 1024
)  # bytes; a Workflow holds a copy of the template and must fit into etcd's 1.5 MB with its status (Argo, "Offloading large workflows")
SMALL = 100  # steps of a flow whose spec is not too big: a step has two templates at most
MAX_ANNOTATION = 256 * 1024  # bytes of all annotations of an object (Kubernetes, `TotalAnnotationSizeLimitB`)


def _written(resources: dict[str, str]) -> str:
    return ",".join(f"{name}={amount}" for name, amount in resources.items())


OPTIONS: tuple[Option, ...] = (
    Option("service-account", "service account of the pods (default: that of the namespace)"),
    Option("env-secret", "a Secret whose keys become environment variables of every task, such as the datastore's credentials"),
    Option("max-workers", "how many tasks of a run may run at a time; 0 for any number", "100"),
    Option("workflow-timeout", "seconds after which a run is ended"),
    Option("max-visits", "how many visits a loop may have; 0 for any number (default: as many as Argo's limit of recursion allows)"),
    Option("schedule-concurrency", "what happens when a run of the schedule is due and the last one has not ended", "Allow",
           ("Allow", "Forbid", "Replace")),
    Option("schedule-deadline", "seconds for which a run that was missed, as while Argo was updated, is still started", "3540"),
    Option("schedule-history", "how many ended runs of the schedule are kept, of those that succeeded and of those that failed", "100"),
    Option("schedule-suspended", "whether the schedule waits until somebody resumes it", "no", ("no", "yes")),
    Option("kustomize", "whether to write NAME.kustomizeconfig.yaml, which Kustomize needs for names and images", "no",
           ("no", "yes")),
    Option("helper-requests", "what the init container of each pod requests", _written(REQUESTS)),
    Option("helper-limits", "its limits; with qos=\"guaranteed\" it and Argo's own containers request them too", _written(LIMITS)),
)  # fmt: skip


def check(flow: Flow, options: Options) -> Iterator[Diagnostic]:
    """Yields what this target cannot do of the flow (FLOW501 to FLOW505, FLOW510 to FLOW519, FLOW554, FLOW555)."""
    yield from refusals(flow, options)


def check_spec(flow: Flow, options: Options, spec: Emitted) -> Iterator[Diagnostic]:
    """Yields that the WorkflowTemplate is too big, for Kubernetes, `kubectl` or Argo 4 (FLOW518, FLOW551, FLOW556)."""
    if len(flow.steps) <= SMALL:
        return
    from flowc.compiler.ir.scopes import scopes
    from flowc.compiler.report.diagnostics import WARNING, Diagnostic

    from .rules.custom_resources import MAX_TASKS, MAX_TEMPLATES

    size = len(spec()[0].text.encode()) if len(flow.steps) > 150 else 0
    how = "make several flows of it, or run several pieces of work in one step"
    if size > MAX_OBJECT:
        what = f"the WorkflowTemplate of flow `{flow.name}` would be too big: {size} bytes"
        yield Diagnostic(
            "FLOW518",
            what,
            flow.span,
            f"a run holds a copy of it, and Kubernetes keeps objects of about {MAX_OBJECT} bytes",
            how,
        )
        return
    if size > MAX_ANNOTATION:
        what = f"the WorkflowTemplate of flow `{flow.name}` may be too big for `kubectl apply`: about {size} bytes"
        why = f"it keeps a copy of what it applies in an annotation of at most {MAX_ANNOTATION} bytes"
        yield Diagnostic("FLOW556", what, flow.span, why, "apply it with `kubectl apply --server-side`", WARNING)
    dags = Dags(flow).flow(scopes(flow))
    templates, tasks = len(flow.steps) + len(dags), max(len(dag["tasks"]) for dag in dags)
    if templates > MAX_TEMPLATES or tasks > MAX_TASKS:
        what = f"the WorkflowTemplate of flow `{flow.name}` would have {templates} templates, and up to {tasks} tasks in a DAG"
        why = f"Argo 4 takes at most {MAX_TEMPLATES} templates and {MAX_TASKS} tasks; Argo 3.7 takes more"
        yield Diagnostic("FLOW551", what, flow.span, why, how, WARNING)


def prerequisites(options: Options) -> Iterator[str]:
    """Yields what has to be in place before a run."""
    yield prerequisite(options)


def emit(flow: Flow, scope: Scope, options: Options) -> tuple[SpecFile, ...]:
    """Returns `NAME.argo.yaml`, and `NAME.kustomizeconfig.yaml` with `--kustomize yes`."""
    name = options.name or object_name(options.deployment or flow.name)
    inject = options.runtime == "inject"
    steps = steps_by_name(flow)
    paths = with_path(scope, steps)
    most = visits(scope, steps, options.own("max-visits"))
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/managed-by": "flowc"}
    if is_label(flow.name):
        labels["flowc.dev/flow"] = flow.name
    env = [
        ("FLOWC_STORE", options.store), ("FLOWC_FLOW", flow.name), ("FLOWC_RUN", RUN), ("FLOWC_OWNER", OWNER), ("FLOWC_CODE", options.code),
        ("FLOWC_TARGET", NAME),
    ]  # fmt: skip
    text = render(
        "argo/workflow_template.yaml", name=name, labels=labels, namespace=options.namespace, flow=flow.name, code=options.code, description=flow.doc,
        inputs="; ".join(compiled_with(flow)), entrypoint=FLOW, arguments=[argument(each) for each in flow.parameters],
        workers=int(options.own("max-workers") or 0), timeout=int(options.own("workflow-timeout") or 0),
        service_account=options.own("service-account"), secret=options.own("env-secret"), image=options.image,
        command=command(options), env=env,
        init=init_container(options, amounts(options.own("helper-requests")), amounts(options.own("helper-limits"))) if inject else None,
        volume=volume(), mount=mount(), dags=Dags(flow).flow(scope),
        pods=[pod_template(step, flow, options, step.name in paths, most.get(step.name, 0)) for step in flow.steps],
    )  # fmt: skip
    schedule = schedule_of(flow)
    if schedule is not None:
        text += render(
            "argo/cron_workflow.yaml",
            name=name,
            namespace=options.namespace,
            flow=flow.name,
            cron=five_fields(schedule.cron),
            timezone=schedule.timezone,
            labels=labels,
            concurrency=options.own("schedule-concurrency"),
            deadline=int(options.own("schedule-deadline")),
            history=int(options.own("schedule-history")),
            suspended=options.own("schedule-suspended") == "yes",
        )
    spec: tuple[SpecFile, ...] = (SpecFile(f"{name}{SPEC}", text),)
    if options.own("kustomize") == "yes":
        spec += (SpecFile(f"{name}{KUSTOMIZE}", render("argo/kustomizeconfig.yaml")),)
    return spec
