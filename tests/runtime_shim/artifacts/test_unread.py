"""Python finds parts of a flow that reading its source does not: the run stops instead of leaving them out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.running import flowc

SHARED = """
from importlib import import_module

from metaflow import Config, Parameter

def parameter(name):
    return Parameter(name, default=1)

def config(name):
    return Config(name, default_value={"a": 1})

def careful(function):
    return import_module("metaflow").retry(times=2)(function)
"""
FLOW = """
from metaflow import FlowSpec, step
from acme_shared import careful, config, parameter

class F(FlowSpec):
    {member}

    {decorator}
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize(
    ("member", "decorator", "message"),
    [
        (
            "alpha = parameter('alpha')",
            "",
            "`alpha` of F is a Parameter, which flowc cannot see in its source: write `alpha = Parameter('alpha', …)`",
        ),
        (
            "cfg = config('cfg')",
            "",
            "`cfg` of F is a Config, which flowc cannot see in its source: write `cfg = Config('cfg', …)`",
        ),
        (
            "",
            "@careful",
            "step `start` has the decorator `@retry`, which flowc cannot see in its source: write it above `@step`",
        ),
        ("", "", ""),
    ],
)
def test_what_an_installed_package_makes(
    member: str, decorator: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site-packages").mkdir()
    (tmp_path / "site-packages" / "acme_shared.py").write_text(SHARED)
    (tmp_path / "flow.py").write_text(FLOW.format(member=member, decorator=decorator))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site-packages"))
    done = flowc("run", str(tmp_path / "flow.py"), "--store", str(tmp_path / "store"))
    assert (
        done.returncode == (1 if message else 0)
        and message in done.stderr + done.stdout
        and "Traceback" not in done.stderr
    ), done.stderr + done.stdout
