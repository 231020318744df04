"""Artifacts in a folder: the number of files, values that are written again, and damage that is noticed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim.artifacts import manifest as artifacts
from flowc.runtime_shim.contract import address
from flowc.runtime_shim.contract.errors import ShimError
from flowc.runtime_shim.store.folder import FolderStore

from ...support.arrays import Array


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(str(tmp_path))


def saved(store: FolderStore, inherited: Any = None, **values: Any) -> artifacts.Manifest:
    return artifacts.save_all(store, "F", values, inherited or {})


def loaded(store: FolderStore, entry: artifacts.Entry) -> Any:
    return artifacts.load(store, "F", "x", entry)


def test_a_thousand_small_artifacts_are_one_file(store: FolderStore, tmp_path: Path) -> None:
    values = {f"a{number}": list(range(number, number + number % 700)) for number in range(1000)}
    manifest = saved(store, **values)
    assert len(files(tmp_path)) == 1
    assert {name: loaded(store, entry) for name, entry in manifest.items()} == values
    assert sum(len(entry.get("value", "")) for entry in manifest.values()) < 100_000, "the record stays small"
    assert artifacts.objects("F", manifest) == {str(file.relative_to(tmp_path)) for file in files(tmp_path)}


def test_many_middling_ones_are_few_files(store: FolderStore, tmp_path: Path) -> None:
    values = {f"a{number}": os.urandom(700_000) for number in range(100)}
    manifest = saved(store, **values)
    assert len(files(tmp_path)) == 3
    assert {name: loaded(store, entry) for name, entry in manifest.items()} == values


def test_the_same_value_is_one_blob(store: FolderStore, tmp_path: Path) -> None:
    big = bytearray(9_000_000)
    first = saved(store, a=big, b=big, c=bytearray(9_000_000))
    before = {file: file.stat().st_ino for file in files(tmp_path)}
    assert len(before) == 1
    assert saved(store, z=big)["z"] == first["a"]
    assert {file: file.stat().st_ino for file in files(tmp_path)} == before


def test_changed_in_place_is_noticed_and_the_file_stays(store: FolderStore, tmp_path: Path) -> None:
    manifest = saved(store, x=Array(bytearray(9_000_000)), y=[Array(bytearray(30_000))])
    x, y = loaded(store, manifest["x"]), loaded(store, manifest["y"])
    assert saved(store, manifest, x=x, y=y) == manifest and len(files(tmp_path)) == 2
    x.data[5_000_000] = 1
    y[0].data[1] = 1
    changed = saved(store, manifest, x=x, y=y)
    assert changed["x"] != manifest["x"] and changed["y"] != manifest["y"]
    assert loaded(store, manifest["x"]).data[5_000_000] == 0 and loaded(store, changed["x"]).data[5_000_000] == 1
    assert loaded(store, changed["y"])[0].data[1] == 1


def test_reading_alone_changes_nothing(store: FolderStore) -> None:
    """A process orders a set of text in its own way: pickled again, it has different bytes and is the same value."""
    script = """
import json, sys
from flowc.runtime_shim.artifacts import manifest as artifacts
from flowc.runtime_shim.store import open_store
print(json.dumps(artifacts.save_all(open_store(sys.argv[1]), "F", {"s": set("abcdefgh")}, {})))
"""
    written = []
    for seed in range(1, 5):
        env = {**os.environ, "PYTHONHASHSEED": str(seed)}
        done = subprocess.run(
            [sys.executable, "-c", script, store.folder], env=env, capture_output=True, text=True, check=True
        )
        written.append(json.loads(done.stdout))
    assert len({manifest["s"]["digest"] for manifest in written}) > 1
    for manifest in written:
        assert saved(store, manifest, s=loaded(store, manifest["s"])) == manifest
        assert saved(store, manifest, s=set("abcdefgi")) != manifest


def damage(path: Path, how: str) -> None:
    data = path.read_bytes()
    path.write_bytes(
        {"short": data[:-4096], "empty": b"", "zeros": bytes(len(data)), "flipped": data[:-100] + b"\1" + data[-99:]}[
            how
        ]
    )


def grow_old(path: Path) -> None:
    os.utime(path, (0, 0))  # before the machine started


@pytest.mark.parametrize("how", ["short", "empty", "zeros", "flipped"])
@pytest.mark.parametrize("size", [20_000, 2_000_000, 12_000_000])
def test_a_torn_blob_is_never_returned(how: str, size: int, store: FolderStore, tmp_path: Path) -> None:
    value = Array(bytearray(size))
    value.data[size // 2] = 3
    manifest = saved(store, x=value, y=value)
    file = files(tmp_path)[0]
    damage(file, how)
    grow_old(file)
    with pytest.raises(ShimError, match="artifact `x` is damaged"):
        loaded(store, manifest["x"])
    if "pack" not in manifest["x"]:
        assert saved(store, x=value) == {"x": manifest["x"]}
        assert loaded(store, manifest["x"]) == value, "made again, it is mended"


def test_an_old_file_is_read_in_full_once(store: FolderStore, tmp_path: Path) -> None:
    manifest = saved(store, x=Array(bytearray(12_000_000)))
    file = files(tmp_path)[0]
    grow_old(file)
    began = time.time()
    loaded(store, manifest["x"])
    assert file.stat().st_mtime > began - 60, "it is as old as it was"


def test_a_missing_blob_is_named(store: FolderStore, tmp_path: Path) -> None:
    manifest = saved(store, x=bytearray(12_000_000), y=list(range(3000)))
    for file in files(tmp_path):
        file.unlink()
    for name in "xy":
        with pytest.raises(ShimError, match="artifact `x` is missing"):
            loaded(store, manifest[name])


def test_a_newer_format_is_refused(store: FolderStore, tmp_path: Path) -> None:
    manifest = saved(store, x=Array(bytearray(12_000_000)))
    with open(tmp_path / address.blob_name("F", manifest["x"]["digest"]), "r+b") as file:
        file.seek(8)
        file.write(b"\x02")
    with pytest.raises(ShimError, match="newer flowc"):
        loaded(store, manifest["x"])


def test_loading_is_lazy(store: FolderStore) -> None:
    """The value is a map, not a copy: the process does not grow by untouched memory."""
    manifest = saved(store, x=Array(bytearray(200_000_000)))
    before = _status("VmRSS")
    value = loaded(store, manifest["x"])
    assert _status("VmRSS") - before < 20 << 20 and len(value.data) == 200_000_000


def test_saving_needs_little_memory(store: FolderStore) -> None:
    value = [bytes(100_000_000), Array(bytearray(100_000_000)), [str(index) for index in range(500_000)]]
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = _status("VmRSS")
    saved(store, x=value)
    assert _status("VmHWM") - before < 64 << 20


def _status(name: str) -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) << 10
