"""The environments of a local run: finds the steps that have one, and its place on this machine."""

from __future__ import annotations

import os

from flowc.terminal import Failure

from . import cache, locks, platforms, requests
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
    locks_of_steps = locked(flow, path, options, platforms.here())
    if not locks_of_steps:
        return {}
    from flowc.runtime_shim.local.other_python import Environment

    folders: dict[str, str] = {}
    for lock in locks_of_steps.values():
        if lock.environment not in folders:
            folders[lock.environment] = cache.make(lock, say)
    shim = bundle()
    return {
        step: Environment(folders[lock.environment], lock.environment, shim) for step, lock in locks_of_steps.items()
    }


def locked(flow: Flow, path: str, options: dict[str, str], platform: str) -> dict[str, Lock]:
    """Returns the lock for the platform of each step that has an environment; {} without a lock.

    Raises Failure if an environment is locked only for different platforms.
    """
    lock_files, _ = locks.read_all(path, flow.name)
    if not lock_files:
        return {}
    steps = {}
    for environment in requests.wanted(flow, requests.default_python(options)):
        name = locks.match(lock_files, environment, platform)
        if not name:
            names = ",".join(sorted({lock.platform.name for lock in lock_files.values()} | {platform}))
            raise Failure(
                f"{folder_of(path)} has no environment `{environment.name}` for this machine ({platform}): "
                f"run `flowc lock {path} --platform {names}`, or use the packages installed here: `--environments off`"
            )
        steps.update(dict.fromkeys(environment.steps, lock_files[name]))
    return steps


def bundle() -> str:
    """Returns a folder that holds only the package `flowc` with the shim; writes it if it is missing."""
    from flowc.runtime_bundle import bundle as files
    from flowc.runtime_shim.fast_start.one_file import digest

    shim_files = list(files())
    folder = os.path.join(cache.root(), "runtime", digest(shim_files))
    if os.path.isdir(folder):
        return folder
    import shutil
    import tempfile

    try:
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        temporary = tempfile.mkdtemp(prefix=".", dir=os.path.dirname(folder))
        try:
            for name, data in shim_files:
                path = os.path.join(temporary, *name.split("/"))
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "wb") as file:
                    file.write(data)
            os.rename(temporary, folder)
        except OSError:
            shutil.rmtree(temporary, ignore_errors=True)
            if not os.path.isdir(folder):  # unless another run was first
                raise
    except OSError as error:
        raise Failure(f"cannot write flowc's runtime to {folder}: {error.strerror or error}") from None
    return folder
