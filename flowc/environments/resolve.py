"""Choosing the packages of an environment for one platform: what a request becomes when the indexes are asked.

uv resolves, and nothing is built.
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
    """What somebody who locks may say."""

    index: tuple[str, ...] = ()  # indexes that are asked first, in order: `URL` or `NAME=URL`
    default_index: str = ""  # asked last; "" for PyPI
    exclude_newer: str = ""  # a date or a time: files uploaded later are not considered
    upgrade: bool = False  # do not keep the versions of earlier locks
    upgraded: tuple[str, ...] = ()  # do not keep those of these packages


def resolve(flow: str, wanted: Wanted, platform: Platform, choices: Choices, earlier: tuple[Wheel, ...] = ()) -> Lock:
    """Returns the lock of the environment for the platform. The versions of `earlier` are kept where they still fit.

    Raises uv.Refused, with uv's words, if the packages cannot be resolved, and Failure where uv is not installed.
    """
    import sys
    import tempfile

    options, indexes = uv.indexes(choices.index, choices.default_index)
    request = wanted.request
    with tempfile.TemporaryDirectory(prefix="flowc-lock-") as folder:
        output = os.path.join(folder, "requirements.txt")
        kept = {each.name: each.version for each in earlier if not each.direct}
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
        if kept and not choices.upgrade:  # uv prefers the versions of the file that it is to write
            with open(output, "w", encoding="utf-8") as file:
                file.writelines(f"{name}=={version}\n" for name, version in sorted(kept.items()))
            uv.run([*common, "-o", output], text, folder)
            with open(output, encoding="utf-8") as file:
                chosen = [line.strip() for line in file if "==" in line]
            constraints = os.path.join(folder, "constraints.txt")
            with open(constraints, "w", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in chosen)
            common += ["-c", constraints]
        made = uv.run([*common, "--format", "pylock.toml"], text, folder)
    wheels = tuple(sorted(map(_wheel, _packages(made)), key=lambda each: each.name))
    return Lock(flow, wanted.name, request.packages, request.python, platform, wheels, indexes, choices.exclude_newer)


def _packages(text: str) -> list[dict[str, Any]]:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    found = tomllib.loads(text).get("packages", [])
    return list(found)


def _wheel(package: dict[str, Any]) -> Wheel:
    """The package's wheel, with a URL that holds no credentials."""
    from urllib.parse import urlsplit, urlunsplit

    name = package["name"]
    if "vcs" in package or "directory" in package:
        raise uv.Refused(
            f"{name} would have to be built from its sources, and flowc locks wheels: build one, and name its URL"
        )
    try:
        found = pylock.wheel(package)
    except (KeyError, TypeError, ValueError):
        raise uv.Refused(
            f"{name} {package.get('version', '')} has no wheel with a SHA-256 digest and a URL that fits"
        ) from None
    place = urlsplit(found.url)
    if place.username is None:
        return found
    from flowc.compiler.fast_start.record import replace

    return replace(found, url=urlunsplit(place._replace(netloc=place.netloc.rpartition("@")[2])))
