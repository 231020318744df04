"""What the user wants of the optimizer: `[tool.flowc.optimize]`, and what a target needs where nobody asked."""

from __future__ import annotations

from ..fast_start.record import record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

CONTAINERS = 16  # the default bound of one foreach


@record
class StepSettings:
    """Settings of one step. None leaves a decision to the settings of the flow.

    Those about a foreach are of the step that its items begin with.
    """

    fuse: bool | None = None  # may share a container with other steps
    loops: bool | None = None  # its visits may share a container
    items: int | None = None  # least number of items in a container
    containers: int | None = None  # most containers of the foreach; 0: no bound
    together: bool | None = None  # the whole foreach shares one container: its step, its items, its join
    cpu: float | None = None  # cores of the container, where it runs several tasks
    memory: float | None = None  # its MiB
    branches: bool | None = None  # its branches, if it splits, may share its container
    sizes_of: str | None = None  # a group of steps that may share a container in spite of different sizes


_NONE = StepSettings()


@record
class Settings:
    """Settings of a flow."""

    fuse: bool = True
    loops: bool = True
    items: int = 0  # least number of items in a container
    containers: int = CONTAINERS  # most containers of one foreach; 0: no bound
    sizes: str = "equal"  # or "largest": steps of different sizes may share a container, which has the largest
    steps: tuple[tuple[str, StepSettings], ...] = ()

    def of(self, step: str) -> StepSettings:
        """Returns the settings of the step."""
        return dict(self.steps).get(step, _NONE)

    def with_step(self, step: str, **changes: object) -> Settings:
        """Returns the settings with these values replaced for one step."""
        steps = dict(self.steps)
        return replace(self, steps=tuple({**steps, step: replace(steps.get(step, _NONE), **changes)}.items()))

    def may_differ(self, first: str, second: str) -> bool:
        """Returns True if the steps may share a container in spite of different sizes."""
        group = self.of(first).sizes_of
        return self.sizes == "largest" or (group is not None and group == self.of(second).sizes_of)

    def may_branch(self, step: str) -> bool:
        """Returns True if the branches of the step may share its container."""
        return self.of(step).branches is not False

    def may_fuse(self, step: str) -> bool:
        """Returns True if the step may share a container with others."""
        own = self.of(step).fuse
        return self.fuse if own is None else own

    def may_loop(self, step: str) -> bool:
        """Returns True if the visits of the step, a loop, may share a container."""
        own = self.of(step).loops
        return self.loops if own is None else own

    def division(self, step: str) -> tuple[int, int]:
        """Returns the least items and most containers of the foreach whose items begin with the step.

        (0, 0): it is not divided. A step with `items` of its own has no bound on containers but its own.
        """
        own = self.of(step)
        if own.items is not None:
            return own.items, own.containers or 0
        containers = self.containers if own.containers is None else own.containers
        return (self.items, containers) if containers or self.items > 1 else (0, 0)

    def is_together(self, step: str) -> bool | None:
        """Returns True if the foreach whose items begin with the step shares one container, None if nobody says."""
        return self.of(step).together


NOTHING = Settings(fuse=False, loops=False, containers=0)  # every step has a container of its own


def needed(
    settings: Settings,
    loops: Iterable[str],
    foreaches: Iterable[tuple[str, int]],
    bodies: Iterable[str],
    whole: Iterable[str] = (),
) -> Settings:
    """Returns the settings with what a target needs: these loops, and these foreaches in so many containers.

    A foreach is given by the step that its items begin with. `bodies` are all steps of their bodies, which may have to
    share a container before the foreach can be divided, and `whole` are the foreaches inside. What the user says of a
    step stays.
    """
    steps = dict(settings.steps)

    def add(name: str, field: str, value: object) -> None:
        own = steps.get(name, _NONE)
        steps[name] = own if getattr(own, field) is not None else replace(own, **{field: value})

    for name in loops:
        add(name, "loops", True)
    for name in bodies:
        add(name, "fuse", True)
    for name in whole:
        add(name, "together", True)
    for name, containers in foreaches:
        if steps.get(name, _NONE).items is None:
            add(name, "containers", containers)
    return replace(settings, steps=tuple(steps.items()))
