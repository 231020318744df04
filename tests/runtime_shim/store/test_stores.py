"""The promises of every datastore, checked on each."""

from __future__ import annotations

import binascii
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim.artifacts import content
from flowc.runtime_shim.artifacts import manifest as artifacts
from flowc.runtime_shim.contract import address
from flowc.runtime_shim.contract.errors import ShimError, StoreError, UsageError
from flowc.runtime_shim.fast_start import crc
from flowc.runtime_shim.store import Store, folder, open_store

from tests.support.running import dump, flowc
from tests.support.s3_server import BUCKET, S3Server

from ...support.arrays import Array


@pytest.fixture(
    params=["folder", "s3", pytest.param("gs", marks=pytest.mark.engine), pytest.param("az", marks=pytest.mark.engine)]
)
def url(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if request.param == "folder":
        yield str(tmp_path / "store")
        return
    fixture = request.getfixturevalue(request.param)
    for name, value in (fixture.environment if isinstance(fixture, S3Server) else fixture).items():
        monkeypatch.setenv(name, value)
    yield f"{request.param}://{BUCKET}/{tmp_path.name}"


@pytest.fixture
def store(url: str) -> Store:
    return open_store(url)


def test_what_is_put_is_got(store: Store) -> None:
    assert store.get("a/b.json") is None and not store.exists("a/b.json")
    store.put("a/b.json", b"one")
    store.put("a/b.json", b"two")
    assert store.get("a/b.json") == b"two" and store.exists("a/b.json")


def test_create_if_absent(store: Store) -> None:
    assert store.put_if_absent("x", b"first")
    assert not store.put_if_absent("x", b"second")
    assert store.get("x") == b"first"


@pytest.mark.parametrize("data", [b"", b"\0" * 10, os.urandom(9_000_000)], ids=["empty", "zeros", "9 MB"])
def test_any_content(store: Store, data: bytes) -> None:
    store.put("data", data)
    assert store.get("data") == data


def test_names_of_any_characters(store: Store) -> None:
    names = ["F/runs/a%20b/-.json", "F/runs/-~1/x.json", "F/runs/%2E/y+z=&.json", "F/runs/0.1/%C3%A9.json"]
    for name in names:
        store.put(name, name.encode())
    assert list(store.list("F/runs/")) == sorted(names)
    assert list(store.list("F/runs/-~")) == ["F/runs/-~1/x.json"]
    assert [store.get(name) for name in names] == [name.encode() for name in names]


def test_more_names_than_one_answer_holds(url: str, request: pytest.FixtureRequest) -> None:
    store = open_store(url)
    names = [f"many/{number:04}" for number in range(1005)]
    for name in names:
        store.put(name, b"")
    assert list(store.list("many/")) == names


def test_one_of_several_writers_wins(url: str) -> None:
    # moto's answer to a conditional write is not atomic; see test_s3_faults.py
    writers = 1 if url.startswith("s3:") else 6
    won: list[int] = []
    start = threading.Barrier(writers)

    def create(number: int) -> None:
        store = open_store(url)
        start.wait()
        if store.put_if_absent("raced", str(number).encode()):
            won.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert open_store(url).get("raced") == str(won[0]).encode()


def test_artifacts_of_every_size(store: Store) -> None:
    values = {
        "tiny": 1, "middling": list(range(5000)), "large": os.urandom(3_000_000), "array": Array(bytearray(os.urandom(20_000_000))),
        "regular": Array(bytearray(bytes(range(256)) * 160_000)),
    }  # fmt: skip
    manifest = artifacts.save_all(store, "F", values, {})
    assert len(list(store.list("F/blobs/"))) == 4
    store.read_ahead(artifacts.pieces("F", [manifest["array"], manifest["middling"]], 1 << 30))
    loaded = {name: artifacts.load(store, "F", name, entry) for name, entry in manifest.items()}
    assert loaded == values
    assert artifacts.save_all(store, "F", loaded, manifest) == manifest
    loaded["array"].data[77] ^= 1
    changed = artifacts.save_all(store, "F", loaded, manifest)
    assert [name for name in values if changed[name] != manifest[name]] == ["array"]
    store.put(address.blob_name("F", manifest["large"]["digest"]), b"torn")
    with pytest.raises(ShimError, match="artifact `large` is damaged"):
        artifacts.load(store, "F", "large", manifest["large"])


@pytest.mark.parametrize("regular", [False, True])
def test_a_large_blob_with_one_other_byte_is_never_returned(
    regular: bool, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CRC-32 finds it if it comes over a network; the digest does in a thorough check and for an older record."""
    monkeypatch.setenv("FLOWC_COMPRESS", "1" if regular else "0")
    entry = artifacts.save(
        store, "F", "x", Array(bytearray(os.urandom(10_000_000).hex().encode() if regular else os.urandom(20_000_000)))
    )
    without = {name: value for name, value in entry.items() if name != "crc32"}
    assert ("crc32" in entry) is store.remote
    whole = store.read_range(
        address.blob_name("F", entry["digest"]), 0, next(size for _, size, _ in store.entries("F/blobs/"))
    )
    assert whole is not None and artifacts.load(store, "F", "x", entry) == artifacts.load(store, "F", "x", without)
    whole[len(whole) // 2] ^= 4
    store.put(address.blob_name("F", entry["digest"]), bytes(whole))
    monkeypatch.setattr(folder, "_machine_start", lambda: float("inf"))  # a file was not written since
    for broken in (entry, without):
        with pytest.raises(ShimError, match="artifact `x` is damaged"):
            artifacts.load(store, "F", "x", broken)
    monkeypatch.setenv("FLOWC_VERIFY", "1")
    with pytest.raises(ShimError, match="artifact `x` is damaged"):
        artifacts.load(store, "F", "x", entry)


@pytest.mark.parametrize("package", ["zlib_ng", ""])
def test_the_crc_of_content_is_that_of_its_chunks(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crc, "_fast", None)
    if not package:
        monkeypatch.setitem(sys.modules, "zlib_ng.zlib_ng", None)
    data = os.urandom(20_000_000)
    chunks = [binascii.crc32(data[at : at + (8 << 20)]).to_bytes(4, "big") for at in range(0, len(data), 8 << 20)]
    whole = content.Content()
    for start, end in ((0, 5), (5, 9_000_000), (9_000_000, len(data))):
        whole.add(memoryview(data)[start:end])
    assert crc.of(whole) == f"{binascii.crc32(b''.join(chunks)):08x}"
    assert getattr(crc._fast, "__module__", "").startswith("zlib_ng") is bool(package)


def test_folders(store: Store) -> None:
    for name in ("F/runs/a/x", "F/runs/a/y", "F/runs/b/x", "F/code/z", "G/runs/c/x"):
        store.put(name, b"")
    assert list(store.folders("")) == ["F", "G"]
    assert list(store.folders("F/runs/")) == ["a", "b"]


def test_what_is_fetched_ahead(store: Store) -> None:
    store.put("a", b"1")
    store.fetch_ahead(["a", "b"])
    assert (store.get("a"), store.get("b"), store.get("a")) == (b"1", None, b"1")
    store.fetch_ahead(["c"])
    assert store.put_if_absent("c", b"2") and store.get("c") == b"2", (
        "what was fetched before is not believed after a write"
    )


@pytest.mark.engine
@pytest.mark.parametrize("scheme", ["gs", "az"])
def test_a_flow_runs(scheme: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Each writer has a new process, since the client does not work in a forked one."""
    (tmp_path / "flow.py").write_text(
        "from metaflow import FlowSpec, step\n\n\nclass F(FlowSpec):\n    @step\n    def start(self):\n        self.items = [1, 2, 3]\n"
        "        self.data = bytes(2_000_000)\n        self.next(self.body, foreach='items')\n\n    @step\n    def body(self):\n"
        "        self.square = self.input**2 + len(self.data)\n        self.next(self.join)\n\n    @step\n    def join(self, inputs):\n"
        "        self.total = sum(each.square for each in inputs)\n        self.next(self.end)\n\n    @step\n    def end(self):\n        pass\n"
    )
    store, env = f"{scheme}://{BUCKET}/{tmp_path.name}", request.getfixturevalue(scheme)
    flowc("run", str(tmp_path / "flow.py"), "--store", store, "--run-id", "r", env=env, check=True)
    assert dump(store, "r", env=env)["end"][0]["artifacts"]["total"]["repr"] == "6000014"


@pytest.mark.engine
@pytest.mark.parametrize("scheme", ["gs", "az"])
def test_no_such_bucket(scheme: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in request.getfixturevalue(scheme).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StoreError, match=f"{scheme}://nothere/x"):
        open_store(f"{scheme}://nothere/x").put("a", b"")


def test_unknown_schemes_are_refused() -> None:
    for url in ("ftp://x/y", "s3://", "gs://", "az://"):
        with pytest.raises(UsageError):
            open_store(url)


def test_no_bucket(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StoreError, match="bucket"):
        open_store("s3://nothere/x").get("a")


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(StoreError):
        open_store(f"s3://{BUCKET}").get("a")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        open_store(str(tmp_path / "file")).put("a/b", b"")


def test_without_the_client(tmp_path: Path) -> None:
    """The error names what to install. The client beside the shim in the runtime image is found."""
    from flowc.runtime_bundle import write_folder

    write_folder(str(tmp_path))
    script = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from flowc.runtime_shim.store import open_store; open_store('gs://b')"
    command = [os.path.realpath(sys.executable), "-I", "-S", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "UsageError: gs:// needs the package obstore" in done.stderr and "flowc[gcs]" in done.stderr
    (tmp_path / "clients").mkdir()
    (tmp_path / "clients" / "obstore.py").write_text("raise SystemExit('brought')\n")
    assert "brought" in subprocess.run(command, capture_output=True, text=True).stderr


@pytest.mark.parametrize("size", [2_000_000, 20_000_000, 100_000], ids=["one part", "several parts", "in a pack"])
def test_what_is_damaged_is_found_and_replaced_when_it_is_asked_for(
    size: int, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = os.urandom(size)
    manifest = artifacts.save_all(store, "F", {"x": value}, {})
    entry = manifest["x"]
    name = address.blob_name("F", entry.get("pack") or entry["digest"])
    whole = store.get(name)
    assert whole is not None and artifacts.problem(store, "F", entry, thoroughly=True) == ""
    store.put(name, whole[:-1] + bytes([whole[-1] ^ 1]))
    assert name in artifacts.problem(store, "F", entry, thoroughly=True)
    artifacts.save_all(store, "F", {"x": value}, {})
    assert name in artifacts.problem(store, "F", entry, thoroughly=True), "an object that is there is not read"
    monkeypatch.setenv("FLOWC_VERIFY", "1")
    artifacts.save_all(store, "F", {"x": value}, {})
    assert (
        artifacts.problem(store, "F", entry, thoroughly=True) == "" and artifacts.load(store, "F", "x", entry) == value
    )
    store.delete(name)
    assert artifacts.problem(store, "F", entry, thoroughly=True) == f"{name} does not exist"
