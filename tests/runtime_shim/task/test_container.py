"""Tasks as an engine starts them, one at a time: their reports and records, and a second start after a kill."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.running import LIMIT

from ...support.container import Container

FOREACH = """
from metaflow import FlowSpec, Parameter, step

class F(FlowSpec):
    n = Parameter("n", default=2)

    @step
    def start(self):
        print("begins", end="")
        self.items = list(range(self.n))
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.square = self.input ** 2
        self.kind = "even" if self.input % 2 == 0 else "odd"
        self.next({"even": self.half, "odd": self.same}, condition="kind")

    @step
    def half(self):
        self.next(self.meet)

    @step
    def same(self):
        self.next(self.meet)

    @step
    def meet(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.squares = [each.square for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_every_report(tmp_path: Path) -> None:
    flow = Container(FOREACH, tmp_path)
    done = flow.task("start", "-", f"files:{tmp_path}/a", f"json:{tmp_path}/b/out.json", "stdout", "store", "paths")
    outcome = {"splits": 2, "paths": ["0", "1"]}
    assert (tmp_path / "a" / "splits").read_text() == "2"
    assert json.loads((tmp_path / "a" / "paths").read_text()) == ["0", "1"]
    assert json.loads((tmp_path / "b" / "out.json").read_text()) == outcome
    assert json.loads(done.stdout.splitlines()[-1]) == outcome, (
        "what the user printed without a newline is not in the way"
    )
    assert json.loads(flow.place("start", "-", ".outcome.json").read_text()) == outcome
    assert json.loads(flow.place("start", "-", ".paths.json").read_text()) == ["0", "1"]
    flow.task("body", "1", f"files:{tmp_path}/c")
    assert {path.name: path.read_text() for path in (tmp_path / "c").iterdir()} == {"next": "same", "path": "1"}


def test_the_whole_way(tmp_path: Path) -> None:
    flow = Container(FOREACH, tmp_path)
    flow.task("start", FLOWC_PARAMETERS=base64.b64encode(b'{"n": "3"}').decode())
    for path, arm in (("2", "half"), ("0", "half"), ("1", "same")):
        flow.task("body", path)
        flow.task(arm, path)
        flow.task("meet", path)
    flow.task("join")
    flow.task("end")
    assert flow.record("join")["artifacts"]["squares"]["type"] == "list"
    assert json.loads((tmp_path / "store" / "F" / "runs" / "r" / "run.json").read_text())["parameters"] == {"n": 3}


def test_a_second_attempt_runs_nothing_and_reports_the_same(tmp_path: Path) -> None:
    source = FOREACH.replace('print("begins", end="")', f'open({str(tmp_path / "count")!r}, "a").write("x")')
    flow = Container(source, tmp_path)
    first = flow.task("start", "-", "stdout")
    before = flow.place("start").read_bytes()
    again = flow.task("start", "-", "stdout", attempt=1)
    assert (tmp_path / "count").read_text() == "x"
    assert again.stdout.splitlines()[-1] == first.stdout.splitlines()[-1]
    assert flow.place("start").read_bytes() == before


def test_a_task_whose_input_is_missing_says_so(tmp_path: Path) -> None:
    flow = Container(FOREACH, tmp_path)
    flow.task("start")
    flow.task("body", "0")
    done = flow.task("join", code=3)
    assert "Traceback" not in done.stderr
    assert "flowc: " in done.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "code"),
    [
        (["task"], {}, 2), (["task", "--step", "start"], {}, 2), (["task", "--step", "start", "--path", "../x"], {}, 2),
        (["task", "--step", "start", "--path", "-", "--report", "files:"], {}, 2), (["task", "--step", "no", "--path", "-"], {}, 3),
        (["task", "--step", "start", "--path", "-"], {"FLOWC_CODE": "sha256:" + "1" * 64}, 3),
        (["task", "--step", "start", "--path", "-"], {"FLOWC_PARAMETERS": '{"m": 1}'}, 3),
        (["task", "--step", "start", "--path", "-"], {"FLOWC_PARAMETERS": "x"}, 3),
        (["task", "--step", "start", "--path", "-"], {"FLOWC_PARAMETERS": '{"n": "many"}'}, 3),
        (["task", "--step", "start", "--path", "-"], {"FLOWC_STORE": "ftp://x"}, 2),
    ],
)  # fmt: skip
def test_exit_codes(arguments: list[str], environment: dict[str, str], code: int, tmp_path: Path) -> None:
    flow = Container(FOREACH, tmp_path)
    command = flow.command("start")[:3]
    done = subprocess.run(
        [*command, *arguments], env={**flow.environment, **environment}, capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "flowc" in done.stderr


def test_a_damaged_code_package_is_refused(tmp_path: Path) -> None:
    flow = Container(FOREACH, tmp_path)
    package = next((tmp_path / "store" / "F" / "code").iterdir())
    package.write_bytes(package.read_bytes()[:-20])
    assert "flowc: " in flow.task("start", code=3).stderr


def test_a_run_is_never_reused_for_other_parameters(tmp_path: Path) -> None:
    flow = Container(FOREACH, tmp_path)
    flow.task("start", FLOWC_PARAMETERS='{"n": 3}')
    flow.place("start").unlink()
    assert "parameters" in flow.task("start", code=3, FLOWC_PARAMETERS='{"n": 4}').stderr


SLOW = """
import os, time
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.big = os.urandom(3_000_000)
        self.text = "x" * 100_000
        self.next(self.end)

    @step
    def end(self):
        self.size = len(self.big) + len(self.text)
"""


def test_killed_at_any_moment(tmp_path: Path) -> None:
    """A killed task leaves no record or a whole one. The next attempt succeeds, and so do later tasks."""
    flow = Container(SLOW, tmp_path)
    began = time.monotonic()
    flow.task("start")
    whole = time.monotonic() - began
    unfinished = 0
    for number in range(12):
        run = Container(SLOW, tmp_path, run=f"k{number}")
        process = subprocess.Popen(
            run.command("start"),
            env=run.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(whole * number / 12)  # the first at once
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if run.place("start").exists():
            assert run.record("start")["artifacts"]["text"]["size"] > 100_000
        else:
            unfinished += 1
            assert "flowc: " in run.task("end", code=3).stderr
        run.task("start", attempt=1)
        run.task("end", attempt=0)
    assert unfinished, "no kill came before the end of the task"


def test_catch_records_that_a_process_died(tmp_path: Path) -> None:
    source = """
import os, signal
from metaflow import FlowSpec, catch, retry, step

class F(FlowSpec):
    @catch(var="why")
    @retry(times=1)
    @step
    def start(self):
        os.kill(os.getpid(), signal.SIGKILL)
        self.next(self.end)

    @step
    def end(self):
        self.seen = str(self.why)
"""
    flow = Container(source, tmp_path)
    for attempt in (0, 1):
        assert flow.task("start", attempt=attempt, code=-9)
        assert not flow.place("start").exists()
    flow.task("start", attempt=2)
    for attempt in (0, 1):
        failure = json.loads(flow.place("start", "-", f".{attempt}.failure.json").read_text())
        assert failure["type"] == "ProcessEnded" and "its container ended without reporting why" in failure["message"]
        assert (failure["step"], failure["path"], failure["attempt"]) == ("start", "-", attempt)
    assert not flow.place("start", "-", ".2.failure.json").exists()
    flow.task("end")
    assert (
        flow.record("end")["artifacts"]["why"]["type"].endswith("FailureHandledByCatch")
        or "why" in flow.record("end")["artifacts"]
    )


def test_what_it_printed_is_kept(tmp_path: Path) -> None:
    source = SLOW.replace("self.big =", "os.system('echo from a child'); print('from python'); self.big =")
    flow = Container(source, tmp_path)
    done = flow.task("start")
    assert "from a child" in done.stdout and "from python" in done.stdout
    printed = [line.split(" ", 3) for line in flow.place("start", "-", ".0.log").read_text().splitlines()]
    assert {(stream, text) for _, stream, _, text in printed} >= {("stdout", "from a child"), ("stdout", "from python")}
    assert not flow.place("end", "-", ".0.log").exists()


def test_a_failure_is_kept(tmp_path: Path) -> None:
    flow = Container(SLOW.replace("self.big =", "raise ValueError('no {{luck}}'); self.big ="), tmp_path)
    done = flow.task("start", code=1, attempt=2)
    assert "ValueError: no {{luck}}" in done.stderr
    assert "runtime_shim" not in done.stderr, "a traceback shows the user's own frames"
    failure = json.loads(flow.place("start", "-", ".2.failure.json").read_text())
    assert "no {{luck}}" in json.dumps(failure)
    flow.task("start", code=1, attempt=3)
    assert json.loads(flow.place("start", "-", ".2.failure.json").read_text()) == failure, (
        "it has said itself how it ended"
    )


def test_the_next_attempt_tells_the_last_words_of_one_that_was_killed(tmp_path: Path) -> None:
    source = SLOW.replace(
        "self.big =",
        "import time; print('the last words', flush=True); LOG; os._exit(7) if current.retry_count == 0 else 0; self.big =",
    )
    log = "os.environ['FLOWC_STORE'] + '/F/runs/r/start/-.0.log'"  # written some seconds after the first line
    source = source.replace("LOG", f"[time.sleep(0.05) for _ in iter(lambda: os.path.exists({log}), True)]")
    flow = Container(source.replace("import FlowSpec", "import FlowSpec, current"), tmp_path)
    flow.task("start", attempt=0, code=7)
    flow.task("start", attempt=1)
    failure = json.loads(flow.place("start", "-", ".0.failure.json").read_text())
    assert failure["last_lines"] == ["the last words"] and "without reporting why" in failure["message"]


def test_a_run_id_of_any_characters(tmp_path: Path) -> None:
    flow = Container(SLOW, tmp_path, run="scheduled__2026-01-01T00:00:00+00:00/é {{x}}")
    flow.task("start")
    flow.task("end")
    assert [path.name for path in (tmp_path / "store" / "F" / "runs").iterdir()] == [
        "scheduled__2026-01-01T00%3A00%3A00%2B00%3A00%2F%C3%A9%20%7B%7Bx%7D%7D"
    ]


def test_the_same_task_started_several_times_at_once(tmp_path: Path) -> None:
    """Each start may run the step, one record is kept, and all report it."""
    source = SLOW.replace(
        "self.text =", "self.mine = os.urandom(8).hex(); time.sleep(0.3); self.items = [1, 2]; self.text ="
    ).replace("self.next(self.end)", "self.next(self.body, foreach='items')")
    source = source.replace(
        "    @step\n    def end(self):\n        self.size = len(self.big) + len(self.text)\n",
        "    @step\n    def body(self):\n        self.next(self.join)\n\n    @step\n    def join(self, inputs):\n        self.next(self.end)\n\n"
        "    @step\n    def end(self):\n        pass\n",
    )
    flow = Container(source, tmp_path)
    processes = [
        subprocess.Popen(flow.command("start", "-", "stdout"), env=flow.environment, stdout=subprocess.PIPE, text=True)
        for _ in range(5)
    ]
    answers = [process.communicate(timeout=LIMIT)[0].splitlines()[-1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 5
    assert {json.dumps(json.loads(answer), sort_keys=True) for answer in answers} == {
        '{"paths": ["0", "1"], "splits": 2}'
    }
    record = flow.record("start")
    flow.task("body", "0")
    assert flow.record("body", "0")["artifacts"]["mine"] == record["artifacts"]["mine"]
    assert len(list(flow.place("start").parent.glob("*.json"))) == 1
