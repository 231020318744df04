"""`flowc profile`: what it reads from runs; and the profile as an input of the compile."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim.contract import address, record
from flowc.runtime_shim.store import open_store

from flowc.flow_file import command_line
from tests.support.running import Done, flowc, run

FLOW = """import time
from metaflow import FlowSpec, catch, current, retry, step

class F(FlowSpec):
    @step
    def start(self):
        self.secret = "user-value"
        self.items = ["first-item", "second-item", "third-item"]
        self.next(self.work, foreach="items")

    @retry(times=2, minutes_between_retries=0)
    @step
    def work(self):
        if self.input == "first-item" and current.retry_count == 0:
            raise ValueError("user-message")
        time.sleep(0.2)
        self.next(self.join)

    @catch(var="error")
    @step
    def join(self, inputs):
        self.n = 0
        raise ValueError("user-message")
        self.next(self.loop)

    @step
    def loop(self):
        self.n = getattr(self, "n", 0) + 1
        self.more = self.n < 4
        self.next({True: self.loop, False: self.choose}, condition="more")

    @step
    def choose(self):
        self.way = "left"
        self.next({"left": self.left, "right": self.right}, condition="way")

    @step
    def left(self):
        self.next(self.end)

    @step
    def right(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("profile")
    (folder / "flow.py").write_text(FLOW)
    for run_id in ("one", "two"):
        run(folder / "flow.py", folder / ".flowc", run_id=run_id)
    return folder


def profile(folder: Path, *words: str) -> dict[str, Any]:
    return json.loads(flowc("profile", "flow.py", "-o", "-", *words, cwd=folder, check=True).stdout)  # type: ignore[no-any-return]


def test_what_runs_have_cost(folder: Path) -> None:
    data = profile(folder)
    steps = data["steps"]
    assert (data["version"], data["flow"], data["runs"]) == (1, "F", 2)
    assert list(steps) == sorted(steps) == ["choose", "end", "join", "left", "loop", "start", "work"]
    counts = {step: {name: numbers["count"] for name, numbers in own.items()} for step, own in steps.items()}
    assert counts["work"] == {"succeeded": 6, "failed": 2, "memory": 6}
    assert counts["start"] == {"succeeded": 2, "memory": 2, "width": 2} and steps["start"]["width"]["p99"] == 3
    assert counts["join"] == {"caught": 2, "memory": 2}
    assert counts["loop"] == {"succeeded": 8, "memory": 8, "visits": 2} and steps["loop"]["visits"]["p50"] == 4
    assert data["chosen"] == {"choose": {"left": 2}, "loop": {"choose": 2}}
    assert 0.2 <= steps["work"]["succeeded"]["p50"] <= steps["work"]["succeeded"]["p99"]
    assert steps["work"]["failed"]["p99"] < 0.2  # the failed attempt did not come to sleep
    assert list(data["starts"]) == ["local"]
    assert profile(folder, "--runs", "1")["steps"]["work"]["succeeded"]["count"] == 3


def test_no_value_of_the_users_is_in_it(folder: Path) -> None:
    text = flowc("profile", "flow.py", "-o", "-", cwd=folder, check=True).stdout
    for word in ("user-value", 'item"', "-item", "user-message", "one", "two", str(folder)):
        assert word not in text


def test_the_file(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "p")
    folder = tmp_path / "p"
    assert flowc("profile", "flow.py", "--check", cwd=folder).returncode == 1
    done = flowc("profile", "flow.py", cwd=folder, check=True)
    assert done.stdout == "flow.profile.json: 7 steps, from 2 runs\n"
    text = (folder / "flow.profile.json").read_bytes()
    assert "(unchanged)" in flowc("profile", "flow.py", cwd=folder, check=True).stdout
    assert flowc("profile", "flow.py", "--check", cwd=folder, check=True).stdout == "flow.profile.json is up to date\n"
    flowc("profile", "F", "-o", "other.json", cwd=folder, check=True)
    assert (folder / "other.json").read_bytes() == text == (folder / "flow.profile.json").read_bytes()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("F",), 2, "`--output` is missing"),
        (("flow.py", "-t", "nomad"), 2, "unknown target `nomad`"),
        (("flow.py", "-t", "argo"), 1, "flow F has no run on argo with a finished task"),
        (("none.py",), 1, "none.py cannot be read"),
        (("G", "-o", "-"), 1, "flow G has no run with a finished task"),
        (("flow.py", "--runs", "0"), 2, "`--runs` must be a whole number of at least 1"),
    ],
)
def test_wrong_usage(folder: Path, words: tuple[str, ...], code: int, message: str) -> None:
    done = flowc("profile", *words, cwd=folder)
    assert done.returncode == code and message in done.stderr


def engine_run(folder: Path, seconds: dict[tuple[str, str], tuple[float, float]], **more: dict[str, Any]) -> None:
    """Rewrites the times of a run's records as if Argo had run it; `more` replaces parts of a step's records."""
    store = open_store(str(folder / ".flowc"))
    name = address.run_record_name("F", "one")
    store.put(name, record.dumps({**record.read_run(store, "F", "one"), "target": "argo"}))  # type: ignore[dict-item]
    for (step, path), (started, ended) in seconds.items():
        one = record.read(store, "F", "one", step, path)
        assert one is not None
        data = {**one.data, "started": started, "ended": ended, "attempt": 0, **more.get(step, {})}
        store.put(address.record_name("F", "one", step, path), record.dumps(data))


TIMES = {
    ("start", "-"): (100.0, 101.0), ("work", "0"): (104.0, 110.0), ("work", "1"): (160.0, 170.0),
    ("work", "2"): (105.0, 130.0), ("join", "-"): (175.0, 176.0), ("loop", "-"): (180.0, 181.0),
    ("loop", "-~1"): (185.0, 186.0), ("loop", "-~2"): (190.0, 191.0), ("loop", "-~3"): (195.0, 196.0),
    ("choose", "-"): (200.0, 201.0), ("left", "-"): (205.0, 206.0), ("end", "-"): (210.0, 211.0),
}  # fmt: skip


def starts(folder: Path) -> dict[str, Any]:
    return profile(folder, "-t", "argo")["starts"]["argo"]  # type: ignore[no-any-return]


def test_the_start_of_a_container(folder: Path, tmp_path: Path) -> None:
    """Of the items of a foreach, the first to start counts: 3 s, though the second waited for 59 s."""
    shutil.copytree(folder, tmp_path / "p")
    engine_run(tmp_path / "p", TIMES)
    assert starts(tmp_path / "p") == {"count": 9, "p50": 4, "p90": 5, "p99": 5}
    assert set(profile(tmp_path / "p")["starts"]) == {"argo", "local"}


def test_tasks_of_one_container_say_nothing_of_its_start(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "p")
    same = {"start": {"id": "pod-7", "task": "loop"}}
    engine_run(tmp_path / "p", TIMES, loop=same, choose=same, left={"attempt": 1}, end={"start": {"request": 1}})
    assert starts(tmp_path / "p")["count"] == 3  # work, join, and the container of the loop
    inside = profile(tmp_path / "p", "-t", "argo")["inside"]["argo"]
    assert inside == {"count": 4, "p50": 4, "p90": 4, "p99": 4}  # the other visits, and choose
    closer = {**TIMES, ("join", "-"): (170.1, 176.0), ("work", "0"): (101.0, 110.0)}
    engine_run(tmp_path / "p", closer, loop=same, choose=same, left={"attempt": 1}, end={"start": {"request": 1}})
    assert starts(tmp_path / "p") == {"count": 1, "p50": 4, "p90": 4, "p99": 4}  # no engine is as fast as that


# ── as an input of the compile ─────────────────────────────────────────────────────────────────────────────────────


def compiled(folder: Path, *words: str, cwd: Path | None = None) -> Done:
    file = str(folder / "flow.py") if cwd is not None else "flow.py"
    words = ("compile", file, "-t", "argo", "--store", "s3://b/p", "--optimize", "-o", "-", *words)
    return flowc(*words, cwd=cwd or folder)


@pytest.fixture
def project(folder: Path, tmp_path: Path) -> Path:
    shutil.copytree(folder, tmp_path / "project")
    flowc("profile", "flow.py", cwd=tmp_path / "project", check=True)
    return tmp_path / "project"


def test_a_profile_beside_the_flow_is_part_of_the_provenance(project: Path) -> None:
    first = compiled(project)
    assert first.returncode == 0 and "profile F (flow.profile.json, sha256:" in first.stdout
    assert compiled(project, cwd=project.parent).stdout == first.stdout
    assert "profile F" not in flowc(
        "compile", "flow.py", "-t", "argo", "--store", "s3://b/p", "-o", "-", cwd=project, check=True
    ).stdout  # fmt: skip
    (project / "flow.profile.json").unlink()
    assert "profile F" not in compiled(project).stdout


def test_a_profile_may_be_named(project: Path) -> None:
    (project / "profiles").mkdir()
    (project / "flow.profile.json").rename(project / "profiles" / "f.json")
    by_option = compiled(project, "--profile", "profiles/f.json")
    assert "profile F (profiles/f.json, sha256:" in by_option.stdout
    (project / "pyproject.toml").write_text('[tool.flowc]\nprofile = "profiles/f.json"\n')
    assert compiled(project).stdout == by_option.stdout == compiled(project, cwd=project.parent).stdout


def test_compile_and_show_say_what_was_chosen(project: Path) -> None:
    words = ("flow.py", "-t", "argo", "--optimize")
    lines = flowc("compile", *words, "--store", "s3://b/p", cwd=project, check=True).stdout.splitlines()
    at = next(at for at, line in enumerate(lines) if line.startswith("on argo, 8 steps → 1 container"))
    chosen = lines[at + 1 : at + 3]
    assert chosen[0].startswith("  the 3 items of `start` run in one container with `start` and `join`: the run then ")
    assert chosen[1].startswith("  a run then takes about ") and chosen[1].endswith(" in 12 containers")
    shown = flowc("show", *words, cwd=project, check=True).stdout
    assert "\n".join(["chosen by past runs", *chosen]) in shown
    data = json.loads(flowc("show", *words, "--json", cwd=project, check=True).stdout)["targets"]["argo"]
    assert [one["step"] for one in data["chosen"]] == ["start"] and data["chosen"][0]["why"] == chosen[0].strip()
    (project / "flow.profile.json").unlink()
    by_rules = flowc("compile", *words, "--store", "s3://b/p", cwd=project, check=True).stdout
    assert "on argo, 8 steps → " in by_rules and "a run then takes" not in by_rules


def test_a_choice_is_the_same_in_every_process(project: Path) -> None:
    texts = set()
    for seed in ("1", "2", "3"):
        words = ("flow.py", "-t", "argo", "--store", "s3://b/p", "--optimize", "-o", "-")
        command = [sys.executable, "-m", "flowc", "compile", *words]
        env = {**os.environ, "PYTHONHASHSEED": seed}
        texts.add(subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=True).stdout)
    assert len(texts) == 1


def test_no_profile_is_read_unless_the_optimizer_is_asked_for(project: Path) -> None:
    code = (
        "import sys; from flowc.cli import main; "
        "assert main(['compile', 'flow.py', '-t', 'argo', '--store', 's3://b/p', '-q']) == 0; "
        "print([name for name in sys.modules if name.startswith('flowc.') and "
        "any(word in name for word in ('profile', 'choos', 'cost', 'estimate'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_project_may_keep_its_profiles_in_a_folder(project: Path) -> None:
    """As a setting counts for every flow, it names a folder; a flow without a file there has no profile."""
    (project / "profiles").mkdir()
    (project / "pyproject.toml").write_text('[tool.flowc]\nprofile = "profiles"\n')
    assert "profile F" not in compiled(project).stdout
    done = flowc("profile", "flow.py", cwd=project, check=True)
    assert done.stdout.startswith(f"{Path('profiles', 'flow.profile.json')}: ")
    assert "profile F (profiles/flow.profile.json, sha256:" in compiled(project).stdout


def test_in_the_form_of_the_flows_own_file(project: Path) -> None:
    (project / "flow.py").write_text(FLOW + '\nif __name__ == "__main__":\n    F()\n')
    for words in (("profile", "-o", "-"), ("estimate", "-t", "argo")):
        command = command_line("flow.py", "F", words)
        assert flowc(*command, cwd=project, check=True).stdout == flowc(
            words[0], "flow.py", *words[1:], cwd=project, check=True
        ).stdout  # fmt: skip


def test_a_profile_that_does_not_fit(project: Path) -> None:
    file = project / "flow.profile.json"
    text = file.read_text()
    file.write_text(text.replace('"left"', '"gone"'))
    outdated = compiled(project)
    assert outdated.returncode == 0 and "warning[FLOW621]" in outdated.stderr and "`gone`" in outdated.stderr
    file.write_text(text.replace('"flow": "F"', '"flow": "G"'))
    foreign = compiled(project)
    assert foreign.returncode == 0 and "is of flow `G`, not of `F`" in foreign.stderr
    assert "profile F" not in foreign.stdout
    for content, message in (("{", "is not a profile"), (text.replace('"version": 1', '"version": 2'), "has format 2")):
        file.write_text(content)
        damaged = compiled(project)
        assert damaged.returncode == 1 and "error[FLOW620]" in damaged.stderr and message in damaged.stderr
    (project / "other.json").write_text(text.replace('"flow": "F"', '"flow": "G"'))
    for named, message in (("other.json", "not of `F`"), ("none.json", "there is no profile `none.json`")):
        refused = compiled(project, "--profile", named)
        assert refused.returncode == 1 and "error[FLOW620]" in refused.stderr and message in refused.stderr


BIG = """from metaflow import FlowSpec, resources, step

class F(FlowSpec):
    @step
    def start(self):
        self.items = list(range(40))
        self.next(self.fit, foreach="items")

    @resources(memory=2000)
    @step
    def fit(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.fork)

    @step
    def fork(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.next(self.both)

    @step
    def right(self):
        self.next(self.both)

    @step
    def both(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
USED = """{
 "version": 1, "flow": "F", "runs": 3, "starts": {}, "inside": {}, "chosen": {},
 "steps": {
  "start": {"memory": {"count": 3, "p50": 900, "p90": 900, "p99": 900}},
  "fit": {"memory": {"count": 120, "p50": 1100, "p90": 2400, "p99": 2610.5}},
  "left": {"memory": {"count": 3, "p50": 3000, "p90": 3000, "p99": 3000}},
  "right": {"memory": {"count": 3, "p50": 100, "p90": 100, "p99": 100}}
 }
}
"""


def test_the_memory_of_past_runs_counts_where_tasks_run_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(BIG)
    (tmp_path / "flow.profile.json").write_text(USED)
    (tmp_path / "pyproject.toml").write_text(
        "[tool.flowc.optimize.steps.fit]\ncpu = 4\nmemory = 8000\n[tool.flowc.optimize.steps.fork]\nbranches = true\n"
    )
    done = compiled(tmp_path)
    assert done.returncode == 0, done.stderr
    said = "tasks of step `fit` have used 2,610 MiB of memory, but it requests 2,000 MiB"
    assert f"warning[FLOW622]: {said}" in done.stderr and "`@resources(memory=2900)`" in done.stderr
    assert done.stderr.count("warning[FLOW622]") == 1
    arguments = [line for line in done.stdout.splitlines() if "args: [" in line]
    fit = next(line for line in arguments if "--within, fit" in line or '"--within", fit' in line)
    assert '"--peaks", "fit=2624"' in fit
    join = next(line for line in arguments if '"--step", join' in line)
    assert '"--peaks", "left=3008"' in join and "right=" not in join
    assert all("--peaks" not in line for line in arguments if line not in (fit, join)), "they run one task at a time"
    (tmp_path / "flow.profile.json").unlink()
    assert "--peaks" not in compiled(tmp_path).stdout


def test_the_estimate_counts_with_the_memory_of_past_runs(tmp_path: Path) -> None:
    """In a container of 8,000 MiB and 4 cores, three tasks of 2,610 MiB run side by side, or four of 2,000 MiB."""
    (tmp_path / "flow.py").write_text(BIG)
    (tmp_path / "pyproject.toml").write_text(
        "[tool.flowc.optimize.steps.fit]\ncpu = 4\nmemory = 8000\ncontainers = 1\n"
    )
    took = '"succeeded": {"count": 120, "p50": 10, "p90": 10, "p99": 10}, "memory": {"count": 120'
    seconds = []
    for used in ("2610.5", "2400"), ("1900", "1900"):
        text = USED.replace('"memory": {"count": 120', took).replace("2610.5", used[0]).replace("2400", used[1])
        (tmp_path / "flow.profile.json").write_text(text)
        done = flowc("estimate", "flow.py", "-t", "argo", "--json", cwd=tmp_path, check=True)
        (estimate,) = json.loads(done.stdout)["targets"].values()
        seconds.append(estimate["optimized"]["seconds"])
    assert seconds[0] - seconds[1] == pytest.approx(40, abs=1), "14 rounds of 10 s, and 10 rounds"


def test_a_local_run_counts_with_it_too(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(BIG)
    (tmp_path / "flow.profile.json").write_text(USED.replace("2610.5", "10000000"))
    run(tmp_path / "flow.py", tmp_path / "store", "--optimize")
    records = [
        json.loads(path.read_text()) for path in (tmp_path / "store" / "F" / "runs" / "r" / "fit").glob("*.json")
    ]
    assert len([one for one in records if "step" in one]) == 40
