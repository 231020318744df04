"""The local scheduler: tasks that run at the same time, their processes, and their time limits."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim.contract.graph import Graph
from flowc.runtime_shim.local.admission import Admission

from tests.support.running import artifacts, flowc, run

HEAD = "import os, signal, sys, threading, time\nfrom metaflow import FlowSpec, current, resources, step, timeout\n\n\nclass F(FlowSpec):\n"
END = "\n    @step\n    def end(self):\n        pass\n"


def write(folder: Path, body: str, head: str = HEAD) -> Path:
    path = folder / "flow.py"
    path.write_text(head + body + END, encoding="utf-8")
    return path


ONE = "    @step\n    def start(self):\n        self.parent, self.random = os.getppid(), __import__('random').random()\n        self.next(self.end)\n"


def graph(**steps: dict[str, Any]) -> Graph:
    nodes = [
        {
            "name": name,
            "transition": {"kind": "end"},
            "decorators": [{"name": kind, "attributes": what} for kind, what in decorators.items()],
        }
        for name, decorators in steps.items()
    ]
    return Graph(
        {"version": 1, "flow": {"name": "F", "start": "a", "end": "a", "steps": nodes}, "scopes": {"nodes": []}}
    )


def test_admission_counts_tasks_cores_and_memory() -> None:
    built = graph(
        a={},
        b={"resources": {"cpu": 3, "memory": 4096}},
        c={"resources": {"cpu": 1, "memory": "6000"}, "kubernetes": {"memory": 9000}},
    )
    admission = Admission(built, max_workers=3, cores=4, memory=16000)
    assert admission.admits("a", ["a", "a"]) and not admission.admits("a", ["a", "a", "a"])
    assert admission.admits("b", ["a"]) and not admission.admits("b", ["b"]), "cores"
    assert admission.admits("b", ["c"]) and not admission.admits("c", ["c"]), (
        "memory: the larger of two decorators counts"
    )
    assert Admission(built, 3, cores=1, memory=1).admits("b", []), "what needs more than the machine has runs alone"


def test_what_past_runs_have_used_counts_if_it_is_more_than_the_request() -> None:
    built = graph(a={}, b={"resources": {"cpu": 1, "memory": 900}}, c={})
    peaks = {"a": 1500.0, "b": 700.0}
    admission = Admission.of_container(built, 4, 4000, peaks)
    assert admission.admits("a", ["a"]) and not admission.admits("a", ["a", "a"])
    assert admission.admits("b", ["b", "b", "b"]), "its request is more"
    assert admission.admits("c", ["c", "c", "c"]) and not admission.admits("a", ["c", "c", "c"])
    assert admission.admits("a", []), "what has used more than the container has runs alone"


def test_a_wide_foreach_is_refused_when_asked(tmp_path: Path) -> None:
    body = "    @step\n    def start(self):\n        self.xs = range(3)\n        self.next(self.body, foreach='xs')\n\n    @step\n    def body(self):\n        self.next(self.join)\n\n    @step\n    def join(self, inputs):\n        self.next(self.end)\n"
    flow = write(tmp_path, body)
    done = run(flow, tmp_path / "store", "--max-num-splits", "2", check=False)
    assert done.returncode == 1 and "its foreach has 3 items, more than --max-num-splits 2 allows" in done.stderr
    run(flow, tmp_path / "store", "--max-num-splits", "3", run_id="s")


@pytest.mark.parametrize("isolation", ["fork", "process"])
def test_isolation(isolation: str, tmp_path: Path) -> None:
    flow = write(
        tmp_path,
        "    where = os.getpid()\n\n"
        + ONE.replace("self.parent,", "self.imported_here = os.getpid() == F.where; self.parent,"),
    )
    run(flow, tmp_path / "store", "--isolation", isolation)
    assert artifacts(tmp_path / "store", "start")["imported_here"] == str(isolation == "process")


def test_a_thread_of_the_flow_s_modules_means_new_processes(tmp_path: Path) -> None:
    """A lock that a thread holds during a fork stays locked in the child, where the task would wait for ever."""
    head = "LOCK = __import__('threading').Lock()\n" + HEAD.replace(
        "\n\nclass F",
        "\ndef hold():\n    while True:\n        with LOCK:\n            time.sleep(1)\n        time.sleep(0.1)\n\n\nthreading.Thread(target=hold, daemon=True).start()\ntime.sleep(0.1)\n\n\nclass F",
        1,
    )
    flow = write(
        tmp_path,
        "    @step\n    def start(self):\n        self.got = LOCK.acquire(timeout=600)\n        self.next(self.end)\n",
        head,
    )
    done = run(flow, tmp_path / "store")
    assert "each task runs in a new process, not in a fork: the flow's modules have started a thread" in done.stdout
    assert artifacts(tmp_path / "store", "start")["got"] == "True"


def test_each_task_draws_its_own_random_numbers(tmp_path: Path) -> None:
    head = HEAD.replace("import os", "import random\nrandom.seed(7)\nimport os", 1)
    body = "    @step\n    def start(self):\n        self.xs = range(4)\n        self.next(self.body, foreach='xs')\n\n    @step\n    def body(self):\n        self.drawn = random.random()\n        self.next(self.join)\n\n    @step\n    def join(self, inputs):\n        self.different = len({each.drawn for each in inputs})\n        self.next(self.end)\n"
    run(write(tmp_path, body, head), tmp_path / "store")
    assert artifacts(tmp_path / "store", "join")["different"] == "4"


def test_a_task_that_does_not_hear_its_timeout_is_killed(tmp_path: Path) -> None:
    from flowc.compiler.ir.json_form import to_json
    from flowc.compiler.pipeline import load
    from flowc.runtime_shim.local.settings import Settings
    from flowc.runtime_shim.local.supervisor import run_flow

    body = "    @timeout(seconds=1)\n    @step\n    def start(self):\n        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})\n        time.sleep(100_000)\n        self.next(self.end)\n"
    program = load(str(write(tmp_path, body)))
    events: list[tuple[str, str]] = []
    result = run_flow(
        json.loads(to_json(program.flow, program.scope)), str(tmp_path), str(tmp_path / "store"), "r", {}, "sha256:0", Settings(overtime=0.5),
        lambda kind, _task, text: events.append((kind, text)),
    )  # fmt: skip
    assert not result.succeeded
    assert ("failed", "it did not end within its time limit of 1 s, and was killed") in events


def test_exit_functions_of_a_task_run(tmp_path: Path) -> None:
    body = "    @step\n    def start(self):\n        import atexit\n        atexit.register(lambda: open(__file__ + '.left', 'w').close())\n        self.next(self.end)\n"
    flow = write(tmp_path, body)
    run(flow, tmp_path / "store")
    assert (tmp_path / "flow.py.left").exists()


def test_events_as_json(tmp_path: Path) -> None:
    done = flowc(
        "run", str(write(tmp_path, ONE)), "--store", str(tmp_path / "store"), "--run-id", "r", "--json", check=True
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events] == [
        "begin",
        "queued",
        "start",
        "done",
        "queued",
        "start",
        "done",
        "end",
    ]
    assert events[0]["run"] == "r" and events[-1]["status"] == "succeeded" and events[-1]["done"] == 2
    assert events[2] == {"event": "start", "step": "start", "path": "-", "attempt": 0, "time": events[2]["time"]}


def test_a_failure_names_the_user_s_own_lines_the_log_and_the_way_on(tmp_path: Path) -> None:
    body = "    @step\n    def start(self):\n        print('before')\n        __import__('json').loads('{')\n        self.next(self.end)\n"
    done = run(write(tmp_path, body), tmp_path / "store", check=False)
    printed = done.stderr
    assert "in start" in printed and "JSONDecodeError" in printed and "json/decoder.py" not in printed
    assert f"its log: flowc logs r/start/- --store {tmp_path / 'store'}" in printed
    assert f"flowc resume {tmp_path / 'flow.py'} --origin-run-id r --store {tmp_path / 'store'}" in printed


def test_a_terminal_shows_how_far_the_run_is(tmp_path: Path) -> None:
    import os
    import pty
    import subprocess

    flow = write(tmp_path, ONE)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "flowc", "run", str(flow), "--store", str(tmp_path / "store")]
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    shown = b""
    while True:
        try:
            data = os.read(ours, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
        if not data:
            break
        shown += data
    os.close(ours)
    assert process.wait() == 0
    assert b"start  1/1 done" in shown and b"elapsed" in shown and b"\x1b[" in shown and b"succeeded, 2 tasks" in shown


def test_a_parameter_that_is_called_like_an_option_takes_its_place(tmp_path: Path) -> None:
    head = HEAD.replace("import FlowSpec,", "import FlowSpec, Parameter,")
    flow = write(
        tmp_path,
        "    cache = Parameter('cache', default='no')\n    json = Parameter('json', default='no')\n\n" + ONE,
        head,
    )
    run(flow, tmp_path / "store", "--cache", "yes", "--json=also")
    assert {
        name: value for name, value in artifacts(tmp_path / "store", "end").items() if name in ("cache", "json")
    } == {
        "cache": "'yes'",
        "json": "'also'",
    }


def test_what_code_written_for_metaflow_looks_at_inside_a_step(tmp_path: Path) -> None:
    """Ids that differ between branches, the frames of open foreaches, the nodes of the graph."""
    body = """    @step
    def start(self):
        self.node = self._graph["body"].type, self._graph["body"].is_inside_foreach, self._graph["start"].matching_join, [each.name for each in self._graph]
        self.id = current.task_id
        self.xs = ["a" * 40, {"k": 1}]
        self.next(self.body, foreach="xs")

    @step
    def body(self):
        self.frames = [(frame.step, frame.var, frame.num_splits, frame.index, frame.value) for frame in self._foreach_stack]
        self.same = self.xs == getattr(self, self._foreach_stack[-1].var)
        self.id = current.task_id
        self.next(self.join)

    @step
    def join(self, inputs):
        self.id = current.task_id
        self.next(self.end)
"""
    run(write(tmp_path, body), tmp_path / "store")
    assert (
        artifacts(tmp_path / "store", "start")["node"] == "('linear', True, 'join', ['start', 'body', 'join', 'end'])"
    )
    assert artifacts(tmp_path / "store", "body", "0")["frames"] == f"[('body', 'xs', 2, 0, '{'a' * 30}')]"
    assert artifacts(tmp_path / "store", "body", "1")["frames"] == """[('body', 'xs', 2, 1, "{'k': 1}")]"""
    ids = [
        artifacts(tmp_path / "store", step, path)["id"]
        for step, path in (("start", "-"), ("body", "0"), ("body", "1"), ("join", "-"))
    ]
    assert ids == ["'start'", "'body-0'", "'body-1'", "'join'"]


def test_a_flow_may_ask_for_metaflow_s_version(tmp_path: Path) -> None:
    body = "    @step\n    def start(self):\n        from metaflow import metaflow_version\n        self.version = metaflow_version.get_version()\n        self.next(self.end)\n"
    run(write(tmp_path, body), tmp_path / "store")
    assert artifacts(tmp_path / "store", "start")["version"].startswith("'2.19.39+flowc")
