"""A task's work before the user's first line and after the last: imports, and requests one after another."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

from flowc.runtime_bundle import write_folder
from tests.support.faulty_s3 import BUCKET, faulty_s3
from tests.support.rounds import Rounds

from ...support.container import Container

BARE = os.path.realpath(sys.executable)

MODULES = """
import sys
before = sorted(sys.modules)
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        print(before, sorted(sys.modules), sep="\\n")
        self.next(self.end)

    @step
    def end(self):
        pass
"""

# modules in C, but for two that everybody has; `fcntl` locks the folder that the code is unpacked to
ALLOWED = set("__future__ fcntl _json _sha2 _sha256 atexit binascii errno gc zlib site".split())


def test_nothing_is_imported_that_need_not_be(tmp_path: Path) -> None:
    write_folder(str(tmp_path / "runtime"))
    flow = Container(MODULES, tmp_path)
    command = [BARE, "-S", str(tmp_path / "runtime" / "__main__.py"), "task", "--step", "start", "--path", "-"]
    done = subprocess.run(command, env=flow.environment, capture_output=True, text=True, check=True)
    before, after = (set(ast.literal_eval(line)) for line in done.stdout.splitlines())
    bare = subprocess.run(
        [BARE, "-c", "import sys; print(sorted(sys.modules))"], capture_output=True, text=True, check=True
    )
    extra = {module for module in before - set(ast.literal_eval(bare.stdout)) if not module.startswith("flow")}
    assert extra <= ALLOWED, sorted(extra - ALLOWED)
    assert len([module for module in after if module.startswith("flowc")]) <= 50
    assert not [
        module for module in after if module.startswith("flowc.runtime_shim.cards")
    ]  # of a step without `@card`


def test_site_is_there_when_user_code_is_imported(tmp_path: Path) -> None:
    """A package that only `site` finds, and one on PYTHONPATH."""
    source = MODULES.replace("import sys\n", "import sys, mine, pytest\n").replace(
        "print(before", "print(mine.VALUE, file=sys.stderr); print(before"
    )
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "mine.py").write_text("VALUE = 'found'\n")
    write_folder(str(tmp_path / "runtime"))
    flow = Container(source, tmp_path, env={"PYTHONPATH": str(tmp_path / "path")})
    command = [
        sys.executable,
        "-S",
        str(tmp_path / "runtime" / "__main__.py"),
        "task",
        "--step",
        "start",
        "--path",
        "-",
    ]
    done = subprocess.run(command, env=flow.environment, capture_output=True, text=True)
    assert done.returncode == 0 and "found" in done.stderr, done.stderr


def test_threads_and_exit_functions_are_waited_for(tmp_path: Path) -> None:
    source = MODULES.replace(
        "print(before",
        "import atexit, threading, time; threading.Thread(target=lambda: (time.sleep(0.5), print('thread'))).start(); atexit.register(print, 'exit'); print(before",
    )
    write_folder(str(tmp_path / "runtime"))
    flow = Container(source, tmp_path)
    command = [
        sys.executable,
        "-S",
        str(tmp_path / "runtime" / "__main__.py"),
        "task",
        "--step",
        "start",
        "--path",
        "-",
    ]
    done = subprocess.run(command, env=flow.environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-2:] == ["thread", "exit"]


REQUESTS = """
import http.client, os
from metaflow import FlowSpec, step

def mark():
    connection = http.client.HTTPConnection(os.environ["AWS_ENDPOINT_URL_S3"].split("/")[2])
    connection.request("GET", "/mark")
    connection.getresponse().read()
    connection.close()

class F(FlowSpec):
    @step
    def start(self):
        mark()
        self.text = "x" * 10_000
        self.items = [1, 2, 3]
        mark()
        self.next(self.body, foreach="items")

    @step
    def body(self):
        assert self.text
        mark()
        self.more = list(range(3000))
        mark()
        self.next(self.join)

    @step
    def join(self, inputs):
        mark()
        self.total = sum(each.more[-1] for each in inputs)
        mark()
        self.next(self.end)

    @step
    def end(self):
        mark()
        mark()
"""


def test_few_requests_stand_in_line(tmp_path: Path) -> None:
    """Counts rounds, not time: the requests of a round come before any of its answers."""
    with faulty_s3() as server:
        flow = Container(REQUESTS, tmp_path, store=f"s3://{BUCKET}/r", env=server.environment)
        for package in (tmp_path / "store").rglob("*.tar.gz"):
            server.objects[f"r/{package.relative_to(tmp_path / 'store')}"] = package.read_bytes()
        for step, path in (("start", "-"), ("body", "0"), ("body", "1"), ("body", "2"), ("join", "-"), ("end", "-")):
            server.seen.clear()
            server.rounds.clear()
            rounds = Rounds(server.server_address[1])
            server.gate = rounds.wait
            process = subprocess.Popen(
                flow.command(step, path), env=flow.environment, cwd=tmp_path, text=True, start_new_session=True
            )
            rounds.serve(process)
            assert process.wait() == 0
            marks = [number for number, (_, name) in enumerate(server.seen) if name == "/mark"]
            before, after = (
                {server.rounds[number] for number in numbers}
                for numbers in (range(marks[0]), range(marks[1] + 1, len(server.seen)))
            )
            assert len(before) <= 4, (step, server.seen, server.rounds)
            assert len(after) <= 2 and len(server.seen) - marks[1] - 1 <= 2, (step, server.seen, server.rounds)
            # which nobody waits for
            own = [name for _, name in server.seen[: marks[0]] if "/environments/" not in name]
            assert len(own) <= 5 or step == "join", (step, server.seen)
        assert server.objects["r/F/runs/r/end/-.json"]
