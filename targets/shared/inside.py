"""A sentence about a container that runs more than one task, for people who read a spec or an engine's pages."""

from __future__ import annotations

from .step_settings import summary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.ir.nodes import Step
    from flowc.targets.target import Options

_NAMES = 12  # of steps that the sentence lists


def comment(step: Step, options: Options) -> str:
    """Returns the first line of the step's docstring and what its container runs; only the latter for several steps."""
    container, own, more = options.container_of(step.name), summary(step.doc), inside(step.name, options)
    if container is not None and len(container.steps) > 1:
        return more
    return f"{own.rstrip('.')}. {more}" if own and more else own or more


def inside(step: str, options: Options) -> str:
    """Returns what the container of `step` runs; "" if that is the step's one task."""
    container = options.container_of(step)
    if container is None or not (container.steps != (step,) or container.is_chunk or container.is_loop):
        return ""
    if container.is_loop:
        what = f"all visits of the loop {step}"
    elif len(container.steps) == 1:
        what = f"tasks of step {step}"
    else:
        more = len(container.steps) - _NAMES
        names = ", ".join(container.steps[:_NAMES]) + (f" and {more} more" if more > 0 else "")
        what = f"{len(container.steps)} steps: {names}"
    return f"One container runs {what}{', for several items of a foreach' if container.is_chunk else ''}"
