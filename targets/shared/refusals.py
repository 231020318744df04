"""What every target refuses in the same words: decorators that it would otherwise drop, `num_parallel`, and a schedule that nobody can serve.

A decorator that a target ignored would change what the flow means there, so it is an error until the target honours it. The codes
FLOW501 to FLOW509 are shared and have their wording here; each target has a range of its own for what only it cannot do: Argo FLOW510 to
FLOW519, Step Functions FLOW520 to FLOW529, Airflow FLOW530 to FLOW539 and FLOW570 to FLOW576.
"""

from __future__ import annotations

from flowc.compiler.decorators.decorator import asked, record_of, specification
from flowc.compiler.ir.nodes import Decorator, Flow, Parallel
from flowc.compiler.options.deploy_time_defaults import undeployable
from flowc.compiler.options.schedules import schedule_of
from flowc.compiler.report.diagnostics import WARNING, Diagnostic

from ..target import IMAGE
from .step_settings import decorator_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flowc.compiler.ir.nodes import Step, Value

    from ..target import Options

LEAST_TIMEOUT = 60  # seconds
_DELIVERED = ("pypi", "pypi_base")  # honoured where the step gets its packages from an archive


def unsupported(flow: Flow, target: str, honoured: frozenset[str], options: Options) -> Iterator[Diagnostic]:
    """Yields what no target of these means can do of the flow. Every target's `check` calls this.

    FLOW501 for each decorator of the flow and its steps whose name is not in `honoured`, FLOW502 for each `num_parallel`, FLOW504 for each
    required parameter of a flow with a schedule, FLOW505 (a warning) for each short timeout. `target` is the target's name as on the command line.
    """
    yield from undeployable(flow)
    gangs = set()
    for step in flow.steps:
        if isinstance(step.transition, Parallel):
            gangs.add(step.transition.target)
            yield Diagnostic(
                "FLOW502",
                f"target `{target}` cannot run `num_parallel` yet: step `{step.name}` starts `{step.transition.target}` so",
                step.transition.span,
                "its tasks must run at the same time and know of each other",
                "use `foreach` over a list of that length, if the tasks do not need each other",
            )
    delivered = {step for step, _ in options.packages}
    for decorator in flow.decorators:
        if decorator.name not in honoured and not (decorator.name in _DELIVERED and delivered):
            yield from _refusal(decorator, target, "", all(_image(step, options) for step in flow.steps))
    for step in flow.steps:
        for decorator in step.decorators:
            if decorator.name in _DELIVERED and step.name in delivered:
                continue
            if decorator.name not in honoured and not (
                decorator.name == "parallel" and step.name in gangs
            ):  # said once, by FLOW502
                yield from _refusal(decorator, target, f" of step `{step.name}`", _image(step, options))
        yield from _short_timeout(step)
    if any(decorator.name == "schedule" for decorator in flow.decorators) and schedule_of(flow) is not None:
        for parameter in flow.parameters:
            if parameter.required and not parameter.has_default:
                what = f"parameter `{parameter.name}` is required, but the flow is run by a schedule"
                yield Diagnostic("FLOW504", what, parameter.span, "nobody is there to give it", "give it a default")


def _short_timeout(step: Step) -> Iterator[Diagnostic]:
    """FLOW505: a timeout that Metaflow refuses on compute."""
    decorator = decorator_of(step, "timeout")
    if decorator is not None and 0 < record_of(decorator).seconds < LEAST_TIMEOUT:
        what = f"the timeout of step `{step.name}` is shorter than {LEAST_TIMEOUT} seconds"
        why = "it counts from when the step's code begins, not from the start of its container; Metaflow refuses it on compute"
        how = f"give at least {LEAST_TIMEOUT} seconds, if the flow should run on Metaflow too"
        yield Diagnostic("FLOW505", what, decorator.span, why, how, WARNING)


_LOSSES = {
    "aws_batch_tags": "the step would run as it should, but its jobs would not have the tags by which costs and permissions are looked up"
}


def unsupported_attributes(
    decorator: Decorator, step: str, target: str, refused: Iterable[str]
) -> Iterator[Diagnostic]:
    """Yields FLOW503 for each attribute of the decorator that is in `refused` and asks for something.

    `step` is the name of the step that has the decorator.
    """
    said = asked(decorator)
    for name in refused:
        if name in said:
            yield Diagnostic(
                "FLOW503",
                f"target `{target}` cannot honour `{name}` of `@{decorator.name}` of step `{step}` yet",
                decorator.span,
                _LOSSES.get(name, "leaving it out would change how the step runs"),
                f"remove `{name}`",
            )


def unclear_kubernetes(step: Step, target: str, taken: tuple[str, ...], report: str = "") -> Iterator[Diagnostic]:
    """Yields what a target that makes pods cannot do with the step's `@kubernetes`; `taken` and `report` as in `mounts.py`."""
    from .mounts import misplaced
    from .pods import REFUSED, pod_of

    decorator = decorator_of(step, "kubernetes")
    if decorator is not None:
        yield from unsupported_attributes(decorator, step.name, target, REFUSED)
        for path, why in misplaced(pod_of(step), taken, report):
            what = f"step `{step.name}` cannot have a volume at `{path}`"
            yield Diagnostic("FLOW555", what, decorator.span, why, "mount it somewhere else, such as at `/data`")


def unsaid_schedule(flow: Flow, engine: str, code: str) -> Iterator[Diagnostic]:
    """Yields that the flow's schedule cannot be said to an engine that knows the five fields of cron; `code` is the target's own."""
    schedule, decorator = schedule_of(flow), decorator_of(flow, "schedule")
    if schedule is None or decorator is None:
        return
    from flowc.compiler.rules.cron import BadCron, five_fields

    try:
        five_fields(schedule.cron)
    except BadCron as error:
        yield Diagnostic(
            code,
            f"the schedule cannot be said to {engine}",
            decorator.span,
            str(error),
            "write it with the five fields of cron",
        )


def impossible_numbers(options: Options, least: dict[str, int], code: str) -> Iterator[Diagnostic]:
    """Yields each of the target's own options that should be a whole number, from its `least` on, and is none."""
    for name, lowest in least.items():
        text = options.own(name)
        if text and not (text.isascii() and text.isdigit() and len(text) < 12 and lowest <= int(text) <= 2**31 - 1):
            yield Diagnostic(
                code, f"`--{name} {text}` is not possible", None, f"it is a whole number from {lowest}", "give a number"
            )


def texts(value: Value) -> Iterator[str]:
    """Yields every text inside a value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from texts(each)


def _image(step: Step, options: Options) -> bool:
    """Whether somebody has said which image the step runs in."""
    own = [record_of(decorator).image for decorator in step.decorators if decorator.name in ("kubernetes", "batch")]
    return any(own) or options.image != IMAGE


def _refusal(decorator: Decorator, target: str, owner: str, has_image: bool) -> Iterator[Diagnostic]:
    """FLOW501, with what the decorator's own file says of its loss; nothing for one that asks nothing of a target."""
    known = specification(decorator.name)
    if known is not None and known.in_image and has_image and known.has_effect(decorator):
        what = f"on target `{target}` nothing is installed for `@{decorator.name}`{owner}: the image must hold its packages"
        yield Diagnostic(
            "FLOW501", what, decorator.span, known.why, "see that the image that is named holds them", WARNING
        )
    elif known is None or known.has_effect(decorator):
        what = f"target `{target}` cannot honour `@{decorator.name}`{owner} yet"
        why, how = (
            (known.why, known.how) if known is not None else ("flowc does not know what it would do", "remove it")
        )
        yield Diagnostic("FLOW501", what, decorator.span, why, how)
