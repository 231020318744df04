"""`@parallel` in a local run: the tasks run together, and fail together."""

from __future__ import annotations

from pathlib import Path

from tests.support.running import artifacts, executed, run

FLOW = """
import os, time
from pathlib import Path
from metaflow import FlowSpec, catch, current, parallel, retry, step

HERE = Path(__file__).parent


class F(FlowSpec):
    @step
    def start(self):
        self.next(self.node, num_parallel=4)

    {decorators}
    @parallel
    @step
    def node(self):
        node, attempt = current.parallel.node_index, current.retry_count
        (HERE / f"{{attempt}}.{{node}}").touch()
{body}
        self.attempt, self.pid = attempt, os.getpid()
        self.next(self.join)

    @step
    def join(self, inputs):
        self.attempts = [each.attempt for each in inputs]
        self.processes = len({{each.pid for each in inputs}})
        self.next(self.end)

    @step
    def end(self):
        pass
"""

MEETING = """
        while not all((HERE / f"{attempt}.{each}").exists() for each in range(4)):
            time.sleep(0.01)
"""


def write(folder: Path, body: str, decorators: str = "") -> Path:
    path = folder / "flow.py"
    path.write_text(FLOW.format(body=body.strip("\n"), decorators=decorators))
    return path


def test_all_run_at_the_same_time(tmp_path: Path) -> None:
    """The tasks run together, although one at a time is requested."""
    run(write(tmp_path, MEETING), tmp_path / "store", "--max-workers", "1")
    joined = artifacts(tmp_path / "store", "join")
    assert (joined["attempts"], joined["processes"]) == ("[0, 0, 0, 0]", "4")


def test_all_are_tried_again_when_one_fails(tmp_path: Path) -> None:
    """Finished nodes run again too, and those that wait for the failed one are stopped."""
    body = """
        if attempt == 0 and node == 2:
            raise ValueError("once")
        if attempt == 0 and node == 1:
            time.sleep(600)
"""
    done = run(write(tmp_path, body, "@retry(times=1, minutes_between_retries=0)"), tmp_path / "store")
    assert artifacts(tmp_path / "store", "join")["attempts"] == "[1, 1, 1, 1]"
    assert "ValueError: once" in done.stdout + done.stderr


def test_those_that_end_in_the_same_moment_are_tried_again_once(tmp_path: Path) -> None:
    """The supervisor hears of all four ends at once: it is stopped while they come."""
    body = """
        if attempt == 0:
            if node == 0:
                import signal, subprocess
                supervisor = int(Path(f"/proc/{os.getppid()}/stat").read_text().rpartition(")")[2].split()[1])
                subprocess.Popen(["sh", "-c", f"sleep 1; kill -CONT {supervisor}"], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                os.kill(supervisor, signal.SIGSTOP)
                (HERE / "stopped").touch()
            while not (HERE / "stopped").exists():
                time.sleep(0.01)
            os._exit(1)
"""
    done = run(write(tmp_path, body, "@retry(times=2, minutes_between_retries=0)"), tmp_path / "store")
    assert artifacts(tmp_path / "store", "join")["attempts"] == "[1, 1, 1, 1]"
    assert (done.stdout + done.stderr).count("trying again") == 4


def test_one_that_dies_when_the_others_have_their_records(tmp_path: Path) -> None:
    """Only the failed task is tried again. A stopped one that has its record is continued from."""
    body = """
        def there(index, suffix):
            return list(HERE.glob(f"store/**/{index}{suffix}"))

        (HERE / f"pid.{node}").write_text(str(os.getpid()))
        if attempt == 0 and node == 3:
            while not all(there(index, ".*.ready") for index in range(3)):
                time.sleep(0.01)
            os.kill(int((HERE / "pid.2").read_text()), 19)  # while it waits for this one
        if attempt == 0 and node == 1:
            import atexit

            def at_exit():
                while not all(there(index, ".json") for index in (0, 1, 3)):
                    time.sleep(0.01)
                os.kill(int((HERE / "pid.2").read_text()), 9)
                time.sleep(600)

            atexit.register(at_exit)
"""
    run(write(tmp_path, body, "@retry(times=1, minutes_between_retries=0)"), tmp_path / "store")
    assert artifacts(tmp_path / "store", "join")["attempts"] == "[0, 0, 1, 0]"


def test_a_gang_that_fails_leaves_no_record(tmp_path: Path) -> None:
    body = """
        if node == 3:
            os._exit(5)
"""
    assert run(write(tmp_path, body), tmp_path / "store", check=False).returncode == 1
    assert executed(tmp_path / "store") == [("start", "-")]
    (tmp_path / "flow.py").write_text((tmp_path / "flow.py").read_text())
    # going on starts all of them again
    assert run(tmp_path / "flow.py", tmp_path / "store", check=False).returncode == 1


def test_caught(tmp_path: Path) -> None:
    body = """
        if node == 0:
            raise ValueError("of the control task")
"""
    text = write(tmp_path, body, "@catch(var='problem', print_exception=False)")
    text.write_text(
        text.read_text()
        .replace("each.attempt for", "getattr(each, 'attempt', None) for")
        .replace("each.pid", "getattr(each, 'pid', 0)")
    )
    run(text, tmp_path / "store")
    assert artifacts(tmp_path / "store", "join")["attempts"] == "[None, 0, 0, 0]"


def test_pytorch_s_variables(tmp_path: Path) -> None:
    flow = write(
        tmp_path,
        "        self.seen = {name: os.environ[name] for name in ('MASTER_ADDR', 'NODE_RANK', 'WORLD_SIZE', 'MASTER_PORT')}",
    )
    flow.write_text(
        flow.read_text()
        .replace("parallel, retry", "pytorch_parallel, retry")
        .replace("@parallel", "@pytorch_parallel(master_port=4321)")
    )
    run(flow, tmp_path / "store")
    expected = {"MASTER_ADDR": "127.0.0.1", "NODE_RANK": "2", "WORLD_SIZE": "4", "MASTER_PORT": "4321"}
    assert artifacts(tmp_path / "store", "node", "2")["seen"] == repr(expected)


def test_another_number_than_one_is_refused(tmp_path: Path) -> None:
    flow = write(tmp_path, "")
    flow.write_text(flow.read_text().replace("num_parallel=4", "num_parallel=int('0')"))
    done = run(flow, tmp_path / "store", check=False)
    assert done.returncode == 1 and "to a single task" in done.stdout + done.stderr
