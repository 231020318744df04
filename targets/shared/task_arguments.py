"""The shim's arguments for the container of one step (docs/shim.md)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.targets.target import Options


def task_arguments(step: str, path: str, options: Options, cores: float = 0, memory: float = 0) -> list[str]:
    """Returns the arguments of the container of `step`, whose task (or chunk of tasks) is at `path`.

    `cores` and `memory` (MiB) are what the container has; 0 if the spec does not say. They count only if it runs
    several tasks.
    """
    arguments = ["task", "--step", step, "--path", path]
    container = options.container_of(step)
    if container is None:
        return arguments
    if container.steps != (step,) or container.is_chunk or container.is_loop:
        arguments += ["--within", ",".join(container.steps)]
        arguments += ["--cores", f"{cores:g}"] if cores else []
        arguments += ["--memory", f"{memory:g}"] if memory else []
        peaks = ",".join(f"{name}={used}" for name, used in container.peaks)
        arguments += ["--peaks", peaks] if peaks else []
    arguments += ["--items", str(container.items)] if container.items else []
    arguments += ["--containers", str(container.containers)] if container.containers else []
    return arguments
