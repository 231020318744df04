"""`flowc lock --upgrade` gives the same whether uv was started early, for the lock on disk, or late, for the flow."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flowc.compiler.fast_start import child

from flowc.environments import ahead, uv
from tests.support.package_index import PackageIndex, wheel

from .locking import files, flow, lock, variables

FLOW = "@pypi(packages={'apple': '', 'pear-tree': '>=1'}, python='3.12')"


@pytest.fixture
def index() -> Iterator[PackageIndex]:
    with PackageIndex(wheel("apple", "1.0"), wheel("pear-tree", "1.0", requires=("apple",))) as server:
        yield server


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """Counts what is started in this process, and stops what is left of it."""
    commands: list[list[str]] = []

    def start(command: list[str], text: str, variables: dict[str, str]) -> child.Running:
        commands.append(command)
        return original(command, text, variables)

    original = child.start
    monkeypatch.setattr(child, "start", start)
    yield commands
    uv._stop()


def upgrade(path: Path, index: PackageIndex) -> None:
    """Runs the command in a process of its own, since it begins before `flowc.cli` does."""
    environment = {**os.environ, **variables(path.parent, index)}
    command = [sys.executable, "-m", "flowc", "lock", str(path), "--upgrade", "-q"]
    subprocess.run(command, env=environment, check=True, capture_output=True)


def test_the_answer_is_that_of_the_same_words(
    tmp_path: Path, index: PackageIndex, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = flow(tmp_path, start=FLOW)
    lock(path, index, "--platform", "linux/amd64,darwin/arm64")
    for name, value in variables(tmp_path, index).items():
        monkeypatch.setenv(name, value)
    ahead.begin([str(path), "--upgrade", "-q"])
    assert len(started) == 2, "one of each platform"
    for arguments, text in list(uv._begun):
        assert 'name = "pear-tree"' in uv.run(list(arguments), text)
    assert len(started) == 2 and not uv._begun


def test_new_versions_are_locked(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start=FLOW)
    lock(path, index)
    index.wheels.update([wheel("apple", "2.0")])
    upgrade(path, index)
    assert 'version = "2.0"' in files(path)["pylock.start-linux-amd64.toml"]


def test_a_flow_that_asks_for_more_is_locked_as_it_is(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start="@pypi(packages={'apple': ''}, python='3.12')")
    lock(path, index)
    other = flow(tmp_path / "elsewhere", start=FLOW)
    lock(other, index)
    flow(tmp_path, start=FLOW)
    upgrade(path, index)
    assert files(path) == files(other)


@pytest.mark.parametrize(
    "arguments", [["--check"], ["--upgrade", "--check"], ["--upgrade", "--index", "http://host/simple"], []]
)
def test_only_a_plain_upgrade_begins_early(
    arguments: list[str], tmp_path: Path, index: PackageIndex, started: list[list[str]]
) -> None:
    path = flow(tmp_path, start=FLOW)
    lock(path, index)
    ahead.begin([str(path), *arguments])
    assert not started


@pytest.mark.parametrize("text", ["", "garbage", "[tool.flowc]\n", '[tool.flowc]\npython = "3.12"\nplatform = 3\n'])
def test_a_damaged_lock_begins_nothing(text: str, tmp_path: Path, started: list[list[str]]) -> None:
    (tmp_path / "flow.lock").mkdir()
    (tmp_path / "flow.lock" / "pylock.start-linux-amd64.toml").write_text(text)
    ahead.begin([str(tmp_path / "flow.py"), "--upgrade"])
    assert not started


def test_nothing_is_left_of_what_nobody_takes(tmp_path: Path, index: PackageIndex) -> None:
    path = flow(tmp_path, start=FLOW)
    lock(path, index)
    path.write_text("not a flow\n")
    (tmp_path / "temporary").mkdir()
    environment = {**os.environ, **variables(path.parent, index), "TMPDIR": str(tmp_path / "temporary")}
    command = [sys.executable, "-m", "flowc", "lock", str(path), "--upgrade"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and "error" in done.stderr
    assert not list((tmp_path / "temporary").iterdir())
