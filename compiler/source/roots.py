"""Source roots: folders beside the flow's own from which Python imports the modules of a repository.

`declared` finds those that the repository itself names: where its `pyproject.toml` says that packages are, the members
of a workspace, projects that are installed in place, and last the repository's own folder and its `src`.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

FILE = "pyproject.toml"
_SETUP = ("setup.py", "setup.cfg")  # of a project without a `pyproject.toml`
_MAX_BYTES = 1 << 20
_MAX_PROJECTS = 200  # of one workspace
_MAX_ENTRIES = 20_000  # of a folder that may hold installed packages
# A pyproject.toml without any of these words says nothing about where packages are, and is not parsed.
_WORDS = (b"package-dir", b"where", b"packages", b"sources", b"module-root", b"python-source", b"members", b"path")


def holds_installed_packages(folder: str) -> bool:
    """Returns True for a folder of installed packages. Their modules are not part of a flow's source."""
    if any(part in ("site-packages", "dist-packages") for part in os.path.normpath(folder).split(os.sep)):
        return True
    try:  # `pip install --target FOLDER` leaves a description of each package (PEP 376); a huge folder is not searched
        with os.scandir(folder) as entries:
            return any(entry.name.endswith(".dist-info") for entry, _ in zip(entries, range(_MAX_ENTRIES)))
    except OSError:
        return False


def declared(folder: str) -> tuple[str, ...]:
    """Returns the absolute paths of the roots that the repository around the folder declares, the nearest first."""
    folders: list[str] = []
    seen: set[str] = set()
    current = os.path.abspath(folder)
    while True:
        folders += _of_project(current, seen)
        parent = os.path.dirname(current)
        if os.path.exists(os.path.join(current, ".git")):
            folders += [os.path.join(current, "src"), current]
            break
        if parent == current:
            break
        current = parent
    never = (os.path.abspath(os.sep), os.path.expanduser("~"))
    own = os.path.abspath(folder)
    return tuple(root for root in dict.fromkeys(folders) if root not in (own, *never) and os.path.isdir(root))


def _of_project(base: str, seen: set[str]) -> Iterator[str]:
    """Yields the roots of the project in a folder, and of those that it is installed with; none without a project."""
    if base in seen or len(seen) > _MAX_PROJECTS:
        return
    data = _read(os.path.join(base, FILE))
    table: dict[str, Any] = {}
    if any(word in data for word in _WORDS):
        table = _parsed(data)
    tool = _table(table, "tool")
    is_project = b"[project]" in data or b"[build-system]" in data or b"[tool.poetry]" in data
    if not (is_project or any(_members(tool)) or any(os.path.isfile(os.path.join(base, name)) for name in _SETUP)):
        return
    seen.add(base)
    for path in _folders(tool):
        yield os.path.normpath(os.path.join(base, path))
    yield os.path.join(base, "src")
    yield base
    for pattern in _members(tool):
        for member in _matching(base, pattern):
            yield from _of_project(member, seen)
    for path in _installed_in_place(tool):
        yield from _of_project(os.path.normpath(os.path.join(base, path)), seen)


def _folders(tool: dict[str, Any]) -> Iterator[str]:
    """Yields what each build tool calls the folder that holds packages."""
    setuptools = _table(tool, "setuptools")
    for package, path in _table(setuptools, "package-dir").items():
        yield from _above(str(path), package.replace(".", "/"))
    yield from _texts(_table(setuptools, "packages", "find").get("where"))
    for table in _tables(_table(tool, "poetry").get("packages")):
        yield from _texts(table.get("from"))
    wheel = _table(tool, "hatch", "build", "targets", "wheel")
    for path in _texts(wheel.get("packages")):
        yield os.path.dirname(path)
    for build in (wheel, _table(tool, "hatch", "build")):
        yield from _texts(build.get("sources"))
        for path, package in _table(build, "sources").items():
            yield from _above(path, str(package))
    yield from _texts(_table(tool, "pdm", "build").get("package-dir"))
    yield from _texts(_table(tool, "uv", "build-backend").get("module-root"))
    yield from _texts(_table(tool, "maturin").get("python-source"))


def _above(path: str, package: str) -> Iterator[str]:
    """Yields the folder from which the package in the folder `path` is imported, if the two agree."""
    path = path.strip("/")
    if not package:
        yield path
    elif path == package or path.endswith(f"/{package}"):
        yield path[: len(path) - len(package)].rstrip("/")


def _members(tool: dict[str, Any]) -> Iterator[str]:
    for name in ("uv", "rye", "pixi"):
        yield from _texts(_table(tool, name, "workspace").get("members"))


def _matching(base: str, pattern: str) -> list[str]:
    if not any(character in pattern for character in "*?["):
        return [os.path.normpath(os.path.join(base, pattern))]
    if "**" in pattern:  # would walk through everything
        return []
    import glob

    return sorted(os.path.normpath(path) for path in glob.glob(os.path.join(glob.escape(base), pattern)))


def _installed_in_place(tool: dict[str, Any]) -> Iterator[str]:
    """Yields the paths of projects that this one depends on as they lie in the repository."""
    poetry = _table(tool, "poetry")
    groups = [_table(group, "dependencies") for group in _table(poetry, "group").values() if isinstance(group, dict)]
    for several in (_table(tool, "uv", "sources"), _table(poetry, "dependencies"), *groups):
        for table in several.values():
            if isinstance(table, dict):
                yield from _texts(table.get("path"))


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_MAX_BYTES)
    except OSError:
        return b""


def _parsed(data: bytes) -> dict[str, Any]:
    """The table of a TOML text; {} for one that cannot be read, of which others may complain."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        document: dict[str, Any] = tomllib.loads(data.decode())
        return document
    except (ValueError, RecursionError):
        return {}


def _table(table: Any, *names: str) -> dict[str, Any]:
    for name in names:
        table = table.get(name) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else {}


def _tables(value: Any) -> Iterator[dict[str, Any]]:
    yield from (table for table in value if isinstance(table, dict)) if isinstance(value, list) else ()


def _texts(value: Any) -> Iterator[str]:
    several = value if isinstance(value, list) else [value]
    yield from (text for text in several if isinstance(text, str) and "\0" not in text)
