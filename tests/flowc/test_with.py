"""`--with` on the command line, after a command and, as Metaflow's users write it, before one."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowc.flow_file import command_line
from flowc.options import Usage
from tests.support.running import flowc

FLOW = """
from metaflow import FlowSpec, current, step

class F(FlowSpec):
    @step
    def start(self):
        if current.retry_count == 0:
            raise ValueError("the first attempt")
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--with", "retry", "run"], ["run", "f.py", "--flow", "F", "--with=retry"]),
        (["--with=retry:times=2", "--with", "card", "--quiet", "run", "--a", "1"], ["run", "f.py", "--flow", "F", "--with=retry:times=2", "--with=card", "--quiet", "--a", "1"]),
        (["--quiet", "--with", "retry", "show"], ["show", "f.py", "--flow", "F", "--with=retry"]),
        (["--with", "retry"], ["check", "f.py", "--flow", "F", "--with=retry"]),
        (["run", "--with", "retry"], ["run", "f.py", "--flow", "F", "--with", "retry"]),
        (["--with", "retry", "dump", "1"], ["dump", "--flow-file", "f.py", "--flow", "F", "1"]),
    ],
)  # fmt: skip
def test_before_the_command(words: list[str], expected: list[str]) -> None:
    assert command_line("f.py", "F", words) == expected


def test_a_value_is_needed() -> None:
    with pytest.raises(Usage):
        command_line("f.py", "F", ["--with"])


def test_commands(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text(FLOW)
    assert flowc("run", "f.py", cwd=tmp_path).returncode == 1
    assert flowc("run", "f.py", "--with", "retry:times=1", "--with=card", cwd=tmp_path).returncode == 0
    assert "@retry" in flowc("show", "f.py", "--with", "retry", cwd=tmp_path, check=True).stdout
    assert (
        "limit: 3"
        in flowc("compile", "f.py", "-t", "argo", "-o", "-", "--with", "retry", cwd=tmp_path, check=True).stdout
    )
    wrong = flowc("check", "f.py", "--with", "retri", cwd=tmp_path)
    assert wrong.returncode == 1 and "did you mean `retry`?" in wrong.stderr
