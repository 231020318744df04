"""What one task of a container has saved or fetched, a later one does not fetch again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flowc.runtime_shim.artifacts.content import of
from flowc.runtime_shim.store import open_store
from flowc.runtime_shim.store.handed_over import HandedOver

from tests.support.faulty_s3 import BUCKET, FaultyS3, faulty_s3
from tests.support.fused import Engine, chunks, whole
from tests.support.running import run
from tests.support.same_run import facts

if TYPE_CHECKING:
    from flowc.runtime_shim.store import Store

FLOW = """
from metaflow import FlowSpec, step


class F(FlowSpec):
    @step
    def start(self):
        self.big = bytes(range(256)) * 4000
        self.same = bytes(range(255, -1, -1)) * 4000
        self.items = list(range(5))
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.big = self.big[:1000] + bytes([self.input]) * 900_000
        self.size = len(self.same)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.sizes = [(len(each.big), each.size, each.big[-1]) for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.sizes)
"""


def uploaded(engine: Engine, server: FaultyS3, name: str) -> None:
    """Puts the code package into the server's bucket, where the engine's tasks look for it."""
    for path in (engine.folder / "store").rglob("*"):
        if path.is_file():
            server.objects[f"{name}/{path.relative_to(engine.folder / 'store')}"] = path.read_bytes()


def fetched(server: FaultyS3, kind: str) -> list[str]:
    """Returns the objects of a kind (`/blobs/`, `/body/`) that were fetched, once for each request."""
    return [path for method, path in server.seen if method == "GET" and kind in path and "list-type" not in path]


def test_artifacts_are_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = tmp_path / "flow.py"
    flow.write_text(FLOW, encoding="utf-8")
    run(flow, tmp_path / "plain")
    with faulty_s3() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        counts = {}
        for name, settings in (("apart", None), ("chunk", chunks(5)), ("whole", whole(flow))):
            engine = Engine(
                flow, tmp_path / name, settings, store=f"s3://{BUCKET}/{name}", env=server.environment, cores=1
            )
            uploaded(engine, server, name)
            server.seen.clear()
            engine.go()
            counts[name] = len(fetched(server, "/blobs/"))
            if name == "whole":
                assert not fetched(server, "/blobs/")  # every artifact was made in the container
                assert not [path for path in fetched(server, "/start/") if path.endswith("/-.json")][1:]
            assert facts(engine.store, "F", "r") == facts(str(tmp_path / "plain"), "F", "r")
        # what all items read is fetched once
        assert counts["apart"] >= 5 * 2 and counts["chunk"] <= counts["apart"] - 2 * 4


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyS3]:
    with faulty_s3() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


def opened(folder: Path, most: int = 1 << 30) -> Store:
    return HandedOver(open_store(f"s3://{BUCKET}/store"), str(folder), most)


def blob_name(digest: str) -> str:
    return f"F/blobs/{digest[:2]}/{digest}"


def gets(server: FaultyS3) -> int:
    return sum(method == "GET" for method, _ in server.seen)


def test_each_task_has_a_copy_of_its_own(server: FaultyS3, tmp_path: Path) -> None:
    store, content = opened(tmp_path), of(bytes(range(256)) * 40_000)
    store.write_blob(content, blob_name)
    first = store.read_blob(blob_name(content.digest), content.size, content.digest)
    was = bytes(first[:100])
    first[:100] = b"x" * 100
    second = store.read_blob(blob_name(content.digest), content.size, content.digest)
    assert bytes(second[:100]) == was != b"x" * 100
    assert gets(server) == 0


def test_what_is_damaged_in_the_folder_is_fetched(server: FaultyS3, tmp_path: Path) -> None:
    store, content = opened(tmp_path), of(b"some text " * 1000)
    name = blob_name(content.digest)
    store.write_blob(content, blob_name)
    was = bytes(store.read_blob(name, content.size, content.digest))
    assert gets(server) == 0
    (tmp_path / "objects" / name).write_bytes(b"?" * content.size)
    assert bytes(store.read_blob(name, content.size, content.digest)) == was
    assert gets(server) == 1


def test_the_folder_is_bounded(server: FaultyS3, tmp_path: Path) -> None:
    store = opened(tmp_path, most=100_000)
    for number in range(10):
        assert store.put_if_absent(f"F/runs/r/s/{number}.json", b"{}" * 10_000)
    assert 0 < len(list((tmp_path / "objects").rglob("*.json"))) <= 5
    assert all(store.get(f"F/runs/r/s/{number}.json") == b"{}" * 10_000 for number in range(10))


def test_what_may_change_is_never_kept(server: FaultyS3, tmp_path: Path) -> None:
    store = opened(tmp_path)
    for name in ("F/runs/r/s/0.0.failure.json", "F/tags/r.1.json", "F/runs/r/s/0.0.log", "F/collecting.json"):
        store.put(name, b"one")
        server.objects[f"store/{name}"] = b"two"
        assert store.get(name) == b"two"
