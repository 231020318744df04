"""Attempts inside a container: retries and their pauses, time limits, `@catch`, deaths, and the engine's line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

from tests.support.container import Container
from tests.support.running import LIMIT, until

HEAD = """
import os, signal, sys, time
from metaflow import FlowSpec, catch, current, resources, retry, step, timeout


class F(FlowSpec):
    @step
    def start(self):
        self.items = list(range({items}))
        self.next(self.body, foreach="items")

"""
TAIL = """
        self.next(self.join)

    @step
    def join(self, inputs):
        self.values = [getattr(each, "value", None) for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""
ALL = "start,body,join,end"


def flow(folder: Path, decorators: str, body: str, items: int = 4) -> Container:
    lines = "".join(f"    {line}\n" for line in (*decorators.splitlines(), "@step", "def body(self):"))
    inside = "\n".join(f"        {line}" for line in body.splitlines())
    return Container(HEAD.format(items=items) + lines + inside + TAIL, folder)


def failure(container: Container, path: str, attempt: int) -> dict[str, object]:
    fields: dict[str, object] = json.loads(container.place("body", path, f".{attempt}.failure.json").read_text())
    return fields


def values(container: Container) -> object:
    return json.loads(container.place("join").read_text())["artifacts"]["values"]["digest"]


def test_each_task_counts_its_own_attempts(tmp_path: Path) -> None:
    body = "if current.retry_count < self.input: raise ValueError(self.input)\nself.value = current.retry_count"
    container = flow(tmp_path, "@retry(times=3, minutes_between_retries=0)", body)
    container.several("start", "-", ALL)
    assert [container.record("body", str(index))["attempt"] for index in range(4)] == [0, 1, 2, 3]
    assert failure(container, "3", 2)["message"] == "3"


def test_a_pause_between_attempts_does_not_hold_up_others(tmp_path: Path) -> None:
    body = "if self.input == 0 and not current.retry_count: raise ValueError\nself.value = 1"
    container = flow(tmp_path, "@retry(times=1, minutes_between_retries=0.05)", body)
    container.several("start", "-", "start,body,join,end", "--cores", "1")
    late, others = container.record("body", "0"), [container.record("body", str(index)) for index in (1, 2, 3)]
    assert late["started"] - float(str(failure(container, "0", 0)["time"])) >= 3
    assert max(other["ended"] for other in others) < late["started"]


def test_a_task_that_fails_for_good_ends_the_container(tmp_path: Path) -> None:
    body = "if self.input == 1: raise ValueError('no')\ntime.sleep(1)\nself.value = 1"
    container = flow(tmp_path, "@retry(times=1, minutes_between_retries=0)", body)
    (tmp_path / "line").touch()
    container.several("start", "-", ALL, "--cores", "2", code=202, FLOWC_TERMINATION_LOG=str(tmp_path / "line"))
    assert (tmp_path / "line").read_text() == "body/1: ValueError: no (flow.py:15, attempt 2 of 2)"
    assert container.place("body", "0").exists()  # it ran beside the one that failed, and was not stopped
    assert not container.place("body", "3").exists()


def test_an_exit_that_forbids_a_retry(tmp_path: Path) -> None:
    body = "if self.input == 1: sys.exit(202)\nself.value = 1"
    container = flow(tmp_path, "@retry(times=4, minutes_between_retries=0)", body)
    container.several("start", "-", ALL, code=202)
    assert not container.place("body", "1", ".1.log").exists()
    assert container.place("body", "1", ".0.failure.json").exists()
    assert not container.place("body", "1", ".1.failure.json").exists()


def test_a_time_limit_is_of_each_task(tmp_path: Path) -> None:
    body = "if self.input == 2: time.sleep(1000)\nself.value = 1"
    container = flow(tmp_path, "@timeout(seconds=1)\n@catch(var='late')", body)
    container.several("start", "-", ALL)
    assert container.record("body", "2")["caught"]
    assert "caught" not in container.record("body", "1")


def test_a_task_that_the_kernel_kills_among_many(tmp_path: Path) -> None:
    """The kernel may kill one process of the container (out of memory): the others go on, and `@catch` hears of it."""
    body = "if self.input == 2: os.kill(os.getpid(), signal.SIGKILL)\ntime.sleep(0.5)\nself.value = 1"
    container = flow(tmp_path, "@catch(var='died')", body)
    container.several("start", "-", ALL, "--cores", "4")
    assert container.record("body", "2")["caught"] and container.record("body", "2")["attempt"] == 1
    assert [container.record("body", str(index))["attempt"] for index in (0, 1, 3)] == [0, 0, 0]
    assert "SIGKILL" in str(failure(container, "2", 0)["message"])


def test_a_task_that_ends_its_whole_container_each_time_is_caught(tmp_path: Path) -> None:
    """The kernel may kill the whole container (`memory.oom.group`): within the engine's attempts, the task is caught."""
    body = "if self.input == 2 and not current.retry_count: os.kill(int(os.environ['WHOLE']), signal.SIGKILL); time.sleep(1000)"
    container = flow(tmp_path, "@catch(var='died')", body + "\nself.value = 1")
    for attempt in range(4):  # what an engine makes of `@catch`
        starting = [*container.command("start"), "--within", ALL]
        script = f"WHOLE=$$ exec {' '.join(starting)}"
        variables = {**container.environment, "FLOWC_ATTEMPT": str(attempt)}
        done = subprocess.run(["sh", "-c", script], env=variables, cwd=tmp_path, capture_output=True, timeout=LIMIT)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
    assert done.returncode == 0
    assert container.record("body", "2")["caught"]
    assert not any("caught" in container.record("body", str(index)) for index in (0, 1, 3))
    assert "without reporting why" in str(failure(container, "2", 0)["message"])


def test_without_another_attempt_a_lost_task_fails_for_good(tmp_path: Path) -> None:
    body = "if self.input == 2: os.kill(int(os.environ['WHOLE']), signal.SIGKILL); time.sleep(1000)\nself.value = 1"
    container = flow(tmp_path, "", body)
    codes = []
    for attempt in range(3):
        script = f"WHOLE=$$ exec {' '.join(container.command('start'))} --within {ALL}"
        variables = {**container.environment, "FLOWC_ATTEMPT": str(attempt)}
        codes.append(subprocess.run(["sh", "-c", script], env=variables, cwd=tmp_path, timeout=LIMIT).returncode)
    # the first start may end before it has written which tasks ran
    assert codes in ([-signal.SIGKILL, -signal.SIGKILL, 202], [-signal.SIGKILL, 202, 202])


def test_a_deleted_pod_is_started_again_and_the_attempt_counts(tmp_path: Path) -> None:
    """An engine that deletes a pod sends SIGTERM: the tasks stop, and the exit code says that it was not their fault."""
    body = "open(os.environ['MARK'] + f'{self.input}-{current.retry_count}', 'w').close()\nif not current.retry_count: time.sleep(1000)\nself.value = 1"
    container = flow(tmp_path, "@retry(times=2, minutes_between_retries=0)", body, items=2)
    mark = str(tmp_path / "mark-")
    variables = {**container.environment, "MARK": mark}
    command = [*container.command("start"), "--within", ALL, "--cores", "2"]
    process = subprocess.Popen(command, env=variables, cwd=tmp_path, start_new_session=True)
    until(lambda: all(os.path.exists(f"{mark}{item}-0") for item in (0, 1)), "both items run")
    process.send_signal(signal.SIGTERM)
    assert process.wait(LIMIT) == 143
    container.several("start", "-", ALL, "--cores", "2", attempt=1, MARK=mark)
    assert [container.record("body", item)["attempt"] for item in "01"] == [1, 1]
    assert "without reporting why" in str(failure(container, "0", 0)["message"])


def test_a_module_that_cannot_be_imported_fails_its_tasks(tmp_path: Path) -> None:
    container = flow(tmp_path, "", "self.value = 1")
    broken = "import os\nif 'BROKEN' in os.environ: raise RuntimeError('broken')\n"
    source = broken + (tmp_path / "flow.py").read_text()
    (tmp_path / "other").mkdir()
    container = Container(source, tmp_path / "other")
    done = container.several("start", "-", ALL, code=202, BROKEN="1")
    assert "RuntimeError: broken" in done.stdout
    fields = json.loads(container.place("start", "-", ".0.failure.json").read_text())
    assert fields["type"] == "RuntimeError"


def test_tasks_share_the_memory_of_the_container(tmp_path: Path) -> None:
    """What runs at the same time never asks for more memory than the container has."""
    body = "self.began = time.time()\ntime.sleep(0.3)\nself.value = 1"
    container = flow(tmp_path, "@resources(cpu=1, memory=1000)", body)
    container.several("start", "-", ALL, "--cores", "4", "--memory", "2000")
    times = [(container.record("body", str(index))["started"], 1) for index in range(4)]
    times += [(container.record("body", str(index))["ended"], -1) for index in range(4)]
    running = peak = 0
    for _, change in sorted(times):
        running += change
        peak = max(peak, running)
    assert peak == 2
