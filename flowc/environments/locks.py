"""The locks of a flow: reads `FLOW.lock/` beside `FLOW.py`, and compares it with the flow's decorators.

Nothing here needs uv or a network.
"""

from __future__ import annotations

import os

from flowc.compiler.report.diagnostics import WARNING, Diagnostic

from . import requests
from .demand import concerns, folder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from flowc.compiler.ir.nodes import Flow

    from .pylock import Lock
    from .requests import Wanted

    Read: TypeAlias = tuple[dict[str, Lock], list[str]]  # what `read_all` returns

PREFIX, SUFFIX = "pylock.", ".toml"
MISSING, STALE = "FLOW160", "FLOW161"


def file_name(lock: Lock, prefix: str = "") -> str:
    """Returns the name of the lock's file (PEP 751). `prefix` distinguishes the flows of one file."""
    return f"{PREFIX}{prefix}{lock.name}-{lock.platform.name.replace('/', '-')}{SUFFIX}"


def read_all(path: str, flow: str) -> Read:
    """Returns the locks of the flow by file, and a message for each file that cannot be read."""
    folder = folder_of(path)
    if not os.path.isdir(folder):  # saves the import
        return {}, []
    from . import pylock

    found: dict[str, Lock] = {}
    problems = []
    for name in _names(folder):
        try:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                lock = pylock.loads(file.read())
        except pylock.Damaged as error:
            problems.append(f"`{name}`: {error}")
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"`{name}` cannot be read: {error}")
        else:
            if lock.flow == flow:
                found[name] = lock
    return found, problems


def _names(folder: str) -> list[str]:
    try:
        names = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(each for each in names if each.startswith(PREFIX) and each.endswith(SUFFIX))


def problems(flow: Flow, path: str, options: dict[str, str], read: Read | None = None) -> Iterator[Diagnostic]:
    """Yields FLOW160 if the flow asks for packages and has no lock, FLOW161 if its lock does not match it.

    `options` are the settings of the flow's project. `read` are its locks, if the caller has read them.
    """
    if not concerns(flow, path):
        return
    wanted = requests.wanted(flow, requests.default_python(options))
    found, damaged = read or read_all(path, flow.name)
    if not found and not damaged:
        if wanted:
            yield _missing(wanted, path)
        return
    different = [*damaged, *_differences(wanted, found, _platforms(options, found))]
    if different:
        span = next((each.span for each in wanted), None)
        yield Diagnostic(
            STALE,
            f"the lock of {flow.name} does not match the flow: {'; '.join(different)}",
            span,
            "only reviewed packages may run, so this command does not resolve the difference",
            f"run `flowc lock {path}`, and review what it changes",
        )


def _missing(wanted: tuple[Wanted, ...], path: str) -> Diagnostic:
    steps = [step for each in wanted for step in each.steps]
    shown = ", ".join(f"`{each}`" for each in steps[:5]) + (f" and {len(steps) - 5} more" if len(steps) > 5 else "")
    return Diagnostic(
        MISSING,
        f"the packages of {shown} are not locked",
        wanted[0].span,
        "without a lock flowc installs nothing: images, or the Python of a local run, must have them already",
        f"run `flowc lock {path}`",
        WARNING,
    )


def _platforms(options: dict[str, str], found: dict[str, Lock]) -> tuple[str, ...]:
    """Returns the platforms that every environment must be locked for."""
    given = tuple(each.strip() for each in options.get("platform", "").split(",") if each.strip())
    return given or tuple(dict.fromkeys(each.platform.name for each in found.values()))


def _differences(wanted: tuple[Wanted, ...], found: dict[str, Lock], platforms: tuple[str, ...]) -> Iterator[str]:
    """Yields the differences as text.

    An environment is matched by its packages, so steps may be added and renamed without locking again.
    """
    left = dict(found)
    without = []
    for each in wanted:
        for platform in platforms:
            name = match(left, each, platform)
            if name:
                del left[name]
            else:
                without.append((each, platform))
    for each, platform in without:
        name = next(
            (name for name, lock in left.items() if (lock.name, lock.platform.name) == (each.name, platform)), ""
        )
        if name:
            yield from _changes(each, left.pop(name))
        else:
            yield f"environment `{each.name}` is not locked for {platform}"
    for name in left:
        yield f"no step of the flow needs `{name}`"


def for_platforms(flow: Flow, path: str, options: dict[str, str], beginning: str) -> list[Lock]:
    """Returns the locks of the flow's environments for platforms with this prefix, each digest once."""
    found, _ = read_all(path, flow.name)
    made: dict[str, Lock] = {}
    for each in requests.wanted(flow, requests.default_python(options)):
        for lock in found.values():
            if lock.request == each.request and lock.platform.name.startswith(beginning):
                made.setdefault(lock.environment, lock)
    return list(made.values())


def of_steps(
    flow: Flow, path: str, options: dict[str, str], read: Read | None = None
) -> dict[str, tuple[Lock, ...]]:  # fmt: skip
    """Returns the locks for Linux of each step that has an environment, by platform; {} if nothing is locked.

    `options` and `read` are as in `problems`.
    """
    found, _ = read or read_all(path, flow.name)
    steps: dict[str, tuple[Lock, ...]] = {}
    for each in requests.wanted(flow, requests.default_python(options)) if found else ():
        fitting = [lock for lock in found.values() if lock.request == each.request]
        linux = sorted(
            (lock for lock in fitting if lock.platform.name.startswith("linux/")), key=lambda lock: lock.platform.name
        )
        steps.update({step: tuple(linux) for step in each.steps})
    return steps


def match(found: dict[str, Lock], wanted: Wanted, platform: str) -> str:
    """Returns the file of the environment's lock for the platform; "" if there is none."""
    return next(
        (name for name, lock in found.items() if lock.platform.name == platform and lock.request == wanted.request), ""
    )


def _changes(wanted: Wanted, lock: Lock) -> Iterator[str]:
    """Yields what has changed in one environment since it was locked."""
    before, now = dict(lock.packages), dict(wanted.request.packages)
    where = f"`{wanted.name}` for {lock.platform.name}"
    for name in sorted({*before, *now}):
        if name not in now:
            yield f"{where} has `{name}`, which the flow no longer asks for"
        elif name not in before:
            yield f"{where} lacks `{name}`"
        elif before[name] != now[name]:
            yield f"{where} has `{name}` as {_version(before[name])}, but the flow asks for {_version(now[name])}"
    if lock.python != wanted.request.python:
        yield f"{where} is for Python {lock.python}, but the flow asks for {wanted.request.python or 'an unknown one'}"


def _version(specifier: str) -> str:
    return f"`{specifier}`" if specifier else "any version"
