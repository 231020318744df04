"""`Runner` and `NBRunner`: runs from Python."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from flowc.notebook import NBRunner, NBRunnerInitializationError
from flowc.runner import Runner
from tests.support.environment import environment

SOURCE = """
import pathlib
import sys
import time

from metaflow import FlowSpec, Parameter, step


class F(FlowSpec):
    alpha = Parameter("alpha", default=1)
    two_words = Parameter("two_words", default="")
    flag = Parameter("flag", default=True)

    @step
    def start(self):
        print("began")
        print("oh", file=sys.stderr)
        until = time.monotonic() + self.alpha if self.alpha > 9 else 0
        while time.monotonic() < until:
            time.sleep(0.02)
        if self.alpha == 7 and not pathlib.Path(__file__).with_name("mended").exists():
            raise ValueError("seven")
        self.next(self.end)

    @step
    def end(self):
        self.result = (self.alpha, self.two_words, self.flag)


if __name__ == "__main__":
    F()
"""


@pytest.fixture
def flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv("FLOWC_STORE", raising=False)
    (tmp_path / "flow.py").write_text(SOURCE)
    return str(tmp_path / "flow.py")


CONFIGURED = """
from metaflow import Config, FlowSpec, JSONType, Parameter, step


class Configured(FlowSpec):
    one = Config("one", default_value={"a": 0})
    two = Config("two", default_value={"a": 0})
    several = Parameter("several", default=[], type=JSONType)

    @step
    def start(self):
        self.seen = (self.one.a, self.two.a, self.several)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Configured()
"""


@pytest.mark.parametrize("one", [[("one", {"a": 1})], {"one": {"a": 1}}, ("one", '{"a": 1}')])
def test_configs_and_lists(one: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLOWC_STORE", raising=False)
    (tmp_path / "flow.py").write_text(CONFIGURED)
    (tmp_path / "two.json").write_text('{"a": 2}')
    runner = Runner(
        str(tmp_path / "flow.py"), show_output=False, cwd=str(tmp_path), config_value=one, config=[("two", "two.json")]
    )
    with runner.run(several=[1, "b"]) as done:
        assert done.status == "successful" and done.run.data.seen == (1, 2, [1, "b"]), done.stderr


def test_a_run_to_its_end(flow: str, capfd: pytest.CaptureFixture[str]) -> None:
    with Runner(flow, env={"METAFLOW_USER": "tester"}).run(
        alpha=5, two_words="a b", flag=False, tags=["x", "y"], max_workers=1
    ) as done:
        assert (done.status, done.returncode) == ("successful", 0)
        assert done.run.data.result == (5, "a b", False) and {"x", "y", "user:tester"} <= done.run.tags
        assert "began" in done.stdout and "succeeded" in done.stdout and "began" in capfd.readouterr().out
        assert [event["event"] for event in done.events][:: len(done.events) - 1] == ["begin", "end"]
        assert {"event": "done", "step": "end", "path": "-", "attempt": 0}.items() <= [
            event for event in done.events if event["event"] == "done"
        ][-1].items()
        assert "F/" in str(done) and "successful" in str(done)


def test_a_run_that_fails_and_is_resumed(flow: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with Runner(flow, show_output=False) as runner:
        failed = runner.run(alpha=7)
        assert (failed.status, failed.returncode, failed.run.successful) == ("failed", 1, False)
        assert (
            "ValueError: seven" in failed.run["start"].task.exception.stacktrace
            and "ValueError: seven" in failed.stderr
        )
        (tmp_path / "mended").touch()
        again = runner.resume(origin_run_id=failed.run.id)
        assert (
            again.status == "successful"
            and again.run.data.result[0] == 7
            and again.run.origin_pathspec == f"F/{failed.run.id}"
        )
        assert runner.resume(step_to_rerun="end", origin_run_id=again.run.id).status == "successful"
    assert capfd.readouterr() == ("", "")


def test_a_run_that_does_not_begin(flow: str, tmp_path: Path) -> None:
    with Runner(flow, show_output=False) as runner:
        with pytest.raises(RuntimeError, match="alphaa"):
            runner.run(alphaa=5)
        with pytest.raises(NotImplementedError, match="spin"):
            runner.spin("F/1/start/-")
    (tmp_path / "wrong.py").write_text(SOURCE.replace("self.next(self.end)", "self.next(self.ent)"))
    with pytest.raises(RuntimeError, match="FLOW206"), Runner(str(tmp_path / "wrong.py"), show_output=False) as runner:
        runner.run()
    with pytest.raises(ValueError, match="datastore"), Runner(flow, datastore="azure") as runner:
        runner.run()
    with pytest.raises(RuntimeError, match="METAFLOW_PROFILE is `x`"), Runner(flow, profile="x") as runner:
        runner.run()


def test_following_a_run(flow: str) -> None:
    async def follow() -> None:
        async with Runner(flow, show_output=False, cwd=str(Path(flow).parent)) as runner:
            slow = await runner.async_run(alpha=60)
            assert slow.status == "running" and slow.returncode is None and slow.run.finished is False
            async for _position, line in slow.stream_log("stdout"):
                if line.endswith("began"):
                    break
            assert _position <= len(slow.stdout)
            await slow.wait(timeout=0.2)
            assert slow.status == "timeout" and slow.command_obj.process.returncode is not None
            quick = await runner.async_run()
            assert (await quick.wait(stream="stdout")).status == "successful"
            assert [line async for _, line in quick.stream_log("stderr")] == []
            assert [event["event"] for event in quick.follow()][-1] == "end"
            with pytest.raises(RuntimeError, match="did not begin"):
                await runner.async_run(nope=1)

    asyncio.run(follow())


def test_leaving_ends_what_goes_on(flow: str) -> None:
    async def start() -> object:
        with Runner(flow, show_output=False) as runner:
            return await runner.async_run(alpha=60)

    left = asyncio.run(start())
    assert left.returncode not in (None, 0) and not left.run.finished  # type: ignore[attr-defined]


CELL = """\
%load_ext autoreload
import os
from flowc import FlowSpec, NBRunner, Parameter, step

files = !echo one
count = len(files); limit = 3; text = '''
%no command, ü'''

def helper(value):
    return value + limit

class Other(FlowSpec):
    @step
    def start(self):
        self.next(self.end)
    @step
    def end(self): self.z = helper(0)

other = NBRunner(Other, show_output=False).nbrun()
print("OTHER", other.data.z)

def decorated(cls):
    cls.added = len(text)
    return cls

@decorated
class InCell(FlowSpec):
    x = Parameter("x", default=2)
    @step
    def start(self):
        self.y = helper(self.x)
        self.next(self.end)
    @step
    def end(self): self.line = __import__("sys")._getframe().f_lineno; self.has_added = type(self).added

run = NBRunner(InCell, show_output=False).nbrun(x=4)
print("RUN", run.data.y, run.data.line, run.data.has_added)
runner = NBRunner(InCell, show_output=False)
print("AGAIN", runner.run().run.data.y)
runner.cleanup()
"""
NOTEBOOK = """
import os, sys
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
for cell in sys.argv[1:]:
    shell.run_cell(cell, store_history=True)
print("FILES", sorted(os.listdir()))
"""


def notebook(folder: Path, *cells: str) -> str:
    """Returns what the cells print in a notebook's shell, one after another."""
    variables = {
        **environment("FLOWC_", "PYTHONDONTWRITEBYTECODE"),
        "IPYTHONDIR": str(folder / "ipython"),
        "NO_COLOR": "1",
    }
    (folder / "work").mkdir()
    command = [sys.executable, "-c", NOTEBOOK, *cells]
    done = subprocess.run(command, cwd=folder / "work", env=variables, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_flow_in_a_notebook(tmp_path: Path) -> None:
    """The rest of the cell uses the run. The cell also has a second flow, magics, and a text that looks like one."""
    printed = notebook(tmp_path, CELL)
    line = next(number for number, text in enumerate(CELL.split("\n"), 1) if "_getframe" in text)
    for text in ("OTHER 3\n", f"RUN 7 {line} 15\n", "AGAIN 5\n", "FILES ['.flowc']\n"):
        assert text in printed, printed


def test_a_flow_of_an_earlier_cell_is_refused(tmp_path: Path) -> None:
    printed = notebook(tmp_path, "%%time\n" + CELL, "NBRunner(InCell)")
    assert (
        "RUN 7" in printed and "the cell does not define InCell: use NBRunner in the cell that defines it" in printed
    ), printed


def test_no_flow_outside_a_notebook() -> None:
    with pytest.raises(NBRunnerInitializationError, match="notebook"):
        NBRunner(object)


def test_a_run_whose_file_cannot_be_imported_says_so(flow: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(SOURCE.replace("class F", "print(not_there)\n\n\nclass F"))
    with Runner(str(tmp_path / "wrong.py"), show_output=False, cwd=str(tmp_path)) as runner:
        ended = runner.run()
        assert ended.status == "failed"
        with pytest.raises(
            RuntimeError,
            match=r"run '.*' of the flow F failed before its first step began(.|\n)*name 'not_there' is not defined",
        ):
            assert ended.run


def test_in_a_container_it_says_what_is_missing(tmp_path: Path) -> None:
    """With the shim alone, the name can be imported, and its use is an error."""
    from flowc.runtime_bundle import write_folder

    write_folder(str(tmp_path))
    code = "import sys; sys.path.insert(0, sys.argv[1]); from flowc import Runner; Runner('flow.py')"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code, str(tmp_path)], capture_output=True, text=True, cwd=tmp_path
    )
    assert (
        "NotImplementedError: flowc does not support Metaflow's `Runner` where flowc itself is not installed"
        in done.stderr
    )
