"""Builds an environment's archive: the locked wheels with bytecode, unpacked into one folder.

The same lock gives the same tar on any machine that has the environment's Python (X.Y). The archive omits the
installer's own files, scripts name no interpreter of this machine, and the tar has sorted names, and neither
times nor owners.
"""

from __future__ import annotations

import hashlib
import os
import sys

from flowc.compiler.fast_start.record import record
from flowc.terminal import Failure

from . import uv
from .cache import install_wheels

TYPE_CHECKING = False
if TYPE_CHECKING:
    import tarfile
    from collections.abc import Iterator

    from flowc.runtime_shim.environments.description import Description
    from flowc.runtime_shim.store import Store

    from .pylock import Lock

ROOT = "opt/flowc/environments"  # prefix of the names in the archive
LEVEL = 6  # of gzip
_DROPPED = ("direct_url.json", "INSTALLER", "REQUESTED", "uv_cache.json", "uv_build.json")  # written by installers
_SCRIPT = """#!/usr/bin/env python3
import sys

from {module} import {first}

sys.exit({function}())
"""


@record
class Archive:
    """A built environment."""

    data: bytes  # of DIGEST.tar.gz
    description: Description


def build(lock: Lock) -> Archive:
    """Returns the environment's archive. Raises Failure if it cannot be built here."""
    import tempfile

    python = _python(lock)
    with tempfile.TemporaryDirectory(prefix="flowc-build-") as above:
        folder = os.path.join(above, "environment")
        os.mkdir(folder)
        if lock.wheels:
            where = ["--target", folder, "-p", sys.executable, "--python-version", lock.python]
            try:
                install_wheels(lock, [*where, "--python-platform", lock.platform.triple, "--link-mode", "copy"])
            except uv.Refused as error:
                raise Failure(f"the packages of the environment `{lock.name}` cannot be fetched: {error}") from None
        _clean(folder)
        _compile(folder, python, lock)
        return pack(folder, lock)


def put(store: Store, archive: Archive) -> None:
    """Writes the archive, and then its description, which makes it visible to tasks. Raises ShimError."""
    from flowc.runtime_shim.environments import description

    environment = archive.description.environment
    store.put(description.archive_name(environment), archive.data)
    store.put(description.description_name(environment), description.dumps(archive.description))


def _python(lock: Lock) -> str:
    """Returns a Python of the environment's version, which compiles its bytecode."""
    if lock.python == "{}.{}".format(*sys.version_info):
        return sys.executable
    try:
        return uv.run(["python", "find", "--no-project", "--system", lock.python]).strip()
    except uv.Refused as error:
        raise Failure(
            f"building the environment `{lock.name}` needs Python {lock.python}, and uv finds none here: {error}\n"
            f"install it with `uv python install {lock.python}`"
        ) from None


def _clean(folder: str) -> None:
    """Removes whatever differs from builder to builder."""
    scripts = os.path.join(folder, "bin")
    points = dict(_entry_points(folder))
    for name in sorted(os.listdir(scripts)) if os.path.isdir(scripts) else ():
        path = os.path.join(scripts, name)
        if name in points:
            _write(path, points[name])
        elif os.path.isfile(path):
            _without_interpreter(path)
    for entry in os.listdir(folder):
        path = os.path.join(folder, entry)
        if entry == ".lock":
            os.remove(path)
        elif entry.endswith(".dist-info"):
            for name in _DROPPED:
                if os.path.exists(os.path.join(path, name)):
                    os.remove(os.path.join(path, name))
            _clean_record(os.path.join(path, "RECORD"))


def _entry_points(folder: str) -> Iterator[tuple[str, str]]:
    """Yields each console script and its text (Entry points specification)."""
    import configparser

    for entry in sorted(os.listdir(folder)):
        path = os.path.join(folder, entry, "entry_points.txt")
        if not entry.endswith(".dist-info") or not os.path.exists(path):
            continue
        parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        try:
            with open(path, encoding="utf-8") as file:
                parser.read_file(file)
        except (configparser.Error, UnicodeDecodeError):
            continue
        for group in ("console_scripts", "gui_scripts"):
            for name, value in parser.items(group) if parser.has_section(group) else ():
                module, _, function = value.partition("[")[0].strip().partition(":")
                names = [*module.split("."), *function.split(".")]
                if all(name.isidentifier() for name in names):  # it becomes Python's text
                    yield name, _SCRIPT.format(module=module, first=function.split(".")[0], function=function)


def _without_interpreter(path: str) -> None:
    """Resets the first line of a wheel's script, in which the installer wrote the path of an interpreter here."""
    with open(path, "rb") as file:
        data = file.read()
    if data.startswith(b"#!/bin/sh\n'''exec'"):  # the form for a path that is too long for the kernel
        data = b"#!\n" + data.split(b"\n", 3)[3]
    elif not data.startswith(b"#!") or b"python" not in data.partition(b"\n")[0]:
        return
    with open(path, "wb") as file:
        file.write(b"#!/usr/bin/env python3\n" + data.partition(b"\n")[2])


def _clean_record(path: str) -> None:
    """Removes scripts, whose texts differ from builder to builder, and dropped files from a RECORD; sorts it."""
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as file:
        lines = [
            line.rstrip("\n")
            for line in file
            if not line.startswith(("bin/", "../")) and line.split(",")[0].rpartition("/")[2] not in _DROPPED
        ]
    _write(path, "\n".join(sorted(lines)) + "\n")


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _compile(folder: str, python: str, lock: Lock) -> None:
    """Adds bytecode that Python loads without checking the source.

    Files that are not valid in this version of Python get none, as with any installer.
    """
    import subprocess

    shown = f"/{ROOT}/{lock.environment.partition(':')[2]}"
    command = [
        python,
        "-m",
        "compileall",
        "-q",
        "-q",
        "--invalidation-mode",
        "unchecked-hash",
        "-s",
        folder,
        "-p",
        shown,
        folder,
    ]
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    env = {**own, "PYTHONHASHSEED": "0", "PYTHONNOUSERSITE": "1"}
    above = os.path.dirname(folder)  # in the folder itself, Python would import the packages' modules
    subprocess.run(command, env=env, cwd=above, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def pack(folder: str, lock: Lock) -> Archive:
    """Returns the archive of the folder's contents."""
    import io
    import tarfile
    import zlib

    from flowc.runtime_shim.environments.description import CHUNK, Description

    names = sorted(_files(folder))
    buffer = io.BytesIO()
    digest = hashlib.sha256()
    zipper = zlib.compressobj(LEVEL, zlib.DEFLATED, -15)
    crc, length, unpacked = 0, 0, 0
    buffer.write(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff")  # gzip, without a name and a time (RFC 1952)

    class Sink:
        """Takes the tar as it grows."""

        def write(self, data: bytes) -> int:
            nonlocal crc, length
            digest.update(data)
            crc, length = zlib.crc32(data, crc), length + len(data)
            buffer.write(zipper.compress(data))
            return len(data)

    root = f"{ROOT}/{lock.environment.partition(':')[2]}"
    with tarfile.open(fileobj=Sink(), mode="w|", format=tarfile.PAX_FORMAT, bufsize=1 << 20) as archive:  # type: ignore[call-overload]
        for name in names:
            path = os.path.join(folder, *name.split("/"))
            status = os.stat(path)
            member = tarfile.TarInfo(f"{root}/{name}")
            member.size, member.mode = status.st_size, 0o755 if status.st_mode & 0o100 else 0o644
            unpacked += status.st_size
            archive.format = _format(member)
            with open(path, "rb") as file:
                archive.addfile(member, file)
    buffer.write(zipper.flush())
    buffer.write(crc.to_bytes(4, "little") + (length & 0xFFFFFFFF).to_bytes(4, "little"))
    data = buffer.getvalue()
    chunks = [hashlib.sha256(data[at : at + CHUNK]).hexdigest() for at in range(0, len(data), CHUNK)]
    described = Description(
        lock.environment,
        lock.python,
        lock.platform.name,
        lock.platform.glibc,
        len(data),
        chunks,
        unpacked,
        len(names),
        digest.hexdigest(),
    )
    return Archive(data, described)


def _format(member: tarfile.TarInfo) -> int:
    """Returns the format with a header of one block, or the extended one if the name does not fit."""
    import tarfile

    try:
        member.tobuf(tarfile.USTAR_FORMAT)
        return tarfile.USTAR_FORMAT
    except ValueError:
        return tarfile.PAX_FORMAT


def _files(folder: str) -> Iterator[str]:
    """Yields the path of every file relative to the folder, with forward slashes.

    Raises Failure for a link or a device, which could lead out of the folder.
    """
    for inside, below, names in os.walk(folder):
        for name in (*below, *names):
            path = os.path.join(inside, name)
            shown = os.path.relpath(path, folder).replace(os.sep, "/")
            if os.path.islink(path) or (name in names and not os.path.isfile(path)):
                raise Failure(f"a package holds `{shown}`, which is a link or a device; an archive can only hold files")
            if name in names:
                yield shown
