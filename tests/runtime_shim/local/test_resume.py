"""Continuing from an earlier run: `flowc resume`, and `flowc run --cache`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.running import Done, artifacts, dump, flowc, run

FLOW = """
import os
from pathlib import Path
from metaflow import FlowSpec, Parameter, catch, current, step

HERE = Path(__file__).parent


def note(what):
    with open(HERE / "log", "a") as log:
        log.write(what + " ")


class F(FlowSpec):
    p = Parameter("p", default=1)

    @step
    def start(self):
        note("start")
        self.items = [1, 2, 3]
        self.next(self.left, self.right)

    @step
    def left(self):
        note("left")
        self.next(self.body, foreach="items")

    @step
    def body(self):
        note(f"body{self.input}")
        if self.input == 2 and not (HERE / "mended").exists():
            raise RuntimeError("not yet")
        self.value = self.input * self.p
        self.origin = current.origin_run_id
        self.next(self.collect)

    @step
    def collect(self, inputs):
        note("collect")
        self.total = sum(each.value for each in inputs)
        self.next(self.both)

    @step
    def right(self):
        note("right")
        self.next(self.both)

    @step
    def both(self, inputs):
        note("both")
        self.total = inputs.collect.total
        self.next(self.end)

    @step
    def end(self):
        note("end")
"""


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    path = tmp_path / "flow.py"
    path.write_text(FLOW, encoding="utf-8")
    return path


def noted(flow: Path) -> list[str]:
    log = flow.parent / "log"
    words = log.read_text().split() if log.exists() else []
    log.unlink(missing_ok=True)
    return sorted(words)


def resume(flow: Path, *arguments: str, run_id: str = "again", check: bool = True) -> Done:
    return flowc(
        "resume", str(flow), "--store", str(flow.parent / "store"), "--run-id", run_id, *arguments, check=check
    )


def test_what_is_done_is_taken_over_also_in_a_foreach_and_with_changed_code(flow: Path) -> None:
    store = flow.parent / "store"
    failed = run(flow, store, "--p", "10", check=False)
    assert failed.returncode == 1 and f"flowc resume {flow} --origin-run-id r --store {store}" in failed.stderr
    noted(flow)
    flow.write_text(FLOW.replace(' and not (HERE / "mended").exists()', " and False"))
    resume(flow)
    assert noted(flow) == ["body2", "both", "collect", "end"]
    assert artifacts(store, "end", run_id="again") == artifacts(store, "end", run_id="again") | {
        "total": "60",
        "p": "10",
    }
    assert artifacts(store, "body", "1", run_id="again")["origin"] == "'r'"
    assert sorted(dump(store, "r")) == ["body", "left", "right", "start"], "the origin is not changed"


def test_from_a_step_on(flow: Path) -> None:
    store = flow.parent / "store"
    (flow.parent / "mended").touch()
    run(flow, store)
    noted(flow)
    resume(flow, "collect")
    assert noted(flow) == ["both", "collect", "end"]
    resume(flow, "--from", "right", "--run", "r", run_id="third")
    assert noted(flow) == ["both", "end", "right"]
    resume(flow, "start", "--origin-run-id", "r", run_id="fourth")
    assert len(noted(flow)) == 9


def test_the_latest_run_is_the_origin(flow: Path) -> None:
    store = flow.parent / "store"
    run(flow, store, "--p", "2", check=False, run_id="older")
    run(flow, store, "--p", "3", check=False, run_id="newer")
    noted(flow)
    (flow.parent / "mended").touch()
    assert "reused from run newer" in resume(flow).stdout
    assert artifacts(store, "end", run_id="again")["total"] == "18"


def test_a_resumed_run_can_be_resumed(flow: Path) -> None:
    store = flow.parent / "store"
    run(flow, store, check=False)
    resume(flow, check=False)
    noted(flow)
    (flow.parent / "mended").touch()
    resume(flow, "--run", "again", run_id="third")
    assert noted(flow) == ["body2", "both", "collect", "end"]


def test_a_run_that_exists_is_not_mixed_with_another(flow: Path) -> None:
    """`--run-id` in place of `--origin-run-id` changes no records of that run, and the error names both options."""
    store = flow.parent / "store"
    run(flow, store, run_id="monday", check=False)
    before = dump(store, "monday")
    (flow.parent / "mended").touch()
    run(flow, store, run_id="tuesday")
    refused = resume(flow, run_id="monday", check=False)
    assert refused.returncode == 1 and "run monday exists, and does not resume tuesday" in refused.stderr
    assert "write --origin-run-id monday" in refused.stderr
    itself = resume(flow, "--origin-run-id", "monday", run_id="monday", check=False)
    assert itself.returncode == 1 and "cannot be resumed into itself" in itself.stderr
    assert dump(store, "monday") == before


def test_a_resumed_run_that_was_interrupted_goes_on_under_its_name(flow: Path) -> None:
    store = flow.parent / "store"
    run(flow, store, run_id="monday", check=False)
    assert resume(flow, "--run", "monday", run_id="again", check=False).returncode == 1
    (flow.parent / "mended").touch()
    assert resume(flow, "--run", "monday", run_id="again").returncode == 0
    assert artifacts(store, "end", run_id="again")["total"] == "6"


def test_a_local_run_does_not_go_on_with_one_of_an_engine(flow: Path) -> None:
    store = flow.parent / "store"
    run(flow, store, run_id="r", check=False)
    place = store / "F" / "runs" / "r" / "run.json"
    data = json.loads(place.read_text())
    del data["sum"]
    place.write_text(json.dumps({**data, "owner": "argo:ns/r:1"}))
    refused = run(flow, store, run_id="r", check=False)
    assert refused.returncode == 1 and "belongs to argo:ns/r:1" in refused.stderr and "a local run" in refused.stderr


def test_mistakes(flow: Path) -> None:
    assert "no run of F to resume" in resume(flow, check=False).stderr
    run(flow, flow.parent / "store", check=False)
    assert "there is no run nix of F" in resume(flow, "--run", "nix", check=False).stderr
    misspelt = resume(flow, "colect", check=False)
    assert misspelt.returncode == 2 and "did you mean `collect`?" in misspelt.stderr


def test_python_flow_resume(flow: Path) -> None:
    import subprocess
    import sys

    flow.write_text(FLOW + "\n\nif __name__ == '__main__':\n    F()\n")
    assert subprocess.run([sys.executable, str(flow), "run"], capture_output=True).returncode == 1
    (flow.parent / "mended").touch()
    noted(flow)
    done = subprocess.run([sys.executable, str(flow), "resume"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert noted(flow) == ["body2", "both", "collect", "end"]


# ── --cache ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def cached(flow: Path, run_id: str, *arguments: str) -> list[str]:
    run(flow, flow.parent / "store", "--cache", *arguments, run_id=run_id)
    return noted(flow)


def test_only_what_changed_is_run(flow: Path) -> None:
    (flow.parent / "mended").touch()
    everything = cached(flow, "a")
    assert len(everything) == 9
    assert cached(flow, "b") == []
    assert artifacts(flow.parent / "store", "end", run_id="b")["total"] == "6"
    flow.write_text(FLOW.replace("self.total = sum(", "self.total = 1 + sum("))
    assert cached(flow, "c") == ["both", "collect", "end"]
    assert cached(flow, "d", "--p", "5") == everything, "an input of every step has changed"
    flow.write_text(FLOW.replace('log.write(what + " ")', 'log.write(what + "  ")'))
    assert cached(flow, "e") == everything, "a function that any step may call has changed"


def test_same_results_are_followed_by_what_was_done_with_them(flow: Path) -> None:
    """A changed step with the same artifacts does not make the following steps run again."""
    (flow.parent / "mended").touch()
    cached(flow, "a")
    flow.write_text(FLOW.replace("self.items = [1, 2, 3]", "self.items = [1, 2] + [3]"))
    assert cached(flow, "b") == ["start"]


def test_a_caught_failure_is_tried_again(tmp_path: Path) -> None:
    flow = tmp_path / "flow.py"
    flow.write_text(
        "from metaflow import FlowSpec, catch, step\nfrom pathlib import Path\n\n\nclass F(FlowSpec):\n    @catch(var='bad', print_exception=False)\n    @step\n    def start(self):\n"
        "        Path(__file__).with_name('ok').read_text()\n        self.next(self.end)\n\n    @step\n    def end(self):\n        self.was_bad = bool(self.bad)\n"
    )
    run(flow, tmp_path / "store", "--cache", run_id="a")
    (tmp_path / "ok").touch()
    run(flow, tmp_path / "store", "--cache", run_id="b")
    assert [artifacts(tmp_path / "store", "end", run_id=run_id)["was_bad"] for run_id in "ab"] == ["True", "False"]


def test_the_run_says_where_it_comes_from(flow: Path) -> None:
    store = flow.parent / "store"
    run(flow, store, "--tag", "mine", check=False)
    (flow.parent / "mended").touch()
    resume(flow, "--tag", "second")
    data = json.loads((store / "F" / "runs" / "again" / "run.json").read_text())
    assert (data["origin"], data["tags"]) == ("r", ["mine", "second"])
    assert json.loads((store / "F" / "runs" / "again" / "start" / "-.json").read_text())["origin"] == "r"
