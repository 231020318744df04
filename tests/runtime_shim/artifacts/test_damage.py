"""Damage to a datastore, by a power failure, a disk or a person: it is repaired or reported, never returned."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim.client.datastore import Datastore
from flowc.runtime_shim.contract import code_package
from flowc.runtime_shim.contract.address import code_name
from flowc.runtime_shim.contract.errors import ShimError
from flowc.runtime_shim.store import open_store

from tests.support.running import Done, dump, flowc, run
from tests.support.s3_server import BUCKET, S3Server

# letters: the tests compare what `dump` prints, and other bytes take four characters each
SOURCE = """
from pathlib import Path

from metaflow import FlowSpec, step


class F(FlowSpec):
    @step
    def start(self):
        self.items = [0, 1]
        self.inline = "short"
        self.next(self.body, foreach="items")

    @step
    def body(self):
        with open(Path(__file__).with_name("log"), "a") as log:
            log.write(f"{self.input} ")
        self.mapped = bytes([65 + self.input]) * (9 << 20 if self.input else 1 << 20)
        self.blob = bytes([70 + self.input]) * (1 << 20)
        self.packed = bytes([80 + self.input]) * 100_000
        self.also_packed = bytes([90 + self.input]) * 100_000
        self.next(self.join)

    @step
    def join(self, inputs):
        self.found = [(len(each.mapped), each.mapped[5000], each.blob[5], each.packed[5]) for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def zero(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) * 3 // 4] ^= 16
    path.write_bytes(data)


def delete(path: Path) -> None:
    path.unlink()


DAMAGES = (truncate, zero, empty, flip, delete)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a folder with the flow, a store with a run of it, and `expected.json`, its dump."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "flow.py").write_text(SOURCE)
    run(folder / "flow.py", folder / "store")
    (folder / "expected.json").write_text(json.dumps(dump(folder / "store")))
    return folder


@pytest.fixture
def work(finished: Path, tmp_path: Path) -> Path:
    shutil.copytree(finished, tmp_path / "work")
    (tmp_path / "work" / "log").unlink()
    return tmp_path / "work"


def record(work: Path, step: str = "body", path: str = "1") -> Any:
    return json.loads((work / "store" / "F" / "runs" / "r" / step / f"{path}.json").read_bytes())


def object_of(work: Path, artifact: str) -> Path:
    entry = record(work)["artifacts"][artifact]
    digest = entry.get("pack") or entry["digest"]
    return work / "store" / "F" / "blobs" / str(digest[:2]) / str(digest)


def resume(work: Path, *words: str) -> Done:
    return flowc(
        "resume",
        str(work / "flow.py"),
        "--store",
        str(work / "store"),
        "--run-id",
        "again",
        "--origin-run-id",
        "r",
        *words,
    )


def after_a_power_failure(work: Path) -> None:
    """Makes all files older than the machine's start, as after a power failure."""
    for path in (work / "store").rglob("*"):
        os.utime(path, (1e9, 1e9))


SLOWER = [
    pytest.param(truncate, marks=pytest.mark.slow),
    zero,
    pytest.param(empty, marks=pytest.mark.slow),
    flip,
    pytest.param(delete, marks=pytest.mark.slow),
]


@pytest.mark.parametrize("damage", SLOWER)
@pytest.mark.parametrize("artifact", ["mapped", "blob", "packed"])
def test_resume_makes_again_what_is_torn(artifact: str, damage: Callable[[Path], None], work: Path) -> None:
    damage(object_of(work, artifact))
    after_a_power_failure(work)
    done = resume(work)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        f"[body/1] runs again: artifact `{artifact if artifact != 'packed' or damage is flip else 'also_packed'}` is damaged"
        in done.stdout
    )
    assert (work / "log").read_text() == "1 ", "the other item is whole"
    assert (
        dump(work / "store", "again") == json.loads((work / "expected.json").read_text()) == dump(work / "store", "r")
    )


@pytest.mark.parametrize("damage", [truncate, empty, delete])
def test_what_a_look_at_the_file_tells_needs_no_power_failure(damage: Callable[[Path], None], work: Path) -> None:
    damage(object_of(work, "mapped"))
    assert resume(work).returncode == 0 and (work / "log").read_text() == "1 "
    assert dump(work / "store", "again") == json.loads((work / "expected.json").read_text())


@pytest.mark.parametrize("artifact", ["mapped", "blob", "packed"])
def test_flipped_bits_are_found_by_reading_everything(artifact: str, work: Path) -> None:
    flip(object_of(work, artifact))
    done = resume(work, "--verify")
    assert done.returncode == 0 and (work / "log").read_text() == "1 ", done.stdout + done.stderr
    assert dump(work / "store", "again") == json.loads((work / "expected.json").read_text())


def test_a_task_that_met_with_damage_lets_resume_look_at_everything(work: Path) -> None:
    flip(object_of(work, "blob"))
    done = resume(work, "join")
    assert (
        done.returncode == 1
        and "artifact `blob` is damaged in the datastore" in done.stderr
        and "runtime_shim" not in done.stderr
    )
    assert "resume" in done.stderr.splitlines()[-1]
    again = flowc(
        "resume", str(work / "flow.py"), "--store", str(work / "store"), "--run-id", "third", "--origin-run-id", "again"
    )
    assert again.returncode == 0 and "[body/1] runs again" in again.stdout, again.stdout + again.stderr
    assert dump(work / "store", "third") == json.loads((work / "expected.json").read_text())


@pytest.mark.parametrize("damage", DAMAGES)
def test_records(damage: Callable[[Path], None], work: Path) -> None:
    damage(work / "store" / "F" / "runs" / "r" / "body" / "1.json")
    done = resume(work)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[body/1] runs again: F/runs/r/body/1.json in the datastore is damaged" in done.stdout or damage is delete
    assert (work / "log").read_text() == "1 "
    assert dump(work / "store", "again") == json.loads((work / "expected.json").read_text())


def test_going_on_with_a_damaged_run_is_refused_with_the_way_out(work: Path) -> None:
    delete(object_of(work, "blob"))
    done = run(work / "flow.py", work / "store", check=False)
    assert (
        done.returncode == 1
        and "run 'r' cannot continue: the results of task body/1 are damaged: artifact `blob` is damaged" in done.stderr
    )
    assert f"flowc resume {work / 'flow.py'} --origin-run-id r" in done.stderr and (work / "log").exists() is False
    empty(work / "store" / "F" / "runs" / "r" / "start" / "-.json")
    done = run(work / "flow.py", work / "store", check=False)
    assert done.returncode == 1 and "the results of task start are damaged" in done.stderr


@pytest.mark.parametrize("damage", SLOWER)
@pytest.mark.parametrize("artifact", ["mapped", pytest.param("blob", marks=pytest.mark.slow), "packed"])
def test_dump_reports_it_and_shows_the_rest(artifact: str, damage: Callable[[Path], None], work: Path) -> None:
    damage(object_of(work, artifact))
    after_a_power_failure(work)
    done = flowc("dump", "r/body", "--store", str(work / "store"))
    assert (
        done.returncode == 1
        and f"r/body/1: artifact `{artifact}` is " in done.stderr
        and "Traceback" not in done.stderr
    )
    assert "<damaged: " in done.stdout and "inline" in done.stdout
    one = flowc("dump", "r/body/1", artifact, "--store", str(work / "store"))
    assert one.returncode == 1 and one.stdout == "" and f"artifact `{artifact}`" in one.stderr
    assert flowc("dump", "r/body/0", "--store", str(work / "store")).returncode == 0
    empty(work / "store" / "F" / "runs" / "r" / "body" / "0.json")
    assert (
        "r/body/0: F/runs/r/body/0.json in the datastore is damaged"
        in flowc("dump", "r/body", "--store", str(work / "store")).stderr
    )


@pytest.mark.parametrize("damage", [truncate, pytest.param(empty, marks=pytest.mark.slow), zero])
def test_what_else_a_power_failure_tears(damage: Callable[[Path], None], work: Path) -> None:
    """The code package, the environment and `process.json`: a damaged one is written again, or ignored."""
    store = work / "store" / "F"
    for damage_call in (
        *(store / "code").iterdir(),
        *(store / "environments").iterdir(),
        store / "runs" / "r" / "process.json",
    ):
        damage(damage_call)
    after_a_power_failure(work)
    assert resume(work, "join").returncode == 0
    assert "succeeded" in flowc("runs", "--store", str(work / "store"), check=True).stdout
    assert json.loads(
        flowc("dump", "again/end", "--environment", "--json", "--store", str(work / "store"), check=True).stdout
    )["end"][0]["packages"]


def test_a_torn_run_json(work: Path) -> None:
    """The parameters are lost: resuming says so, and a new start with them continues."""
    empty(work / "store" / "F" / "runs" / "r" / "run.json")
    done = resume(work)
    assert done.returncode == 1 and "runs/r/run.json in the datastore is damaged" in done.stderr
    assert run(work / "flow.py", work / "store").returncode == 0 and not (work / "log").exists()
    assert dump(work / "store") == json.loads((work / "expected.json").read_text())


def test_objects_that_are_gone_from_s3(finished: Path, tmp_path: Path, s3: S3Server) -> None:
    shutil.copy(finished / "flow.py", tmp_path / "flow.py")
    store = f"s3://{BUCKET}/{tmp_path.name}"
    flowc("run", str(tmp_path / "flow.py"), "--store", store, "--run-id", "r", env=s3.environment, check=True)
    (tmp_path / "log").unlink()
    client = s3.client()
    digest = record(finished)["artifacts"]["blob"]["digest"]
    client.delete_object(Bucket=BUCKET, Key=f"{tmp_path.name}/F/blobs/{digest[:2]}/{digest}")
    shown = flowc("dump", "r/body/1", "--store", store, env=s3.environment)
    assert shown.returncode == 1 and "artifact `blob` is missing" in shown.stderr
    command = ("resume", str(tmp_path / "flow.py"), "--store", store, "--run-id")
    assert flowc(*command, "again", "join", "--origin-run-id", "r", env=s3.environment).returncode == 1
    done = flowc(*command, "third", "--origin-run-id", "again", env=s3.environment)
    assert done.returncode == 0 and (tmp_path / "log").read_text() == "1 ", done.stdout + done.stderr
    assert dump(store, "third", env=s3.environment) == json.loads((finished / "expected.json").read_text())


def test_a_code_package_without_its_graph_is_named(tmp_path: Path) -> None:
    """A task that compares two packages names it, and so does the client."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("flow.py"), io.BytesIO())
    digest = "sha256:" + hashlib.sha256(buffer.getvalue()).hexdigest()
    store = open_store(str(tmp_path))
    store.put(code_name("F", digest), gzip.compress(buffer.getvalue()))
    message = f"^the code package {digest} of flow F has no flowc.json$"
    with pytest.raises(ShimError, match=message):
        code_package.graph(store, "F", digest)
    with pytest.raises(ShimError, match=message):
        Datastore(str(tmp_path)).graph_of("F", digest)
