"""Local runs: resuming, stopping, retrying, and the results."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.running import LIMIT, artifacts, dump, flowc, run, until
from tests.support.s3_server import BUCKET, S3Server

HEAD = "import os, sys, time\nfrom pathlib import Path\nfrom metaflow import FlowSpec, Parameter, catch, current, environment, retry, step, timeout\n\nHERE = Path(__file__).parent\n\n\n"


def write(folder: Path, body: str) -> Path:
    path = folder / "flow.py"
    path.write_text(HEAD + body, encoding="utf-8")
    return path


RESUMED = """
class F(FlowSpec):
    @step
    def start(self):
        with open(HERE / "log", "a") as log:
            log.write("start ")
        self.items = [1, 2, 3]
        self.next(self.body, foreach="items")

    @step
    def body(self):
        with open(HERE / "log", "a") as log:
            log.write(f"body{self.input} ")
        if self.input == 2 and not (HERE / "mended").exists():
            raise RuntimeError("not yet")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.count = len(list(inputs))
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_resume_runs_only_what_is_missing(tmp_path: Path) -> None:
    flow = write(tmp_path, RESUMED)
    first = run(flow, tmp_path / "store", "--max-workers", "1", check=False)
    assert first.returncode == 1 and "RuntimeError: not yet" in first.stderr + first.stdout
    (tmp_path / "mended").touch()
    (tmp_path / "log").unlink()
    run(flow, tmp_path / "store")
    again = (tmp_path / "log").read_text().split()
    assert "start" not in again and "body1" not in again and "body2" in again
    assert artifacts(tmp_path / "store", "end")["count"] == "3"


def test_a_run_id_stands_for_one_set_of_parameters_and_one_code(tmp_path: Path) -> None:
    flow = write(
        tmp_path,
        'class F(FlowSpec):\n    p = Parameter("p", default=1)\n\n    @step\n    def start(self):\n        self.next(self.end)\n\n    @step\n    def end(self):\n        pass\n',
    )
    run(flow, tmp_path / "store")
    assert run(flow, tmp_path / "store", "--p", "2", check=False).returncode == 1
    run(flow, tmp_path / "store")
    flow.write_text(flow.read_text().replace("default=1", "default=1, help='x'"))
    assert run(flow, tmp_path / "store", check=False).returncode == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopping(number: int, tmp_path: Path) -> None:
    """No process of the run outlives it, and it can be resumed."""
    body = RESUMED.replace(
        "raise RuntimeError", "(HERE / 'pid').write_text(str(os.getpid())); time.sleep(100_000); raise RuntimeError"
    )
    flow = write(tmp_path, body)
    command = [sys.executable, "-m", "flowc", "run", str(flow), "--store", str(tmp_path / "store"), "--run-id", "r"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pid = int(until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), "a task that runs"))
    process.send_signal(number)
    assert process.wait(LIMIT) != 0
    until(lambda: not _alive(pid), "the end of a task that outlives its run")
    (tmp_path / "mended").touch()
    run(flow, tmp_path / "store")
    assert artifacts(tmp_path / "store", "end")["count"] == "3"


LATE = """
import runpy, sys, time
from flowc.runtime_shim.local import warm_process as warm
send = warm._Warm._send

def late(self, message):
    if "pid" in message:
        time.sleep(2)
    send(self, message)

warm._Warm._send = late
runpy.run_module("flowc", run_name="__main__", alter_sys=True)
"""


def test_a_task_is_told_to_stop_although_it_has_only_begun(tmp_path: Path) -> None:
    """The supervisor is stopped before it has heard of the task's process."""
    body = """
class F(FlowSpec):
    @step
    def start(self):
        import signal
        signal.signal(signal.SIGTERM, lambda *_: sys.exit((HERE / "told").touch()))
        (HERE / "began").touch()
        time.sleep(100_000)
        self.next(self.end)

    @step
    def end(self):
        pass
"""
    command = [sys.executable, "-c", LATE, "run", str(write(tmp_path, body)), "--store", str(tmp_path / "store")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until((tmp_path / "began").exists, "a task that runs")
    process.send_signal(signal.SIGTERM)
    assert process.wait(LIMIT) == 130
    assert (tmp_path / "told").exists()


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_retry_catch_timeout(tmp_path: Path) -> None:
    flow = write(
        tmp_path,
        """
class F(FlowSpec):
    @retry(times=2, minutes_between_retries=0)
    @step
    def start(self):
        if current.retry_count < 2:
            raise ValueError(f"attempt {current.retry_count}")
        self.attempts = current.retry_count + 1
        self.next(self.slow)

    @catch(var="late")
    @timeout(seconds=1)
    @step
    def slow(self):
        self.before = "kept"
        time.sleep(30)
        self.next(self.dies)

    @catch(var="died")
    @step
    def dies(self):
        os._exit(7)
        self.next(self.end)

    @step
    def end(self):
        self.seen = (self.attempts, self.before, self.late.type.split(".")[-1], self.died is not None)
""",
    )
    run(flow, tmp_path / "store")
    assert artifacts(tmp_path / "store", "end")["seen"] == "(3, 'kept', 'TimeoutException', True)"


def test_environment_is_the_step_s_alone(tmp_path: Path) -> None:
    flow = write(
        tmp_path,
        """
class F(FlowSpec):
    @environment(vars={"MINE": "{{a}} $(b) 'c'", "TMPDIR": "/x"})
    @step
    def start(self):
        self.seen = os.environ["MINE"]
        self.next(self.end)

    @step
    def end(self):
        self.seen = os.environ.get("MINE")
""",
    )
    run(flow, tmp_path / "store")
    assert artifacts(tmp_path / "store", "start")["seen"] == repr("{{a}} $(b) 'c'")
    assert artifacts(tmp_path / "store", "end")["seen"] == "None"


def test_current(tmp_path: Path) -> None:
    flow = write(
        tmp_path,
        """
class F(FlowSpec):
    p = Parameter("the-p", default=4)

    @step
    def start(self):
        self.seen = (current.flow_name, current.run_id, current.step_name, current.retry_count, current.is_running_flow, list(current.parameters), self.p)
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    )
    run(flow, tmp_path / "store", "--the-p", "5")
    seen = artifacts(tmp_path / "store", "start")["seen"]
    assert seen.startswith("('F', 'r', 'start', 0, True, [") and seen.endswith(", 5)")


def test_python_flow_run(tmp_path: Path) -> None:
    """`python flow.py run`, as Metaflow's users start flows; Metaflow is not installed here."""
    flow = write(
        tmp_path, RESUMED.replace("if self.input == 2", "if False") + "\n\nif __name__ == '__main__':\n    F()\n"
    )
    done = subprocess.run(
        [sys.executable, str(flow), "run", "--run-id-file", str(tmp_path / "id")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert dump(tmp_path / ".flowc", (tmp_path / "id").read_text().strip())["end"]
    shown = subprocess.run([sys.executable, str(flow), "show"], capture_output=True, text=True)
    assert shown.returncode == 0 and "body" in shown.stdout
    compiling = subprocess.run(
        [sys.executable, str(flow), "compile", "--target", "argo", "--store", "s3://b", "-o", "-"],
        capture_output=True,
        text=True,
    )
    assert compiling.returncode == 0 and "kind: WorkflowTemplate" in compiling.stdout


def test_metaflow_that_is_installed_is_not_in_the_way(tmp_path: Path) -> None:
    """With a package `metaflow` on the path, a step imports flowc's, and other programs the installed one."""
    (tmp_path / "site" / "metaflow").mkdir(parents=True)
    (tmp_path / "site" / "metaflow" / "__init__.py").write_text("REAL = True\n")
    flow = write(tmp_path, RESUMED.replace("if self.input == 2", "if False"))
    env = {"PYTHONPATH": str(tmp_path / "site")}
    run(flow, tmp_path / "store", env=env)
    assert artifacts(tmp_path / "store", "end")["count"] == "3"
    done = subprocess.run(
        [sys.executable, "-c", "import metaflow; print(metaflow.REAL)"],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "True"


def test_s3(tmp_path: Path, s3: S3Server) -> None:
    flow = write(tmp_path, RESUMED.replace("if self.input == 2", "if False"))
    store = f"s3://{BUCKET}/{tmp_path.name}"
    flowc("run", str(flow), "--store", store, "--run-id", "r", env=s3.environment, check=True)
    assert dump(store, "r", env=s3.environment)["end"][0]["artifacts"]["count"] == {"type": "int", "repr": "3"}


def test_values_that_cannot_be_saved_are_named(tmp_path: Path) -> None:
    flow = write(
        tmp_path,
        "class F(FlowSpec):\n    @step\n    def start(self):\n        import threading; self.bad = threading.Lock()\n        self.next(self.end)\n\n    @step\n    def end(self):\n        pass\n",
    )
    done = run(flow, tmp_path / "store", check=False)
    assert done.returncode == 1
    assert "artifact `bad`" in done.stdout + done.stderr and "Traceback" not in done.stderr


def test_an_import_that_fails_is_the_user_s(tmp_path: Path) -> None:
    flow = write(
        tmp_path,
        "import not_there_at_all\n\n\nclass F(FlowSpec):\n    @step\n    def start(self):\n        self.next(self.end)\n\n    @step\n    def end(self):\n        pass\n",
    )
    done = run(flow, tmp_path / "store", check=False)
    assert done.returncode == 1 and "not_there_at_all" in done.stderr + done.stdout
    assert "runtime_shim" not in done.stderr + done.stdout


def test_artifacts_are_written_once(tmp_path: Path) -> None:
    """A value that no task changes is one blob, however many tasks see it."""
    flow = write(
        tmp_path,
        "class F(FlowSpec):\n    @step\n    def start(self):\n        self.big = bytes(1_000_000)\n        self.items = [1, 2, 3]\n        self.next(self.body, foreach='items')\n\n"
        "    @step\n    def body(self):\n        self.next(self.join)\n\n    @step\n    def join(self, inputs):\n        self.merge_artifacts(inputs)\n        self.next(self.end)\n\n"
        "    @step\n    def end(self):\n        assert len(self.big) == 1_000_000\n",
    )
    run(flow, tmp_path / "store")
    blobs = [path for path in (tmp_path / "store" / "F" / "blobs").rglob("*") if path.is_file()]
    assert len(blobs) == 1
