"""What every target reads of a step in the same way: its attempts, its deadline, its environment (docs/shim.md says what they mean)."""

from __future__ import annotations

from flowc.compiler.decorators import environment, retry, timeout
from flowc.runtime_shim.contract.semantics import CATCH_ATTEMPTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.ir.nodes import Decorator, Flow, Parameter, Step

GRACE = 60  # seconds after which the engine stands behind the shim's own timeout, where it counts from the start of the container
FILE_FORMS = "a file: s3://BUCKET/KEY, file:///PATH or text:CONTENT"  # docs/shim.md, Parameters


def decorator_of(owner: Step | Flow, name: str) -> Decorator | None:
    """Returns the first decorator of that name, or None."""
    return next((each for each in owner.decorators if each.name == name), None)


def retries(step: Step) -> int:
    """How often an engine starts the step again after its first attempt has failed."""
    decorator = decorator_of(step, "retry")
    times = retry.read(decorator).times if decorator else 0
    return times + (CATCH_ATTEMPTS if decorator_of(step, "catch") else 0)


def pause(step: Step) -> int:
    """Seconds between two attempts: `minutes_between_retries` of `@retry`, 0 without one."""
    decorator = decorator_of(step, "retry")
    return retry.read(decorator).pause_seconds if decorator else 0


def deadline(step: Step, grace: int = GRACE) -> int:
    """Seconds after which an engine ends an attempt, `grace` later than the shim does; 0 for never."""
    decorator = decorator_of(step, "timeout")
    return -int(-timeout.read(decorator).seconds // 1) + grace if decorator else 0


def variables(step: Step) -> dict[str, str]:
    """The variables of the step's `@environment`."""
    decorator = decorator_of(step, "environment")
    return environment.read(decorator).variables if decorator else {}


def summary(doc: str) -> str:
    """The first line of a docstring."""
    return doc.strip().partition("\n")[0].strip()


def description(parameter: Parameter) -> str:
    """What an engine says of a parameter to whoever starts a run: the first line of its help, and how a file is given."""
    text = summary(parameter.help)
    if parameter.type != "file":
        return text
    return f"{text} ({FILE_FORMS})" if text else FILE_FORMS
