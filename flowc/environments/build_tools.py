"""The packages that a package is built with: its build backend, and what that needs (PEP 517, PEP 518).

They are locked with their digests, like the packages of a task, so that every machine builds with the same. Sources say
a part of it in their `pyproject.toml`; a backend may ask for more when it runs. uv refuses to install what has no
digest, and names it, so building is tried until nothing is missing.
"""

from __future__ import annotations

import os
import sys

from . import uv
from .requests import normalized

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEFAULT = ("setuptools>=40.8.0",)  # of sources that say nothing (PEP 518)
AT_MOST = 10  # times that a backend may ask for more
_FOUND = "No solution found when resolving: "
_MISSING = "no trusted hash was provided for: `"


def asked(sources: str) -> tuple[str, ...]:
    """Returns the requirements that the sources name: a folder, or a source distribution. Raises uv.Refused."""
    text = _pyproject(sources)
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        table: Any = tomllib.loads(text).get("build-system")
        return tuple(map(str, table["requires"])) if table else DEFAULT
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise uv.Refused(f"the `[build-system]` of `pyproject.toml` cannot be read: {error!r}") from None


def _pyproject(sources: str) -> str:
    import tarfile
    import zipfile

    try:
        if os.path.isdir(sources):
            with open(os.path.join(sources, "pyproject.toml"), encoding="utf-8") as file:
                return file.read()
        if sources.endswith(".zip"):
            with zipfile.ZipFile(sources) as zipped:
                return next((zipped.read(name).decode() for name in zipped.namelist() if _is_top(name)), "")
        with tarfile.open(sources) as archive:
            for member in archive:
                content = archive.extractfile(member) if _is_top(member.name) else None
                if content is not None:
                    return content.read().decode()
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise uv.Refused(f"the sources cannot be read: {error}") from None
    return ""


def _is_top(name: str) -> bool:
    return name.removeprefix("./").count("/") == 1 and name.endswith("/pyproject.toml")


def resolved(
    requirements: tuple[str, ...], python: str, options: tuple[str, ...], kept: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Returns the tools for these requirements, one a line: version, marker and the digests of its files, by name.

    They are for every kind of machine, since a package without compiled code may be built on any. The versions of
    `kept` stay as long as they fit. Raises uv.Refused.
    """
    from flowc.compiler.fast_start.child import TemporaryFolder

    if not requirements:
        return ()
    command = ["pip", "compile", "-", "-q", "-p", sys.executable, "--python-version", python, "--universal"]
    command += ["--generate-hashes", "--no-header", "--no-annotate", "--no-build", *options]
    with TemporaryFolder("flowc-tools-") as folder:
        output = os.path.join(folder, "requirements.txt")  # uv prefers the versions in its output file
        _write(output, tuple(line.partition(" --hash")[0] for line in kept))
        uv.run([*command, "-o", output], "".join(f"{line}\n" for line in requirements), folder)
        with open(output, encoding="utf-8") as file:
            lines = file.read().replace("\\\n", " ").split("\n")
    return tuple(sorted(" ".join(line.split()) for line in lines if line.strip() and not line.startswith("#")))


def missing(message: str) -> tuple[str, ...]:
    """Returns the requirements in uv's message that it found no locked tool for; () if it says something else.

    >>> missing("No solution found when resolving: `setuptools<70`, `wheel` cause: Hash-checking is required, "
    ...         "but no trusted hash was provided for: `wheel`")
    ('setuptools<70', 'wheel')
    """
    if _MISSING not in message:
        return ()
    listed = message.partition(_FOUND)[2].partition(" cause:")[0].split("`")[1::2]
    return (*listed, *(() if listed else message.partition(_MISSING)[2].partition("`")[:1]))


def options(tools: tuple[str, ...], folder: str) -> list[str]:
    """Returns the options of `uv build` that allow these tools alone; `folder` holds the file that they name."""
    path = os.path.join(folder, "tools.txt")
    _write(path, tools)
    return ["--build-constraints", path, "--require-build-hashes"]


def shown(tool: str) -> str:
    """Returns the name and the version of a tool.

    >>> shown("setuptools==69.5.1 --hash=sha256:6c1f")
    'setuptools 69.5.1'
    """
    name, _, version = tool.split(" ")[0].partition("==")
    return f"{normalized(name)} {version}"


def _write(path: str, lines: tuple[str, ...]) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
