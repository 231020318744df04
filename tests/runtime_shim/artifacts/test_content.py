"""Values as bytes and back: the layout of docs/formats.md, byte by byte, and nothing lost."""

from __future__ import annotations

import hashlib
import mmap
import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim.artifacts import content
from flowc.runtime_shim.artifacts.content import Damaged
from flowc.runtime_shim.contract import digest
from flowc.runtime_shim.contract.digest import CHUNK
from flowc.runtime_shim.contract.errors import ShimError
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines import pyodide
from tests.support.pythons import pythons

from ...support.arrays import Array

VALUES: list[Any] = [
    None, 17, "text", b"x" * 70_000, b"y" * 3_000_000, "é" * 2_000_000, [b"z" * 200_000] * 3, {"a": bytearray(2_000_000)}, list(range(300_000)),
    Array(bytearray(20_000)), Array(bytearray(5_000_000)), [Array(bytearray(size)) for size in (1, 16_383, 16_384, 100_000, 0)],
    (Array(bytearray(9_000_000)), b"w" * 9_000_000, "tail"),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_what_goes_in_comes_out(value: Any) -> None:
    encoded = content.of(value)
    data = bytearray(encoded.bytes())
    assert len(data) == encoded.size
    assert content.restore(data) == value
    assert encoded.digest == digest.of(data)
    assert b"".join(bytes(piece) for number in range(encoded.chunks) for piece in encoded.chunk(number)) == data


def test_digest_is_what_the_specification_says() -> None:
    for size in (0, 1, CHUNK, CHUNK + 1, 3 * CHUNK):
        data = bytes(size)
        leaves = [hashlib.sha256(data[at : at + CHUNK]).digest() for at in range(0, size, CHUNK)] or [
            hashlib.sha256(b"").digest()
        ]
        assert digest.of(data) == (
            leaves[0].hex() if len(leaves) == 1 else hashlib.sha256(b"".join(leaves)).hexdigest()
        )


def test_layout_is_what_the_specification_says() -> None:
    arrays = [Array(os.urandom(size)) for size in (700_000, 20_000, 600_001)]
    data = content.of(arrays).bytes()
    magic, version, zero, count, pickle_at, pickle_size, table_at, total = struct.unpack_from("<8sHHIQQQQ", data)
    assert (magic, version, zero, count, pickle_at, total) == (b"FLOWCART", 1, 0, 3, 64, len(data))
    table = [struct.unpack_from("<QQ", data, table_at + 16 * index) for index in range(count)]
    assert all(start % 4096 == 0 for start, _ in table)
    buffers = [data[start : start + size] for start, size in table]
    assert buffers == [bytes(array.data) for array in arrays]
    assert pickle.loads(data[pickle_at : pickle_at + pickle_size], buffers=buffers) == arrays
    small = content.of([1, 2]).bytes()
    assert small[:2] == b"\x80\x05" and pickle.loads(small) == [1, 2]


def test_buffers_are_not_copied_and_can_be_written_to() -> None:
    data = bytearray(content.of(Array(bytes(5_000_000))).bytes())
    loaded = content.restore(bytearray(content.of(Array(bytearray(5_000_000))).bytes()))
    loaded.data[0] = 7
    assert loaded.data[0] == 7
    assert content.restore(data).data.readonly, "a buffer that was read-only is so again"


def test_a_large_pickle_waits_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "SPOOL", 100_000)
    value = [
        [str(index) for index in range(100_000)],
        b"x" * 500_000,
        "é" * 300_000,
        [bytes([index % 256]) * 1000 for index in range(2000)],
    ]
    encoded = content.of(value)
    assert encoded.spool is not None
    assert content.restore(encoded.bytes()) == value
    assert encoded.digest == digest.of(encoded.bytes())


def test_a_large_pickle_is_given_back_while_it_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(content, "SPOOL", 1_000_000)
    value = [
        [str(index) for index in range(1_500_000)],
        b"x" * 5_000_000,
        "é" * 300_000,
        Path("/a"),
        {"a": bytearray(70_000)},
        1 << 900,
        b"y" * 17_000_000,
    ]
    data = content.of(value).bytes()
    (tmp_path / "x").write_bytes(data)
    with open(tmp_path / "x", "rb") as file:
        of_file = mmap.mmap(file.fileno(), len(data), flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    of_memory = mmap.mmap(-1, len(data), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    of_memory[:] = data
    for source in (of_file, of_memory):
        assert content.restore(source) == value
    assert not any(of_memory[: 8 << 20]), "read, and given back"
    assert (tmp_path / "x").read_bytes() == data
    torn = mmap.mmap(-1, len(data), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    torn[:] = data
    torn[5_000_000:] = bytes(len(data) - 5_000_000)
    with pytest.raises(Exception, match=r".+"):
        content.restore(torn)


@given(st.lists(st.binary(max_size=300_000).map(lambda text: (text * 90)[:300_000]), max_size=6), st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_any_mix_of_buffers(datas: list[bytes], every: int) -> None:
    value = [Array(data) if number % 4 >= every else data for number, data in enumerate(datas)]
    assert content.restore(content.of(value).bytes()) == value


def test_what_is_torn_or_newer_is_refused() -> None:
    data = content.of(Array(bytes(2_000_000))).bytes()
    with pytest.raises(Damaged):
        content.restore(data[:-1])
    with pytest.raises(ShimError, match="newer flowc"):
        content.restore(data[:8] + b"\x02\x00" + data[10:])
    with pytest.raises(Damaged):
        content.check(memoryview(bytes(64)), 64)


WRITE = """
import sys, pickle
sys.path.insert(0, sys.argv[1])
from flowc.runtime_shim.artifacts import manifest as artifacts
from flowc.runtime_shim.store import open_store
values = {"small": {"a": [1, 2.5, None, "é"]}, "middle": list(range(5000)), "big": list(range(400000)), "bytes": b"x" * 9_000_000, "texts": [str(each) for each in range(300000)]}
import json
json.dump(artifacts.save_all(open_store(sys.argv[2]), "F", values, {}), open(sys.argv[3], "w"))
"""
READ = """
import sys, json
sys.path.insert(0, sys.argv[1])
from flowc.runtime_shim.artifacts import manifest as artifacts
from flowc.runtime_shim.store import open_store
for each in sys.argv[3:]:
    manifest = json.load(open(each))
    found = {name: artifacts.load(open_store(sys.argv[2]), "F", name, entry) for name, entry in manifest.items()}
    assert found == {"small": {"a": [1, 2.5, None, "é"]}, "middle": list(range(5000)), "big": list(range(400000)), "bytes": b"x" * 9_000_000, "texts": [str(each) for each in range(300000)]}
"""


@pytest.mark.engine
def test_pythons_read_each_other(tmp_path: Path) -> None:
    """Reads and writes with every Python of this machine, and 3.14."""
    from flowc.runtime_bundle import write_folder

    runtime, store = str(tmp_path / "runtime"), str(tmp_path / "store")
    write_folder(runtime)
    manifests = []
    for version, python in pythons().items():
        manifests.append(str(tmp_path / f"{version[1]}.json"))
        subprocess.run([python, "-c", WRITE, runtime, store, manifests[-1]], check=True)
    manifests.append(str(tmp_path / "14 too.json"))
    both = f"{WRITE}\nassert sys.version_info[:2] == (3, 14)\nsys.argv[3:] = {manifests!r}\n{READ}"
    done = pyodide.run(both, runtime, store, manifests[-1], folder=tmp_path)
    assert not done.returncode, done.stderr
    assert len({Path(manifest).read_text() for manifest in manifests}) == 1, "and for plain values write the same bytes"
    for python in pythons().values():
        subprocess.run([python, "-c", READ, runtime, store, *manifests], check=True)
    assert (3, sys.version_info[1]) in pythons()


@pytest.mark.engine
def test_what_a_python_refuses_is_told(tmp_path: Path) -> None:
    done = pyodide.run("raise SystemError('as said')", folder=tmp_path)
    assert done.returncode == 1 and "as said" in done.stderr
