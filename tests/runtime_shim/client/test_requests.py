"""The client's requests to an object store: few for one look, and few at a time for many tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from flowc.runtime_shim.artifacts import manifest
from flowc.runtime_shim.contract import record
from flowc.runtime_shim.store import open_store

from tests.runtime_shim.client.memory_s3 import MemoryS3, memory_s3
from tests.support.building import package_of, program_of

FLOW = """
from metaflow import FlowSpec, step


class F(FlowSpec):
    @step
    def start(self):
        self.items = list(range(9))
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.y = 1
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        self.z = 1
"""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryS3]:
    with memory_s3() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


def fill(server: MemoryS3, folder: Path, tasks: int, runs: int = 1) -> None:
    """Writes finished runs `r0`, `r1`, … whose foreach has that many items."""
    digest = package_of(program_of(FLOW, folder), folder / "store")
    package = next((folder / "store").rglob("*.tar.gz"))
    store = open_store("s3://bucket/root")
    put = server.objects.__setitem__
    put(f"root/F/code/{package.name}", package.read_bytes())
    y, z, big = (
        manifest.save(store, "F", name, value) for name, value in (("y", 1), ("z", 2), ("big", bytes(range(256)) * 400))
    )
    for run in range(runs):
        data = {
            "version": record.VERSION,
            "flow": "F",
            "run": f"r{run}",
            "parameters": {},
            "code": digest,
            "target": "argo",
            "started": 1e9 + run,
            "tags": [],
        }
        put(f"root/F/runs/r{run}/run.json", record.dumps(data))
        for step, path, following, held, more in (
            ("start", "-", ["body"], {}, {"splits": tasks}),
            *(("body", str(index), ["join"], {"y": y}, {}) for index in range(tasks)),
            ("join", "-", ["end"], {}, {}), ("end", "-", [], {"z": z, "big": big}, {}),
        ):  # fmt: skip
            one = {
                "version": record.VERSION,
                "step": step,
                "path": path,
                "attempt": 0,
                "started": 1e9,
                "ended": 1e9,
                "next": following,
                "stack": [],
                "artifacts": held,
                **more,
            }
            put(f"root/F/runs/r{run}/{step}/{path}.json", record.dumps(one))
    store.close()
    server.count()


def test_one_look_at_a_run_of_a_thousand_tasks(
    server: MemoryS3, tmp_path: Path, client: Callable[[str], ModuleType]
) -> None:
    fill(server, tmp_path, 1000)
    flowc = client("s3://bucket/root")
    assert flowc.Run("F/r0").data.z == 2 and server.count() <= 2  # run.json, the last task's record
    assert len(flowc.Run("F/r0").data.big) == 102400 and server.count() <= 2
    assert flowc.Task("F/r0/body/500").data.y == 1 and server.count() <= 1
    assert flowc.Run("F/r0")["body"]["7"].data.y == 1 and server.count() <= 2
    assert flowc.Flow("F").latest_run.successful and server.count() <= 4
    # with the graph, for the order
    assert [step.id for step in flowc.Run("F/r0")] == ["end", "join", "body", "start"] and server.count() <= 2
    assert next(iter(flowc.Run("F/r0")["body"])).data.y == 1 and server.count() <= 4
    assert len(list(flowc.Run("F/r0")["body"])) == 1000 and server.count() <= 3


@pytest.mark.parametrize("tasks", [1000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_every_task_of_a_wide_foreach(
    tasks: int, server: MemoryS3, tmp_path: Path, client: Callable[[str], ModuleType]
) -> None:
    """A request for each record, and one for each thousand names; at most 20 at a time, and not one after the other."""
    fill(server, tmp_path, tasks)
    flowc = client("s3://bucket/root")
    server.delay = 0.002
    step = flowc.Run("F/r0")["body"]
    server.count()
    assert sum(task.data.y for task in step) == tasks
    assert tasks <= server.count() <= tasks + 20
    assert 8 <= server.most_under_way <= 20


@pytest.mark.slow
def test_memory_is_bounded(server: MemoryS3, tmp_path: Path, client: Callable[[str], ModuleType]) -> None:
    """Memory holds the names of all tasks, and only a few of their records."""
    import tracemalloc

    fill(server, tmp_path, 4000)
    flowc = client("s3://bucket/root")
    step = flowc.Run("F/r0")["body"]
    tracemalloc.start()
    try:
        assert sum(task.data.y for task in step) == 4000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20, f"{peak >> 20} MiB"


def test_runs_are_read_at_the_same_time(server: MemoryS3, tmp_path: Path, client: Callable[[str], ModuleType]) -> None:
    fill(server, tmp_path, 1, runs=200)
    flowc = client("s3://bucket/root")
    server.delay = 0.005
    assert [run.id for run in flowc.Flow("F")][:2] == ["r199", "r198"]
    assert server.count() <= 203 and 8 <= server.most_under_way <= 20
    assert [run.id for run in flowc.Flow("F").runs("runtime:argo")][0] == "r199" and server.count() <= 3


def test_the_server_lists_as_s3_does(server: MemoryS3) -> None:
    """Checks the test's own server against the store."""
    store = open_store("s3://bucket/root")
    for index in range(2500):
        server.objects[f"root/a/{index:04}/x"] = b""
    assert (
        len(list(store.list("a/"))) == 2500
        and len(list(store.folders("a/"))) == 2500
        and list(store.folders("")) == ["a"]
    )
    store.close()
