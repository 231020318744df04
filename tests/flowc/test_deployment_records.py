"""Records of deployments: one of two deployers is told, and what was cut off is known."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flowc.runtime_shim.store import open_store
from flowc.targets.target import SpecFile

from flowc.deploying.records import Records, author, digests_of, may_be_alive
from flowc.terminal import Failure

FILES = (SpecFile("f.yaml", "a: ü\n"),)


def records(folder: Path) -> Records:
    return Records(open_store(str(folder)), "F", "prod:f")


def test_a_history(tmp_path: Path) -> None:
    ours = records(tmp_path)
    assert ours.last() == (None, None) and ours.history() == []
    for n in range(1, 12):
        ours.claim(n, {"action": "deploy", "by": author("")}, FILES)
        if n != 11:
            ours.finish(n)
    newest, done = records(tmp_path).last()
    assert newest is not None and done is not None and (newest.n, newest.done, done.n) == (11, False, 10)
    assert newest.files == digests_of(FILES) and ours.files(newest) == FILES
    assert [entry.n for entry in ours.history()] == list(range(11, 0, -1))


def test_one_of_two_is_told(tmp_path: Path) -> None:
    records(tmp_path).claim(1, {"by": {"user": "ada"}}, FILES)
    with pytest.raises(Failure, match="it was deployed meanwhile as 1 by ada, 0 s ago"):
        records(tmp_path).claim(1, {"by": {"user": "bob"}}, ())


def test_a_file_that_was_damaged(tmp_path: Path) -> None:
    ours = records(tmp_path)
    entry = ours.claim(1, {"by": {}}, FILES)
    (path,) = (tmp_path / "F" / "deployments").glob("*/files/*")
    path.write_text("b")
    with pytest.raises(Failure, match=r"its file f\.yaml is missing or damaged"):
        ours.files(entry)


def test_who_may_be_alive(tmp_path: Path) -> None:
    ours = records(tmp_path)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    here = author("")
    assert not may_be_alive(ours.claim(1, {"by": {**here, "pid": ended.pid}}, ()))
    assert may_be_alive(ours.claim(2, {"by": {**here, "pid": os.getppid()}}, ()))
    assert may_be_alive(ours.claim(3, {"by": {"host": "elsewhere"}}, ()))
    assert not may_be_alive(ours.claim(4, {"by": {"host": "elsewhere"}, "at": 1.0}, ()))
