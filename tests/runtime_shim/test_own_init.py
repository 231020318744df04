"""What an `__init__` of a flow's own does that a recording of Metaflow cannot show: what is said where it is wrong (own_init.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import flowc

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
    "body, said",
    [
        ("super().__init__(use_cli=False)", "`__init__` of F ended without calling `super().__init__(use_cli)`"),
        ("use_cli or super().__init__(use_cli)", "`__init__` of F ended without calling `super().__init__(use_cli)`"),
        ("self.next(self.end)\n        super().__init__(use_cli)", "self.next was called in `__init__`"),
    ],
)
def test_an_init_that_starts_nothing_fails_the_first_task(body: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW.format(body))
    ended = flowc("run", "flow.py", cwd=tmp_path)
    assert ended.returncode and said in ended.stderr, ended.stderr
