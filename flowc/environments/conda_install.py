"""Installs the locked packages of a conda environment into a folder, and makes the folder movable.

py-rattler fetches, checks and links the packages, and writes the environment's path into files that name it. No script
of a package runs. Wheels of PyPI go into the same prefix.
"""

from __future__ import annotations

import json
import os

from flowc.terminal import Failure

from .conda_solve import SUBDIRS, client, errors, folder, rattler
from .wheels import clean, install_wheels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .pylock import CondaPackage, Lock

# what differs from machine to machine in the descriptions of installed packages
_OWN = ("extracted_package_dir", "package_tarball_full_path", "link", "requested_spec", "requested_specs", "channel")
_DROPPED = ("conda-meta/history", "CACHEDIR.TAG")


def install(lock: Lock, target: str, prefix: str = "") -> None:
    """Installs the packages of conda into the folder; files name `prefix` as their place, by default the folder.

    Raises Failure.
    """
    import asyncio

    library = rattler()
    records = [_record(library, package) for package in lock.conda]

    async def run() -> None:
        await library.install(
            records,
            target,
            cache_dir=os.path.join(folder(), "packages"),
            platform=library.Subdir(SUBDIRS[lock.platform.name]),
            show_progress=False,
            execute_link_scripts=False,
            client=client(library),
            alternative_target_prefix=prefix or None,
        )

    failures: tuple[type[Exception], ...] = (OSError, ValueError, *errors(library))
    try:
        asyncio.run(run())
    except failures as error:
        reason = " ".join(str(error).split())[:500]
        raise Failure(f"the conda packages of the environment `{lock.name}` cannot be installed: {reason}") from None
    _stays_inside(target)


def _record(library: Any, package: CondaPackage) -> Any:
    record = library.PackageRecord(
        package.name,
        package.version,
        library.BuildString(package.build),
        0,
        package.subdir,
        noarch=package.noarch or None,
        sha256=bytes.fromhex(package.sha256),
        size=package.size or None,
        python_site_packages_path=package.site_packages or None,
    )
    return library.RepoDataRecord(record, package.file, package.url, package.url.rsplit("/", 2)[0])


def _stays_inside(target: str) -> None:
    """Raises Failure if a link leads out of the folder."""
    root = os.path.realpath(target)
    for path in links(target):
        if os.path.isabs(os.readlink(path)) or not f"{os.path.realpath(path)}/".startswith(f"{root}/"):
            shown = os.path.relpath(path, target)
            raise Failure(
                f"a package holds `{shown}`, a link to `{os.readlink(path)}`, which is not in the environment"
            )


def links(target: str) -> Iterator[str]:
    """Yields the path of every symbolic link in the folder."""
    for inside, below, names in os.walk(target):
        for name in (*below, *names):
            path = os.path.join(inside, name)
            if os.path.islink(path):
                yield path


def site_packages(lock: Lock) -> str:
    """Returns the place of Python's packages in the environment."""
    own = next((package.site_packages for package in lock.conda if package.name == "python"), "")
    return own or f"lib/python{lock.interpreter}/site-packages"


def add_wheels(lock: Lock, target: str) -> None:
    """Installs the environment's packages of PyPI into its prefix. Raises uv.Refused and Failure."""
    import sys
    import tempfile

    if not lock.wheels:
        return
    with tempfile.TemporaryDirectory(prefix=".wheels-", dir=target) as apart:
        where = ["--target", apart, "-p", sys.executable, "--python-version", lock.interpreter]
        install_wheels(lock, [*where, "--python-platform", lock.platform.triple, "--link-mode", "copy"])
        clean(apart)
        _merge(apart, target, site_packages(lock))


def _merge(source: str, target: str, site: str) -> None:
    """Moves programs to `bin`, and all else to `site-packages`. Raises Failure for a file of a package of conda."""
    root = os.path.realpath(target)
    for inside, _, names in os.walk(source):
        for file in names:
            name = os.path.relpath(os.path.join(inside, file), source).replace(os.sep, "/")
            to = os.path.join(target, *(name if name.startswith("bin/") else f"{site}/{name}").split("/"))
            os.makedirs(os.path.dirname(to), exist_ok=True)
            if not f"{os.path.realpath(os.path.dirname(to))}/".startswith(f"{root}/") or os.path.lexists(to):
                raise Failure(
                    f"packages of PyPI and of conda both hold `{os.path.relpath(to, target)}`: "
                    "name the package in one of the two decorators"
                )
            os.rename(os.path.join(inside, file), to)


def movable(target: str, padded: str, plain: str) -> tuple[tuple[str, str], ...]:
    """Prepares the folder for an archive, and returns the files that name its place, each with `text` or `binary`.

    Binary files keep `padded`, which is the same folder as `plain` and leaves room for a longer path.
    """
    modes: dict[str, str] = {}
    descriptions = os.path.join(target, "conda-meta")
    for description in sorted(os.listdir(descriptions)):
        path = os.path.join(descriptions, description)
        if not description.endswith(".json"):
            continue
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        for one in data["paths_data"]["paths"]:
            if one.get("prefix_placeholder"):
                modes[one["_path"]] = one.get("file_mode") or "text"
        rewrite(
            path, json.dumps({key: data[key] for key in sorted(data) if key not in _OWN}, indent=1).encode() + b"\n"
        )
    for name in _DROPPED:
        if os.path.exists(os.path.join(target, *name.split("/"))):
            os.remove(os.path.join(target, *name.split("/")))
    _programs(target, padded, modes)
    kept = []
    for name, mode in sorted(modes.items()):
        path = os.path.join(target, *name.split("/"))
        if not os.path.isfile(path) or os.path.islink(path):
            continue
        with open(path, "rb") as file:
            content = file.read()
        if padded.encode() in content:
            kept.append((name, mode))
            if mode == "text":
                rewrite(path, content.replace(padded.encode(), plain.encode()))
    return tuple(kept)


def _programs(target: str, padded: str, modes: dict[str, str]) -> None:
    """Adds the programs that the installer wrote for entry points, which no package lists as such."""
    scripts = os.path.join(target, "bin")
    for script in sorted(os.listdir(scripts)) if os.path.isdir(scripts) else ():
        path = os.path.join(scripts, script)
        if f"bin/{script}" in modes or os.path.islink(path) or not os.path.isfile(path):
            continue
        with open(path, "rb") as file:
            beginning = file.read(4096)
        if beginning.startswith(b"#!") and padded.encode() in beginning:
            modes[f"bin/{script}"] = "text"


def rewrite(path: str, content: bytes) -> None:
    """Replaces the file. It is never changed in place, since it may be the cache's own."""
    mode = os.stat(path).st_mode & 0o777
    os.remove(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with open(descriptor, "wb") as file:
        file.write(content)


def without_bytecode(target: str) -> None:
    """Deletes compiled modules, which belong to sources of another time."""
    for inside, _, names in os.walk(target):
        for name in names:
            if name.endswith(".pyc"):
                os.remove(os.path.join(inside, name))
