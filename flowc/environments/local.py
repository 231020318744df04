"""The environments of a local run: finds the steps that have one, and its place on this machine."""

from __future__ import annotations

import os

from flowc.terminal import Failure

from . import cache, folders, locks, platforms, requests
from .demand import folder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from flowc.compiler.ir.nodes import Flow
    from flowc.runtime_shim.local.other_python import Environment

    from .pylock import Lock


def of_run(flow: Flow, path: str, options: dict[str, str], say: Callable[[str], None]) -> dict[str, Environment]:
    """Returns the installed environment of each step that has one; {} for a flow without a lock.

    The lock must match the flow (`locks.problems`). Raises Failure if an environment cannot be installed here.
    """
    found = locked(flow, path, options, platforms.here())
    if not found:
        return {}
    from flowc.runtime_shim.local.other_python import Environment

    made: dict[str, str] = {}
    for lock in found.values():
        if lock.environment not in made:
            made[lock.environment] = cache.make(lock, say)
    shim = bundle()
    return {step: Environment(made[lock.environment], lock.environment, shim) for step, lock in found.items()}


def locked(flow: Flow, path: str, options: dict[str, str], platform: str) -> dict[str, Lock]:
    """Returns the lock for the platform of each step that has an environment; {} without a lock.

    Raises Failure if an environment is locked only for different platforms.
    """
    found, _ = locks.read_all(path, flow.name)
    if not found:
        return {}
    steps = {}
    for each in requests.of_flow(flow, path, options):
        name = locks.match(found, each, platform)
        if not name:
            names = ",".join(sorted({lock.platform.name for lock in found.values()} | {platform}))
            raise Failure(
                f"{folder_of(path)} has no environment `{each.name}` for this machine ({platform}): "
                f"run `flowc lock {path} --platform {names}`, or use the packages installed here: `--environments off`"
            )
        steps.update(dict.fromkeys(each.steps, found[name]))
    return steps


def bundle() -> str:
    """Returns a folder that holds only the package `flowc` with the shim; writes it if it is missing."""
    from flowc.runtime_bundle import bundle as files
    from flowc.runtime_shim.fast_start.one_file import digest

    found = list(files())
    folder = os.path.join(folders.root(), "runtime", digest(found))
    if os.path.isdir(folder):
        return folder
    import shutil
    import tempfile

    try:
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        made = tempfile.mkdtemp(prefix=".", dir=os.path.dirname(folder))
        try:
            for name, data in found:
                path = os.path.join(made, *name.split("/"))
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "wb") as file:
                    file.write(data)
            os.rename(made, folder)
        except OSError:
            shutil.rmtree(made, ignore_errors=True)
            if not os.path.isdir(folder):  # unless another run was first
                raise
    except OSError as error:
        raise Failure(f"cannot write flowc's runtime to {folder}: {error.strerror or error}") from None
    return folder
