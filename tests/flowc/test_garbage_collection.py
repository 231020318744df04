"""`flowc gc`: what it deletes, what it never deletes, and runs that begin meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim.client.datastore import Datastore
from flowc.runtime_shim.local import gc_handshake

from flowc import garbage_collection
from flowc.garbage_collection import Rules
from tests.support.running import LIMIT, dump, flowc, run, until
from tests.support.s3_server import BUCKET, S3Server

SOURCE = """
import pathlib
import time

from metaflow import FlowSpec, Parameter, step


class F(FlowSpec):
    size = Parameter("size", default=1)
    slow = Parameter("slow", default=0)

    @step
    def start(self):
        self.shared = bytes(1 << 21)
        self.own = bytes([self.size]) * (self.size << 21)
        if self.size == 9:
            raise ValueError("nine")
        until = time.monotonic() + 600 * self.slow
        while time.monotonic() < until and not pathlib.Path(__file__).with_name("go").exists():
            time.sleep(0.05)
        self.next(self.end)

    @step
    def end(self):
        assert len(self.own) == self.size << 21 and len(self.shared) == 1 << 21
"""


def flow(folder: Path) -> Path:
    (folder / "flow.py").write_text(SOURCE)
    return folder / "flow.py"


def runs(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "F" / "runs").iterdir())


def blobs(folder: Path) -> list[int]:
    return sorted(path.stat().st_size >> 21 for path in (folder / "F" / "blobs").rglob("*") if path.is_file())


def gc(folder: Path | str, *words: str, env: dict[str, str] | None = None) -> str:
    return flowc("gc", "--store", str(folder), *words, env=env, check=True).stdout


def test_old_runs_go_and_what_only_they_had(tmp_path: Path) -> None:
    store = tmp_path / "store"
    for size in (1, 2, 3):
        run(flow(tmp_path), store, "--size", str(size), *(["--tag", "keep"] if size == 1 else []), run_id=f"r{size}")
    flowc("tag", "add", "r2", "x", "--store", str(store), check=True)
    assert (runs(store), blobs(store)) == (["r1", "r2", "r3"], [1, 1, 2, 3])

    printed = gc(store, "--keep", "1", "--keep-tag", "keep", "--grace", "0")
    assert "F: to delete 1 run, 1 artifact, " in printed and "  r2\n" in printed and "nothing was deleted" in printed
    assert (runs(store), blobs(store)) == (["r1", "r2", "r3"], [1, 1, 2, 3])
    assert "1 run, 0 artifacts" in gc(store, "--keep", "1", "--keep-tag", "keep")  # they are young

    printed = gc(store, "--keep", "1", "--keep-tag", "keep", "--grace", "0", "--delete")
    assert "F: deleted 1 run, 1 artifact, 4." in printed and "MiB; kept 2" in printed
    assert (runs(store), blobs(store)) == (["r1", "r3"], [1, 1, 3]) and not list((store / "F" / "tags").rglob("*r2*"))
    for size in (1, 3):
        assert dump(store, f"r{size}")["end"]
    run(flow(tmp_path), store, "--size", "2", run_id="again")
    assert blobs(store) == [1, 1, 2, 3]
    assert "0 runs, 0 artifacts" in gc(store, "--keep-days", "1", "--grace", "0", "--delete")
    gc(store, "--keep", "0", "--grace", "0", "--delete")
    assert (
        not (store / "F" / "runs").exists()
        and not (store / "F" / "blobs").exists()
        and list((store / "F" / "code").iterdir())
    )


def test_what_was_set_aside_goes_with_its_run_and_keeps_nothing(tmp_path: Path) -> None:
    store = tmp_path / "store"
    for size in (1, 2):
        run(flow(tmp_path), store, "--size", str(size), run_id=f"r{size}")
    aside = store / "F" / "superseded" / "r1" / "start" / "-.0.json"
    aside.parent.mkdir(parents=True)
    aside.write_bytes((store / "F" / "runs" / "r2" / "start" / "-.json").read_bytes())
    gc(store, "--keep", "1", "--grace", "0", "--delete")
    assert runs(store) == ["r2"] and not (store / "F" / "superseded").exists()


def test_failed_runs_stay_while_they_may_go_on(tmp_path: Path) -> None:
    store = tmp_path / "store"
    run(flow(tmp_path), store, "--size", "9", run_id="failed", check=False)
    run(flow(tmp_path), store, "--size", "2", run_id="good")
    printed = gc(store, "--keep", "0", "--delete")
    assert "artifacts stay for now: 1 run may still be going (failed)" in printed and runs(store) == ["failed"]
    later = time.time() - 2 * 86400
    for path in (store / "F").rglob("*"):
        os.utime(path, (later, later))
    assert (
        "1 run" in gc(store, "--keep", "0", "--delete")
        and not (store / "F" / "runs").exists()
        and not (store / "F" / "blobs").exists()
    )


def test_a_run_that_goes_on_loses_nothing(tmp_path: Path) -> None:
    store = tmp_path / "store"
    run(flow(tmp_path), store, "--size", "3", run_id="old")
    command = [
        sys.executable,
        "-m",
        "flowc",
        "run",
        str(flow(tmp_path)),
        "--store",
        str(store),
        "--run-id",
        "slow",
        "--slow",
        "1",
    ]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    until((store / "F" / "runs" / "slow" / "run.json").exists, "a run that has begun")
    printed = gc(store, "--keep", "0", "--grace", "0", "--delete")
    assert "may still be going (slow)" in printed and runs(store) == ["slow"] and 1 in blobs(store)
    (tmp_path / "go").touch()
    assert running.wait(LIMIT) == 0
    gc(store, "--keep", "1", "--grace", "0", "--delete")
    assert blobs(store) == [1, 1] and dump(store, "slow")["end"]


def test_a_run_that_begins_waits_for_the_collector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run needs a blob that is being deleted. It sees the marker, and writes the blob again."""
    store = tmp_path / "store"
    run(flow(tmp_path), store, run_id="old")
    place = Datastore(str(store))
    deleting, go_on = threading.Event(), threading.Event()

    def slowly(place: Datastore) -> Any:
        def delete(name: str) -> None:
            if "/blobs/" in name:
                deleting.set()
                go_on.wait(LIMIT)
            place.store.delete(name)

        return delete

    monkeypatch.setattr(garbage_collection, "_deleter", slowly)
    collector = threading.Thread(target=garbage_collection.collect, args=(place, "F", Rules(0, None, (), 0)))
    collector.start()
    assert deleting.wait(LIMIT)
    command = [sys.executable, "-m", "flowc", "run", str(flow(tmp_path)), "--store", str(store), "--run-id", "new"]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    time.sleep(2)
    assert running.poll() is None and not (store / "F" / "runs" / "new" / "start").exists()
    second = flowc("gc", "--store", str(store), "--delete")
    assert second.returncode == 1 and "a different `flowc gc` is deleting runs" in second.stderr
    go_on.set()
    collector.join(LIMIT)
    assert running.wait(LIMIT) == 0
    assert (
        runs(store) == ["new"]
        and blobs(store) == [1, 1]
        and dump(store, "new")["end"]
        and gc_handshake.marker(place.store, "F") is None
    )


@pytest.mark.parametrize(
    "scheme", ["s3", pytest.param("gs", marks=pytest.mark.engine), pytest.param("az", marks=pytest.mark.engine)]
)
def test_on_object_stores(scheme: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    fixture = request.getfixturevalue(scheme)
    env = fixture.environment if isinstance(fixture, S3Server) else fixture
    store = f"{scheme}://{BUCKET}/{tmp_path.name}"
    for size in (1, 2):
        flowc(
            "run",
            str(flow(tmp_path)),
            "--store",
            store,
            "--run-id",
            f"r{size}",
            "--size",
            str(size),
            env=env,
            check=True,
        )
    assert "1 run, 1 artifact" in gc(store, "--keep", "1", "--grace", "0", env=env)
    assert flowc("dump", "r1", "--store", store, env=env).returncode == 0, "that was a dry run"
    gc(store, "--keep", "1", "--grace", "0", "--delete", env=env)
    assert dump(store, "r2", env=env)["end"] and "0 runs, 0 artifacts" in gc(
        store, "--keep", "1", "--grace", "0", env=env
    )
    assert flowc("dump", "r1", "--store", store, env=env).returncode == 1


def test_what_is_torn(tmp_path: Path) -> None:
    """A torn note of `--cache` is deleted. A torn record might name any blob, so everything is kept."""
    store = tmp_path / "store"
    run(flow(tmp_path), store, "--cache")
    note = next((store / "F" / "cache").rglob("*.json"))
    note.write_bytes(b"")
    gc(store, "--delete")
    assert not note.exists() and list((store / "F" / "cache").rglob("*.json"))
    (store / "F" / "runs" / "r" / "start" / "-.json").write_bytes(b"")
    done = flowc("gc", "--store", str(store), "--keep", "1", "--grace", "0", "--delete")
    assert (
        done.returncode == 1
        and "runs/r/start/-.json in the datastore is damaged" in done.stderr
        and blobs(store) == [1, 1]
    )


def test_what_killed_writers_left(tmp_path: Path) -> None:
    """Old temporary files are deleted. Young ones may still be in use."""
    store = tmp_path / "store"
    run(flow(tmp_path), store)
    later = time.time() - 2 * 3600
    for folder, name in (("blobs", ".tmp-1-1-abc"), ("runs/r/start", ".tmp-2-1-abc"), ("runs/r", ".tmp-3-1-abc")):
        (store / "F" / folder / name).write_bytes(bytes(100))
        if name != ".tmp-3-1-abc":
            os.utime(store / "F" / folder / name, (later, later))
    assert "0 runs, 0 artifacts, 2 unfinished files, 200 bytes" in gc(store, "--grace", "0")
    assert "unfinished" not in gc(store), "within --grace"
    assert "0 artifacts, 2 unfinished files" in gc(store, "--grace", "0", "--delete")
    assert [path.name for path in store.rglob(".tmp-*")] == [".tmp-3-1-abc"] and dump(store)["end"]


def test_uploads_that_were_never_completed(tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    prefix = tmp_path.name
    store = f"s3://{BUCKET}/{prefix}"
    flowc("run", str(flow(tmp_path)), "--store", store, "--run-id", "r", env=s3.environment, check=True)
    client = s3.client()
    for name in (f"{prefix}/F/blobs/ab/abcd", f"{prefix}/F/blobs/a b&c", f"{prefix}/Other/blobs/x"):
        client.create_multipart_upload(Bucket=BUCKET, Key=name)
    place = Datastore(store)
    with monkeypatch.context() as patch:
        patch.setattr(garbage_collection, "ABANDONED", 1e10)
        assert not garbage_collection.plan(place, "F", Rules(None, None, (), 0)).leftovers, "they may be going on"
    assert len(garbage_collection.plan(place, "F", Rules(None, None, (), 0)).leftovers) == 2  # moto began them in 2010
    garbage_collection.collect(place, "F", Rules(None, None, (), 0))
    left = [
        upload["Key"]
        for upload in client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
        if upload["Key"].startswith(prefix)
    ]
    assert left == [f"{prefix}/Other/blobs/x"] and dump(store, env=s3.environment)["end"]


@pytest.mark.parametrize(
    "words", [["--keep", "x"], ["--keep-days", "-1"], ["--keep-tag", "x"], ["--grace", "long"], ["F", "G"]]
)
def test_wrong_usage(words: list[str], tmp_path: Path) -> None:
    assert flowc("gc", "--store", str(tmp_path), *words).returncode == 2
