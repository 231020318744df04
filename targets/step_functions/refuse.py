"""Refusals of the target `step-functions`: FLOW520 to FLOW529, and FLOW560.

Those that all targets share are in `shared/refusals.py`; those of wide foreaches, FLOW561 and FLOW562, in
`wide_foreaches.py`.
"""

from __future__ import annotations

from flowc.compiler.decorators import batch
from flowc.compiler.decorators.decorator import record_of
from flowc.compiler.ir.nodes import Foreach
from flowc.compiler.options.schedules import schedule_of
from flowc.compiler.report.diagnostics import WARNING, Diagnostic
from flowc.runtime_shim.contract.semantics import DEFAULT_PAUSE
from flowc.targets.shared.inside import inside
from flowc.targets.shared.refusals import unsupported, unsupported_attributes
from flowc.targets.shared.step_settings import decorator_of, pause, variables

from .compute import REFUSED
from .jobs import MAX_ATTEMPTS, attempts
from .map_modes import BadMap, map_option
from .names import is_machine_name
from .rules.job_definitions import role_problem
from .storage import store_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Flow, Step
    from flowc.targets.target import Options

NAME = "step-functions"
HONOURED = frozenset(
    {"batch", "card", "catch", "environment", "kubernetes", "project", "resources", "retry", "schedule", "timeout"}
)
MAX_DEFINITION = 24 * 1024  # bytes of a job definition (AWS Batch, service quotas)
_WHY_ARN = "Batch accepts a role only by its ARN, and would refuse the job definition"
_HOW_ARN = "write the whole ARN, as in `arn:aws:iam::123456789012:role/NAME`"
_ROOM = 6 * 1024  # bytes of the definition that are kept for all but environment variables


def refusals(flow: Flow, options: Options) -> Iterator[Diagnostic]:
    """Yields a diagnostic for each part of the flow that this target cannot run, and for each invalid option."""
    yield from _options(options)
    yield from _map(flow, options)
    yield from unsupported(flow, NAME, HONOURED, options)
    yield from _schedule(flow)
    shared = {name for step, one in options.containers if inside(step, options) for name in one.steps}
    for step in flow.steps:
        for decorator in step.decorators:
            yield from _decorator(decorator, step, step.name in shared)
        yield from _environment(step)
        yield from _size(step, options)


def _options(options: Options) -> Iterator[Diagnostic]:
    if options.store and store_of(options.store) is None:
        what = f"the datastore `{options.store}` is not in S3"
        yield Diagnostic(
            "FLOW520", what, None, "jobs of AWS Batch share no other storage", "give `--store s3://BUCKET/PREFIX`"
        )
    if options.name and not is_machine_name(options.name):
        what = f"`{options.name}` is not a valid state machine name"
        yield Diagnostic(
            "FLOW521", what, None, "it must be 1 to 80 letters, digits, `-` and `_`", "choose a different `--name`"
        )
    for name, least in (("max-workers", 0), ("workflow-timeout", 1)):
        text = options.own(name)
        if text and not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= 99999999):
            yield Diagnostic(
                "FLOW522",
                f"invalid value: `--{name} {text}`",
                None,
                f"it must be a whole number from {least} to 99999999",
                "give a whole number",
            )
    for name in ("job-role", "execution-role"):
        if options.own(name) and role_problem(options.own(name)):
            what = f"`--{name} {options.own(name)}` is not the ARN of a role"
            yield Diagnostic("FLOW525", what, None, _WHY_ARN, _HOW_ARN)


def _map(flow: Flow, options: Options) -> Iterator[Diagnostic]:
    text = options.own("map")
    foreaches = [step.name for step in flow.steps if isinstance(step.transition, Foreach)]
    try:
        held = {step for _, container in options.containers for step in container.steps}
        unknown = [step for step in map_option(text).of_step if step not in foreaches and step not in held]
        why = f"step `{unknown[0]}` has no foreach" if unknown else ""
    except BadMap as error:
        why = str(error)
    if why:
        how = "give `auto`, `inline` or `distributed`, also for one foreach, as in `--map inline,STEP=distributed`"
        yield Diagnostic("FLOW522", f"invalid value: `--map {text}`", None, why, how)


def _schedule(flow: Flow) -> Iterator[Diagnostic]:
    schedule = schedule_of(flow)
    if schedule is None:
        return
    span = next(decorator.span for decorator in flow.decorators if decorator.name == "schedule")
    from flowc.compiler.rules.cron import BadCron, six_fields

    try:
        six_fields(schedule.cron)
    except BadCron as error:
        yield Diagnostic(
            "FLOW523",
            "EventBridge cannot express this schedule",
            span,
            str(error),
            "write a schedule that leaves one of them as `*`",
        )


def _decorator(decorator: Decorator, step: Step, is_shared: bool) -> Iterator[Diagnostic]:
    """Yields diagnostics of a decorator. `is_shared`: the step's tasks share a job, which waits between attempts."""
    # Of a step that has both, this target reads @batch.
    both = decorator.name == "kubernetes" and decorator_of(step, "batch") is not None
    if decorator.name in REFUSED and not both:
        yield from unsupported_attributes(decorator, step.name, NAME, REFUSED[decorator.name])
    if decorator.name == "batch":
        job = batch.read(decorator)
        for name, value in (("iam_role", job.iam_role), ("execution_role", job.execution_role)):
            if value and role_problem(value):
                what = f"`{name}` of step `{step.name}` is `{value}`, which is not the ARN of a role"
                yield Diagnostic("FLOW525", what, decorator.span, _WHY_ARN, _HOW_ARN)
    if decorator.name in ("batch", "kubernetes", "resources") and not both:
        cpu = record_of(decorator).cpu
        if cpu is not None and cpu > 0 and cpu != int(cpu):
            what = f"step `{step.name}` asks for {cpu:g} CPUs, but gets {-int(-cpu // 1)}"
            why = "Batch on EC2 gives a job whole vCPUs only"
            yield Diagnostic(
                "FLOW560", what, decorator.span, why, "ask for a whole number, or leave out `cpu` to get 1", WARNING
            )
    if decorator.name == "retry":
        if attempts(step) > MAX_ATTEMPTS:
            what = f"step `{step.name}` would need {attempts(step)} attempts"
            yield Diagnostic(
                "FLOW526", what, decorator.span, f"Batch makes at most {MAX_ATTEMPTS}", "use a smaller `times`"
            )
        if pause(step) not in (0, DEFAULT_PAUSE) and attempts(step) > 1 and not is_shared:
            what = f"`minutes_between_retries` of step `{step.name}` has no effect on this target"
            why = "Batch runs a failed job again at once, as Metaflow does there"
            yield Diagnostic("FLOW527", what, decorator.span, why, "wait in the step itself, or remove it", WARNING)


def _environment(step: Step) -> Iterator[Diagnostic]:
    decorator = decorator_of(step, "environment")
    if decorator is None:
        return
    values = variables(step)
    for name in values:
        if name.startswith("AWS_BATCH"):
            what = f"step `{step.name}` cannot set the environment variable `{name}`"
            yield Diagnostic(
                "FLOW528",
                what,
                decorator.span,
                "Batch reserves names that begin with `AWS_BATCH`",
                "choose a different name",
            )


def _size(step: Step, options: Options) -> Iterator[Diagnostic]:
    """Yields FLOW529 if the step's variables, and the names of the steps in its job, take too many bytes."""
    decorator, container = decorator_of(step, "environment"), options.container_of(step.name)
    size = sum(
        len(name.encode("utf-8", "replace")) + len(value.encode("utf-8", "replace")) + 24
        for name, value in variables(step).items()
    )
    names = len(",".join(container.steps).encode()) if container is not None and len(container.steps) > 1 else 0
    room = MAX_DEFINITION - _ROOM
    if size + names <= room:
        return
    why = f"a Batch job definition has at most {MAX_DEFINITION} bytes, of which {room} are left for it"
    if names <= size and decorator is not None:
        what = f"the environment of step `{step.name}` is too big: {size} bytes"
        how = "read big values from one of the flow's files, or from the datastore"
        yield Diagnostic("FLOW529", what, decorator.span, why, how)
    elif container is not None:
        count = len(container.steps)
        what = f"the list of the {count} steps that share a job with step `{step.name}` is too big: {names} bytes"
        how = "divide them into several jobs: set `fuse = false` for some of them (`[tool.flowc.optimize.steps.NAME]`)"
        yield Diagnostic("FLOW529", what, step.span, why, how)
