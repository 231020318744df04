"""Settings of a step that all targets read in the same way: attempts, deadline, environment (docs/shim.md)."""

from __future__ import annotations

from flowc.runtime_shim.contract.semantics import engine_retries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.decorators.retry import Retry
    from flowc.compiler.ir.nodes import Decorator, Flow, Parameter, Step

# Seconds by which an engine's deadline is later than the shim's own timeout, if it counts from the container's start.
GRACE = 60
FILE_FORMS = "a file: s3://BUCKET/KEY, file:///PATH or text:CONTENT"  # docs/shim.md, Parameters


def decorator_of(owner: Step | Flow, name: str) -> Decorator | None:
    """Returns the first decorator of that name, or None."""
    for decorator in owner.decorators:
        if decorator.name == name:
            return decorator
    return None


def retries(step: Step) -> int:
    """Returns how often an engine starts the step again after a failed first attempt."""
    retry = _retry(step)
    return engine_retries(retry.times if retry else 0, decorator_of(step, "catch") is not None)


def pause(step: Step) -> int:
    """Returns the seconds between two attempts: `minutes_between_retries` of `@retry`; 0 without it."""
    retry = _retry(step)
    return retry.pause_seconds if retry else 0


def _retry(step: Step) -> Retry | None:
    decorator = decorator_of(step, "retry")
    if decorator is None:
        return None
    from flowc.compiler.decorators.retry import read

    return read(decorator)


def deadline(step: Step, grace: int = GRACE) -> int:
    """Returns the seconds after which an engine stops an attempt, `grace` later than the shim does; 0 for never."""
    decorator = decorator_of(step, "timeout")
    if decorator is None:
        return 0
    from flowc.compiler.decorators.timeout import read

    return -int(-read(decorator).seconds // 1) + grace


def image(step: Step) -> str:
    """Returns the image that `@kubernetes` or `@batch` names, that of the lower one if both do; "" if none."""
    images = [_image(decorator) for decorator in step.decorators if decorator.name in ("batch", "kubernetes")]
    return next((name for name in reversed(images) if name), "")


def _image(decorator: Decorator) -> str:
    if decorator.name == "batch":
        from flowc.compiler.decorators import batch

        return batch.read(decorator).image
    from flowc.compiler.decorators import kubernetes

    return kubernetes.read(decorator).image


def variables(step: Step) -> dict[str, str]:
    """Returns the variables of the step's `@environment`."""
    decorator = decorator_of(step, "environment")
    if decorator is None:
        return {}
    from flowc.compiler.decorators.environment import read

    return read(decorator).variables


def summary(doc: str) -> str:
    """Returns the first line of a docstring."""
    return doc.strip().partition("\n")[0].strip()


def description(parameter: Parameter) -> str:
    """Returns an engine's description of a parameter: the first line of its help, and how to give a file."""
    text = summary(parameter.help)
    if parameter.type != "file":
        return text
    return f"{text} ({FILE_FORMS})" if text else FILE_FORMS
