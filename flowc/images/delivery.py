"""Chooses each step's image for `flowc compile --environments image`, from images.json alone."""

from __future__ import annotations

from flowc.compiler.decorators._packages import decorators_of
from flowc.compiler.fast_start.record import record
from flowc.compiler.report.diagnostics import Diagnostic
from flowc.environments.demand import KINDS
from flowc.targets.shared.step_settings import decorator_of, image_in
from flowc.targets.target import IMAGE

from . import recorded, references

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Flow, Step
    from flowc.environments.pylock import Lock

    from .recorded import Built

NOT_BUILT = "FLOW167"


@record
class Wish:
    """What the images of a flow are chosen by."""

    flow: Flow
    path: str  # of the flow's file
    options: dict[str, str]  # the settings of the flow's project
    locks: dict[str, tuple[Lock, ...]]  # of each step that has an environment, for Linux
    image: str  # of steps that name none
    code: str  # digest of the code package
    repository: str


def images_of(step: Step, image: str) -> tuple[str, ...]:
    """Returns the images that the step may have: in a pod, and as a job of Batch; `image` is that of the flow."""
    pod, job = (decorator_of(step, name) for name in ("kubernetes", "batch"))
    of_pod = image_in(pod) if pod else ""
    of_job = image_in(job) if job else of_pod
    return tuple(dict.fromkeys((of_pod or image, of_job or image)))


def images(wish: Wish) -> tuple[tuple[tuple[str, str], str], ...]:
    """Returns `Options.images`, each as `REPOSITORY@DIGEST`. Raises Failure for an invalid repository."""
    references.repository(wish.repository)
    return tuple((key, f"{wish.repository}@{built.digest}") for key, built in _chosen(wish).items() if built)


def variables(wish: Wish) -> tuple[tuple[str, str], ...]:
    """Returns FLOWC_PACKAGES of each step that has an image: the environments that the image holds."""
    conda = {lock.environment for of in wish.locks.values() for lock in of if lock.conda}
    return tuple(
        (
            step,
            " ".join(
                f"{platform}={'conda:' if digest in conda else ''}{digest}" for platform, digest in built.environments
            ),
        )
        for (step, _), built in _chosen(wish).items()
        if built
    )


def problems(wish: Wish) -> Iterator[Diagnostic]:
    """Yields FLOW167 if a step's image is not in images.json, or was built for different packages, base or code."""
    place = recorded.path_of(wish.path)
    try:
        all_built = recorded.read(wish.path)
    except recorded.Damaged as error:
        yield _problem(wish, None, f"`{place}` cannot be read: {error}", False)
        return
    own = [built for built in all_built if built.flow == wish.flow.name]
    steps = list(dict.fromkeys(step for (step, _), built in _chosen(wish).items() if built is None))
    if not steps:
        return
    shown = ", ".join(f"`{step}`" for step in steps[:5]) + (f" and {len(steps) - 5} more" if len(steps) > 5 else "")
    first = next(step for step in wish.flow.steps if step.name == steps[0])
    if not own:
        what = f"the images of {shown} are not built: `{place}` names none"
    else:
        what = f"the images of {shown} are not those that were built: {_difference(wish, first, own)}"
    yield _problem(wish, first, what, any(built.code for built in own))


def _chosen(wish: Wish) -> dict[tuple[str, str], Built | None]:
    """Returns the built image of each step that is locked for Linux and of each of its own; None if none fits."""
    try:
        all_built = [built for built in recorded.read(wish.path) if built.flow == wish.flow.name]
    except recorded.Damaged:
        all_built = []
    of_steps = _environments(wish)
    chosen: dict[tuple[str, str], Built | None] = {}
    for step in wish.flow.steps:
        environments = of_steps.get(step.name)
        for image in images_of(step, wish.image) if environments else ():
            fitting = (built for built in all_built if built.fits(image, environments or {}, wish.code))
            chosen[step.name, image] = next(fitting, None)
    return chosen


def _environments(wish: Wish) -> dict[str, dict[str, str]]:
    """Returns the environment of each step that has one: platform → digest."""
    return {step: {lock.platform.name: lock.environment for lock in of} for step, of in wish.locks.items()}


def _difference(wish: Wish, step: Step, own: list[Built]) -> str:
    environments = _environments(wish)[step.name]
    if not any(built.fits(built.image, environments, built.code) for built in own):
        return f"the packages of `{step.name}` have changed since"
    for image in images_of(step, wish.image):
        if not any(built.fits(image, environments, built.code) for built in own):
            bases = ", ".join(f"`{base}`" for base in sorted({built.image for built in own}))
            return f"the step's own image is `{image}`, and they are on {bases}"
    return "they hold the flow's code, which has changed since"


def _problem(wish: Wish, step: Step | None, what: str, code: bool) -> Diagnostic:
    words = ["flowc image push", wish.path, "--repository", wish.repository]
    words += ["--image", wish.image] if wish.image not in (IMAGE, wish.options.get("image")) else []
    words += ["--code"] if code else []
    return Diagnostic(
        NOT_BUILT,
        what,
        next((one.span for kind in KINDS for one in reversed(decorators_of(wish.flow, step, kind))), None)
        if step is not None
        else None,
        "a spec names each image by its digest, which only a build can tell",
        f"run `{' '.join(words)}`, and commit `{recorded.path_of(wish.path)}`",
    )
