"""Refusals that all targets share: ignored decorators, `num_parallel`, schedules with required parameters.

A decorator that a target ignored would change the meaning of the flow. So it is an error until the target honours it.
The codes FLOW501 to FLOW509 are shared, and worded here. Each target has a range of its own: Argo FLOW510 to FLOW519,
Step Functions FLOW520 to FLOW529, Airflow FLOW530 to FLOW539 and FLOW570 to FLOW576.
"""

from __future__ import annotations

from flowc.compiler.decorators.decorator import asked, is_asked_for, record_of, specification
from flowc.compiler.ir.nodes import Decorator, Flow, Parallel
from flowc.compiler.options.deploy_time_defaults import undeployable
from flowc.compiler.options.schedules import schedule_of
from flowc.compiler.report.diagnostics import WARNING, Diagnostic
from flowc.runtime_shim.contract.decorator_names import GANGS, IN_TASK

from ..target import IMAGE
from .step_settings import decorator_of, image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flowc.compiler.ir.nodes import Step, Value

    from ..target import Options

LEAST_TIMEOUT = 60  # seconds
_STEPS = 3  # that a diagnostic names
_DELIVERED = ("conda", "conda_base", "pypi", "pypi_base")  # honoured where the step gets its packages from an archive


def unsupported(flow: Flow, target: str, honoured: frozenset[str], options: Options) -> Iterator[Diagnostic]:
    """Yields the diagnostics that all targets share. Every target's `check` calls this.

    FLOW501 for each decorator of the flow and its steps that is not in `honoured`. FLOW502 for each `num_parallel`.
    FLOW504 for each required parameter of a flow with a schedule. Warnings: FLOW505 for each short timeout, and FLOW507
    for secrets that a task may not be able to read. `target` is the target's name on the command line.
    """
    yield from undeployable(flow)
    gangs = set()
    for step in flow.steps:
        if isinstance(step.transition, Parallel):
            gangs.add(step.transition.target)
            yield Diagnostic(
                "FLOW502",
                f"step `{step.name}` starts `{step.transition.target}` with `num_parallel`, "
                f"which target `{target}` cannot run yet",
                step.transition.span,
                "its tasks must run at the same time and find each other",
                "use `foreach` over a list of that length, if the tasks do not need each other",
            )
    delivered = {step for step, _ in options.packages}
    in_images: list[tuple[Decorator, str]] = []  # whose packages images must have, and the step, or ""
    for decorator in flow.decorators:
        if decorator.name not in honoured and not (decorator.name in _DELIVERED and delivered):
            if _is_in_image(decorator, all(_has_image(step, options) for step in flow.steps)):
                in_images.append((decorator, ""))
            else:
                yield from _refusal(decorator, target, "")
    for step in flow.steps:
        for decorator in step.decorators:
            if decorator.name in _DELIVERED and step.name in delivered:
                continue
            is_gang = decorator.name in GANGS and step.name in gangs  # FLOW502 reports it
            in_task = decorator.name in IN_TASK and decorator.name not in GANGS
            if decorator.name not in honoured and not in_task and not is_gang:
                if _is_of_other_targets(decorator, step, flow):
                    continue
                if _is_in_image(decorator, _has_image(step, options)):
                    in_images.append((decorator, step.name))
                else:
                    yield from _refusal(decorator, target, f" of step `{step.name}`")
        yield from _short_timeout(step)
        if any(decorator.name == "secrets" for decorator in step.decorators):
            from .secrets import needs_of_secrets

            yield from needs_of_secrets(step, options)
    if in_images:
        yield _packages_in_images(in_images, target)
    if any(decorator.name == "schedule" for decorator in flow.decorators) and schedule_of(flow) is not None:
        for parameter in flow.parameters:
            if parameter.required and not parameter.has_default:
                what = f"parameter `{parameter.name}` is required, but a schedule starts the flow"
                yield Diagnostic(
                    "FLOW504", what, parameter.span, "nobody gives a scheduled run its value", "give it a default"
                )


def _short_timeout(step: Step) -> Iterator[Diagnostic]:
    """Yields FLOW505 for a timeout that Metaflow refuses on compute."""
    decorator = decorator_of(step, "timeout")
    if decorator is not None and 0 < record_of(decorator).seconds < LEAST_TIMEOUT:
        what = f"the timeout of step `{step.name}` is shorter than {LEAST_TIMEOUT} seconds"
        why = (
            "flowc counts from the start of the step's code; Metaflow counts the container's start too, and refuses it"
        )
        how = f"allow at least {LEAST_TIMEOUT} seconds if the flow must run on Metaflow too"
        yield Diagnostic("FLOW505", what, decorator.span, why, how, WARNING)


_LOSSES = {
    "aws_batch_tags": "the step would run, but its jobs would lack the tags by which costs and permissions are tracked",
    "secrets": "they are Secrets of a Kubernetes cluster, and this target starts jobs elsewhere",
}
_INSTEAD = {
    "secrets": "remove `secrets`, and let the job's role give access instead; or compile for argo or airflow",
}


def unsupported_attributes(
    decorator: Decorator, step: str, target: str, refused: Iterable[str]
) -> Iterator[Diagnostic]:
    """Yields FLOW503 for each attribute of the decorator that is in `refused` and asks for something.

    `step` is the name of the step that has the decorator.
    """
    attributes = asked(decorator)
    for name in refused:
        if name in attributes:
            yield Diagnostic(
                "FLOW503",
                f"target `{target}` cannot honour `{name}` of `@{decorator.name}` of step `{step}` yet",
                decorator.span,
                _LOSSES.get(name, "leaving it out would change how the step runs"),
                _INSTEAD.get(name, f"remove `{name}`"),
            )


def unsupported_kubernetes(step: Step, target: str, taken: tuple[str, ...], report: str = "") -> Iterator[Diagnostic]:
    """Yields a diagnostic for each part of `@kubernetes` that no pod can have. For the folders, see `mounts.py`."""
    from .mounts import misplaced
    from .pods import REFUSED, pod_of

    decorator = decorator_of(step, "kubernetes")
    if decorator is not None:
        yield from unsupported_attributes(decorator, step.name, target, REFUSED)
        for path, why in misplaced(pod_of(step), taken, report):
            what = f"step `{step.name}` cannot mount a volume at `{path}`"
            yield Diagnostic("FLOW555", what, decorator.span, why, "mount it elsewhere, such as at `/data`")


def unsupported_schedule(flow: Flow, engine: str, code: str) -> Iterator[Diagnostic]:
    """Yields a diagnostic if the schedule cannot be written as five-field cron; `code` is the target's own."""
    schedule, decorator = schedule_of(flow), decorator_of(flow, "schedule")
    if schedule is None or decorator is None:
        return
    from flowc.compiler.rules.cron import BadCron, five_fields

    try:
        five_fields(schedule.cron)
    except BadCron as error:
        yield Diagnostic(
            code,
            f"{engine} cannot express this schedule",
            decorator.span,
            str(error),
            "write it as five-field cron",
        )


def invalid_numbers(options: Options, least: dict[str, int], code: str) -> Iterator[Diagnostic]:
    """Yields a diagnostic for each of these options that is not a whole number of at least its value in `least`."""
    for name, lowest in least.items():
        text = options.own(name)
        if text and not (text.isascii() and text.isdigit() and len(text) < 12 and lowest <= int(text) <= 2**31 - 1):
            yield Diagnostic(
                code,
                f"invalid value: `--{name} {text}`",
                None,
                f"it must be a whole number of at least {lowest}",
                "give a whole number",
            )


def texts(value: Value) -> Iterator[str]:
    """Yields every text inside a value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from texts(item)


def _has_image(step: Step, options: Options) -> bool:
    """Returns True if somebody has chosen the step's image, or says that the images have the packages."""
    return options.images_are_complete or bool(image(step)) or options.image != IMAGE


def _is_of_other_targets(decorator: Decorator, step: Step, flow: Flow) -> bool:
    """Returns True for `@batch` where a plug-in asks for it: it asks pods for the same in `@kubernetes`."""
    return decorator.name == "batch" and is_asked_for(decorator, step, flow)


def _is_in_image(decorator: Decorator, has_image: bool) -> bool:
    """Returns True if the decorator asks for packages that the step's image is said to have."""
    spec = specification(decorator.name)
    return spec is not None and not spec.plugin and spec.in_image and has_image and spec.has_effect(decorator)


def _packages_in_images(asking: list[tuple[Decorator, str]], target: str) -> Diagnostic:
    """Returns FLOW501, a warning, for all decorators whose packages the images must have."""
    first = asking[0][0]
    names = " and ".join(f"`@{name}`" for name in dict.fromkeys(decorator.name for decorator, _ in asking))
    steps = [f"`{step}`" for step in dict.fromkeys(step for _, step in asking) if step]
    shown = steps if len(steps) <= _STEPS else [*steps[: _STEPS - 1], f"{len(steps) - _STEPS + 1} more"]
    listed = " and ".join(part for part in (", ".join(shown[:-1]), *shown[-1:]) if part)
    several = len(steps) > 1
    of = f" of step{'s' if several else ''} {listed}" if steps else ""
    spec = specification(first.name)
    images = "images" if several else "image"
    what = f"target `{target}` cannot install packages for {names}{of}: the {images} must contain them"
    how = f"make sure that the chosen {images} contain{'' if several else 's'} them"
    return Diagnostic("FLOW501", what, first.span, spec.why if spec is not None else "", how, WARNING)


def _refusal(decorator: Decorator, target: str, owner: str) -> Iterator[Diagnostic]:
    """Yields FLOW501, in the words of the decorator's own file, unless the decorator asks nothing of a target."""
    spec = specification(decorator.name)
    if spec is not None and spec.plugin and (not spec.targets or target in spec.targets):
        return
    if spec is None or spec.has_effect(decorator):
        what = f"target `{target}` cannot honour `@{decorator.name}`{owner} yet"
        why, how = (spec.why, spec.how) if spec is not None else ("flowc does not know what it would do", "remove it")
        yield Diagnostic("FLOW501", what, decorator.span, why, how)
