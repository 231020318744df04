"""A report that cannot be written fails the task: no engine may take an absent output for that of a skipped task."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.container import Container

from ..task.test_container import FOREACH


@pytest.fixture
def flow(tmp_path: Path) -> Container:
    container = Container(FOREACH, tmp_path)
    container.task("start")
    (tmp_path / "file").write_text("in the way")
    for folder in ("full", "again"):
        (tmp_path / folder).mkdir()
    os.symlink("/dev/full", tmp_path / "full" / "splits.tmp")  # what the file is called until it is whole
    os.symlink("/dev/full", tmp_path / "full" / "out.json.tmp")
    container.place("start", "-", ".outcome.json").mkdir()
    container.place("start", "-", ".paths.json").mkdir()
    return container


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        ("files:{folder}/file", "File exists"),
        ("files:{folder}/file/below", "Not a directory"),
        ("files:{folder}/full", "No space left on device"),
        ("files:/proc/flowc", "No such file or directory"),
        ("json:{folder}/file/out.json", "File exists"),
        ("json:{folder}/full/out.json", "No space left on device"),
        ("json:{folder}/again", "Is a directory"),
        ("json:/proc/flowc/out.json", "No such file or directory"),
        ("store", "start/-.outcome.json in "),
        ("paths", "start/-.paths.json in "),
    ],
)
def test_a_report_that_cannot_be_written_fails_the_task(report: str, reason: str, flow: Container) -> None:
    named = report.format(folder=flow.folder)
    done = flow.task("start", "-", named, code=3)
    message = done.stderr.splitlines()[-1]
    assert (
        message.startswith(f"flowc: cannot report to {named}: " if ":" in report else "flowc: cannot write ")
        and reason in message
    ), done.stderr


def test_one_that_fails_is_not_hidden_by_one_that_does_not(flow: Container) -> None:
    reports = (f"files:{flow.folder}/again", f"json:{flow.folder}/file/out.json")
    assert f"cannot report to {reports[1]}" in flow.task("start", "-", *reports, code=3).stderr
    assert f"cannot report to {reports[1]}" in flow.task("start", "-", *reversed(reports), code=3).stderr


def test_a_standard_output_that_is_full(flow: Container) -> None:
    command = ["sh", "-c", 'exec "$@" >/dev/full', "sh", *flow.command("body", "1", "stdout")]
    done = subprocess.run(command, env=flow.environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (3, "flowc: cannot report to stdout: No space left on device\n")


def test_the_next_attempt_reports_what_was_done(flow: Container) -> None:
    """A new start, once the place is writable, runs nothing again."""
    flow.task("start", "-", f"json:{flow.folder}/file/out.json", code=3)
    before = flow.record("start")
    (flow.folder / "file").unlink()
    flow.task("start", "-", f"json:{flow.folder}/file/out.json", attempt=1)
    assert json.loads((flow.folder / "file" / "out.json").read_text()) == {"splits": 2, "paths": ["0", "1"]}
    assert flow.record("start") == before
