"""`flowc run --on` and `flowc resume --on`, on an engine whose tasks are processes of this machine."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flowc.cli import main
from flowc.deploying import attached, run_state
from tests.support.process_engine import ProcessEngine, installed
from tests.support.running import until

FLOW = """import os, time
from metaflow import FlowSpec, Parameter, current, retry, schedule, step

@schedule(daily=True)
class Train(FlowSpec):
    alpha = Parameter("alpha", default=0.5)
    on_day = Parameter("on_day", default="today")

    @step
    def start(self):
        print("alpha is", self.alpha, self.on_day)
        self.effect()
        self.items = [0, 1, 2]
        self.next(self.fit, foreach="items")

    @retry(times=RETRIES, minutes_between_retries=0)
    @step
    def fit(self):
        self.effect()
        while self.input == 1 and os.path.exists(os.environ["HOLD"]):
            time.sleep(0.05)
        if self.input == 1 and "BROKEN" == "yes" and current.retry_count < FAILURES:
            raise ValueError("no luck")
        self.score = self.input * self.alpha
        self.next(self.join)

    @step
    def join(self, inputs):
        self.effect()
        self.scores = [one.score for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.effect()
        print("scores are", self.scores)

    def effect(self):
        with open(os.environ["EFFECTS"], "a") as file:
            file.write(current.task_id + "\\n")
"""


class Project:
    """A folder with the flow and a context, and the engine that the context stands for."""

    def __init__(self, folder: Path, engine: ProcessEngine, printed: Callable[[], Any]) -> None:
        self.folder, self.engine, self.printed = folder, engine, printed
        self.context()
        self.flow()
        self.effects, self.hold = folder / "effects", folder / "hold"
        self.effects.touch()
        engine.environment = {"EFFECTS": str(self.effects), "HOLD": str(self.hold)}

    def context(self, more: str = "") -> None:
        (self.folder / "pyproject.toml").write_text(
            f'[tool.flowc.contexts.dev]\ntarget = "argo"\nstore = "{self.folder}/store"\nname = "train"\n{more}\n'
        )

    def flow(self, broken: bool = False, retries: int = 0, failures: int = 9) -> None:
        text = FLOW.replace("RETRIES", str(retries)).replace("FAILURES", str(failures))
        (self.folder / "train.py").write_text(text.replace('"BROKEN"', '"yes"' if broken else '"no"'))

    def __call__(self, *words: str) -> tuple[int, str, str]:
        self.effects.write_text("")
        code = main([*words, "--on", "dev"])
        out, err = self.printed()
        return code, out, err

    def ran(self) -> list[str]:
        """The tasks whose code the last command has run."""
        return sorted(self.effects.read_text().split())

    def run_json(self, run: str) -> dict[str, Any]:
        return json.loads((self.folder / "store" / "Train" / "runs" / run / "run.json").read_text())  # type: ignore[no-any-return]

    def newest(self) -> str:
        """flowc's id of the newest run."""
        return f"id-{list(self.engine.started)[-1]}"

    def records(self) -> list[str]:
        """Everything that is left of records of deployments."""
        folder = self.folder / "store" / "Train" / "deployments"
        return (
            [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()] if folder.exists() else []
        )


@pytest.fixture(params=[True, False], ids=["runs outlive deployments", "runs need deployments"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> ProcessEngine:
    return ProcessEngine(tmp_path / "engine", request.param)


@pytest.fixture
def project(
    engine: ProcessEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Project]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run_state, "PAUSE", 0.05)
    monkeypatch.setenv("METAFLOW_USER", "ada")
    monkeypatch.delenv("FLOWC_USER", raising=False)
    installed(monkeypatch, engine)
    yield Project(tmp_path, engine, lambda: capfd.readouterr())


def test_a_run(project: Project) -> None:
    code, out, err = project(
        "run", "train.py", "--alpha", "2", "--on-day", "monday", "--tag", "mine", "--run-id-file", "id"
    )
    assert code == 0, out + err
    run = project.newest()
    assert (project.folder / "id").read_text() == run
    for line in (
        f"Train, run {run}, on dev (argo) as ", "[start] started", "[start] alpha is 2.0 monday", "[start] done",
        "[fit/1] started", "[fit/2] done", "[end] scores are [0.0, 2.0, 4.0]", "succeeded, 6 tasks in",
        f"its artifacts: flowc dump {run} --store",
    ):  # fmt: skip
        assert line in out, out
    assert project.ran() == ["end", "fit-0", "fit-1", "fit-2", "join", "start"]
    assert project.engine.live == {} and project.records() == [], "nothing of the temporary deployment is left"
    about = project.run_json(run)
    assert about["namespace"] == "user:ada" == f"user:{about['user']}" and about["tags"] == ["mine"]
    assert about["parameters"] == {"alpha": 2.0, "on_day": "monday"} and "ahead" not in about
    assert run.startswith("id-train-try-ada-")


def test_a_failure(project: Project) -> None:
    project.flow(broken=True, retries=2)
    code, out, err = project("run", "train.py")
    run = project.newest()
    assert code == 1, out + err
    assert out.count("attempt 0 failed, trying again: ValueError: no luck") == 1, out
    assert "[fit/1] failed: ValueError: no luck" in err and out.count("[fit/1] started") == 1
    for line in (
        f"run {run} failed", 'File "train.py", line', f"its log: flowc logs {run}/fit/1",
        f"flowc resume train.py --origin-run-id {run} --on dev",
    ):  # fmt: skip
        assert line in err, err
    assert project.engine.live == {} and project.records() == []


def test_a_retry_that_helps(project: Project) -> None:
    project.flow(broken=True, retries=2, failures=1)
    code, out, err = project("run", "train.py")
    assert code == 0 and "[fit/1] done, at attempt 1" in out and "failed:" not in err, out + err


def test_events(project: Project) -> None:
    project.flow(broken=True)
    code, out, _ = project("run", "train.py", "--json", "--events", "events")
    events = [json.loads(line) for line in out.splitlines()]
    assert code == 1 and events[0]["event"] == "begin" and events[0]["run"] == project.newest()
    assert [one["text"] for one in events if one["event"] == "failed"] == ["ValueError: no luck"]
    assert (
        events[-1]["event"] == "end" and events[-1]["status"] == "failed" and events[-1]["failed"][0]["step"] == "fit"
    )
    written = [json.loads(line) for line in (project.folder / "events").read_text().splitlines()]
    assert [one["event"] for one in written] == [one["event"] for one in events]
    kinds = [one["event"] for one in events if one.get("step") == "start"]
    assert kinds == ["queued", "start", "line", "done"] or sorted(kinds) == ["done", "line", "queued", "start"]


def test_it_does_not_touch_what_is_deployed(project: Project) -> None:
    assert project("deploy", "train.py", "--yes")[0] == 0
    before, records = dict(project.engine.live), project.records()
    project.flow(retries=1)
    assert project("run", "train.py")[0] == 0
    assert project.engine.live == before and project.records() == records
    assert "id-train-try-ada" in project.newest()


def test_no_flow_follows_a_run_that_is_tried(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where runs announce their end, so that other flows start, this one does not; a deployment still does."""
    project.context('event-webhook = "http://127.0.0.1:9/hook"')
    specs: list[str] = []
    changes = project.engine.changes

    def noted(wanted: Any, last: Any) -> Any:
        specs.append(wanted.files[0].text)
        return changes(wanted, last)

    monkeypatch.setattr(project.engine, "changes", noted)
    assert project("plan", "train.py")[0] == 0 and project("run", "train.py")[0] == 0
    planned, tried = specs
    assert planned.count("127.0.0.1:9") > tried.count("127.0.0.1:9") or (
        "FLOWC_ANNOUNCE" in planned and "FLOWC_ANNOUNCE" not in tried
    ), tried


def test_an_interrupt_without_a_terminal_ends_the_run(project: Project) -> None:
    project.hold.write_text("")
    assert threading.current_thread() is threading.main_thread()

    def interrupt() -> None:
        until(lambda: "fit-1" in project.effects.read_text(), "the task runs")
        os.kill(os.getpid(), signal.SIGTERM)
        until(lambda: project.engine.started[list(project.engine.started)[-1]][1].stop.is_set(), "it is ended")
        project.hold.unlink()

    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    code, out, err = project("run", "train.py")
    thread.join()
    assert code == 130 and "is being terminated" in out and "terminated" in err, out + err
    assert project.engine.live == {} and project.records() == [] and "join" not in project.ran()


def test_detached(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run goes on. Where it needs its deployment, the next command removes that once the run is over."""
    project.hold.write_text("")
    code, out, err = project("run", "train.py", "--detach")
    run = project.newest()
    assert code == 0 and f"detached: run {run} goes on" in out and f"flowc status {run} --on dev" in out
    left = list(project.engine.live)
    assert bool(left) is not project.engine.keeps_runs
    if left:
        assert f"the temporary deployment {left[0]} stays until its run is over" in out
        assert project("deployments")[1].count(left[0]) == 1
    project.hold.write_text("")
    code, out, err = project("run", "train.py", "--detach")
    assert set(left) <= set(project.engine.live), "it is in use"
    project.hold.unlink()
    for _, running, _ in project.engine.started.values():
        running.thread.join()
        assert running.state == "succeeded"
    code, out, err = project("run", "train.py")
    assert code == 0 and project.engine.live == {} and project.records() == []
    for name in left:
        assert f"removed {name}, which an earlier command had left" in out


def test_deleting_a_temporary_deployment(project: Project) -> None:
    code, out, _ = project("run", "train.py", "--detach")
    for _, running, _ in project.engine.started.values():
        running.thread.join()
    for name in list(project.engine.live):
        assert project("delete", name, "--yes")[0] == 0
    assert project.engine.live == {}


def test_what_ctrl_c_asks(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """On a terminal: go on, detach or terminate; a second Ctrl-C terminates; without a terminal nothing is asked."""

    class Terminal:
        def __init__(self, answer: str | None) -> None:
            self.answer = answer

        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            if self.answer is None:
                raise KeyboardInterrupt
            return self.answer

    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    answers = {
        "d\n": "detach",
        "T\n": "terminate",
        "\n": "continue",
        "c\n": "continue",
        "": "detach",
        None: "terminate",
    }
    for answer, meant in answers.items():
        monkeypatch.setattr("sys.stdin", Terminal(answer))
        assert attached._answer() == meant, answer
    assert "[d]etach" in capfd.readouterr().err
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    assert attached._answer() == "terminate"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("run", "train.py", "--cache"), 2, "`--cache` cannot be used with `--on`"),
        (("run", "train.py", "--run-id", "x"), 2, "the engine names the run"),
        (("run", "train.py", "--beta", "1"), 2, "unknown option `--beta`"),
        (("run", "train.py", "--alpha", "much"), 2, "alpha"),
        (("run", "nothing.py"), 1, "nothing.py"),
        (("run",), 2, "the flow's file is missing"),
        (("resume", "--in-place"), 2, "the run is missing"),
        (("resume", "id-nothing"), 1, "there is no run 'id-nothing'"),
        (("resume", "train.py"), 1, "there is no run of train"),
    ],
)
def test_wrong_usage(words: tuple[str, ...], code: int, message: str, project: Project) -> None:
    got, out, err = project(*words)
    assert got == code and message in err and "a bug" not in err, out + err
    assert project.engine.live == {} and project.records() == [] and project.engine.started == {}


def test_a_protected_context(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.context("protected = true")
    code, _, err = project("run", "train.py")
    assert code == 1 and "nothing was started: add `--yes`" in err
    code, _, err = project("run", "train.py", "--yes")
    assert code == 1 and "set FLOWC_APPROVE=dev" in err and project.engine.started == {}
    monkeypatch.setenv("FLOWC_APPROVE", "dev")
    assert project("run", "train.py", "--yes")[0] == 0


# ── resume ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def failed(project: Project, deployed: bool) -> str:
    """Makes a run that failed in `fit/1`; returns its id."""
    project.flow(broken=True)
    if deployed:
        assert project("deploy", "train.py", "--yes")[0] == 0
        code, out, err = project("trigger", "train", "--alpha", "3", "--wait")
    else:
        code, out, err = project("run", "train.py", "--alpha", "3")
    assert code == 1, out + err
    return project.newest()


def test_resuming_what_is_deployed(project: Project) -> None:
    """The fix is deployed; the failed run goes on with it. Done tasks are not repeated."""
    first = failed(project, deployed=True)
    project.flow()
    assert project("deploy", "train.py", "--yes")[0] == 0
    code, out, err = project("resume", first)
    assert code == 0, out + err
    second = project.newest()
    assert project.ran() == ["end", "fit-1", "join"]
    assert f"run {second}, resumes {first} on dev (argo)" in out and f"[fit/0] reused from run {first}" in out
    assert "3 tasks in" in out and "3 reused" in out and "[end] scores are [0.0, 3.0, 6.0]" in out, out
    assert "goes on with the code that is deployed by now" in err
    about = project.run_json(second)
    assert about["origin"] == first and about["parameters"]["alpha"] == 3.0 and about["owner"].startswith("processes:")
    assert second.startswith("id-train-") and "-try-" not in second and list(project.engine.live) == ["train"]
    code, out, _ = project("resume", second, "join")
    assert code == 0 and project.ran() == ["end", "join"], "from a step on"
    code, out, err = project("resume", second, "joins")
    assert code == 2 and "did you mean `join`?" in err
    same = project("resume", second, "--run-id", "once")[1]
    count = len(project.engine.started)
    assert project("resume", second, "--run-id", "once")[0] == 0 and len(project.engine.started) == count, same


@pytest.mark.parametrize("deployed", [True, False])
def test_resuming_with_the_code_that_is_here(deployed: bool, project: Project) -> None:
    first = failed(project, deployed)
    before = dict(project.engine.live)
    project.flow()
    code, out, err = project("resume", "train.py", "--origin-run-id", first)
    assert code == 0 and project.ran() == ["end", "fit-1", "join"], out + err
    assert project.engine.live == before and "-try-" in project.newest()
    for _ in range(2):
        code, out, err = project("resume", "train.py", "--origin-run-id", first, "--run-id", "once")
        assert code == 0, out + err
    assert len(project.engine.started) == 3, "the same id starts one run"


def test_resuming_with_the_same_code(project: Project) -> None:
    """Without a deployment, or where it has moved on, the code is that of the earlier run, from its package."""
    first = failed(project, deployed=False)
    (project.folder / "train.py").unlink()
    code, out, err = project("resume", first)
    assert code == 1 and project.ran() == ["fit-1"] and "ValueError: no luck" in err, out + err
    assert project.engine.live == {} and project.records() == []
    code, out, err = project("resume", first, "--same-code")
    assert code == 1 and project.run_json(project.newest())["code"] == project.run_json(first)["code"]


def test_the_newest_run_of_the_deployment(project: Project) -> None:
    first = failed(project, deployed=True)
    project.flow()
    code, out, err = project("resume", "train.py")
    assert code == 0 and f"resumes {first} " in out, out + err


def test_a_run_under_way_is_not_resumed(project: Project) -> None:
    project.hold.write_text("")
    project("run", "train.py", "--detach")
    run = project.newest()
    code, _, err = project("resume", run)
    assert code == 1 and f"run {run} is " in err and "flowc terminate" in err
    project.hold.unlink()
    until(lambda: project.engine.run(run).state == "succeeded", "it ends")  # type: ignore[union-attr]


def test_in_place(project: Project) -> None:
    """The engine goes on with the same run; what is done is neither repeated nor printed again."""
    project.hold.write_text("")
    project.flow(broken=True)
    text = (project.folder / "train.py").read_text()
    (project.folder / "train.py").write_text(text.replace('"yes" == "yes"', 'os.path.exists(os.environ["HOLD"] + "2")'))
    (project.folder / "hold2").write_text("")
    project.hold.unlink()
    assert project("deploy", "train.py", "--yes")[0] == 0
    assert project("trigger", "train", "--wait")[0] == 1
    run = project.newest()
    (project.folder / "hold2").unlink()
    code, out, err = project("resume", run, "join", "--in-place")
    assert code == 2 and "goes on with the run as it is" in err
    code, out, err = project("resume", run, "--in-place")
    assert code == 0 and project.newest() == run, out + err
    assert "alpha is" not in out and "[end] scores are" in out and f"run {run}, goes on, on dev" in out
    assert project.ran() == ["end", "fit-1", "join"]
    code, _, err = project("resume", run, "--in-place")
    assert code == 1 and "has succeeded" in err


def test_doctor(project: Project) -> None:
    code = main(["doctor", "--on", "dev"])
    out, err = project.printed()
    assert code == 0 and "nothing is missing" in out and f"datastore {project.folder}/store" in out, out + err
    project.context('namespace = "missing"')
    code = main(["doctor", "--on", "dev"])
    out, _ = project.printed()
    assert code == 1 and "             make namespace\n             make more\n" in out and "1 missing" in out
    main(["doctor", "--on", "dev", "--json"])
    found = json.loads(project.printed()[0])
    assert [one["state"] for one in found] == ["fine", "fine", "missing"]
    assert not (project.folder / "store" / "doctor").exists() or not list(
        (project.folder / "store" / "doctor").iterdir()
    )
