"""Files and folders as objects of the datastore, and back.

A file is written in pieces, each an object named by its digest, in a folder that belongs to this save alone. So a
process that is killed leaves at most pieces that nobody refers to. Whoever saves writes a record of the files last
(`references.py`), and only that makes them readable.
"""

from __future__ import annotations

import os

from ..artifacts.content import Content, Damaged
from ..contract import address
from ..contract.errors import DamagedError
from ..fast_start.threads import for_each
from .exceptions import LoadingException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO, Dict, List, Tuple

    from ..store import Store

    Saved = Dict[str, Any]  # `content`: the folder of the pieces; `format`; `files`: a list of File
    File = Dict[str, Any]  # `path` (relative), `size`, `executable`, `pieces`: a list of [digest, size]

FILES, TAR = "files", "tar"
PIECE = 32 << 20  # bytes; a piece is in memory while it is written or read
WORKERS = 4  # files at once


def save(store: Store, owner: str, path: str, storage_format: str) -> Tuple[Saved, int]:
    """Writes the file, or all files of the folder. Returns what `load` needs, and the number of bytes.

    `owner` is the flow. Raises FileNotFoundError, ValueError for an unknown format, and StoreError.
    """
    path = os.path.abspath(os.fspath(path))
    if storage_format not in (FILES, TAR):
        raise ValueError(f"storage_format must be '{FILES}' or '{TAR}', not {storage_format!r}")
    if not os.path.exists(path):
        raise FileNotFoundError(f"there is nothing to save at {path}")
    folder = f"{address.encoded(owner)}/saved/{os.urandom(16).hex()}/"
    if storage_format == TAR:
        files = [_saved_archive(store, folder, path)]
    else:
        found = _files_of(path)
        files = [{} for _ in found]

        def one(number: int) -> None:
            relative, absolute = found[number]
            with open(absolute, "rb") as file:
                files[number] = _written(store, folder, relative, file)

        for_each(len(found), one, WORKERS)
    return {"content": folder, "format": storage_format, "files": files}, sum(file["size"] for file in files)


def load(store: Store, saved: Saved, path: str) -> None:
    """Writes the saved files below the folder `path`, which it creates. Files that are there are replaced.

    Raises LoadingException if content is missing, DamagedError if it is damaged, and StoreError.
    """
    path = os.path.abspath(os.fspath(path))
    os.makedirs(path, exist_ok=True)
    if saved["format"] == TAR:
        _extract(store, saved, path)
        return

    def one(number: int) -> None:
        file = saved["files"][number]
        target = os.path.join(path, *_checked(file["path"]))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.lexists(target):
            os.unlink(target)  # not through a link
        with open(target, "wb") as opened:
            _read(store, saved["content"], file, opened)
        if file["executable"]:
            os.chmod(target, os.stat(target).st_mode | 0o111)

    for_each(len(saved["files"]), one, WORKERS)


def delete(store: Store, saved: Saved) -> None:
    """Deletes the content. Whoever could read it must be deleted before."""
    for name in {saved["content"] + digest for file in saved["files"] for digest, _ in file["pieces"]}:
        store.delete(name)


def _files_of(path: str) -> List[Tuple[str, str]]:
    """Returns (relative path with slashes, path) of the files to save, sorted. Links to files are followed."""
    if not os.path.isdir(path):
        return [(os.path.basename(path), path)]
    found = []
    for folder, _, names in os.walk(path):
        for name in names:
            absolute = os.path.join(folder, name)
            if os.path.isfile(absolute):  # not a socket, a pipe, or a link that leads nowhere
                found.append((os.path.relpath(absolute, path).replace(os.sep, "/"), absolute))
    return sorted(found)


def _written(store: Store, folder: str, relative: str, file: BinaryIO) -> File:
    pieces: List[Any] = []
    while True:
        data = file.read(PIECE)
        if not data and pieces:
            break
        content = Content()
        content.add(data)
        store.write_blob(content, lambda digest: folder + digest)
        pieces.append([content.digest, len(data)])
        if len(data) < PIECE:
            break
    mode = os.fstat(file.fileno()).st_mode
    return {
        "path": relative,
        "size": sum(size for _, size in pieces),
        "executable": bool(mode & 0o100),
        "pieces": pieces,
    }


def _read(store: Store, folder: str, file: File, into: BinaryIO) -> None:
    for digest, size in file["pieces"]:
        try:
            data = store.read_blob(folder + digest, size, digest)
        except Damaged as error:
            raise DamagedError(f"saved file {file['path']!r} is damaged in the datastore ({folder}): {error}") from None
        if data is None:
            raise LoadingException(f"saved file {file['path']!r} is missing from the datastore ({folder})")
        into.write(data)


def _checked(relative: str) -> List[str]:
    """Returns the parts of a relative path. Raises LoadingException for one that leads out of its folder."""
    parts = relative.split("/")
    if any(part in ("", ".", "..") or os.sep in part for part in parts):
        raise LoadingException(f"saved file {relative!r} has an invalid path")
    return parts


def _saved_archive(store: Store, folder: str, path: str) -> File:
    import tarfile
    import tempfile

    with tempfile.TemporaryFile(prefix="flowc-") as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            archive.add(path, arcname="" if os.path.isdir(path) else os.path.basename(path))
        file.seek(0)
        return _written(store, folder, "archive.tar", file)


def _extract(store: Store, saved: Saved, path: str) -> None:
    import tarfile
    import tempfile

    with tempfile.TemporaryFile(prefix="flowc-") as file:
        _read(store, saved["content"], saved["files"][0], file)
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r") as archive:
            for member in archive:
                target = os.path.join(path, member.name)
                if not member.isdir() and (os.path.islink(target) or os.path.isfile(target)):
                    os.unlink(target)  # not through a link
            if hasattr(tarfile, "tar_filter"):  # refuses paths that lead out of the folder (PEP 706)
                archive.extractall(path, filter="tar")
            else:
                archive.extractall(path)
