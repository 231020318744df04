"""`flowc logs` prints a task's output byte for byte, but to a terminal nothing that could rewrite it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.environment import environment
from tests.support.running import run, until

OUT = b"\x1b[31mred\x1b[0m\ttab\x00\r 10%\r 20%\r\n\xff\xfe latin \xe9\n\xe3\x80\x80wide \xe2\x80\xaeturned\x1b]0;title\x07\n\n\x0c no end"
ERR = b"an \x9b2Jerror\nopen too"
FLOW = f"""
import os
from metaflow import FlowSpec, step


class F(FlowSpec):
    @step
    def start(self):
        os.write(1, {OUT!r})
        os.write(2, {ERR!r})
        self.xs = [0, 1]
        self.next(self.body, foreach="xs")

    @step
    def body(self):
        print("one", self.input)
        print("two", self.input, end="")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        print("end", end="")
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    (folder / "flow.py").write_text(FLOW)
    run(folder / "flow.py", folder / "store")
    return folder / "store"


def command(store: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "flowc", "logs", *words, "--store", str(store)]


def printed(store: Path, *words: str) -> bytes:
    """Returns the bytes that `flowc logs` writes to a pipe, whatever its encoding for text."""
    env = {**environment(), "PYTHONIOENCODING": "ascii"}
    return subprocess.run(command(store, *words), stdout=subprocess.PIPE, check=True, env=env).stdout


def test_one_task_s_output_is_what_it_printed(store: Path) -> None:
    assert printed(store, "r/start/-", "--stdout") == OUT
    assert printed(store, "r/start/-", "--stderr") == ERR
    assert printed(store, "r/start/-", "--stdout", "--follow") == OUT
    both = printed(store, "r/start/-")
    assert len(both) == len(OUT) + len(ERR) and set(OUT.split(b"\n")[:-1]) <= set(both.split(b"\n"))


def test_of_several_tasks_each_line_begins_with_its_task(store: Path) -> None:
    """A line that has not ended ends where the next one begins, and only there."""
    assert printed(store, "r/body") == b"[body/0] one 0\n[body/0] two 0\n[body/1] one 1\n[body/1] two 1"
    assert printed(store, "r/start", "--stdout") == b"[start] " + OUT.replace(b"\n", b"\n[start] ")
    assert printed(store, "r").endswith(b"[body/1] two 1\n[end] end")
    stamped = printed(store, "r/body/0", "--timestamps").split(b"\n")
    assert [line[24:] for line in stamped] == [b"one 0", b"two 0"] and all(line.startswith(b"2") for line in stamped)


def test_on_a_terminal_nothing_can_rewrite_it(store: Path) -> None:
    reading, writing = pty.openpty()
    process = subprocess.Popen(
        command(store, "r/start/-", "--stdout"), stdout=writing, env={**environment(), "PYTHONIOENCODING": "utf-8"}
    )
    os.close(writing)
    parts: list[bytes] = []

    def is_read() -> bool:
        try:
            parts.append(os.read(reading, 4096))
        except OSError:  # the other end was closed
            return True
        return not parts[-1]

    until(is_read, "the end of the output")
    os.close(reading)
    assert process.wait() == 0
    shown = b"".join(parts).replace(b"\r\n", b"\n").decode()
    lines = [
        "\x1b[31mred\x1b[0m\ttab\\x00\\r 10%\\r 20%\r",
        "\\xff\\xfe latin \\xe9",
        "\u3000wide \\u202eturned\\x1b]0;title\\x07",
        "",
        "\\x0c no end\x1b[0m",
    ]
    assert shown.replace("\r\n", "\n") == "\n".join(lines).replace("\r\n", "\n")
