"""The target `step-functions`: a state machine, job definitions, a role's policy and, with @schedule, a schedule."""

from __future__ import annotations

from flowc.compiler.ir.nodes import Foreach, Switch
from flowc.compiler.options.schedules import schedule_of
from flowc.targets.shared.inside import comment
from flowc.targets.shared.provenance import compiled_with
from flowc.targets.target import Option, SpecFile
from flowc.templates.render import render

from .compute import compute_of
from .history import rooms
from .jobs import Jobs
from .map_modes import distributed, known
from .names import definition_prefix, machine_name, schedule_name
from .refuse import HONOURED as HONOURED
from .refuse import NAME as NAME
from .refuse import refusals
from .states import Machine
from .storage import Store, results_prefix, runs_prefix, store_of
from .wide_foreaches import check as check_widths
from .wide_foreaches import needs_containers as needs_containers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any, TypeAlias

    from flowc.compiler.ir.nodes import Flow, Scope
    from flowc.compiler.report.diagnostics import Diagnostic
    from flowc.targets.target import Emitted, Options

    from .compute import Compute

    Computes: TypeAlias = Mapping[str, Compute]  # by step

MAX_MACHINE = 1024 * 1024  # bytes of a definition (AWS Step Functions, quotas)

OPTIONS: tuple[Option, ...] = (
    Option("job-queue", "Batch job queue, for steps that name none", "flowc"),
    Option("job-role", "ARN of the role that jobs run as, for steps that name none (default: that of the instance)"),
    Option("execution-role", "ARN of the role that ECS starts jobs with, for steps that name none"),
    Option(
        "max-workers",
        "how many tasks of one foreach run at a time, inline at most 40; 0 for as many as possible", "100",
    ),
    Option(
        "map",
        "how a foreach runs: inline, for up to about 2000 tasks in a run; distributed; or auto, by its width if known. "
        "STEP=distributed chooses for the foreach of one step",
        "auto",
    ),
    Option("workflow-timeout", "seconds after which Step Functions stops a run"),
    Option("region", "AWS region of the datastore, for jobs on instances whose region is not set"),
    Option("partition", "AWS partition", "aws", ("aws", "aws-cn", "aws-us-gov")),
)  # fmt: skip


def check(flow: Flow, options: Options) -> Iterator[Diagnostic]:
    """Yields a diagnostic for each part of the flow that this target cannot run.

    Codes: FLOW501 to FLOW504, FLOW520 to FLOW529, FLOW560 to FLOW562.
    """
    from flowc.compiler.report.diagnostics import has_errors

    diagnostics = list(refusals(flow, options))
    if not has_errors(diagnostics):
        diagnostics += check_widths(flow, options)
    yield from diagnostics


def check_spec(flow: Flow, options: Options, spec: Emitted) -> Iterator[Diagnostic]:
    """Yields FLOW524 for a state machine that is too big."""
    from flowc.compiler.report.diagnostics import Diagnostic

    # Emitting takes time. It is done only if this estimate, high enough for long names, does not rule the error out.
    if sum(700 + 8 * len(step.name) + len(step.doc) for step in flow.steps) + len(flow.doc) <= MAX_MACHINE:
        return
    size = len(spec()[0].text.encode())
    if size > MAX_MACHINE:
        what = f"the state machine of flow `{flow.name}` would be too big: {size} bytes"
        why = f"Step Functions accepts definitions of at most {MAX_MACHINE} bytes"
        yield Diagnostic("FLOW524", what, flow.span, why, "split it into several flows, or do more work in each step")


def emit(flow: Flow, scope: Scope, options: Options) -> tuple[SpecFile, ...]:
    """Returns `NAME.asl.json`, `NAME.batch.json`, `NAME.policy.json` and, with @schedule, `NAME.schedule.json`."""
    store = store_of(options.store)
    if store is None:
        raise ValueError(f"the datastore {options.store!r} is not in S3")
    name = options.name or machine_name(options.deployment or flow.name)
    computes = {step.name: compute_of(step, options) for step in flow.steps}
    definitions, jobs = _jobs(flow, scope, options, name, store, computes)
    files = [
        SpecFile(f"{name}.asl.json", _machine(flow, scope, options, name, store, definitions, computes)),
        SpecFile(f"{name}.batch.json", jobs),
        SpecFile(f"{name}.policy.json", _policy(flow, scope, options, name, store, computes)),
    ]
    schedule = schedule_of(flow)
    if schedule is not None:
        from flowc.compiler.rules.cron import six_fields

        text = render(
            "step_functions/schedule.json", name=schedule_name(name), description=f"Runs of flow {flow.name}",
            expression=f"cron({six_fields(schedule.cron)})", timezone=schedule.timezone,
        )  # fmt: skip
        files.append(SpecFile(f"{name}.schedule.json", text))
    return tuple(files)


def _machine(
    flow: Flow, scope: Scope, options: Options, name: str, store: Store, definitions: dict[str, str],
    computes: Computes,
) -> str:  # fmt: skip
    queues = {step: compute.queue for step, compute in computes.items()}
    machine = Machine(
        flow, name, store, flow.by_name, definitions, queues, options.own("partition"),
        distributed(known(flow, scope, options)), int(options.own("max-workers") or 0),
        {step.name: comment(step, options) for step in flow.steps},
    )  # fmt: skip
    data = machine.data(scope)
    timeout = int(options.own("workflow-timeout") or 0)
    about = "\n".join([flow.doc or f"Flow {flow.name}", *(f"Compiled with {item}" for item in compiled_with(flow))])
    text = render("step_functions/machine.asl.json", comment=about, timeout=timeout, **data)
    return text if len(text.encode()) <= MAX_MACHINE else _compact(text)


def _compact(text: str) -> str:
    import json

    return json.dumps(json.loads(text), separators=(",", ":")) + "\n"


def _jobs(
    flow: Flow, scope: Scope, options: Options, name: str, store: Store, computes: Computes
) -> tuple[dict[str, str], str]:  # fmt: skip
    """Returns the name of each step's job definition, and the text of all definitions."""
    if options.runtime == "inject":
        shim, runtime = ("-c", _bootstrap()), runtime_url(store, options.runtime_image)
    else:
        shim, runtime = ("-m", "flowc.runtime_shim"), ""
    foreaches = known(flow, scope, options)
    of_foreaches = rooms(scope, foreaches.steps, distributed(foreaches))
    jobs = Jobs(flow, name, store, options, of_foreaches, shim, runtime)
    return jobs.definitions(computes)


def prerequisites(options: Options) -> Iterator[str]:
    """Yields a sentence for each thing that must be in place before a run."""
    store = store_of(options.store)
    if options.runtime == "inject" and store is not None:
        url = runtime_url(store, options.runtime_image)
        yield f"the shim must be at {url} (`python -m flowc.runtime_bundle shim.zip` writes it)"
    else:
        yield "the steps' images must have flowc installed"


def runtime_url(store: Store, image: str) -> str:
    """Returns the URL of the shim in the datastore: an archive of the same version as the image of other targets."""
    version = (
        image.rpartition("/")[2].partition("@")[2].rpartition(":")[2]
        or image.rpartition("/")[2].partition(":")[2]
        or "latest"
    )
    return f"{store.url}/runtime/flowc-runtime-{version}.zip"


def _bootstrap() -> str:
    """Returns the text of `bootstrap.py` without its docstring."""
    import os

    with open(os.path.join(os.path.dirname(__file__), "bootstrap.py"), encoding="utf-8") as file:
        text = file.read()
    return text[text.index("\nimport ") + 1 :]


def _policy(flow: Flow, scope: Scope, options: Options, name: str, store: Store, computes: Computes) -> str:
    aws = f"arn:{options.own('partition')}"
    queues = dict.fromkeys(compute.queue for compute in computes.values())
    region, account = _home(queues, options)
    batch, states = f"{aws}:batch:{region}:{account}", f"{aws}:states:{region}:{account}"
    objects = f"{aws}:s3:::{store.bucket}/{runs_prefix(store, flow.name)}*"
    loops = any(isinstance(step.transition, Foreach) for step in flow.steps)
    reports = [f"{objects}.paths.json"] * loops + [f"{objects}.outcome.json"] * any(
        isinstance(step.transition, Switch) for step in flow.steps
    )
    has_executions = bool(distributed(known(flow, scope, options)))
    data: dict[str, Any] = {
        "jobs": [f"{batch}:job-definition/{definition_prefix(name)}*"]
        + [queue if queue.startswith("arn:") else f"{batch}:job-queue/{queue}" for queue in queues],
        "submitted": f"{batch}:job/*",
        "reports": reports,
        "results": f"{aws}:s3:::{store.bucket}/{results_prefix(store, flow.name)}/*",
        "rule": f"{aws}:events:{region}:{account}:rule/StepFunctionsGetEventsForBatchJobsRule",
        "machine": f"{states}:stateMachine:{name}" if has_executions else None,
        "items": [f"{states}:execution:{name}:*", f"{states}:execution:{name}/*:*"] if has_executions else None,
    }
    return render("step_functions/policy.json", **data)


def _home(queues: Iterable[str], options: Options) -> tuple[str, str]:
    """Returns the region and account of the machine's jobs, from the ARNs of its queues; "*" if unknown."""
    parts = {tuple(queue.split(":")[3:5]) for queue in queues if queue.startswith("arn:") and queue.count(":") >= 5}
    if len(parts) == 1:
        region, account = parts.pop()
        return region or options.own("region") or "*", account or "*"
    return options.own("region") or "*", "*"
