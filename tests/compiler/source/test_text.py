"""Parsing, before any check runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from flowc.compiler.ir.nodes import Foreach, Linear, Span
from flowc.compiler.report.diagnostics import has_errors
from flowc.compiler.source.text import parse, span

from tests.support.building import program_of

THREADS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from flowc.compiler.source.text import tree_of

together = Barrier(8)

def parse(number):
    together.wait()
    return tree_of(f"x = {number}").text()

sys.setswitchinterval(1e-6)
with ThreadPoolExecutor(8) as pool:
    print(*pool.map(parse, range(8)), sep=", ")
from ast_grep_py import SgRoot
"""


def test_the_first_files_may_be_parsed_in_several_threads_at_once() -> None:
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True)
        assert done.stdout.strip() == ", ".join(f"x = {number}" for number in range(8)), done.stderr


CONTINUED = r'''from metaflow import Config, FlowSpec, IncludeFile, Parameter, \
    resources, retry, step
LIMIT = 3 + \
    4


class Base( \
        FlowSpec):
    size = Parameter("size", \
                     help="how many", default=LIMIT)
    data = IncludeFile("data", \
                       default="./data.txt")
    config = Config("config", \
                    default_value={"a": 1, \
                                   "b": 2})


class F(Base, \
        ):
    @retry(times=2, \
           minutes_between_retries=0)
    @resources( \
        cpu=2)
    @step
    def start(self, \
              ):
        self.items = [1, \
                      2]
        self.next(self.body, \
                  foreach="items")

    @step
    def body(self):
        self.next( \
            self.join)

    @step
    def join(self, \
             inputs):
        text = """kept \
        """
        self.next(self.end, \
                  )

    @step
    def end(self):
        assert True, \
            "x"
'''


def test_a_backslash_that_continues_a_line_is_no_argument(tmp_path: Path) -> None:
    """The flow equals the one without backslashes, and all places stay the same."""
    (tmp_path / "data.txt").write_text("x")
    program = program_of(CONTINUED, tmp_path)
    assert not has_errors(program.diagnostics)
    (size,) = [parameter for parameter in program.flow.parameters if parameter.name == "size"]
    assert (size.type, size.default, size.help) == ("int", 7, "how many")
    assert [config.name for config in program.flow.configs] == ["config"]
    start, body, join, _ = program.flow.steps
    assert {decorator.name: decorator.attributes for decorator in start.decorators}["retry"] == {
        "times": 2,
        "minutes_between_retries": 0,
    }
    assert {decorator.name: decorator.attributes for decorator in start.decorators}["resources"]["cpu"] == 2
    assert isinstance(start.transition, Foreach) and (start.transition.over, start.transition.target) == (
        "items",
        "body",
    )
    assert isinstance(body.transition, Linear) and body.transition.target == "join" and join.is_join
    assert CONTINUED.split("\n")[start.transition.span.line - 1].strip() == "self.next(self.body, \\"


def test_what_is_wrong_after_a_backslash_is_shown_where_it_is() -> None:
    source = parse("flow.py", "x = f(1, \\\n      2)\nif a and \\\n        b:\n    wrong = 1\n")
    (node,) = [node for node in source.root.find_all(kind="identifier") if node.text() == "wrong"]
    assert span(source, node) == Span("flow.py", 5, 5, 5, 10)
    (call,) = source.root.find_all(kind="call")
    assert span(source, call) == Span("flow.py", 1, 5, 1, 11)
    (b,) = [node for node in source.root.find_all(kind="identifier") if node.text() == "b"]
    assert span(source, b) == Span("flow.py", 4, 9, 4, 10)
