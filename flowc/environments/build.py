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
from .wheels import clean, install_wheels

TYPE_CHECKING = False
if TYPE_CHECKING:
    import tarfile
    from collections.abc import Iterator

    from flowc.runtime_shim.environments.description import Description
    from flowc.runtime_shim.store import Store

    from .pylock import Lock

ROOT = "opt/flowc/environments"  # prefix of the names in the archive
LEVEL = 6  # of gzip


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
        if lock.conda:
            return _build_conda(lock, folder, python)
        if lock.wheels:
            where = ["--target", folder, "-p", sys.executable, "--python-version", lock.interpreter]
            try:
                install_wheels(lock, [*where, "--python-platform", lock.platform.triple, "--link-mode", "copy"])
            except uv.Refused as error:
                raise Failure(f"the packages of the environment `{lock.name}` cannot be fetched: {error}") from None
        clean(folder)
        _compile(folder, python, lock)
        return pack(folder, lock)


def _build_conda(lock: Lock, folder: str, python: str) -> Archive:
    """Returns the archive of a conda environment, whose files name the place where images have it."""
    from flowc.runtime_shim.environments import relocate

    from . import conda_install

    plain = relocate.place(lock.environment)
    try:
        conda_install.install(lock, folder, relocate.padded(plain))
        moving = conda_install.movable(folder, relocate.padded(plain), plain)
        conda_install.add_wheels(lock, folder)
    except uv.Refused as error:
        raise Failure(f"the packages of the environment `{lock.name}` cannot be fetched: {error}") from None
    conda_install.without_bytecode(folder)
    _compile(os.path.join(folder, *f"lib/python{lock.interpreter}".split("/")), python, lock)
    return pack(folder, lock, moving)


def put(store: Store, archive: Archive) -> None:
    """Writes the archive, and then its description, which makes it visible to tasks. Raises ShimError."""
    from flowc.runtime_shim.environments import description

    environment = archive.description.environment
    store.put(description.archive_name(environment), archive.data)
    store.put(description.description_name(environment), description.dumps(archive.description))


def _python(lock: Lock) -> str:
    """Returns a Python of the environment's version, which compiles its bytecode."""
    try:
        return uv.python(lock.interpreter)
    except uv.Refused as error:
        raise Failure(
            f"building the environment `{lock.name}` needs Python {lock.interpreter}, and uv finds none here: {error}\n"
            f"install it with `uv python install {lock.interpreter}`"
        ) from None


def _compile(folder: str, python: str, lock: Lock) -> None:
    """Adds bytecode that Python loads without checking the source.

    Files that are not valid in this version of Python get none, as with any installer.
    """
    import subprocess

    shown = f"/{ROOT}/{lock.environment.partition(':')[2]}"
    if lock.conda:
        shown += f"/lib/python{lock.interpreter}"
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


def pack(folder: str, lock: Lock, moving: tuple[tuple[str, str], ...] = ()) -> Archive:
    """Returns the archive of the folder's contents. `moving` are the files that name its place (`relocate.py`)."""
    import io
    import tarfile
    import zlib

    from flowc.runtime_shim.environments.description import CHUNK, Description

    names = sorted(_files(folder, bool(lock.conda)))
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
            member = tarfile.TarInfo(f"{root}/{name}")
            if os.path.islink(path):
                member.type, member.linkname, member.mode = tarfile.SYMTYPE, os.readlink(path), 0o777
                archive.format = _format(member)
                archive.addfile(member)
                continue
            status = os.stat(path)
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
        lock.interpreter,
        lock.platform.name,
        lock.platform.glibc,
        len(data),
        chunks,
        unpacked,
        len(names),
        digest.hexdigest(),
        "conda" if lock.conda else "pypi",
        [list(file) for file in moving],
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


def _files(folder: str, has_links: bool) -> Iterator[str]:
    """Yields the path of every file relative to the folder, with forward slashes.

    Raises Failure for a device or a link, which could lead out of the folder. Conda's packages hold links that do not.
    """
    root = os.path.realpath(folder)
    for inside, below, names in os.walk(folder):
        for name in (*below, *names):
            path = os.path.join(inside, name)
            shown = os.path.relpath(path, folder).replace(os.sep, "/")
            if has_links and os.path.islink(path) and not os.path.isabs(os.readlink(path)):
                if f"{os.path.realpath(path)}/".startswith(f"{root}/"):
                    yield shown
                    continue
            if os.path.islink(path) or (name in names and not os.path.isfile(path)):
                raise Failure(f"a package holds `{shown}`, which is a link or a device; an archive can only hold files")
            if name in names:
                yield shown
