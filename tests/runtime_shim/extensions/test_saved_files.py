"""Files and folders as objects of a datastore: what is saved is what is loaded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim.contract.errors import DamagedError
from flowc.runtime_shim.extensions import saved_files
from flowc.runtime_shim.extensions.exceptions import LoadingException
from flowc.runtime_shim.store import Store, open_store

from tests.support.s3_server import BUCKET


@pytest.fixture(params=["folder", "s3"])
def store(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    if request.param == "folder":
        yield open_store(str(tmp_path / "store"))
        return
    for name, value in request.getfixturevalue("s3").environment.items():
        monkeypatch.setenv(name, value)
    yield open_store(f"s3://{BUCKET}/{tmp_path.name}")


def tree(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """Every file below the folder: its content, and True if its owner may execute it."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), os.access(path, os.X_OK))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def make(folder: Path) -> Path:
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "weights").write_bytes(os.urandom(5000))
    (folder / "empty").write_bytes(b"")
    (folder / "deep" / "größe [1] %2F.txt").write_text("ünïcode")
    (folder / "deep" / "er" / "run.sh").write_text("#!/bin/sh\n")
    (folder / "deep" / "er" / "run.sh").chmod(0o755)
    return folder


@pytest.mark.parametrize("storage_format", ["files", "tar"])
@pytest.mark.parametrize("piece", [1 << 20, 1000])
def test_a_folder(
    store: Store, tmp_path: Path, storage_format: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_files, "PIECE", piece)
    folder = make(tmp_path / "model")
    saved, size = saved_files.save(store, "F", str(folder), storage_format)
    saved_files.load(store, saved, str(tmp_path / "again" / "there"))
    assert tree(tmp_path / "again" / "there") == tree(folder)
    assert size >= sum(len(content) for content, _ in tree(folder).values())
    pieces = {digest for file in saved["files"] for digest, _ in file["pieces"]}
    assert len(pieces) >= (6 if piece == 1000 else 1)
    assert set(store.list("F/saved/")) == {saved["content"] + digest for digest in pieces}
    saved_files.delete(store, saved)
    assert list(store.list("F/saved/")) == []


@pytest.mark.parametrize("storage_format", ["files", "tar"])
def test_one_file_keeps_its_name(store: Store, tmp_path: Path, storage_format: str) -> None:
    (tmp_path / "w.bin").write_bytes(b"weights")
    saved, _ = saved_files.save(store, "F", tmp_path / "w.bin", storage_format)  # type: ignore[arg-type]
    target = tmp_path / "loaded"
    target.mkdir()
    (tmp_path / "other").write_text("keep me")
    (target / "w.bin").symlink_to(tmp_path / "other")
    (target / "mine").write_text("stays")
    saved_files.load(store, saved, str(target))
    assert tree(target) == {"w.bin": (b"weights", False), "mine": (b"stays", False)}
    assert (tmp_path / "other").read_text() == "keep me", "a link is replaced, not followed"


def test_a_file_of_exactly_whole_pieces(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_files, "PIECE", 100)
    (tmp_path / "w").write_bytes(bytes(range(200)))
    saved, size = saved_files.save(store, "F", str(tmp_path / "w"), "files")
    assert (size, [length for _, length in saved["files"][0]["pieces"]]) == (200, [100, 100])
    saved_files.load(store, saved, str(tmp_path / "l"))
    assert (tmp_path / "l" / "w").read_bytes() == bytes(range(200))


def test_what_cannot_be_saved(store: Store, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nothing to save"):
        saved_files.save(store, "F", str(tmp_path / "absent"), "files")
    with pytest.raises(ValueError, match="storage_format must be 'files' or 'tar', not 'zip'"):
        saved_files.save(store, "F", str(tmp_path), "zip")
    os.mkfifo(tmp_path / "pipe")
    saved, size = saved_files.save(store, "F", str(tmp_path), "files")
    assert size == 0 and saved["files"] == [], "a pipe is not read"


def test_content_that_is_missing_or_damaged(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    (tmp_path / "w").write_bytes(b"weights")
    saved, _ = saved_files.save(store, "F", str(tmp_path / "w"), "files")
    (name,) = store.list("F/saved/")
    store.put(name, b"weighty")
    with pytest.raises(DamagedError, match="'w' is damaged"):
        saved_files.load(store, saved, str(tmp_path / "l"))
    store.delete(name)
    with pytest.raises(LoadingException, match="'w' is missing"):
        saved_files.load(store, saved, str(tmp_path / "l"))


@pytest.mark.parametrize("path", ["../out", "a/../../out", "/out", "a//b", ""])
def test_no_path_leads_out_of_the_folder(tmp_path: Path, path: str) -> None:
    store = open_store(str(tmp_path / "store"))
    saved = {"content": "F/saved/x/", "format": "files", "files": [{"path": path, "pieces": [], "executable": False}]}
    with pytest.raises(LoadingException, match="invalid path"):
        saved_files.load(store, saved, str(tmp_path / "l"))
