"""Resolves a request for one platform: chooses the packages of an environment from the indexes.

uv does the work, and chooses wheels only. What the flow names as sources is made into wheels before (`built.py`).
"""

from __future__ import annotations

import os

from flowc.compiler.fast_start.child import TemporaryFolder
from flowc.compiler.fast_start.record import record, replace
from flowc.runtime_shim.fast_start import json_text

from . import pylock, quick_reading, requirements_text, tags, uv
from .moments import until
from .pylock import Lock, Wheel
from .requests import normalized
from .requirements_text import CONSTRAINT
from .sources import UV_LOCK
from .uv_command import FORMAT, resolving

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .platforms import Platform
    from .pylock import CondaPackage
    from .requests import Request, Wanted


@record
class Choices:
    """The options of `flowc lock`."""

    index: tuple[str, ...] = ()  # indexes to query first, in order: `URL` or `NAME=URL`
    default_index: str = ""  # the index to query last; "" for PyPI
    exclude_newer: str = ""  # a date or a time: files uploaded later are ignored
    upgrade: bool = False  # do not keep the versions of earlier locks
    upgraded: tuple[str, ...] = ()  # packages whose locked versions are not kept
    build: tuple[str, ...] = ()  # packages that may be built from source distributions
    package_index: tuple[tuple[str, str], ...] = ()  # (package, the only index that it comes from)
    uv_lock: str = ""  # path of the project's `uv.lock`, if that is its file of dependencies
    extras: tuple[str, ...] = ()  # of the project, with a `uv.lock`
    groups: tuple[str, ...] = ()
    source: str = ""  # name of the project's file of dependencies


@record
class Place:
    """The folders that a flow's local packages are relative to."""

    flow: str  # of the flow's file
    lock: str  # of the lock files


def resolve(
    flow: str,
    environment: Wanted,
    platform: Platform,
    choices: Choices,
    earlier: tuple[Wheel, ...],
    place: Place,
    conda_before: tuple[CondaPackage, ...] = (),
) -> Lock:
    """Returns the lock of the environment for the platform. Keeps the versions of `earlier` that still fit.

    Raises uv.Refused with uv's message if the packages cannot be resolved, and Failure if uv is not installed.
    """
    request = environment.request
    conda: tuple[CondaPackage, ...] = ()
    if request.conda:
        from . import conda_solve

        conda = conda_solve.solve(
            request, platform, choices.exclude_newer, () if choices.upgrade else conda_before, choices.upgraded
        )
        request = replace(request, python=_python_of(conda, request.python))
    options, indexes = uv.indexes(choices.index, choices.default_index)
    with TemporaryFolder("flowc-lock-") as folder:
        inputs = _inputs(request, platform, choices, tuple(options), earlier, place, folder)
        wheels = _resolved(inputs, request, platform, choices, options, earlier, conda, folder)
    is_source = bool(request.lines or (request.conda and not request.packages)) and environment.span is None
    return Lock(
        flow,
        environment.name,
        request.packages,
        environment.request.python,
        platform,
        wheels,
        indexes if request.requirements() else (),
        choices.exclude_newer,
        choices.source if is_source else "",
        request.lines,
        request.conda,
        request.channels if request.conda else (),
        conda,
        place.lock,
    )


def _python_of(conda: tuple[CondaPackage, ...], default: str) -> str:
    """Returns the Python of the environment, for the wheels in it."""
    own = next((package.version for package in conda if package.name == "python"), default)
    return ".".join(own.split(".")[:2])


@record
class Inputs:
    """What uv is asked to resolve."""

    lines: tuple[str, ...]  # requirements, with wheels made here in the place of sources
    limits: tuple[str, ...]  # constraints
    replaced: tuple[str, ...]  # requirements that override those of other packages
    hashes: dict[str, frozenset[str]]  # package → the digests that a requirement accepts
    made: dict[str, Wheel]  # package → the sources that its wheel was made from


def _inputs(
    request: Request,
    platform: Platform,
    choices: Choices,
    options: tuple[str, ...],
    earlier: tuple[Wheel, ...],
    place: Place,
    folder: str,
) -> Inputs:
    """Builds what must be built, so that uv itself resolves wheels only, and runs no package's code."""
    limits: list[str] = []
    lines: list[str] = []
    hashes: dict[str, frozenset[str]] = {}
    wheels: dict[str, Wheel] = {}
    old = {} if choices.upgrade else {wheel.name: wheel for wheel in earlier}
    for name in choices.upgraded:
        old.pop(bare_name(name), None)

    def add(package: Wheel) -> str:
        """Returns the URL of the package's wheel, which is made here."""
        from . import built

        building = built.Building(request.python, platform, (*options, *until(choices.exclude_newer)))
        kept = next((wheel.tools for wheel in old.values() if _is_of(wheel, package)), None)
        package, wheel = built.locked(package, place.lock, building, kept)
        done = built.named(package, wheel)
        wheels[done.name] = done
        return f"{done.name} {_file_url(wheel)}"

    for line in _written(request, choices, place, folder):
        if line.startswith(CONSTRAINT):
            limits.append(line[len(CONSTRAINT) :].partition(" --hash")[0])
            continue
        what, *accepted = line.split(" --hash=sha256:")
        name, separator, url = what.partition(" @ ")
        if not separator and what.startswith((".", "git+")):
            name, url = "", what
        bare, mark, marker = url.partition(" ; ")
        extras = "[" + name.partition("[")[2] if "[" in name else ""
        if bare.startswith(".") and "[" in bare:
            bare, _, rest = bare.partition("[")
            extras = "[" + rest
        if accepted:
            hashes[bare_name(what)] = frozenset(digest.split()[0] for digest in accepted)
        if not bare:
            lines.append(what)
            continue
        from . import built

        sources = built.place_of(bare)
        if sources is None:
            lines.append(what)
            continue
        package = built.pinned(sources, place.flow, place.lock, old.get(bare_name(name)), name)
        own, where = add(package).split(" ", 1)
        if name and bare_name(name) != own:
            raise uv.Refused(f"`{bare}` is the package `{own}`, not `{name}`")
        lines.append(f"{own}{extras} @ {where}{mark}{marker}")
    replaced = []
    for name in choices.build:
        asked = next((line for line in lines if bare_name(line) == bare_name(name) and " @ " not in line), name)
        source = _source_distribution(asked.partition(" ;")[0], request, platform, choices, list(options), old, folder)
        if source is not None:
            own, where = add(source).split(" ", 1)
            replaced.append(f"{own} @ {where}")
            lines = [_replaced(line, own, where) for line in lines]
    return Inputs(tuple(lines), tuple(limits), tuple(replaced), hashes, wheels)


def _is_of(wheel: Wheel, package: Wheel) -> bool:
    """Returns True if both are made from the same place."""
    same = (wheel.built, wheel.subdirectory) == (package.built, package.subdirectory)
    return same and (wheel.name == package.name if package.built == "sdist" else wheel.url == package.url)


def _replaced(line: str, name: str, url: str) -> str:
    """Returns the requirement with the URL in the place of its version, if it is of that package."""
    if bare_name(line) != name or " @ " in line:
        return line
    what, mark, marker = line.partition(" ;")
    extras = f"[{what.partition('[')[2].partition(']')[0]}]" if "[" in what else ""
    return f"{name}{extras} @ {url}{mark}{marker}"


def _written(request: Request, choices: Choices, place: Place, folder: str) -> tuple[str, ...]:
    """Returns the request's requirements, with those of a lock of uv in the place of its digest."""
    lines = request.requirements()
    if not any(line.startswith(UV_LOCK) for line in lines):
        return lines
    project = os.path.dirname(os.path.abspath(choices.uv_lock))
    command = ["export", "-q", "--frozen", "--no-dev", "--no-header", "--no-annotate", "--no-emit-project"]
    command += ["--format", "requirements.txt", "--project", project]
    command += [*(f"--extra={name}" for name in choices.extras), *(f"--group={name}" for name in choices.groups)]
    text = uv.run(command, cwd=folder)
    try:
        exported = requirements_text.lines_of(text, project, place.flow)
    except requirements_text.BadSource as error:
        raise uv.Refused(f"{error}: {error.how}") from None
    return (*(line for line in lines if not line.startswith(UV_LOCK)), *exported)


def _file_url(path: str) -> str:
    from pathlib import Path

    return Path(path).as_uri()


def _command(request: Request, platform: Platform, choices: Choices, options: list[str]) -> list[str]:
    return resolving(request.python, platform.triple, (*options, *until(choices.exclude_newer)))


def _source_distribution(
    requirement: str,
    request: Request,
    platform: Platform,
    choices: Choices,
    options: list[str],
    old: dict[str, Wheel],
    folder: str,
) -> Wheel | None:
    """Returns the source distribution of one package, which is the only one whose code may run here."""
    name = bare_name(requirement)
    locked = old.get(name)
    text = f"{requirement}\n"
    command = [*_command(request, platform, choices, options), "--no-deps", "--no-binary", name]
    if locked is not None and locked.built == "sdist":
        limits = os.path.join(folder, f"{name}.txt")
        with open(limits, "w", encoding="utf-8") as file:
            file.write(f"{name}=={locked.version}\n")
        try:
            lock_text = uv.run([*command, "-c", limits, *FORMAT], text, folder)
        except uv.Refused:  # the locked version no longer fits
            lock_text = uv.run([*command, *FORMAT], text, folder)
    else:
        lock_text = uv.run([*command, *FORMAT], text, folder)
    package = next((package for package in _packages(lock_text) if package.get("sdist")), None)
    return _wheel({**package, "wheels": []}) if package is not None else None


def _resolved(
    inputs: Inputs,
    request: Request,
    platform: Platform,
    choices: Choices,
    options: list[str],
    earlier: tuple[Wheel, ...],
    conda: tuple[CondaPackage, ...],
    folder: str,
) -> tuple[Wheel, ...]:
    """Returns the packages of PyPI, by name. Raises uv.Refused."""
    if not inputs.lines:
        return ()
    common = [*_command(request, platform, choices, options), "--no-build"]

    def give(option: str, name: str, lines: list[str] | tuple[str, ...]) -> list[str]:
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
        return [option, path]

    if inputs.limits:
        common += give("-c", "limits.txt", inputs.limits)
    if inputs.replaced:
        common += give("--override", "overrides.txt", inputs.replaced)
    if conda:  # what conda installs, PyPI must not install again
        common += give("--excludes", "excludes.txt", [package.name for package in conda if _may_be_python(package)])
    placed = _placed(inputs, choices)
    if placed:
        common.insert(3, _project(folder, placed))
    text = "\n".join(inputs.lines) + "\n"
    kept = {wheel.name: wheel.version for wheel in earlier if not wheel.direct and not wheel.built}
    for name in (*choices.upgraded, *inputs.made):
        kept.pop(bare_name(name), None)
    if kept and not choices.upgrade:  # uv prefers the versions in its output file
        output = give("-o", "requirements.txt", [f"{name}=={version}" for name, version in sorted(kept.items())])
        uv.run([*common, *output], text, folder)
        with open(output[1], encoding="utf-8") as file:
            common += give("-c", "constraints.txt", [line.strip() for line in file if "==" in line])
    lock_text = uv.run([*common, *FORMAT], text, folder)
    chosen = (_best(package, request.python, platform, inputs.hashes) for package in _packages(lock_text))
    wheels = [_checked(package, inputs, dict(placed)) for package in chosen]
    return tuple(sorted(wheels, key=lambda wheel: wheel.name))


def _best(
    package: dict[str, Any], python: str, platform: Platform, hashes: dict[str, frozenset[str]]
) -> dict[str, Any]:
    """Returns the package with one wheel: of several that fit, the one that an installer would take."""
    wheels = package.get("wheels", [])
    accepted = hashes.get(normalized(package["name"]), frozenset())
    if len(wheels) > 1:
        fitting = [
            (order, pylock.file_of(wheel), at)
            for at, wheel in enumerate(wheels)
            if (order := tags.rank(pylock.file_of(wheel), python, platform)) is not None
            and (not accepted or wheel.get("hashes", {}).get("sha256") in accepted)
        ]
        wheels = [wheels[max(fitting)[2]]] if fitting else []
    return {**package, "wheels": wheels} if wheels else package


def _may_be_python(package: CondaPackage) -> bool:
    """Returns True for a package that may also be on PyPI; a name alone cannot tell."""
    return package.name != "python" and not package.name.startswith("_")


def _placed(inputs: Inputs, choices: Choices) -> list[tuple[str, str]]:
    """Returns the requested packages that come from an index of their own, and that index."""
    asked = {bare_name(line) for line in inputs.lines if " @ " not in line}
    return [(bare_name(name), url) for name, url in choices.package_index if bare_name(name) in asked]


def _project(folder: str, placed: list[tuple[str, str]]) -> str:
    """Writes a project by which uv knows the index of single packages; returns its path."""
    text = '[project]\nname = "flowc-lock"\nversion = "0"\n'
    text += f"dependencies = {json_text.dumps([name for name, _ in placed])}\n[tool.uv.sources]\n"
    text += "".join(f'{json_text.dumps(name)} = {{index = "own-{at}"}}\n' for at, (name, _) in enumerate(placed))
    for at, (_, url) in enumerate(placed):
        text += f'[[tool.uv.index]]\nname = "own-{at}"\nurl = {json_text.dumps(url)}\nexplicit = true\n'
    path = os.path.join(folder, "pyproject.toml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def _checked(package: dict[str, Any], inputs: Inputs, placed: dict[str, str]) -> Wheel:
    """Returns the package as it is locked. Raises uv.Refused for one that is neither a wheel nor was made here."""
    name = normalized(package["name"])
    if name in inputs.made:
        return inputs.made[name]
    wheel = _wheel(package)
    accepted = inputs.hashes.get(name)
    if accepted and wheel.sha256 not in accepted:
        raise uv.Refused(f"{wheel.file} has the digest sha256:{wheel.sha256}, which is not among those of its line")
    return replace(wheel, index=placed[name]) if name in placed else wheel


def bare_name(requirement: str) -> str:
    """Returns the normalized name of a requirement's package.

    >>> bare_name("Scikit_Learn[extra] >=1 ; python_version < '4'")
    'scikit-learn'
    """
    text = requirement.strip()
    at = next((at for at, letter in enumerate(text) if not (letter.isalnum() or letter in "._-")), len(text))
    return normalized(text[:at])


def _packages(text: str) -> list[dict[str, Any]]:
    import sys

    data = quick_reading.read(text)
    if data is not None and all(
        _is_short(wheel) for one in data.get("packages", ()) for wheel in one.get("wheels", ())
    ):
        return list(data.get("packages", ()))
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    packages = tomllib.loads(text).get("packages", [])
    return list(packages)


def _is_short(wheel: dict[str, Any]) -> bool:
    """Returns True if the time of the wheel's upload is written as locks write it, in UTC and without zeros."""
    time = str(wheel.get("upload-time", "Z"))
    return time.endswith("Z") and not ("." in time and time.endswith(("0Z", ".Z")))


def _wheel(package: dict[str, Any]) -> Wheel:
    """Returns the package's wheel, with credentials removed from its URL."""
    name = package["name"]
    if "vcs" in package or "directory" in package:
        raise uv.Refused(f"{name} exists only as sources, and another package asks for it: name it in the flow, too")
    try:
        result = pylock.wheel(package, {})
    except (KeyError, TypeError, ValueError):
        raise uv.Refused(
            f"{name} {package.get('version', '')} has no matching wheel with a SHA-256 digest and a URL"
        ) from None
    if "@" not in result.url:
        return result
    from urllib.parse import urlsplit, urlunsplit

    place = urlsplit(result.url)
    if place.username is None:
        return result
    return replace(result, url=urlunsplit(place._replace(netloc=place.netloc.rpartition("@")[2])))
