"""Faults of S3: passing ones are retried, lasting ones give one clear error, and no wrong value is ever returned."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flowc.runtime_shim.artifacts import content
from flowc.runtime_shim.artifacts import manifest as artifacts
from flowc.runtime_shim.contract.errors import ShimError, StoreError
from flowc.runtime_shim.store import credentials, encoding, http, open_store, s3

from tests.support.faulty_s3 import BUCKET, FaultyS3, faulty_s3

from ...support.arrays import Array

MEBI = 1 << 20


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyS3]:
    with faulty_s3() as faulty:
        for name, value in faulty.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(s3, "LONGEST_PAUSE", 0.01)
        yield faulty


@pytest.fixture
def store(server: FaultyS3) -> s3.S3Store:
    return s3.S3Store(f"s3://{BUCKET}/p")


PASSING = [
    "drop", "half", "lost", "error 500 InternalError", "error 503 SlowDown", "error 503 ServiceUnavailable", "error 429 TooMany",
    "error 502 ", "error 504 ", "error 400 RequestTimeout", "error 409 OperationAborted",
]  # fmt: skip


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD"])
def test_what_passes_is_tried_again(fault: str, method: str, server: FaultyS3, store: s3.S3Store) -> None:
    store.put("before", b"x" * 1000)
    server.fault(fault, method, times=3)
    if method == "GET":
        assert store.get("before") == b"x" * 1000 and store.get("absent") is None
    elif method == "HEAD":
        assert store.exists("before") and not store.exists("absent")
    else:
        assert store.put_if_absent("new", b"mine")
        assert not store.put_if_absent("new", b"yours") and store.get("new") == b"mine"
    if not (fault == "half" and method != "GET"):
        assert not server.faults


def test_silence(server: FaultyS3, store: s3.S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TIMEOUT", 0.3)
    store.put("a", b"x")
    store = s3.S3Store(store.url)
    server.fault("silence", "GET")
    assert store.get("a") == b"x"


def test_a_problem_that_stays_is_one_clear_error(server: FaultyS3, store: s3.S3Store) -> None:
    server.fault("error 503 SlowDown", times=100)
    with pytest.raises(StoreError, match=r"s3://bucket/p: GET a failed: 503 SlowDown as told \(tried 8 times\)"):
        store.get("a")
    server.faults.clear()
    server.fault("error 403 AccessDenied", times=100)
    with pytest.raises(StoreError, match="AccessDenied.*may these credentials do this"):
        store.put("a", b"")


def test_pauses_grow_and_differ(server: FaultyS3, store: s3.S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "LONGEST_PAUSE", 10.0)
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    server.fault("error 503 SlowDown", times=100)
    with pytest.raises(StoreError):
        store.get("a")
    assert len(pauses) == 7 and all(
        0.1 * 2**number <= pause <= 0.2 * 2**number for number, pause in enumerate(pauses[:6])
    )
    assert max(pauses) <= 10


def test_a_server_that_closes_idle_connections_costs_no_pause(
    server: FaultyS3, store: s3.S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("a", b"1")
    server.fault("drop", "GET")
    monkeypatch.setattr("time.sleep", lambda _: pytest.fail("it slept"))
    assert store.get("a") == b"1"


def test_another_region_and_another_host(server: FaultyS3, store: s3.S3Store) -> None:
    server.region = "eu-west-3"
    store.put("a", b"1")
    assert store.region == "eu-west-3" and store.get("a") == b"1"
    with faulty_s3() as other:
        other.region = "eu-west-3"
        server.fault(f"redirect {other.url}", "PUT")
        store.put("b", b"2")
        assert other.objects == {"p/b": b"2"}


def test_a_clock_that_is_wrong(server: FaultyS3, store: s3.S3Store) -> None:
    server.clock = 7200
    assert not store.exists("a")
    store.put("a", b"1")
    assert store.get("a") == b"1"


def test_credentials_that_expire_in_the_middle_of_a_transfer(
    server: FaultyS3, store: s3.S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(40 * MEBI)
    keys = iter(["second", "third", "fourth"])
    monkeypatch.setattr(
        credentials, "find", lambda again=False: credentials.Credentials(next(keys), "s", "t", "2099-01-01T00:00:00Z")
    )
    store._credentials = credentials.Credentials("first", "s", "t", "2099-01-01T00:00:00Z")

    class Watch(list):  # type: ignore[type-arg]
        def append(self, item: Any) -> None:
            super().append(item)
            if "partNumber=3" in item[1]:
                server.stale.add("first")

    server.seen = Watch()
    encoded = content.of(data)
    store.write_blob(encoded, lambda digest: "blob")
    assert bytes(store.read_blob("blob", encoded.size, encoded.digest)) == encoded.bytes()
    assert store._credentials is not None and store._credentials.key == "second", "one refresh serves all threads"


def test_credentials_that_nobody_renews(server: FaultyS3, store: s3.S3Store) -> None:
    server.stale.add("key")
    with pytest.raises(StoreError, match="ExpiredToken.*expired, and their source provides no new ones"):
        store.get("a")


@pytest.mark.parametrize("fault", ["drop", "half", "lost", "error 500 InternalError", "error 503 SlowDown"])
def test_large_transfers_survive(fault: str, server: FaultyS3, store: s3.S3Store) -> None:
    value = Array(bytearray(os.urandom(50 * MEBI)))
    for request in ("partNumber=2&", "partNumber=5", "partNumber=5", "?uploads", "?uploadId="):
        server.fault(fault, path=request)
    manifest = artifacts.save_all(store, "F", {"x": value}, {})
    assert {method for method, _ in server.seen} == {"HEAD", "POST", "PUT"} and (fault == "half" or not server.faults)
    assert len(server.objects) == 1
    server.fault(fault, "GET", times=5)
    assert artifacts.load(store, "F", "x", manifest["x"]) == value
    before = len(server.seen)
    assert artifacts.save_all(store, "F", {"y": value}, {})["y"] == manifest["x"]
    assert [method for method, _ in server.seen[before:]] == ["HEAD"], "it is there already"


def test_an_upload_that_fails_is_taken_back(server: FaultyS3, store: s3.S3Store) -> None:
    server.fault("error 403 AccessDenied", path="partNumber=4", times=100)
    with pytest.raises(StoreError, match="AccessDenied"):
        artifacts.save_all(store, "F", {"x": os.urandom(40 * MEBI)}, {})
    assert not server.objects and not server.uploads


def test_damage_on_the_way_is_noticed(server: FaultyS3, store: s3.S3Store) -> None:
    values = {"small": list(range(3000)), "big": os.urandom(2 * MEBI), "huge": Array(os.urandom(20 * MEBI))}
    manifest = artifacts.save_all(store, "F", values, {})
    for name in values:
        server.fault("flip", "GET")
        with pytest.raises(ShimError, match=f"artifact `{name}` is damaged"):
            artifacts.load(store, "F", name, manifest[name])
        assert artifacts.load(store, "F", name, manifest[name]) == values[name]
    for key in server.objects:
        server.objects[key] = server.objects[key][:-9]
    for name in values:
        with pytest.raises(ShimError, match=f"artifact `{name}` is damaged"):
            artifacts.load(store, "F", name, manifest[name])


@pytest.mark.parametrize(
    ("value", "smaller"),
    [
        (Array(bytearray(60 * MEBI)), 10),
        (list(range(3_000_000)), 1.9),
        (b"ab" * MEBI + os.urandom(2 * MEBI), 0.9),
        (os.urandom(20 * MEBI), 0.9),
    ],
    ids=["zeros", "numbers", "half", "random"],
)
def test_compressed_where_it_pays(
    value: Any, smaller: float, server: FaultyS3, store: s3.S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = artifacts.save_all(store, "F", {"x": value}, {})
    stored = next(iter(server.objects.values()))
    assert len(stored) * smaller <= manifest["x"]["size"]
    assert stored.startswith(encoding.MAGIC) == (smaller > 1)
    assert artifacts.load(store, "F", "x", manifest["x"]) == value
    server.objects.clear()
    monkeypatch.setenv("FLOWC_COMPRESS", "0")
    assert artifacts.save_all(store, "F", {"x": value}, {}) == manifest, "an encoding is not an identity"
    assert next(iter(server.objects.values()))[:8] == content.MAGIC


def test_a_torn_encoded_blob(server: FaultyS3, store: s3.S3Store) -> None:
    manifest = artifacts.save_all(store, "F", {"x": Array(bytearray(30 * MEBI))}, {})
    name, whole = next(iter(server.objects.items()))
    for torn in (whole[:-1], whole[:10], whole[:100] + b"\0" + whole[101:], whole[:16] + b"\1" + whole[17:]):
        server.objects[name] = torn
        with pytest.raises(ShimError, match="damaged"):
            artifacts.load(store, "F", "x", manifest["x"])
    server.objects[name] = whole[:8] + b"\2" + whole[9:]
    with pytest.raises(ShimError, match="newer flowc"):
        artifacts.load(store, "F", "x", manifest["x"])


def test_one_of_several_writers_wins(server: FaultyS3) -> None:
    """One writer wins even if answers are lost: if its first try succeeded, it recognizes its own object."""
    for number in range(20):
        server.fault("lost", "PUT", f"raced{number}")
        won: list[int] = []
        start = threading.Barrier(6)

        def write(writer: int, number: int = number, won: list[int] = won, start: threading.Barrier = start) -> None:
            mine = open_store(f"s3://{BUCKET}")
            start.wait()
            if mine.put_if_absent(f"raced{number}", str(writer).encode()):
                won.append(writer)

        threads = [threading.Thread(target=write, args=(writer,)) for writer in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [str(winner).encode() for winner in won] == [server.objects[f"raced{number}"]]


def test_nothing_is_asked_twice_at_once(server: FaultyS3, store: s3.S3Store) -> None:
    store.put("a", b"1")
    store.put("b", b"2")
    server.gate = threading.Barrier(3, timeout=600).wait  # none is answered before all three are asked
    store.fetch_ahead([f"{name}" for name in "abc"])
    assert (store.get("a"), store.get("b"), store.get("c")) == (b"1", b"2", None)
    server.gate = None
    assert [method for method, _ in server.seen].count("GET") == 3
    assert store.get("a") == b"1" and [method for method, _ in server.seen].count("GET") == 4


def test_proxies(server: FaultyS3, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy gets the whole URL; hosts of `no_proxy` are reached without it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://store.example:81")
    monkeypatch.setenv("http_proxy", server.url)
    open_store(f"s3://{BUCKET}").exists("a")
    assert server.seen == [("HEAD", f"http://store.example:81/{BUCKET}/a")]
    assert http._proxy("store.example", False) == ("127.0.0.1", int(server.url.rpartition(":")[2]))
    monkeypatch.setenv("no_proxy", "other.org, .example")
    assert http._proxy("store.example", False) is None and http._proxy("127.0.0.1", False) is None


def test_peak_memory(server: FaultyS3, store: s3.S3Store) -> None:
    """Saving needs at most 64 MiB beyond the value, and so does loading, compressed or not."""
    script = f"""
import os, re, sys
from flowc.runtime_shim.artifacts import manifest as artifacts
from flowc.runtime_shim.store import open_store
from tests.support.arrays import Array

def status(name):
    return int(re.search(name + ":\\\\s+([0-9]+) kB", open("/proc/self/status").read()).group(1)) << 10

def peak(work):
    open("/proc/self/clear_refs", "w").write("5")
    before = status("VmRSS")
    found = work()
    return found, (status("VmHWM") - before) >> 20

store = open_store("{store.url}")
value = Array(bytearray((os.urandom(MEBI) if sys.argv[1] == "random" else bytes(range(256)) * 4096) * 160))
manifest, saving = peak(lambda: artifacts.save_all(store, "F", {{"x": value}}, {{}}))
value, loading = None, peak(lambda: artifacts.load(store, "F", "x", manifest["x"]))[1]
assert saving < 64 and loading < 160 + 64, (saving, loading)
""".replace("MEBI", "1 << 20")
    for kind in ("random", "regular"):
        done = subprocess.run([sys.executable, "-c", script, kind], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert any(data.startswith(encoding.MAGIC) for data in server.objects.values()) == (kind == "regular")
