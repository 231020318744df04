"""The locks of a flow: reads `FLOW.lock/` beside `FLOW.py`, and compares it with the flow's decorators.

Nothing here needs uv or a network.
"""

from __future__ import annotations

import os

from flowc.compiler.fast_start.record import replace
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


def read_all(path: str, flow: str, whole: bool = True) -> Read:
    """Returns the locks of the flow by file, and a message for each file that cannot be read.

    Unless `whole`, locks may be without their packages, which takes less time.
    """
    folder = folder_of(path)
    if not os.path.isdir(folder):  # saves the import
        return {}, []
    from . import pylock

    lock_files: dict[str, Lock] = {}
    problems = []
    before = dict(_last)
    _last.clear()
    for name in _names(folder):
        try:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                text = file.read()
            lock = before.get(text) or (None if whole else pylock.head(text)) or pylock.loads(text)
            if whole:
                _last[text] = lock
        except pylock.Damaged as error:
            problems.append(f"`{name}`: {error}")
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"`{name}` cannot be read: {error}")
        else:
            if lock.flow == flow:
                lock_files[name] = replace(lock, folder=folder)
    return lock_files, problems


_last: dict[str, Lock] = {}  # by their texts, those that were read last: a command asks up to four times


def _names(folder: str) -> list[str]:
    try:
        names = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(name for name in names if name.startswith(PREFIX) and name.endswith(SUFFIX))


def problems(flow: Flow, path: str, options: dict[str, str], read: Read | None = None) -> Iterator[Diagnostic]:
    """Yields FLOW160 if the flow asks for packages and has no lock, FLOW161 if its lock does not match it.

    `options` are the settings of the flow's project. `read` are its locks, if the caller has read them.
    """
    if not concerns(flow, path, options):
        return
    environments = requests.of_flow(flow, path, options)
    lock_files, damaged = read or read_all(path, flow.name, whole=False)
    if not lock_files and not damaged:
        if environments:
            yield _missing(environments, path)
        return
    different = [*damaged, *_differences(environments, lock_files, _platforms(options, lock_files))]
    different += changed_sources(lock_files)
    if different:
        span = next((environment.span for environment in environments), None)
        yield Diagnostic(
            STALE,
            f"the lock of {flow.name} does not match the flow: {'; '.join(different)}",
            span,
            "only reviewed packages may run, so this command does not resolve the difference",
            f"run `flowc lock {path}`, and review what it changes",
        )


def _missing(environments: tuple[Wanted, ...], path: str) -> Diagnostic:
    steps = [step for environment in environments for step in environment.steps]
    shown = ", ".join(f"`{step}`" for step in steps[:5]) + (f" and {len(steps) - 5} more" if len(steps) > 5 else "")
    return Diagnostic(
        MISSING,
        f"the packages of {shown} are not locked",
        environments[0].span,
        "without a lock flowc installs nothing: images, or the Python of a local run, must have them already",
        f"run `flowc lock {path}`",
        WARNING,
    )


def _platforms(options: dict[str, str], lock_files: dict[str, Lock]) -> tuple[str, ...]:
    """Returns the platforms that every environment must be locked for."""
    chosen = tuple(word.strip() for word in options.get("platform", "").split(",") if word.strip())
    return chosen or tuple(dict.fromkeys(lock.platform.name for lock in lock_files.values()))


def _differences(
    environments: tuple[Wanted, ...], lock_files: dict[str, Lock], platforms: tuple[str, ...]
) -> Iterator[str]:
    """Yields the differences as text.

    An environment is matched by its packages, so steps may be added and renamed without locking again.
    """
    left = dict(lock_files)
    without = []
    for environment in environments:
        for platform in platforms:
            name = match(left, environment, platform)
            if name:
                del left[name]
            else:
                without.append((environment, platform))
    for environment, platform in without:
        name = next(
            (name for name, lock in left.items() if (lock.name, lock.platform.name) == (environment.name, platform)), ""
        )
        if name:
            yield from _changes(environment, left.pop(name))
        else:
            yield f"environment `{environment.name}` is not locked for {platform}"
    for name in left:
        yield f"no step of the flow needs `{name}`"


def for_platforms(flow: Flow, path: str, options: dict[str, str], beginning: str) -> list[Lock]:
    """Returns the locks of the flow's environments for platforms with this prefix, each digest once."""
    lock_files, _ = read_all(path, flow.name)
    selected: dict[str, Lock] = {}
    for environment in requests.of_flow(flow, path, options):
        for lock in lock_files.values():
            if lock.request == environment.request and lock.platform.name.startswith(beginning):
                selected.setdefault(lock.environment, lock)
    return list(selected.values())


def of_steps(
    flow: Flow, path: str, options: dict[str, str], read: Read | None = None
) -> dict[str, tuple[Lock, ...]]:  # fmt: skip
    """Returns the locks for Linux of each step that has an environment, by platform; {} if nothing is locked.

    `options` and `read` are as in `problems`.
    """
    lock_files, _ = read or read_all(path, flow.name)
    steps: dict[str, tuple[Lock, ...]] = {}
    for environment in requests.of_flow(flow, path, options) if lock_files else ():
        fitting = [lock for lock in lock_files.values() if lock.request == environment.request]
        linux = sorted(
            (lock for lock in fitting if lock.platform.name.startswith("linux/")), key=lambda lock: lock.platform.name
        )
        steps.update({step: tuple(linux) for step in environment.steps})
    return steps


def match(lock_files: dict[str, Lock], environment: Wanted, platform: str) -> str:
    """Returns the file of the environment's lock for the platform; "" if there is none."""
    return next(
        (
            name
            for name, lock in lock_files.items()
            if lock.platform.name == platform and lock.request == environment.request
        ),
        "",
    )


def _changes(environment: Wanted, lock: Lock) -> Iterator[str]:
    """Yields what has changed in one environment since it was locked."""
    where = f"`{environment.name}` for {lock.platform.name}"
    request = environment.request
    if lock.channels != request.channels and lock.channels and request.channels:
        yield f"{where} is from the channels {', '.join(lock.channels)}, not {', '.join(request.channels)}"
    yield from _changed_lines(where, lock.lines, request.lines)
    for before, now, kind in ((lock.packages, request.packages, ""), (lock.asked, request.conda, "conda's ")):
        yield from _changed_packages(where, dict(before), dict(now), kind)
    if lock.python != request.python:
        yield f"{where} is for Python {lock.python}, but the flow asks for {request.python or 'an unknown one'}"


def _changed_packages(where: str, before: dict[str, str], now: dict[str, str], kind: str) -> Iterator[str]:
    for name in sorted({*before, *now}):
        if name not in now:
            yield f"{where} has {kind}`{name}`, which the flow no longer asks for"
        elif name not in before:
            yield f"{where} lacks {kind}`{name}`"
        elif before[name] != now[name]:
            then, later = _version(before[name]), _version(now[name])
            yield f"{where} has {kind}`{name}` as {then}, but the flow asks for {later}"


def _changed_lines(where: str, before: tuple[str, ...], now: tuple[str, ...]) -> Iterator[str]:
    from .sources import UV_LOCK

    for line in sorted({*before, *now}):
        if line.startswith(UV_LOCK):
            if line in now:
                yield f"{where} is of a different `uv.lock`"
        elif line not in now:
            yield f"{where} has `{line}`, which the project no longer asks for"
        elif line not in before:
            yield f"{where} lacks `{line}`"


def changed_sources(lock_files: dict[str, Lock]) -> Iterator[str]:
    """Yields each local package whose files have changed since it was locked."""
    seen = set()
    for lock in lock_files.values():
        for wheel in lock.wheels:
            if wheel.built == "directory" and (wheel.url, wheel.sha256) not in seen:
                seen.add((wheel.url, wheel.sha256))
                from .trees import digest_of

                if digest_of(os.path.normpath(os.path.join(lock.folder, wheel.url))) != wheel.sha256:
                    yield f"the local package `{wheel.name}` has changed"


def _version(specifier: str) -> str:
    return f"`{specifier}`" if specifier else "any version"
