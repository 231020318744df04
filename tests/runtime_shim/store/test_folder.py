"""A folder that is full, read-only or forbidden, and killed writers: nothing half-written is ever read."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim.artifacts import content
from flowc.runtime_shim.artifacts import manifest as artifacts
from flowc.runtime_shim.contract.errors import ShimError, StoreError
from flowc.runtime_shim.store import open_store
from flowc.runtime_shim.store.folder import FolderStore

from ...support.arrays import Array

VALUES = {"small": list(range(3000)), "large": b"x" * 3_000_000, "array": Array(bytearray(9_000_000))}
CALLS = ("open", "pwrite", "fsync", "link", "replace", "makedirs")


def _write(store: FolderStore) -> artifacts.Manifest:
    manifest = artifacts.save_all(store, "F", VALUES, {})
    assert store.put_if_absent("F/runs/r/s/-.json", b"record") or store.get("F/runs/r/s/-.json") == b"record"
    store.put("F/runs/r/s/-.0.log", b"log")
    return manifest


@pytest.mark.slow
@pytest.mark.parametrize("call", CALLS)
def test_every_call_may_fail(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first, the second, … call of each kind fails: one clear error, nothing half-written, and the next try succeeds."""
    real: Callable[..., Any] = getattr(os, call)
    failed = 0
    for number in range(100):
        problem = (errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT, errno.EIO)[number % 5]
        store = FolderStore(str(tmp_path / str(number)), durable=call == "fsync")
        count = [0]

        def faulty(
            *arguments: Any, count: list[int] = count, number: int = number, problem: int = problem, **more: Any
        ) -> Any:
            count[0] += 1
            if count[0] == number + 1:
                if call == "pwrite" and len(arguments[1]) > 1:
                    # as much as there was room for
                    real(arguments[0], arguments[1][: len(arguments[1]) // 2], arguments[2])
                raise OSError(problem, os.strerror(problem))
            return real(*arguments, **more)

        with monkeypatch.context() as patch:
            patch.setattr(os, call, faulty)
            try:
                _write(store)
            except StoreError as error:
                assert os.strerror(problem) in str(error) and store.folder in str(error)
                failed += 1
            else:
                if count[0] <= number:
                    break
        left = list(store._walk(""))
        manifest = _write(store)
        assert {name: artifacts.load(store, "F", name, entry) for name, entry in manifest.items()} == VALUES
        assert set(left) <= set(store.list("")), "what had appeared was whole"
        assert not list((tmp_path / str(number)).rglob(".tmp-*")), "nothing is left over"
    assert failed or call in ("link", "makedirs")


def test_links_that_do_not_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a file system without links a lock does the same, and ends with its process."""

    def link(*_: Any) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", link)
    store = FolderStore(str(tmp_path))
    assert store.put_if_absent("a", b"1") and not store.put_if_absent("a", b"2") and store.get("a") == b"1"
    (tmp_path / ".tmp-lock-b").write_text("")  # of a process that was killed
    assert store.put_if_absent("b", b"1") and list(store.list("")) == ["a", "b"]


def test_a_read_only_store_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = _write(FolderStore(str(tmp_path)))
    for path in tmp_path.rglob("*"):
        if path.is_file():
            os.utime(path, (0, 0))

    def utime(*_: Any) -> None:
        raise OSError(errno.EROFS, "read-only")

    monkeypatch.setattr(os, "utime", utime)
    store = FolderStore(str(tmp_path))
    assert {name: artifacts.load(store, "F", name, entry) for name, entry in manifest.items()} == VALUES


def test_files_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = _write(FolderStore(str(tmp_path)))

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    for name, entry in manifest.items():
        with pytest.raises(ShimError, match=f"artifact `{name}`: cannot read .* Permission denied"):
            artifacts.load(FolderStore(str(tmp_path)), "F", name, entry)


def test_a_large_pickle_without_room_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "SPOOL", 10_000)

    def write(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(ShimError, match="artifact `x`: cannot write the temporary file that a large value needs"):
        artifacts.save_all(FolderStore(str(tmp_path)), "F", {"x": [str(index) for index in range(50_000)]}, {})


@pytest.mark.parametrize("durable", [True, False])
def test_durable_means_on_the_disk(durable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `durable`, each object and each name is synced before it appears; without it, nothing is synced."""
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    _write(FolderStore(str(tmp_path / "s"), durable))
    objects = [path for path in (tmp_path / "s").rglob("*") if path.is_file()]
    if not durable:
        assert not synced
        return
    folders = {str(path.parent) for path in objects}
    assert folders <= set(synced) and str(tmp_path) in synced
    assert len([name for name in synced if ".tmp-" in name]) == len(objects) == 5


def test_the_environment_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for value, durable, expected in (("", True, True), ("", False, False), ("1", False, True), ("0", True, False)):
        monkeypatch.setenv("FLOWC_DURABLE", value)
        store = open_store(str(tmp_path), durable=durable)
        assert isinstance(store, FolderStore) and store.durable is expected


WRITER = """
import os, sys
from flowc.runtime_shim.artifacts import manifest as artifacts
from flowc.runtime_shim.store import open_store
from tests.support.arrays import Array
import json
store = open_store(sys.argv[1])
print("go", flush=True)
round = 0
while True:
    round += 1
    data = bytearray(os.urandom(1000) * 9000)
    manifest = artifacts.save_all(store, "F", {"array": Array(data), "text": os.urandom(1_500_000), "small": os.urandom(9000)}, {})
    store.put_if_absent(f"F/runs/r/s{os.getpid()}-{round}/-.json", json.dumps(manifest).encode())
"""


def _chaos(folder: Path, kills: int, seconds: float) -> tuple[int, int]:
    """Kills writers at random moments. Returns the records that they left, and the objects that they left without one."""
    chance = random.Random(7)
    store = FolderStore(str(folder))
    for _ in range(kills // 2):
        writers = [
            subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE) for _ in range(2)
        ]
        for writer in writers:
            assert writer.stdout is not None and writer.stdout.readline() == b"go\n"
        for writer in writers:
            time.sleep(chance.random() * seconds)
            os.kill(writer.pid, signal.SIGKILL)
            writer.communicate()
    records = list(store.list("F/runs/"))
    named: set[str] = set()
    for record in records:
        import json

        manifest = json.loads(store.get(record) or b"")
        named |= artifacts.objects("F", manifest)
        for name, entry in manifest.items():
            artifacts.load(store, "F", name, entry)
            blob = store.folder + "/F/blobs/" + (blob_name := entry.get("pack", entry["digest"]))[:2] + "/" + blob_name
            os.utime(blob, (0, 0))  # read in full now
            artifacts.load(store, "F", name, entry)
    return len(records), len(set(store.list("F/blobs/")) - named)


@pytest.mark.slow
def test_writers_killed_at_any_moment(tmp_path: Path) -> None:
    records, _ = _chaos(tmp_path, 6, 0.6)
    assert records or list(tmp_path.rglob(".tmp-*"))


@pytest.mark.nightly
def test_writers_killed_very_often(tmp_path: Path) -> None:
    records, orphans = _chaos(tmp_path, 30, 0.5)
    print(f"30 kills: {records} records, all of them whole; {orphans} objects without a record")
    assert records
