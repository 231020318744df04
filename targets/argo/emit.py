"""The target `argo`: a WorkflowTemplate and, for a flow with @schedule, the CronWorkflow that starts it, in one file.

With `--kustomize yes`, a second file tells Kustomize which of their fields hold names and images.
"""

from __future__ import annotations

from flowc.compiler.ir.scopes import is_loop
from flowc.compiler.options.schedules import schedule_of
from flowc.compiler.rules.kubernetes_names import is_label
from flowc.targets.shared.container import LIMITS, REQUESTS, command, init_container, mount, prerequisite, volume
from flowc.targets.shared.provenance import compiled_with
from flowc.targets.target import Option, SpecFile
from flowc.templates.render import render

from .dags import Dags, chunked, sizes, visits, with_path
from .deployment import KUSTOMIZE, SPEC
from .names import ALL, ANY, FLOW, TRIGGERS, object_name
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

    from .events import Awaited

# A workflow's name is unique only in its namespace and cluster, and only while it exists. Part of the uid tells two
# workflows of one name apart.
RUN = "{{workflow.name}}-{{=sprig.trunc(6, workflow.uid)}}"
OWNER = "argo:{{workflow.namespace}}/{{workflow.name}}:{{workflow.uid}}"
# Bytes. A Workflow holds a copy of the template, and must fit into etcd's 1.5 MB together with its status (Argo,
# "Offloading large workflows").
MAX_OBJECT = 1024 * 1024
RUNS, STEPS = "runs", "steps"  # what `--announce` says (runtime_shim/task/announce.py)
SMALL = 100  # a flow with no more steps is never too big: a step has two templates at most
MAX_ANNOTATION = 256 * 1024  # bytes of all annotations of an object (Kubernetes, `TotalAnnotationSizeLimitB`)


def _written(resources: dict[str, str]) -> str:
    return ",".join(f"{name}={amount}" for name, amount in resources.items())


OPTIONS: tuple[Option, ...] = (
    Option("service-account", "service account of the pods (default: that of the namespace)"),
    Option(
        "env-secret",
        "a Secret whose keys become environment variables of every task, such as the datastore's credentials",
    ),
    Option("max-workers", "how many tasks of a run may run at a time; 0 for no limit", "100"),
    Option("workflow-timeout", "seconds after which Argo stops a run"),
    Option(
        "max-visits",
        "how many visits a loop may have, each in a pod of its own; 0 for no limit (default: all share a pod)",
    ),
    Option(
        "schedule-concurrency", "what happens when a scheduled run is due and the last one has not ended", "Allow",
        ("Allow", "Forbid", "Replace"),
    ),
    Option(
        "schedule-deadline", "how many seconds late a missed run is still started, as after an update of Argo", "3540"
    ),
    Option(
        "schedule-history",
        "how many ended runs of the schedule Argo keeps, of succeeded and of failed ones each", "100",
    ),
    Option(
        "schedule-suspended", "whether the schedule starts suspended, until somebody resumes it", "no",
        ("no", "yes"),
    ),
    Option(
        "kustomize", "whether to write NAME.kustomizeconfig.yaml, which Kustomize needs for names and images", "no",
        ("no", "yes"),
    ),
    Option("event-source", "the EventSource of Argo Events at which events for flows arrive", "argo-events-webhook"),
    Option("event-name", "the event of that EventSource", "metaflow-event"),
    Option("event-bus", "the EventBus that the EventSource sends to", "default"),
    Option("event-account", "service account of the Sensor's pod, which must be allowed to create Workflows"),
    Option(
        "event-namespace", "namespace of the EventSource, the EventBus and the Sensor (default: that of the flow)"
    ),
    Option("event-condition", "whether all of a flow's events start a run together, or any of them", ALL, (ALL, ANY)),
    Option("event-webhook", "URL of the EventSource; tasks send their events to it, and say that runs have ended"),
    Option(
        "announce", "what is said at `--event-webhook`: that a run has succeeded, or a step, too", RUNS,
        (RUNS, STEPS, "nothing"),
    ),
    Option("helper-requests", "resources that the init container of each pod requests", _written(REQUESTS)),
    Option(
        "helper-limits",
        "limits of that init container; with qos=\"guaranteed\", it and Argo's own containers request them too",
        _written(LIMITS),
    ),
)  # fmt: skip


def check(flow: Flow, options: Options) -> Iterator[Diagnostic]:
    """Yields a diagnostic for each part of the flow that this target cannot run.

    Codes: FLOW501 to FLOW505, FLOW510 to FLOW519, FLOW554, FLOW555, FLOW557.
    """
    yield from refusals(flow, options)


def needs_containers(flow: Flow, options: Options) -> Iterator[tuple[str, str]]:
    """Yields each step whose loop, or the items of whose foreach, must share containers, and the reason."""
    if options.widths or any(is_loop(step) for step in flow.steps):
        from .status import needs_containers as needs

        yield from needs(flow, options)


def check_spec(flow: Flow, options: Options, spec: Emitted) -> Iterator[Diagnostic]:
    """Yields FLOW518, FLOW551 or FLOW556 if the WorkflowTemplate is too big for Kubernetes, Argo 4 or `kubectl`."""
    if len(flow.steps) <= SMALL:
        return
    from flowc.compiler.ir.scopes import scopes
    from flowc.compiler.report.diagnostics import WARNING, Diagnostic

    from .rules.custom_resources import MAX_TASKS, MAX_TEMPLATES

    size = len(spec()[0].text.encode()) if len(flow.steps) > 150 else 0
    how = "split it into several flows, or do more work in each step"
    if size > MAX_OBJECT:
        what = f"the WorkflowTemplate of flow `{flow.name}` would be too big: {size} bytes"
        yield Diagnostic(
            "FLOW518",
            what,
            flow.span,
            f"each run holds a copy of it, and Kubernetes stores objects of at most about {MAX_OBJECT} bytes",
            how,
        )
        return
    if size > MAX_ANNOTATION:
        what = f"the WorkflowTemplate of flow `{flow.name}` may be too big for `kubectl apply`: about {size} bytes"
        why = (
            f"`kubectl apply` keeps a copy of the object in its annotations, which hold at most {MAX_ANNOTATION} bytes"
        )
        yield Diagnostic("FLOW556", what, flow.span, why, "apply it with `kubectl apply --server-side`", WARNING)
    dags = sizes(scopes(flow), flow.by_name)
    templates, tasks = len(flow.steps) + len(dags), max(dags)
    if templates > MAX_TEMPLATES or tasks > MAX_TASKS:
        counts = f"{templates} templates, and up to {tasks} tasks in a DAG"
        what = f"the WorkflowTemplate of flow `{flow.name}` would have {counts}"
        why = f"Argo 4 accepts at most {MAX_TEMPLATES} templates and {MAX_TASKS} tasks; Argo 3.7 accepts more"
        yield Diagnostic("FLOW551", what, flow.span, why, how, WARNING)


def prerequisites(options: Options) -> Iterator[str]:
    """Yields a sentence for each thing that must be in place before a run."""
    yield prerequisite(options)


def emit(flow: Flow, scope: Scope, options: Options) -> tuple[SpecFile, ...]:
    """Returns `NAME.argo.yaml`, and `NAME.kustomizeconfig.yaml` with `--kustomize yes`."""
    name = options.name or object_name(options.deployment or flow.name)
    inject = options.runtime == "inject"
    steps = flow.by_name
    paths = with_path(scope, steps)
    most = visits(scope, steps, options.own("max-visits"))
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/managed-by": "flowc"}
    if is_label(flow.name):
        labels["flowc.dev/flow"] = flow.name
    env = [
        ("FLOWC_STORE", options.store), ("FLOWC_FLOW", flow.name), ("FLOWC_RUN", RUN), ("FLOWC_OWNER", OWNER),
        ("FLOWC_CODE", options.code),
        ("FLOWC_TARGET", NAME),
    ]  # fmt: skip
    if options.own("event-webhook"):
        env.append(("METAFLOW_ARGO_EVENTS_WEBHOOK_URL", options.own("event-webhook")))
        if options.own("announce") in (RUNS, STEPS):
            env.append(("FLOWC_ANNOUNCE", options.own("announce")))
    exit_handler = None
    if any(decorator.name == "exit_hook" for decorator in flow.decorators):
        from .exit_hooks import hooks

        exit_handler = hooks(flow, options)
    given = [argument(parameter) for parameter in flow.parameters]
    events: tuple[Awaited, ...] = ()
    about: dict[str, str] = {}
    if any(decorator.name in TRIGGERS for decorator in flow.decorators):
        from .events import annotations_of, arguments, awaited

        events = awaited(flow) or ()
        given += arguments(events)
        about = annotations_of(events, options)
    text = render(
        "argo/workflow_template.yaml",
        name=name, labels=labels, namespace=options.namespace, flow=flow.name, code=options.code, description=flow.doc,
        inputs="; ".join(compiled_with(flow)), annotations=about, entrypoint=FLOW,
        arguments=given,
        workers=int(options.own("max-workers") or 0), timeout=int(options.own("workflow-timeout") or 0),
        service_account=options.own("service-account"), secret=options.own("env-secret"), image=options.image,
        command=command(options), env=env,
        init=init_container(options, amounts(options.own("helper-requests")), amounts(options.own("helper-limits")))
        if inject
        else None,
        volume=volume(), mount=mount(), dags=Dags(flow, chunked(options)).flow(scope),
        pods=[
            pod_template(step, flow, options, step.name in paths, most.get(step.name, 0), len(events))
            for step in flow.steps
        ] + ([exit_handler[1]] if exit_handler else []),
        exit=exit_handler[0] if exit_handler else None,
    )  # fmt: skip
    schedule = schedule_of(flow)
    if schedule is not None:
        from flowc.compiler.rules.cron import five_fields

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
    if events:
        from .events import sensor

        defaults = {parameter.name: each["value"] for parameter, each in zip(flow.parameters, given)}
        text += render("argo/sensor.yaml", **sensor(name, flow, events, options, defaults, labels))
    spec: tuple[SpecFile, ...] = (SpecFile(f"{name}{SPEC}", text),)
    if options.own("kustomize") == "yes":
        spec += (SpecFile(f"{name}{KUSTOMIZE}", render("argo/kustomizeconfig.yaml")),)
    return spec
