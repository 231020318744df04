"""Runs in an object store as `flowc ui` reads them: soon what the names tell, and every record once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim.client.datastore import Datastore
from flowc.runtime_shim.store import open_store

from flowc.pages import bucket_run
from flowc.pages.bucket_run import BucketRun
from flowc.pages.server import Pages
from tests.support.faulty_s3 import BUCKET, FaultyS3, faulty_s3
from tests.support.running import flowc

TASKS = 300
FLOW = f"""
from metaflow import FlowSpec, step


class F(FlowSpec):
    @step
    def start(self):
        self.items = list(range({TASKS}))
        self.next(self.body, foreach="items")

    @step
    def body(self):
        if self.input == 299:
            raise ValueError("the last one")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wide")
    (folder / "flow.py").write_text(FLOW)
    flowc("run", "flow.py", "--run-id", "r", "--quiet", cwd=folder)
    return folder / ".flowc"


@pytest.fixture
def bucket(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyS3]:
    with faulty_s3() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        for path in folder.rglob("*"):
            if path.is_file():
                server.objects[f"wide/{path.relative_to(folder)}"] = path.read_bytes()
        yield server


def test_a_run_is_shown_before_its_records_are_read(
    bucket: FaultyS3, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket_run, "WINDOW", 50)
    monkeypatch.setattr(bucket_run, "PAUSE", 0.0)
    expected = json.loads(Pages(str(folder)).data("F", "r"))
    pages = Pages(f"s3://{BUCKET}/wide")
    bucket.delay = 0.05  # of every answer
    first = run = json.loads(pages.data("F", "r"))
    assert first["unread"] > 0 and first["tasks"]["path"] == expected["tasks"]["path"]
    assert first["tasks"]["state"] == expected["tasks"]["state"] and first["failures"] == expected["failures"]
    assert None in first["tasks"]["begin"] and first["tasks"]["begin"][0] is not None
    unread = [first["unread"]]
    while run["unread"]:
        pages.wait("F", "r", run["seen"])
        run = json.loads(pages.data("F", "r"))
        unread.append(run["unread"])
    assert unread == sorted(unread, reverse=True) and unread[-1] == 0
    assert {**run, "seen": ""} == {**expected, "seen": ""}
    reads = Counter(path for method, path in bucket.seen if method == "GET" and "/r/body/" in path and "?" not in path)
    assert len(reads) == TASKS and set(reads.values()) == {1}


def test_a_step_with_very_many_names_is_listed_in_parts(bucket: FaultyS3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket_run, "MANY", 100)
    run = BucketRun(Datastore(f"s3://{BUCKET}/wide"), "F", "r")
    names = sorted(name[len("wide/") :] for name in bucket.objects if name.count("/") == 5 and "/runs/r/" in name)
    assert [name for name, _ in run.look()] == names and len(names) > TASKS


def test_a_record_that_was_set_aside_is_read_again(bucket: FaultyS3) -> None:
    run = BucketRun(Datastore(f"s3://{BUCKET}/wide"), "F", "r")
    run.look()
    name = "F/runs/r/start/-.json"
    before = run.place.store.get(name)
    changed: Any = before.replace(b'"attempt":0', b'"attempt":1')
    open_store(f"s3://{BUCKET}/wide").put(name, changed)
    run.look()
    assert run.place.store.get(name) == before  # a record never changes otherwise
    open_store(f"s3://{BUCKET}/wide").put("F/runs/r/code.1.json", b"{}")
    run.look()
    assert run.place.store.get(name) == changed != before
