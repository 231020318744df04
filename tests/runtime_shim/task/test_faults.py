"""Runs on failing datastores: passing faults are retried, lasting ones give one clear error and a remedy."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.environment import environment
from tests.support.faulty_s3 import BUCKET, FaultyS3, faulty_s3
from tests.support.running import Done, dump, flowc

SOURCE = """
import pathlib, time
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.small = 1
        self.items = [1, 2, 3]
        self.next(self.body, foreach="items")

    @step
    def body(self):
        print("body", self.input)
        self.large = bytes([64 + self.input]) * 3_000_000
        self.next(self.join)

    @step
    def join(self, inputs):
        self.sizes = [len(each.large) for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def written(folder: Path) -> Path:
    (folder / "flow.py").write_text(SOURCE)
    return folder / "flow.py"


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    return written(tmp_path)


@pytest.fixture
def server() -> Iterator[FaultyS3]:
    with faulty_s3() as faulty:
        yield faulty


def clear(done: Done, *says: str) -> None:
    """Checks that the run failed with a message for people."""
    text = done.stdout + done.stderr
    assert done.returncode == 1, text
    assert "runtime_shim" not in text, text
    for message in says:
        assert message in done.stderr, text


def test_no_room_for_an_artifact(flow: Path, tmp_path: Path) -> None:
    """Like a quota: no file may be larger than a megabyte."""
    command = [sys.executable, "-m", "flowc", "run", str(flow), "--store", str(tmp_path / "store"), "--run-id", "r"]
    done = subprocess.run(["prlimit", f"--fsize={1 << 20}", *command], capture_output=True, text=True)
    clear(done, "cannot write 3000", "bytes of an artifact in", "File too large", "flowc resume")
    assert not list((tmp_path / "store").rglob(".tmp-*")), "what could not be finished is taken away"
    again = flowc("resume", str(flow), "--store", str(tmp_path / "store"), "--run-id", "again", check=True)
    assert (
        "[start] reused" in again.stdout
        and dump(tmp_path / "store", "again")["join"][0]["artifacts"]["sizes"]["repr"] == "[3000000, 3000000, 3000000]"
    )


def mounted(script: str, **variables: object) -> Done:
    """Runs a shell script in a mount namespace of its own, which is gone afterwards."""
    env = {**environment(), **{name: str(value) for name, value in variables.items()}, "PYTHON": sys.executable}
    return subprocess.run(["unshare", "-m", "sh", "-ec", script], capture_output=True, text=True, env=env)


@pytest.mark.slow
@pytest.mark.parametrize("size", ["64k", "2m", "5m"])
def test_a_full_disk(size: str, flow: Path, tmp_path: Path) -> None:
    """The disk becomes full at the package, an artifact or a record.

    It is a file system of its own, which needs root.
    """
    (tmp_path / "disk").mkdir()
    script = f"""
        mount -t tmpfs -o size={size} tmpfs "$DISK"
        "$PYTHON" -m flowc run "$FLOW" --store "$DISK/store" --run-id r && exit 9 || code=$?
        mount -o remount,size=100m "$DISK"
        "$PYTHON" -m flowc run "$FLOW" --store "$DISK/store" --run-id r -q > "$DISK/second" 2>&1 || cat "$DISK/second" >&2
        "$PYTHON" -m flowc dump r/join sizes --store "$DISK/store" >&2
        exit $code
    """
    done = mounted(script, DISK=tmp_path / "disk", FLOW=flow)
    clear(done, "No space left on device", "[3000000, 3000000, 3000000]")


@pytest.mark.slow
def test_a_read_only_store(flow: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    script = """
        mount -t tmpfs -o size=100m tmpfs "$DISK"
        "$PYTHON" -m flowc run "$FLOW" --store "$DISK/store" --run-id old -q
        mount -o remount,ro "$DISK"
        "$PYTHON" -m flowc dump old/join sizes --store "$DISK/store"
        "$PYTHON" -m flowc logs old --store "$DISK/store"
        "$PYTHON" -m flowc runs --store "$DISK/store"
        "$PYTHON" -m flowc tag add old x --store "$DISK/store" && exit 9
        "$PYTHON" -m flowc gc --keep 0 --grace 0 --delete --store "$DISK/store" && exit 9
        "$PYTHON" -m flowc run "$FLOW" --store "$DISK/store" --run-id r && exit 9 || exit $?
    """
    done = mounted(script, DISK=tmp_path / "disk", FLOW=flow)
    clear(done, "Read-only file system")
    assert (
        done.stderr.count("Read-only file system") == 3
        and "[3000000, 3000000, 3000000]" in done.stdout
        and "succeeded" in done.stdout
    )


def on_s3(flow: Path, server: FaultyS3, *words: str) -> Done:
    return flowc("run", str(flow), "--store", f"s3://{BUCKET}/p", "--run-id", "r", *words, env=server.environment)


@pytest.mark.parametrize("fault", ["error 500 InternalError", "error 503 SlowDown", "drop", "half", "lost"])
def test_s3_has_hiccups(fault: str, flow: Path, server: FaultyS3) -> None:
    for method in ("GET", "PUT"):
        for path in ("run.json", "start", "body", "join", "blobs", ""):
            server.fault(fault, method, path)
    done = on_s3(flow, server)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        dump(f"s3://{BUCKET}/p", env=server.environment)["join"][0]["artifacts"]["sizes"]["repr"]
        == "[3000000, 3000000, 3000000]"
    )


@pytest.mark.slow
def test_s3_stays_away(tmp_path: Path) -> None:
    """S3 disappears at each kind of write.

    All cases run at the same time, since they mostly wait until they give up.
    """

    def stays_away(what: str, fault: str, says: str) -> None:
        folder = tmp_path / f"{fault} {what.replace('/', ' ')}"
        folder.mkdir()
        flow = written(folder)
        with faulty_s3() as server:
            server.fault(fault, "PUT", what, times=100)
            done = on_s3(flow, server)
            clear(done, says, "flowc resume")
            server.faults.clear()
            assert on_s3(flow, server).returncode == 0

    faults = {
        "error 503 SlowDown": "503 SlowDown",
        "drop": "failed: ",
        "error 400 ExpiredToken": "ExpiredToken",
        "error 403 AccessDenied": "403 AccessDenied",
    }
    with ThreadPoolExecutor(12) as pool:
        done = {
            (what, fault): pool.submit(stays_away, what, fault, says)
            for what in ("blobs", "start/-.json", "body/1.json") for fault, says in faults.items()
        }  # fmt: skip
    wrong = {case: future.exception() for case, future in done.items() if future.exception()}
    assert len(done) == 12 and not wrong, wrong


@pytest.mark.slow
def test_credentials_that_end_in_the_middle_of_a_run(flow: Path, server: FaultyS3) -> None:
    server.fault("error 400 ExpiredToken", "", "join", times=1000)
    clear(on_s3(flow, server), "ExpiredToken", "flowc resume")
