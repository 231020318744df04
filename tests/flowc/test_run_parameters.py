"""Parameters of a local run: forms of the command line, the environment, files, functions, help, and mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.running import dump, flowc

FLOW = """
import os
from metaflow import FlowSpec, IncludeFile, JSONType, Parameter, step

def made(context):
    return os.environ.get("MADE", "made of " + context.flow_name) if os.getpid() else ""

class F(FlowSpec):
    alpha = Parameter("alpha", 0.5, help="the rate")
    flag = Parameter("flag", type=bool)
    dashed = Parameter("d-ash", default=1)
    words = Parameter("words", default="a,b", separator=",")
    table = Parameter("table", default={"a": 1}, type=JSONType)
    made = Parameter("made", default=made)
    hidden = Parameter("hidden", default="do not show me", show_default=False)
    needed = Parameter("needed", type=int, required=True)
    data = IncludeFile("data", default="data.txt", parser=lambda text: text.split())
    raw = IncludeFile("raw", is_text=False)
    gone = IncludeFile("gone", default="gone.txt")

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        self.seen = [
            self.alpha, self.flag, self.dashed, self.words, self.table, self.made, self.needed, self.data, self.raw, self.gone,
            [self.data is self.data],
        ]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "f.py").write_text(FLOW)
    (tmp_path / "data.txt").write_bytes(b"a\r\nb")
    (tmp_path / "other.bin").write_bytes(b"\xff\x00")
    return tmp_path


def seen(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> str:
    flowc("run", "f.py", "--store", str(folder / "store"), "--run-id", "r", *arguments, cwd=folder, env=env, check=True)
    return str(dump(folder / "store")["end"][0]["artifacts"]["seen"]["repr"])


def test_defaults(folder: Path) -> None:
    printed = seen(folder, "--needed", "1", "--gone", "data.txt")
    assert printed == "[0.5, None, 1, ['a', 'b'], {'a': 1}, 'made of F', 1, ['a', 'b'], None, 'a\\nb', [True]]"
    artifacts = dump(folder / "store")["end"][0]["artifacts"]
    assert artifacts["data"]["repr"] == "'a\\nb'" and not [
        artifact for artifact in artifacts if artifact.startswith("__")
    ]


def test_every_form(folder: Path) -> None:
    options = [
        "--alpha",
        "1",
        "--flag",
        "True",
        "--d-ash=-2",
        "--words",
        "x",
        "--table",
        "[1]",
        "--made",
        "m",
        "--needed",
        "2",
        "--data",
        "text:q r",
    ]
    printed = seen(folder, *options, "--raw", "other.bin", "--gone", f"file://{folder}/data.txt")
    assert printed == "[1.0, True, -2, ['x'], [1], 'm', 2, ['q', 'r'], b'\\xff\\x00', 'a\\nb', [True]]"


def test_the_environment(folder: Path) -> None:
    variables = {"NEEDED": "3", "D_ASH": "4", "FLAG": "no", "GONE": "data.txt", "RAW": "data.txt", "ALPHA": "7"}
    printed = seen(
        folder,
        "--alpha",
        "2",
        env={"MADE": "up", **{f"METAFLOW_RUN_{name}": value for name, value in variables.items()}},
    )
    assert printed == "[2.0, False, 4, ['a', 'b'], {'a': 1}, 'up', 3, ['a', 'b'], b'a\\r\\nb', 'a\\nb', [True]]"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--gone", "data.txt"], "parameter 'needed': a value is required"),
        (["--gone", "data.txt", "--needed", "x", "--alpha", "y", "--flag", "maybe", "--table", "{"],
         "parameter 'alpha': 'y' is not a number; parameter 'flag': 'maybe' is neither true nor false; parameter 'table': '{' is not valid JSON; "
         "parameter 'needed': 'x' is not a whole number"),
        (["--needed", "1"], "parameter `gone`: the file `gone.txt` cannot be read"),
        (["--needed", "1", "--gone", "data.txt", "--data", "nowhere.txt"], "parameter `data`: the file `nowhere.txt` cannot be read"),
        (["--needed", "1", "--gone", "data.txt", "--data", "other.bin"], "parameter `data`: the file `other.bin` is not utf-8 text"),
        (["--needed", "1", "--neded", "2"], "unknown option `--neded`; did you mean `--needed`?"),
    ],
)  # fmt: skip
def test_mistakes_are_wrong_usage(folder: Path, arguments: list[str], message: str) -> None:
    done = flowc("run", "f.py", *arguments, cwd=folder)
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr
    assert not (folder / ".flowc" / "F" / "runs").exists()


def test_help(folder: Path) -> None:
    text = flowc("run", "f.py", "--help", cwd=folder, check=True).stdout
    for line in (
        "the rate (default: 0.5)",
        "--flag True|False",
        "--data FILE",
        "data.txt",
        "made when the run starts",
        "a value is required",
    ):
        assert line in text
    assert "do not show me" not in text


def test_a_run_that_goes_on_keeps_its_files(folder: Path) -> None:
    (folder / "f.py").write_text(
        FLOW.replace("    def end(self):", "    def end(self):\n        assert os.environ.get('GO')")
    )
    command = ["run", "f.py", "--run-id", "r", "--needed", "1", "--gone", "data.txt"]
    assert flowc(*command, cwd=folder).returncode == 1
    assert flowc(*command, cwd=folder, env={"GO": "1"}).returncode == 0
    assert flowc("resume", "f.py", "end", cwd=folder, env={"GO": "1"}).returncode == 0


def test_checking_warns_of_what_no_spec_can_hold(folder: Path) -> None:
    warned = flowc("check", "f.py", cwd=folder)
    assert warned.returncode == 0 and "warning[FLOW306]" in warned.stderr and "warning[FLOW310]" in warned.stderr
    refused = flowc("compile", "f.py", "-t", "argo", "--store", "s3://b", cwd=folder)
    assert refused.returncode == 1 and "error[FLOW306]" in refused.stderr and "error[FLOW310]" in refused.stderr


def test_a_flow_may_write_the_file_that_it_includes(tmp_path: Path) -> None:
    flow = tmp_path / "flows" / "writes.py"
    flow.parent.mkdir()
    flow.write_text(
        """
from metaflow import FlowSpec, IncludeFile, step

with open("made.csv", "w") as file:
    file.write("a,b")

class Writes(FlowSpec):
    table = IncludeFile("table", default="made.csv")
    gone = IncludeFile("gone", default="gone.csv")

    @step
    def start(self):
        self.row = self.table.split(",")
        self.next(self.end)

    @step
    def end(self):
        pass
"""
    )
    done = flowc("run", "flows/writes.py", "--store", "store", "--run-id", "r", cwd=tmp_path)
    assert done.returncode == 2 and "the file `gone.csv` cannot be read" in done.stderr, done.stderr
    (tmp_path / "made.csv").unlink()
    flow.write_text(flow.read_text().replace('    gone = IncludeFile("gone", default="gone.csv")\n', ""))
    flowc("run", "flows/writes.py", "--store", "store", "--run-id", "r", cwd=tmp_path, check=True)
    (start,) = dump(tmp_path / "store")["start"]
    assert start["artifacts"]["row"]["repr"] == "['a', 'b']"
    (tmp_path / "made.csv").unlink()
    done = flowc("compile", "flows/writes.py", "--target", "argo", cwd=tmp_path)
    assert done.returncode == 1 and "run that code first" in done.stderr
