"""`flowc run`: each step in its environment, made once in a cache that all runs share."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.environment import environment
from tests.support.package_index import PackageIndex, wheel
from tests.support.pythons import pythons
from tests.support.running import Done, artifacts, flowc, until

from .locking import files, flow, lock, variables

HERE = "{}.{}".format(*sys.version_info)
VERSION = "import apple\nself.version = apple.__version__"
BASE = f"@pypi_base(packages={{'apple': '1.0'}}, python='{HERE}')"


@pytest.fixture
def index() -> Iterator[PackageIndex]:
    tool = wheel(
        "tool", "1.0", {"tool.py": "def main():\n    print('from the tool')\n"}, scripts="the-tool = tool:main"
    )
    with PackageIndex(wheel("apple", "1.0"), wheel("apple", "2.0"), tool) as server:
        yield server


def run(
    path: Path,
    index: PackageIndex | None = None,
    *options: str,
    run_id: str = "r",
    check: bool = True,
    env: dict[str, str] | None = None,
) -> Done:
    store = str(path.parent / "store")
    shell = {**variables(path.parent, index), **(env or {})}
    return flowc("run", str(path), "--store", store, "--run-id", run_id, *options, env=shell, check=check)


def left(path: Path, step: str, run_id: str = "r") -> dict[str, str]:
    return artifacts(path.parent / "store", step, run_id=run_id)


def records(path: Path, run_id: str = "r") -> dict[str, dict[str, Any]]:
    """Returns the environment in the record of each step."""
    paths = (path.parent / "store" / "F" / "runs" / run_id).glob("*/-.json")
    return {path.parent.name: json.loads(path.read_text())["environment"] for path in paths}


def environments(path: Path) -> list[Path]:
    folder = path.parent / "cache" / "environments"
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.exists() else []


def digests(path: Path) -> dict[str, str]:
    return {
        name.split("-")[0].removeprefix("pylock."): text.split('\nenvironment = "')[1].split('"')[0]
        for name, text in files(path).items()
    }


def test_two_versions_of_a_package_in_one_run(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, base=BASE, body=VERSION, end="@pypi(packages={'apple': '2.0'})", last=VERSION)
    lock(path, index)
    done = run(path, index)
    assert [left(path, step)["version"] for step in ("start", "end")] == ["'1.0'", "'2.0'"]
    assert (
        "environment `base`: installing 1 package" in done.stderr and "environment `end`: installed in" in done.stderr
    )
    locked = digests(path)
    assert {step: environment["packages"] for step, environment in records(path).items()} == {
        "start": locked["base"],
        "end": locked["end"],
    }
    store = tmp_path / "store" / "F" / "environments"
    seen = {
        step: json.loads((store / f"{environment['digest']}.json").read_text())["packages"]
        for step, environment in records(path).items()
    }
    assert {step: versions["apple"] for step, versions in seen.items()} == {"start": "1.0", "end": "2.0"}
    assert all("pytest" not in versions for versions in seen.values()), "nothing of the Python that runs flowc"


def test_the_second_run_asks_no_index_and_makes_nothing(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, base=BASE, body=VERSION)
    lock(path, index)
    run(path, index)
    before = [(path, path.stat().st_mtime_ns) for path in environments(path)]
    done = run(path, None, run_id="again")
    assert (
        "environment" not in done.stderr and [(path, path.stat().st_mtime_ns) for path in environments(path)] == before
    )
    other = flow(tmp_path / "other", end=BASE.replace("pypi_base", "pypi"), last=VERSION)
    lock(other, index)
    shared = {"FLOWC_CACHE": str(tmp_path / "cache")}
    assert "environment" not in run(other, None, env=shared).stderr, "another flow, the same packages"


def test_a_step_without_an_environment_has_what_is_here(tmp_path: Path, index: PackageIndex) -> None:
    what = "import sys\nself.python = sys.executable"
    path = flow(tmp_path, base=BASE, body=what, end="@pypi(disabled=True)", last=what)
    lock(path, index)
    run(path, index)
    assert left(path, "end")["python"] == repr(sys.executable)
    assert left(path, "start")["python"] == repr(str(environments(path)[0] / "bin" / "python"))
    assert "packages" not in records(path)["end"]


def test_the_flows_file_may_import_what_only_its_environment_has(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, base=BASE, body="self.version = apple.__version__")
    path.write_text(f"import apple\n{path.read_text()}")
    lock(path, index)
    run(path, index)
    assert left(path, "start")["version"] == "'1.0'"


@pytest.mark.parametrize("isolation", ["fork", "process"])
def test_what_a_task_sees(isolation: str, tmp_path: Path, index: PackageIndex) -> None:
    """The environment's programs come first. This Python's packages and those on PYTHONPATH are hidden."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "stray.py").write_text("")
    body = (
        "import importlib.util, subprocess, sys\n"
        "self.printed = subprocess.run(['the-tool'], capture_output=True, text=True).stdout\n"
        "self.child = subprocess.run([sys.executable, '-c', 'import tool; print(tool.__name__)'], capture_output=True, text=True).stdout\n"
        "self.absent = [importlib.util.find_spec(each) for each in ('pytest', 'stray')]\n"
        "from metaflow import current\nself.run_of_it = current.run_id"
    )
    path = flow(tmp_path, start=f"@pypi(packages={{'tool': ''}}, python='{HERE}')", body=body)
    lock(path, index)
    run(path, index, "--isolation", isolation, env={"PYTHONPATH": str(tmp_path / "elsewhere")})
    artifacts = left(path, "start")
    assert {name: artifacts[name] for name in ("printed", "child", "absent", "run_of_it")} == {
        "printed": "'from the tool\\n'", "child": "'tool\\n'", "absent": "[None, None]", "run_of_it": "'r'",
    }  # fmt: skip


def test_another_python(tmp_path: Path, index: PackageIndex) -> None:
    others = {f"{major}.{minor}": path for (major, minor), path in pythons().items() if f"{major}.{minor}" != HERE}
    assert others, "this test needs a second Python"
    version, python = sorted(others.items())[-1]
    path = flow(
        tmp_path,
        end=f"@pypi(packages={{'apple': ''}}, python='{version}.1')",
        last="import sys\nself.python = list(sys.version_info[:2])",
    )
    lock(path, index)
    run(path, index, env={"PATH": f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}"})
    assert left(path, "end")["python"] == str([int(part) for part in version.split(".")])


def test_a_python_that_is_not_here(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start="@pypi(packages={'apple': ''}, python='3.77')")
    lock(path, index)
    done = run(path, index, check=False)
    assert done.returncode == 1 and "needs Python 3.77" in done.stderr and "uv python install 3.77" in done.stderr
    assert not (tmp_path / "store").exists()


def test_hooks_foreach_and_retries(tmp_path: Path, index: PackageIndex) -> None:
    path = tmp_path / "flow.py"
    path.write_text(f"""
from metaflow import FlowSpec, exit_hook, pypi, pypi_base, retry, step


def hook(run):
    import apple
    print("hooked with", apple.__version__)


@exit_hook(on_success=[hook])
{BASE}
class F(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2, 3]
        self.next(self.body, foreach="items")

    @pypi(packages={{'apple': '2.0'}})
    @retry(times=1)
    @step
    def body(self):
        import apple
        from metaflow import current
        assert current.retry_count == 1
        self.got = apple.__version__
        self.next(self.join)

    @step
    def join(self, inputs):
        self.got = [each.got for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
""")
    lock(path, index)
    done = run(path, index)
    assert left(path, "join")["got"] == "['2.0', '2.0', '2.0']" and "hooked with 1.0" in done.stdout


def test_cache_and_resume_know_the_environment(tmp_path: Path, index: PackageIndex) -> None:
    def decorated(version: str) -> Path:
        return flow(tmp_path, base=BASE, end=f"@pypi(packages={{'apple': '{version}'}})", last=VERSION)

    path = decorated("2.0")
    lock(path, index)
    assert "reused from" not in run(path, index, "--cache").stdout
    assert run(path, index, "--cache", run_id="same").stdout.count("reused from") == 2
    decorated(">=1")
    lock(path, index)
    assert run(path, index, "--cache", run_id="resolved-alike").stdout.count("reused from") == 1, (
        "the decorator is part of the step's code"
    )
    file = path.with_suffix(".lock") / "pylock.end-linux-amd64.toml"
    before = file.read_text()
    index.add(wheel("apple", "3.0"))
    lock(path, index, "--upgrade")
    assert file.read_text() != before
    done = run(path, index, "--cache", run_id="upgraded")
    assert done.stdout.count("reused from") == 1 and left(path, "end", "upgraded")["version"] == "'3.0'"
    done = flowc(
        "resume",
        str(path),
        "end",
        "--run",
        "same",
        "--run-id",
        "resumed",
        "--store",
        str(tmp_path / "store"),
        env=variables(tmp_path),
        check=True,
    )
    assert left(path, "end", "resumed")["version"] == "'3.0'" and done.stdout.count("reused from") == 1
    decorated("1.0")
    done = flowc("resume", str(path), "--run", "same", "--store", str(tmp_path / "store"), env=variables(tmp_path))
    assert done.returncode == 1 and "error[FLOW161]" in done.stderr


def test_off_and_on(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, base=BASE.replace("apple", "no-such-apple"))
    done = run(path, None)
    assert "[FLOW160]" in done.stderr and "[FLOW154]" in done.stderr, "without a lock"
    done = run(path, None, "--environments", "on", check=False, run_id="on")
    assert done.returncode == 1 and "error[FLOW160]" in done.stderr
    path = flow(tmp_path, base=BASE)
    lock(path, index)
    done = run(path, None, "--environments", "off", run_id="off")
    assert "[FLOW154]" in done.stderr and "[FLOW16" not in done.stderr and not environments(path)
    assert "[FLOW154]" not in run(path, index, "--environments", "on", run_id="with").stderr


def test_a_machine_that_nobody_locked_for(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, base=BASE)
    lock(path, index, "--platform", "linux/arm64" if os.uname().machine != "aarch64" else "linux/amd64")
    done = run(path, index, check=False)
    assert done.returncode == 1 and f"run `flowc lock {path} --platform linux/amd64,linux/arm64`" in done.stderr


# ── races, kills, damage ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_runs_that_race_for_one_environment(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, base=BASE, body=VERSION)
    lock(path, index)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda at: run(path, index, run_id=f"r{at}"), range(4)))
    assert sum("installing" in process.stderr for process in done) == 1
    assert [left(path, "start", f"r{at}")["version"] for at in range(4)] == ["'1.0'"] * 4


class _Slow(PackageIndex):
    """An index that holds back the end of each wheel until it is told to send it."""

    def __init__(self, *wheels: tuple[str, bytes]) -> None:
        super().__init__(*wheels)
        self.asked, self.go_on = threading.Event(), threading.Event()

    def answer(self, path: str, authorization: str) -> tuple[int, str, bytes]:
        if path.endswith(".whl"):
            self.asked.set()
            self.go_on.wait(60)
        return super().answer(path, authorization)


def test_a_run_that_is_killed_while_it_makes_an_environment(tmp_path: Path) -> None:
    path = flow(tmp_path, base=BASE, body=VERSION)
    with _Slow(wheel("apple", "1.0")) as index:
        lock(path, index)
        env = {**environment("FLOWC_"), **variables(tmp_path, index)}
        command = [sys.executable, "-m", "flowc", "run", str(path), "--store", str(tmp_path / "store")]
        process = subprocess.Popen(
            command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        assert index.asked.wait(60)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        (folder,) = environments(path)
        assert (folder / "bin" / "python").exists(), "half an environment"
        index.go_on.set()
        run(path, index)
    assert left(path, "start")["version"] == "'1.0'"


def test_an_environment_whose_python_is_gone_is_made_anew(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, base=BASE, body=VERSION)
    lock(path, index)
    run(path, index)
    python = environments(path)[0] / "bin" / "python"
    python.unlink()
    python.symlink_to(tmp_path / "gone")
    run(path, index, run_id="again")
    assert left(path, "start", "again")["version"] == "'1.0'"


def test_a_wheel_that_is_not_the_locked_one_is_refused(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, base=BASE, body=VERSION)
    lock(path, index)
    name, data = wheel("apple", "1.0", {"apple.py": "__version__ = 'evil'\n"})
    assert hashlib.sha256(data).digest() != hashlib.sha256(index.wheels[name]).digest()
    good, index.wheels[name] = index.wheels[name], data
    fresh = {"UV_CACHE_DIR": str(tmp_path / "another-uv")}
    done = run(path, index, check=False, env=fresh)
    assert (
        done.returncode == 1
        and "cannot be installed" in done.stderr
        and not environments(path)
        and not (tmp_path / "store").exists()
    )
    index.wheels[name] = good
    run(path, index, env=fresh)
    assert left(path, "start")["version"] == "'1.0'"


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    """The package exceeds the largest size of a file: nothing half-written is left, and the next run installs it."""
    big = wheel("apple", "1.0", {"apple.py": "__version__ = '1.0'\n", "big.txt": "x" * 3_000_000})
    path = flow(tmp_path, base=BASE, body=VERSION)
    with PackageIndex(big) as index:
        lock(path, index)
        env = {**environment("FLOWC_"), **variables(tmp_path, index)}
        command = f"ulimit -f 2000; exec {sys.executable} -m flowc run {path} --store {tmp_path / 'store'}"
        done = subprocess.run(["sh", "-c", command], env=env, capture_output=True, text=True)
        assert done.returncode == 1 and done.stderr.count("error: ") == 1 and "Traceback" not in done.stderr, (
            done.stderr
        )
        assert not environments(path)
        run(path, index)
    assert left(path, "start")["version"] == "'1.0'"


def test_a_cache_that_cannot_be_written_to(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, base=BASE)
    lock(path, index)
    (tmp_path / "file").write_text("")
    done = run(path, index, check=False, env={"FLOWC_CACHE": str(tmp_path / "file")})
    assert done.returncode == 1 and "cannot install the environment" in done.stderr


def test_a_run_that_is_interrupted_ends_the_tasks_of_every_environment(tmp_path: Path, index: PackageIndex) -> None:
    body = f"import time, os, pathlib\npathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()))\ntime.sleep(600)"
    path = flow(tmp_path, base=BASE, body=body, end="@pypi(disabled=True)")
    lock(path, index)
    env = {**environment("FLOWC_"), **variables(tmp_path, index)}
    command = [sys.executable, "-m", "flowc", "run", str(path), "--store", str(tmp_path / "store")]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), "the task runs")
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert not Path("/proc", (tmp_path / "pid").read_text()).exists()
