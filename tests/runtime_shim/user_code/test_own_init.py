"""A wrong `__init__` of a flow, and its message (own_init.py). Recordings of Metaflow cannot show these."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.running import artifacts, flowc

from ...support.container import Container

FLOW = """
from metaflow import FlowSpec, step


class Base(FlowSpec):
    def __init__(self, use_cli=True):
        {}


class F(Base):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize(
    "body, message",
    [
        ("super().__init__(use_cli=False)", "`__init__` of F ended without calling `super().__init__(use_cli)`"),
        ("use_cli or super().__init__(use_cli)", "`__init__` of F ended without calling `super().__init__(use_cli)`"),
        ("self.next(self.end)\n        super().__init__(use_cli)", "self.next was called in `__init__`"),
    ],
)
def test_an_init_that_starts_nothing_fails_the_first_task(body: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW.format(body))
    ended = flowc("run", "flow.py", cwd=tmp_path)
    assert ended.returncode and message in ended.stderr, ended.stderr


DEPLOYED = """
import os
from metaflow import FlowSpec, Parameter, step


class F(FlowSpec):
    alpha = Parameter("alpha", default=3)

    def __init__(self, use_cli=True):
        self.n, self.pid = 10, os.getpid()
        super().__init__(use_cli)
        self.after = 1

    @step
    def start(self):
        self.n += self.alpha
        self.xs = [1, 2]
        self.next(self.body, foreach="xs")

    @step
    def body(self):
        self.y = self.n * self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(each.y for each in inputs), [each.after for each in inputs], hasattr(self, "after"), self.pid == os.getpid()
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_it_runs_in_each_container(tmp_path: Path) -> None:
    flow = Container(DEPLOYED, tmp_path)
    for step, path in (("start", "-"), ("body", "0"), ("body", "1"), ("join", "-"), ("end", "-")):
        flow.task(step, path)
    store = tmp_path / "store"
    assert artifacts(store, "start")["n"] == "13" and artifacts(store, "body", "1")["n"] == "10"
    assert artifacts(store, "end")["total"] == "(30, [1, 1], False, True)"
    assert "after" not in artifacts(store, "start") and artifacts(store, "end")["n"] == "10"
