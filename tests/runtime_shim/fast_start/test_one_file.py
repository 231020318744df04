"""The bundle with its modules in one file: every Python runs the same task from it, and ignores a foreign one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flowc.runtime_shim.fast_start import one_file

from tests.support.building import runtime_folder
from tests.support.faulty_s3 import BUCKET, faulty_s3
from tests.support.pythons import pythons

from ...support.container import Container

SOURCE = """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.x = [1]
        self.next(self.end)

    @step
    def end(self):
        import flowc.runtime_shim.task.run_task as task
        print(task.__file__, task.run_task.__code__.co_filename, task.__spec__.origin, sep="\\n")
        assert self.x == [1]
"""
PYTHONS = pythons()


def names(*groups: str) -> list[str]:
    return [name for group in groups or one_file.GROUPS for name in one_file.GROUPS[group]]


def files(folder: Path) -> list[Path]:
    stems = [folder / name.replace(".", "/") for name in names("", "file")]
    return [stem / "__init__.py" if stem.is_dir() else stem.with_suffix(".py") for stem in stems]


def run(runtime: Path, flow: Container, python: str = sys.executable, store: str = "") -> list[str]:
    """Returns what the step `end` prints about a module: its file, three times."""
    for step in ("start", "end"):
        command = [python, "-S", str(runtime / "__main__.py"), "task", "--step", step, "--path", "-"]
        done = subprocess.run(
            command, env={**flow.environment, "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("version", PYTHONS, ids=str)
def test_a_task_needs_no_other_file_of_these_modules(version: tuple[int, int], tmp_path: Path) -> None:
    runtime = runtime_folder(tmp_path / "runtime", PYTHONS[version])
    moved = tmp_path / "elsewhere"
    runtime.rename(moved)  # as an init container copies it
    for file in files(moved):
        file.unlink()
        for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*"):
            compiled.unlink()
    where = str(moved / "flowc" / "runtime_shim" / "task" / "run_task.py")
    assert run(moved, Container(SOURCE, tmp_path), PYTHONS[version]) == [where] * 3


@pytest.mark.parametrize("change", ["source", "bytecode", "none", "torn"])
def test_another_s_file_is_left_alone(change: str, tmp_path: Path) -> None:
    runtime = runtime_folder(tmp_path / "runtime")
    compiled = next(runtime.glob("shim.*"))
    data = compiled.read_bytes()
    if change == "source":
        other = runtime_folder(tmp_path / "other")
        with open(other / "flowc" / "runtime_shim" / "task" / "run_task.py", "a") as file:
            file.write("\nraise SystemExit(9)\n")
        subprocess.run([sys.executable, "-m", "flowc.runtime_shim.fast_start.one_file"], cwd=other, check=True)
        compiled.write_bytes(next(other.glob("shim.*")).read_bytes())
    elif change == "bytecode":
        compiled.write_bytes(b"\0\0\r\n" + data[4:])
    elif change == "torn":
        compiled.write_bytes(data[:20])
    else:
        compiled.unlink()
    assert run(runtime, Container(SOURCE, tmp_path))


def test_modules_stand_in_the_order_in_which_they_need_one_another(tmp_path: Path) -> None:
    """Each module is created before another one imports it, so that none is searched for."""
    runtime = runtime_folder(tmp_path / "runtime")
    script = """
import sys, marshal, importlib.machinery
sys.path.insert(0, sys.argv[1])
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        assert not name.startswith("flowc"), name
sys.meta_path.insert(0, Finder)
data = open(sys.argv[2], "rb").read()
code, groups = marshal.loads(data[36:])
names = {"__name__": "one_file"}
exec(code, names)
for scheme in ("/a", "s3://b"):
    names["os"].environ["FLOWC_STORE"] = scheme
    names["load"](sys.argv[1] + "/", groups)
print(len([each for each in sys.modules if each.startswith("flowc")]))
"""
    done = subprocess.run(
        [sys.executable, "-S", "-c", script, runtime, next(runtime.glob("shim.*"))], capture_output=True, text=True
    )
    assert done.stdout.strip() == str(len(names())), done.stderr


IMPORTS = """
import atexit, sys
from metaflow import FlowSpec, step

atexit.register(lambda: print(*[each for each in sys.modules if each.partition(".")[0] == "flowc"]))

class F(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("group", ["file", "s3"])
def test_the_groups_are_what_tasks_import(group: str, tmp_path: Path) -> None:
    """Uses a task that is not the first of its run, as most are."""
    runtime = runtime_folder(tmp_path / "runtime")
    next(runtime.glob("shim.*")).unlink()
    with faulty_s3() as server:
        flow = Container(IMPORTS, tmp_path, f"s3://{BUCKET}/r" if group == "s3" else "", server.environment)
        for path in (tmp_path / "store").rglob("*.tar.gz"):
            server.objects[f"r/{path.relative_to(tmp_path / 'store')}"] = path.read_bytes()
        for step in ("start", "end"):
            command = [sys.executable, "-S", str(runtime / "__main__.py"), "task", "--step", step, "--path", "-"]
            done = subprocess.run(command, env=flow.environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == set(names("", group))


def test_the_digest_tells_files_apart() -> None:
    pairs = [[("a", b"bc")], [("ab", b"c")], [("a", b"b"), ("c", b"")], [("a", b"")], []]
    assert len({one_file.digest(pair) for pair in pairs}) == len(pairs)
    assert one_file.digest([("b", b"1"), ("a", b"2")]) == one_file.digest(
        [("a", b"2"), ("b", b"1"), ("__main__.py", os.urandom(8))]
    )
