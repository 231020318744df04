"""`flowc runs`, `logs`, `dump` and `tag`, and the same through `python flow.py`."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from flowc.cli import main
from flowc.flow_file import command_line
from flowc.options import Usage
from tests.runtime_shim.client.flow import SOURCE
from tests.support.running import LIMIT, flowc, run, until

Printed = Callable[..., str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    (folder / "flow.py").write_text(SOURCE)
    env = {"METAFLOW_USER": "tester"}
    run(folder / "flow.py", folder / ".flowc", "--tag", "mine", run_id="good", env=env)
    run(folder / "flow.py", folder / ".flowc", "--p", "9", "--user", "other", run_id="bad", env=env, check=False)
    return folder


@pytest.fixture
def printed(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Printed:
    """Runs a command line in the folder; returns standard output, or standard error for one that does not exit with 0."""
    monkeypatch.delenv("FLOWC_STORE", raising=False)
    monkeypatch.chdir(folder)

    def call(*words: str, code: int = 0) -> str:
        capsys.readouterr()
        assert main(words) == code, capsys.readouterr().err
        captured = capsys.readouterr()
        return captured.out if not code else captured.err

    return call


def test_runs(printed: Printed, tmp_path: Path) -> None:
    lines = printed("runs").splitlines()
    assert lines[0].split() == ["FLOW", "RUN", "STATUS", "STARTED", "TOOK", "USER", "TAGS"]
    assert [line.split()[:3] for line in lines[1:]] == [["F", "bad", "failed"], ["F", "good", "succeeded"]]
    assert lines[2].split()[-2:] == ["tester", "mine"] and printed("runs", "flow.py") == printed(
        "runs", "F"
    ) == printed("runs")
    [one] = json.loads(printed("runs", "--json", "--tag", "mine"))
    assert (one["run"], one["status"], one["parameters"], one["tags"], one["target"], one["origin"]) == (
        "good",
        "succeeded",
        {"p": 3},
        ["mine"],
        "local",
        None,
    )
    assert one["seconds"] > 0 and "user:tester" in one["system_tags"] and one["started"] <= one["ended"]
    assert [entry["run"] for entry in json.loads(printed("runs", "--json", "--user", "other"))] == ["bad"]
    assert [entry["run"] for entry in json.loads(printed("runs", "--json", "--limit", "1"))] == ["bad"]
    assert "no runs with these tags" in printed("runs", "--tag", "nobody")
    assert "no runs" in printed("runs", "--store", str(tmp_path))


def test_logs(printed: Printed) -> None:
    assert printed("logs", "good/start") == "[start] hello\n[start] err\n"
    assert printed("logs", "good/start/-") == "hello\nerr\n" == printed("logs", "F/good/start/-", "--both")
    assert (printed("logs", "good/start/-", "--stdout"), printed("logs", "good/start/-", "--stderr")) == (
        "hello\n",
        "err\n",
    )
    assert (
        printed("logs", "good/b/-", "--attempt", "0").startswith("attempt 0\n")
        and printed("logs", "good/b/-", "--stdout") == "attempt 1\n"
    )
    assert printed("logs", "good").startswith(
        "[start] hello\n[start] err\n[b] attempt 1\n"
    ) and "ValueError: nine" in printed("logs", "bad/j2")
    stamp, _, text = printed("logs", "good/start/-", "--stdout", "--timestamps").partition(" hello")
    assert len(stamp) == len("2026-01-01 00:00:00.000") and text == "\n"
    assert printed("logs", "good/end") == ""
    assert "it has reached these steps: start, body" in printed("logs", "good/nope", code=1)
    assert "no log of attempt 3" in printed("logs", "good/b", "--attempt", "3", code=1)
    assert "there is no run 'nope'" in printed("logs", "nope", code=1)
    assert "--follow" in printed("logs", "good", "--follow", "--attempt", "0", code=2)


def test_following_ends_with_the_run(printed: Printed) -> None:
    assert printed("logs", "good/start", "--follow") == "[start] hello\n[start] err\n"
    assert "[b] attempt 0" in printed("logs", "bad", "-f")


def test_following_a_run_that_goes_on(tmp_path: Path) -> None:
    source = (
        "import time, pathlib\nfrom metaflow import FlowSpec, step\n\n\nclass F(FlowSpec):\n    @step\n    def start(self):\n        print('first')\n        self.next(self.end)\n\n"
        "    @step\n    def end(self):\n        until = time.monotonic() + 600\n        while not pathlib.Path(__file__).with_name('go').exists() and time.monotonic() < until:\n"
        "            time.sleep(0.05)\n        print('second')\n"
    )
    (tmp_path / "flow.py").write_text(source)
    running = threading.Thread(target=run, args=(tmp_path / "flow.py", tmp_path / "store"))
    running.start()
    until((tmp_path / "store" / "F" / "runs" / "r" / "start" / "-.json").exists, "a record")
    following = subprocess.Popen(
        [sys.executable, "-m", "flowc", "logs", "r", "--follow", "--store", str(tmp_path / "store")],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert following.stdout is not None and following.stdout.readline() == "[start] first\n"
    [one] = json.loads(flowc("runs", "--json", "--store", str(tmp_path / "store"), check=True).stdout)
    assert (one["status"], one["ended"]) == ("running", None)
    (tmp_path / "go").touch()
    assert following.communicate(timeout=LIMIT)[0] == "[end] second\n" and following.returncode == 0
    running.join()


def test_dump(printed: Printed, tmp_path: Path) -> None:
    assert (
        printed("dump", "good/body/1")
        == "body/1\n  const  7  (int)\n  items  [1, 2, 3]  (list)\n  p      3  (int)\n  y      4  (int)\n"
    )
    assert "_private  5" in printed("dump", "good/start", "--private") and "_private" not in printed(
        "dump", "good/start"
    )
    assert printed("dump", "good/end", "--include", "t,p") == "end\n  p  3  (int)\n  t  [2, 4, 6]  (list)\n"
    assert "[1, 2, 3]… (9 characters)" in printed("dump", "good/body/1", "--max-value-size", "8")
    assert "[1, 2, 3]  (list)" in printed("dump", "good/body/1", "--max-value-size", "0")
    assert (printed("dump", "good/end", "t"), printed("dump", "good/body/1", "y")) == ("[2, 4, 6]\n", "4\n")
    assert "3 tasks have `y`: name one of good/body/0" in printed("dump", "good/body", "y", code=1)
    assert "did you mean `items`?" in printed("dump", "good/body/1", "itmes", code=1)
    assert "artifact of a task" in printed("dump", "good", "y", code=2)
    printed("dump", "good/body", "--file", str(tmp_path / "values"))
    values = pickle.loads((tmp_path / "values").read_bytes())
    assert values["good/body/body-1"] == {"const": 7, "items": [1, 2, 3], "p": 3, "y": 4} and len(values) == 3


def test_tag(printed: Printed) -> None:
    assert printed("tag", "add", "bad", "one", "two") == "F/bad: one two\n"
    assert printed("tag", "replace", "bad", "--remove", "one", "--add", "three") == "F/bad: three two\n"
    assert printed("tag", "list", "bad", "--hide-system-tags") == "three\ntwo\n"
    assert "user:other" in printed("tag", "list", "bad").splitlines()
    assert (
        printed("tag", "list", "--all", "--hide-system-tags", "--group-by-tag")
        == "mine\n  F/good\nthree\n  F/bad\ntwo\n  F/bad\n"
    )
    assert printed("tag", "list", "--all", "--hide-system-tags") == "F/bad\n  three\n  two\nF/good\n  mine\n"
    assert printed("tag", "add", "--run-id", "bad", "four", "--flow", "F").endswith(": four three two\n")
    assert printed("tag", "remove", "--flow", "F", "four") == "F/bad: three two\n"  # the latest run
    assert printed("tag", "remove", "bad", "three", "two") == "F/bad: no tags\n"
    assert "system tag" in printed("tag", "remove", "bad", "user:other", code=1)
    assert "not in namespace" in printed("tag", "add", "--run-id", "bad", "--namespace", "user:tester", "x", code=1)
    for wrong in (["tag"], ["tag", "ad", "bad", "x"], ["tag", "add", "bad"], ["tag", "replace", "bad", "x"], ["tag", "replace", "bad", "--add", "x"], ["tag", "add", "bad", "x", "--all"], ["tag", "add", "bad/end", "x"], ["tag", "list"]):  # fmt: skip
        assert printed(*wrong, code=2)


def test_as_metaflow_s_users_say_it(printed: Printed, folder: Path) -> None:
    def flow_py(*words: str) -> str:
        return printed(*command_line("flow.py", "F", words))

    assert flow_py("logs", "show", "good/start", "--stdout") == "[start] hello\n"
    assert "[2, 4, 6]  (list)" in flow_py("dump", "good/end")
    assert (
        flow_py("tag", "add", "--run-id", "good", "x") == "F/good: mine x\n"
        and flow_py("tag", "list", "--run-id", "good", "--hide-system-tags") == "mine\nx\n"
    )
    assert flow_py("tag", "remove", "--run-id", "good", "x") == "F/good: mine\n"
    assert "good" in flow_py("runs")
    with pytest.raises(Usage, match="logs scrub"):
        command_line("flow.py", "F", ["logs", "scrub", "good/end"])
    done = subprocess.run(
        [sys.executable, "flow.py", "logs", "show", "good/start/-"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ},
    )
    assert done.stdout == "hello\nerr\n", done.stderr


def test_who_and_in_which_namespace(folder: Path, tmp_path: Path) -> None:
    source = "from metaflow import FlowSpec, current, get_namespace, step\n\n\nclass G(FlowSpec):\n    @step\n    def start(self):\n        self.space = (current.namespace, get_namespace(), current.username)\n"
    (tmp_path / "g.py").write_text(source)
    for run_id, words, expected in (
        ("a", ["--user", "ada"], ("user:ada", "user:ada", "ada")),
        ("b", ["--namespace", "production:x"], ("production:x", "production:x", "tester")),
        ("c", ["--namespace", ""], (None, None, "tester")),
    ):
        run(tmp_path / "g.py", tmp_path / ".flowc", *words, run_id=run_id, env={"METAFLOW_USER": "tester"})
        assert flowc("dump", f"{run_id}/start", "space", cwd=tmp_path, check=True).stdout == f"{expected!r}\n"
    assert "production:x" not in flowc("tag", "list", "b", cwd=tmp_path, check=True).stdout
