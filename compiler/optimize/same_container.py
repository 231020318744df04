"""Which steps have the same container, and of which size: the one module that decides it.

Steps share a container only if everything that a target makes of their decorators is the same: image, packages,
variables, secrets, service account, nodes, volumes. What the task itself does, such as `@catch`, does not count. Cores,
memory, devices and disk are the *size*, which settings may let differ.
"""

from __future__ import annotations

from flowc.runtime_shim.contract.decorator_names import GANGS, IN_TASK
from flowc.runtime_shim.contract.semantics import number

from ..fast_start.record import record
from ..ir.nodes import Parallel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..ir.nodes import Decorator, Flow, Step

SIZE = ("cpu", "memory", "gpu", "disk")
REQUESTS = ("resources", "kubernetes", "batch")  # decorators with sizes
_OF_TARGETS = ("kubernetes", "batch")  # read only by targets that honour them
# What the local scheduler does inside, for each task on its own.
OF_TASKS = frozenset({"card", "catch", "retry", "timeout", *IN_TASK} - set(GANGS))


@record
class Shape:
    """A step's container."""

    image: str  # with the step's packages, if there is such an image
    packages: str  # what delivers the step's packages
    settings: tuple[tuple[str, str], ...]  # decorator → its attributes that are not sizes
    size: tuple[tuple[str, float], ...]  # of what is asked for


def shape(step: Step, honoured: frozenset[str] | None = None, image: str = "", packages: str = "") -> Shape:
    """Returns the container of a step.

    `honoured` are the decorators that the target carries out, None if they all count. `image` and `packages` are what
    the target's options give the step.
    """
    settings: dict[str, str] = {}
    size: dict[str, float] = {}
    for decorator in step.decorators:
        if not counts(decorator, honoured):
            continue
        own = {name: value for name, value in _asked(decorator).items() if not (image and name == "image")}
        if decorator.name in REQUESTS:
            for name in SIZE:
                amount = number(decorator.attributes.get(name))
                if amount is not None:
                    size[name] = max(amount, size.get(name, 0))
                own.pop(name, None)
        if own or decorator.name not in REQUESTS:
            settings[decorator.name] = repr(sorted(own.items(), key=lambda pair: pair[0]))
    return Shape(image, packages, tuple(sorted(settings.items())), tuple(sorted(size.items())))


def counts(decorator: Decorator, honoured: frozenset[str] | None) -> bool:
    """Returns True for a decorator that is about the container."""
    if decorator.name in OF_TASKS:
        return False
    return honoured is None or decorator.name in honoured or decorator.name not in _OF_TARGETS


def gangs(flow: Flow) -> frozenset[str]:
    """Returns the steps that start tasks which run together, and those tasks' steps: they share no container."""
    alone = set()
    for step in flow.steps:
        if isinstance(step.transition, Parallel):
            alone |= {step.name, step.transition.target}
        if any(decorator.name in GANGS for decorator in step.decorators):
            alone.add(step.name)
    return frozenset(alone)


def difference(first: Shape, second: Shape) -> str:
    """Returns what of two containers differs, as a user calls it; "" for the same container."""
    if first.packages != second.packages:
        return "packages"
    if first.settings != second.settings:
        mine, theirs = dict(first.settings), dict(second.settings)
        names = [name for name in dict.fromkeys((*mine, *theirs)) if mine.get(name) != theirs.get(name)]
        return ", ".join(f"`@{name}`" for name in names)
    if first.image != second.image:
        return "image"
    return size_difference(first.size, second.size)


def size_difference(first: tuple[tuple[str, float], ...], second: tuple[tuple[str, float], ...]) -> str:
    """Returns the first amount in which two sizes differ; "" if they are equal."""
    mine, theirs = dict(first), dict(second)
    return next((name for name in SIZE if mine.get(name) != theirs.get(name)), "")


def _asked(decorator: Decorator) -> Mapping[str, object]:
    """Returns the attributes without those that have their default."""
    from ..decorators.decorator import specification

    spec = specification(decorator.name)
    defaults = spec.attributes if spec else {}
    return {
        name: value for name, value in decorator.attributes.items() if name not in defaults or value != defaults[name]
    }
