"""A container's private folder: removed by its next attempt if it was killed, and by nobody while it lives."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
from pathlib import Path

import pytest
from flowc.runtime_shim.contract.errors import ShimError
from flowc.runtime_shim.task import private_folder

from tests.support.container import Container
from tests.support.running import LIMIT, until

FLOW = """
import os, signal, time
from metaflow import FlowSpec, retry, step


class F(FlowSpec):
    @retry(times=2, minutes_between_retries=0)
    @step
    def start(self):
        if "KILL" in os.environ:
            open(os.environ["KILL"], "w").close()
            time.sleep(1000)
        self.next(self.end)

    @step
    def end(self):
        pass
"""
PLACE = ["store", "F", "r", "start", "-"]


def left(folder: Path) -> list[str]:
    return sorted(path.name.rpartition("-")[0] for path in folder.iterdir() if path.name.startswith("flowc-"))


@pytest.mark.parametrize("within", [[], ["--within", "start,end"]], ids=["one task", "several"])
def test_the_next_attempt_removes_what_a_killed_one_has_left(within: list[str], tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    container = Container(FLOW, tmp_path, env={"TMPDIR": str(temporary)})
    started = tmp_path / "started"
    command = [*container.command("start"), *within]
    process = subprocess.Popen(
        command, env={**container.environment, "KILL": str(started)}, cwd=tmp_path, start_new_session=True
    )
    until(started.exists, "the step")
    names = left(temporary)
    assert len(names) == (2 if within else 1)
    container.task("end", attempt=1, code=3)  # another container removes nothing
    assert left(temporary) == names
    os.kill(process.pid, signal.SIGKILL)
    process.wait(LIMIT)
    if within:  # its tasks end with it, and with them the lock
        until(lambda: not _locked(temporary), "the end of its tasks")
    assert left(temporary) == names
    done = subprocess.run(
        command, env={**container.environment, "FLOWC_ATTEMPT": "1"}, cwd=tmp_path, capture_output=True, timeout=LIMIT
    )
    assert done.returncode == 0, done.stderr
    assert left(temporary) == []


def _locked(folder: Path) -> bool:
    import fcntl

    for path in folder.iterdir():
        descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
    return False


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_the_folder_of_a_living_attempt_stays(temporary: Path) -> None:
    """An engine may take a container for lost that goes on."""
    first = private_folder.create("code", PLACE, is_later=False)
    ended = multiprocessing.get_context("spawn").Process(target=private_folder.create, args=("code", PLACE, True))
    ended.start()
    ended.join(LIMIT)
    assert ended.exitcode == 0 and os.path.isdir(first)
    assert os.stat(first).st_mode & 0o777 == 0o700
    private_folder.create("code", PLACE, is_later=True)
    assert len(left(temporary)) == 2 and os.path.isdir(first), "that of the process which has ended is gone"


def test_a_link_in_its_place_is_not_followed(temporary: Path) -> None:
    folder = Path(private_folder.create("code", PLACE, is_later=False))
    (temporary / "precious").mkdir()
    (temporary / "precious" / "file").touch()
    (temporary / f"{folder.name[:-4]}link").symlink_to(temporary / "precious")
    private_folder.create("code", PLACE, is_later=True)
    assert (temporary / "precious" / "file").exists()


def test_no_writable_folder_is_said(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "mkdir", _refuse)
    with pytest.raises(ShimError, match="set TMPDIR"):
        private_folder.create("code", PLACE, is_later=False)


def _refuse(*_: object) -> None:
    raise PermissionError
