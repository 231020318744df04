"""`flowc logs --follow`: every line when it is printed, of running tasks too, until the run has ended."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.container import Container
from tests.support.running import LIMIT, flowc, until
from tests.support.s3_server import BUCKET, S3Server

SOURCE = """
import pathlib, sys, time
from metaflow import FlowSpec, retry, step

def wait_for(name):
    until = time.monotonic() + 600
    while not pathlib.Path(__file__).with_name(name).exists():
        assert time.monotonic() < until
        time.sleep(0.02)

class F(FlowSpec):
    @step
    def start(self):
        self.items = [0, 1]
        self.next(self.body, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @step
    def body(self):
        print("first of", self.input)
        print("half a line", end="", flush=True)
        wait_for("go")
        print(", and the rest of", self.input, file=sys.stderr)
        if self.input == 1 and not pathlib.Path(__file__).with_name("failed").exists():
            pathlib.Path(__file__).with_name("failed").touch()
            raise ValueError("once")
        self.next(self.join)

    @step
    def join(self, inputs):
        wait_for("end")
        self.next(self.end)

    @step
    def end(self):
        print("the end")
"""


class Following:
    """A process whose lines are read as they come."""

    def __init__(self, *words: str, env: dict[str, str] | None = None) -> None:
        import os

        command = [sys.executable, "-m", "flowc", "logs", *words]
        variables = {**os.environ, **(env or {})}
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=variables
        )

    def lines(self, number: int) -> list[str]:
        assert self.process.stdout is not None
        return [self.process.stdout.readline().rstrip("\n") for _ in range(number)]

    def end(self) -> tuple[int, str, str]:
        out, errors = self.process.communicate(timeout=LIMIT)
        return self.process.returncode, out, errors


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "flow.py").write_text(SOURCE)
    yield tmp_path
    for name in ("go", "end"):
        (tmp_path / name).touch()


def start(folder: Path, store: str, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    import os

    command = [sys.executable, "-m", "flowc", "run", str(folder / "flow.py"), "--store", store, "--run-id", "r", "-q"]
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **(env or {})}
    )


def wait_for_run(store: str, env: dict[str, str] | None = None) -> None:
    def has_begun() -> bool:
        return (
            "r" in flowc("runs", "--json", "--store", store, env=env).stdout
            and not flowc("dump", "r/start", "--store", store, env=env).returncode
        )

    until(has_begun, "a record of the run's start", every=0.1)


def test_lines_come_while_tasks_run(folder: Path) -> None:
    store = str(folder / "store")
    running = start(folder, store)
    wait_for_run(store)
    one = Following("r/body/0", "--follow", "--store", store)
    every = Following("r", "--follow", "--store", store)
    assert one.lines(1) == ["first of 0"]
    assert sorted(every.lines(2)) == ["[body/0] first of 0", "[body/1] first of 1"]
    assert running.poll() is None
    (folder / "go").touch()
    assert one.lines(1) == [", and the rest of 0"]
    (folder / "end").touch()
    assert one.process.stdout is not None and one.process.stdout.read() == "half a line"
    code, out, errors = one.end()
    assert (code, out, errors) == (0, "", "")
    code, out, errors = every.end()
    assert code == 0 and not errors and out.splitlines()[-1] == "[end] the end" and out.count("ValueError: once") == 1
    assert out.count("first of 1") == 1, "the second attempt's; the first attempt's came before"
    assert running.wait(LIMIT) == 0
    assert flowc("logs", "r/body/0", "--store", store).stdout.count("first of 0") == 1


def test_interrupted(folder: Path) -> None:
    store = str(folder / "store")
    running = start(folder, store)
    wait_for_run(store)
    following = Following("r", "-f", "--store", store)
    following.lines(1)
    following.process.send_signal(signal.SIGINT)
    code, _, errors = following.end()
    assert code == 130 and "Traceback" not in errors
    running.send_signal(signal.SIGTERM)
    assert running.wait(LIMIT) == 130
    code, out, _ = Following("r", "-f", "--store", store).end()
    assert code == 0 and "first of 0" in out, "a run that was stopped is not waited for"


@pytest.mark.slow
def test_in_an_object_store(folder: Path, s3: S3Server) -> None:
    store = f"s3://{BUCKET}/{folder.name}"
    running = start(folder, store, s3.environment)
    wait_for_run(store, s3.environment)
    following = Following("r", "-f", "--store", store, env=s3.environment)
    assert sorted(following.lines(2)) == ["[body/0] first of 0", "[body/1] first of 1"]
    assert running.poll() is None
    for name in ("go", "end"):
        (folder / name).touch()
    code, out, errors = following.end()
    assert code == 0 and not errors and out.splitlines()[-1] == "[end] the end"
    assert running.wait(LIMIT) == 0


@pytest.mark.slow
def test_a_task_in_a_container_shows_its_log_while_it_runs(tmp_path: Path) -> None:
    """A task that the kernel kills leaves what it printed until some seconds before."""
    source = SOURCE.split("class F")[0] + (
        "class F(FlowSpec):\n    @step\n    def start(self):\n        print('before')\n        time.sleep(60)\n        self.next(self.end)\n\n"
        "    @step\n    def end(self):\n        pass\n"
    )
    flow = Container(source, tmp_path)
    process = subprocess.Popen(flow.command("start"), env=flow.environment, stdout=subprocess.DEVNULL)
    until((tmp_path / "store" / "F" / "runs" / "r" / "start" / "-.0.log").exists, "a log")
    process.kill()
    process.wait()
    assert "before" in flowc("logs", "r/start", "--store", str(tmp_path / "store"), check=True).stdout
