"""Resolves a request for one platform: chooses the packages of an environment from the indexes.

uv does the work. Nothing is built from sources.
"""

from __future__ import annotations

import os

from flowc.compiler.fast_start.record import record

from . import pylock, uv
from .pylock import Lock, Wheel
from .requests import normalized

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .platforms import Platform
    from .requests import Wanted


@record
class Choices:
    """The options of `flowc lock`."""

    index: tuple[str, ...] = ()  # indexes to query first, in order: `URL` or `NAME=URL`
    default_index: str = ""  # the index to query last; "" for PyPI
    exclude_newer: str = ""  # a date or a time: files uploaded later are ignored
    upgrade: bool = False  # do not keep the versions of earlier locks
    upgraded: tuple[str, ...] = ()  # packages whose locked versions are not kept


def resolve(
    flow: str, environment: Wanted, platform: Platform, choices: Choices, earlier: tuple[Wheel, ...] = ()
) -> Lock:
    """Returns the lock of the environment for the platform. Keeps the versions of `earlier` that still fit.

    Raises uv.Refused with uv's message if the packages cannot be resolved, and Failure if uv is not installed.
    """
    import sys
    import tempfile

    options, indexes = uv.indexes(choices.index, choices.default_index)
    request = environment.request
    with tempfile.TemporaryDirectory(prefix="flowc-lock-") as folder:
        output = os.path.join(folder, "requirements.txt")
        kept = {wheel.name: wheel.version for wheel in earlier if not wheel.direct}
        for name in choices.upgraded:
            kept.pop(normalized(name).partition("[")[0], None)
        common = [
            "pip",
            "compile",
            "-",
            "-q",
            "-p",
            sys.executable,
            "--python-version",
            request.python,
            "--python-platform",
            platform.triple,
        ]
        common += ["--no-build", "--no-header", "--no-annotate", *options]
        if choices.exclude_newer:
            common += ["--exclude-newer", choices.exclude_newer]
        text = "\n".join(request.requirements()) + "\n"
        if kept and not choices.upgrade:  # uv prefers the versions in its output file
            with open(output, "w", encoding="utf-8") as file:
                file.writelines(f"{name}=={version}\n" for name, version in sorted(kept.items()))
            uv.run([*common, "-o", output], text, folder)
            with open(output, encoding="utf-8") as file:
                chosen = [line.strip() for line in file if "==" in line]
            constraints = os.path.join(folder, "constraints.txt")
            with open(constraints, "w", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in chosen)
            common += ["-c", constraints]
        lock_text = uv.run([*common, "--format", "pylock.toml"], text, folder)
    wheels = tuple(sorted(map(_wheel, _packages(lock_text)), key=lambda wheel: wheel.name))
    return Lock(
        flow, environment.name, request.packages, request.python, platform, wheels, indexes, choices.exclude_newer
    )


def _packages(text: str) -> list[dict[str, Any]]:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    packages = tomllib.loads(text).get("packages", [])
    return list(packages)


def _wheel(package: dict[str, Any]) -> Wheel:
    """Returns the package's wheel, with credentials removed from its URL."""
    from urllib.parse import urlsplit, urlunsplit

    name = package["name"]
    if "vcs" in package or "directory" in package:
        raise uv.Refused(f"{name} exists only as sources, and flowc locks only wheels: build a wheel, and name its URL")
    try:
        result = pylock.wheel(package)
    except (KeyError, TypeError, ValueError):
        raise uv.Refused(
            f"{name} {package.get('version', '')} has no matching wheel with a SHA-256 digest and a URL"
        ) from None
    place = urlsplit(result.url)
    if place.username is None:
        return result
    from flowc.compiler.fast_start.record import replace

    return replace(result, url=urlunsplit(place._replace(netloc=place.netloc.rpartition("@")[2])))
