"""Delivers packages to the steps of a deployed flow: the variables in specs, and the checks before writing them."""

from __future__ import annotations

from flowc.compiler.decorators._packages import decorators_of
from flowc.compiler.report.diagnostics import ERROR, WARNING, Diagnostic
from flowc.targets.shared.step_settings import image as image_of

from . import locks, requests
from .demand import ARCHIVE, IMAGE, NONE, is_of_packages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Flow, Span, Step

    from .pylock import Lock


def variables(flow: Flow, path: str, options: dict[str, str], how: str) -> tuple[tuple[str, str], ...]:
    """Returns FLOWC_PACKAGES of each step that gets its packages from flowc (docs/shim.md).

    `how` is the option, or "" if it is not set.
    """
    if how == NONE:
        return ()
    locks_of_steps = locks.of_steps(flow, path, options)
    return tuple(
        (step, " ".join(f"{lock.platform.name}={'conda:' if lock.conda else ''}{lock.environment}" for lock in of))
        for step, of in locks_of_steps.items()
        if of
    )


def problems(
    flow: Flow, path: str, options: dict[str, str], how: str, image: str, deployed: bool
) -> Iterator[Diagnostic]:
    """Yields FLOW160 and FLOW161 (`locks.problems`).

    If `deployed`, also yields FLOW161 for steps that are not locked for Linux, and FLOW164; and nothing if the images
    have the packages. `image` is that of steps that name none.
    """
    from flowc.compiler.fast_start.record import replace

    if deployed and how == NONE:
        return
    read = locks.read_all(path, flow.name, whole=deployed)
    stale = list(locks.problems(flow, path, options, read))
    yield from (replace(problem, severity=ERROR) if how in (ARCHIVE, IMAGE) else problem for problem in stale)
    if stale or not deployed:
        return
    steps = locks.of_steps(flow, path, options, read)
    for step in flow.steps:
        if step.name in steps:
            yield from _of_step(flow, step, steps[step.name], path, image)


def said_once(
    flow: Flow, path: str, of_targets: list[Diagnostic], of_locks: list[Diagnostic]
) -> list[Diagnostic]:  # fmt: skip
    """Returns both lists as one, in which a lock that is missing or stale is the only problem of packages.

    Targets refuse a step whose packages flowc does not deliver (FLOW501), which a lock would change.
    """
    codes = {problem.code for problem in of_locks}
    if not codes & {locks.MISSING, locks.STALE}:
        return [*of_targets, *of_locks]
    asking = {decorator.span for decorator in _asking(flow)}
    left = [
        problem
        for problem in of_targets
        if (problem.code, problem.severity) != ("FLOW501", ERROR) or problem.span not in asking
    ]
    if len(left) == len(of_targets):
        return [*left, *of_locks]
    return [*left, *(_as_refusal(problem, path) if problem.code == locks.MISSING else problem for problem in of_locks)]


def _asking(flow: Flow) -> Iterator[Decorator]:
    for decorators in (flow.decorators, *(step.decorators for step in flow.steps)):
        yield from (decorator for decorator in decorators if is_of_packages(decorator.name))


def _as_refusal(missing: Diagnostic, path: str) -> Diagnostic:
    """Returns FLOW160 for a target, whose containers would lack the packages."""
    from flowc.compiler.fast_start.record import replace

    return replace(
        missing,
        severity=ERROR,
        why="without a lock flowc delivers nothing, so the steps' containers would lack the packages",
        how=f"run `flowc lock {path}`; or give images that contain the packages, with `--image` or the `image` of "
        "`@kubernetes` or `@batch`",
    )


def _of_step(flow: Flow, step: Step, of: tuple[Lock, ...], path: str, image: str) -> Iterator[Diagnostic]:
    if not of:
        yield Diagnostic(
            locks.STALE,
            f"the packages of step `{step.name}` are not locked for Linux",
            _span(flow, step),
            "the step's container runs on Linux, and locked packages fit one system only",
            f"run `flowc lock {path} --platform linux/amd64`, with the other platforms that you need",
        )
        return
    if of[0].conda:  # it has a Python of its own
        return
    own = image_of(step) or image
    has = requests.default_python({"image": own})
    if has and has != of[0].python:
        yield Diagnostic(
            "FLOW164",
            f"the packages of step `{step.name}` are for Python {of[0].python}, and its image `{own}` has {has}",
            _span(flow, step),
            "compiled packages fit one version of Python, so the task would refuse to start",
            f"write `python='{has}'` in the decorator and lock again, "
            f"or give the step an image with Python {of[0].python}",
            WARNING,
        )


def _span(flow: Flow, step: Step) -> Span | None:
    asking = [*decorators_of(flow, step, "conda"), *decorators_of(flow, step, "pypi")]
    return asking[-1].span if asking else None
