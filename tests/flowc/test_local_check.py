"""`flowc run` warns about missing packages and secrets before it starts."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from tests.support.running import flowc

FLOW = """
from metaflow import FlowSpec, conda, pypi, pypi_base, secrets, step


@pypi_base(packages={{"no-such-package": "1.0", "pytest": "{pytest}"}}, python="3.1.4")
class F(FlowSpec):
    @pypi(packages={{"hypothesis": "0.1", "ruff": ">=0.1"}})
    @step
    def start(self):
        self.next(self.end)

    @pypi(disabled=True)
    {secrets}
    @step
    def end(self):
        pass
"""


def test_what_differs_is_said_and_the_flow_runs(tmp_path: Path) -> None:
    flow = tmp_path / "flow.py"
    flow.write_text(FLOW.format(pytest=metadata.version("pytest"), secrets=""))
    done = flowc("run", str(flow), "--store", str(tmp_path / "store"))
    assert done.returncode == 0, done.stderr
    printed = done.stdout + done.stderr
    assert (
        "package `no-such-package` is missing here" in printed
        and "package `hypothesis` is" in printed
        and "Python is 3." in printed
    )
    assert "`pytest`" not in printed and "`ruff`" not in printed
    assert printed.count("[FLOW154]") == 3


def test_a_secret_that_cannot_be_fetched_refuses_the_run(tmp_path: Path) -> None:
    flow = tmp_path / "flow.py"
    flow.write_text(FLOW.format(pytest="", secrets="@secrets(sources=['gcp-secret-manager.mine'])"))
    done = flowc("run", str(flow), "--store", str(tmp_path / "store"))
    assert done.returncode == 1 and "FLOW155" in done.stderr and not (tmp_path / "store").exists()
