"""Options of parameters with a form: flags, several values, questions, variables of their own, and help."""

from __future__ import annotations

import json
import os
import pty
import sys
from pathlib import Path

import pytest

from tests.support.running import dump, flowc

FLOW = """
import os
from metaflow import FlowSpec, IncludeFile, Parameter, environment, step
from metaflow._vendor import click

class F(FlowSpec):
    quiet = Parameter("quiet", is_flag=True, default=False)
    words = Parameter("word", multiple=True, metavar="WORD")
    pair = Parameter("pair", nargs=2, type=int)
    size = Parameter("size", type=click.Choice(["s", "m"]), default="s")
    loud = Parameter("loud", count=True)
    who = Parameter("who", prompt="Who is it?", default="me")
    secret = Parameter("secret", hidden=True, envvar="F_SECRET", default="-")
    data = IncludeFile("data", envvar="F_DATA")

    @step
    def start(self):
        self.seen = [self.quiet, self.words, self.pair, self.size, self.loud, self.who, self.secret, self.data]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "f.py").write_text(FLOW)
    return tmp_path


def seen(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> str:
    flowc("run", "f.py", "--store", str(folder / "store"), "--run-id", "r", *arguments, cwd=folder, env=env, check=True)
    return str(dump(folder / "store")["start"][0]["artifacts"]["seen"]["repr"])


def test_defaults(folder: Path) -> None:
    assert seen(folder) == "[False, (), (), 's', 0, 'me', '-', None]"


def test_options(folder: Path) -> None:
    words = "--quiet --word a --word=b --pair 1 -2 --size m --loud --loud --who you"
    assert seen(folder, *words.split()) == "[True, ('a', 'b'), (1, -2), 'm', 2, 'you', '-', None]"


def test_values_in_one_word_as_runner_and_the_parameter_option_give_them(folder: Path) -> None:
    words = ("--quiet=True", '--word=["a b"]', "--pair=[3, 4]", "--loud=3", "--parameter", "who=x")
    assert seen(folder, *words) == "[True, ('a b',), (3, 4), 's', 3, 'x', '-', None]"


def test_variables(folder: Path) -> None:
    (folder / "data.txt").write_text("text")
    variables = {"METAFLOW_RUN_WORD": "a b", "METAFLOW_RUN_SECRET": "lost", "F_SECRET": "kept", "F_DATA": "data.txt"}
    more = {"METAFLOW_RUN_QUIET": "yes", "METAFLOW_RUN_PAIR": "5 6"}
    found = seen(folder, env={**variables, **more})
    assert found == "[True, ('a', 'b'), (5, 6), 's', 0, 'me', 'kept', 'text']"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("--pair 1", "`--pair` needs two values: --pair INT INT"),
        ("--pair 1 x", "parameter 'pair': 'x' is not a whole number"),
        ("--size l", "parameter 'size': 'l' is not one of 's', 'm'"),
        ("--quiet x", "unexpected argument `x`"),
    ],
)
def test_mistakes(words: str, problem: str, folder: Path) -> None:
    done = flowc("run", "f.py", "--store", str(folder / "store"), *words.split(), cwd=folder)
    assert done.returncode == 2 and problem in done.stderr


def test_help(folder: Path) -> None:
    shown = flowc("run", "f.py", "--help", cwd=folder, check=True).stdout
    for line in ("--quiet  ", "--word WORD  ", "--pair INT INT  ", "--size s|m  "):
        assert line in shown
    assert "--secret" not in shown


def test_a_question_on_a_terminal(folder: Path) -> None:
    store = str(folder / "store")
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(folder)
        os.execv(sys.executable, [sys.executable, "-m", "flowc", "run", "f.py", "--store", store, "--run-id", "r"])
    shown = b""
    while True:
        try:
            part = os.read(terminal, 1024)
        except OSError:
            break
        if not part:
            break
        answered = b"Who is it?" in shown
        shown += part
        if b"Who is it? [me]: " in shown and not answered:
            os.write(terminal, b"her\n")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, shown
    assert "'her'" in str(dump(folder / "store")["start"][0]["artifacts"]["seen"]["repr"])


LATE = """
import os
from metaflow import FlowSpec, Parameter, environment, step

class F(FlowSpec):
    bucket = Parameter("bucket", default=os.getenv("F_BUCKET"))
    size = Parameter("size", type=int, default=os.getenv("F_SIZE", 3))

    @environment(vars={"REGION": os.getenv("F_REGION"), "STAGE": os.getenv("F_STAGE", "dev"), "PLAIN": "p"})
    @step
    def start(self):
        self.seen = [self.bucket, self.size, *(os.environ[name] for name in ("REGION", "STAGE", "PLAIN"))]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_variables_that_the_compile_was_given_are_there_when_a_task_imports_the_flow(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text(LATE.replace('os.getenv("F_BUCKET")', 'os.environ["F_BUCKET"]'))
    options = ("--env", "F_BUCKET=lake", "--env", "F_REGION=eu")
    (tmp_path / "f.json").write_text(flowc("show", "f.py", "--json", *options, cwd=tmp_path, check=True).stdout)
    flowc("run", "f.json", "--store", "store", "--run-id", "r", cwd=tmp_path, check=True)
    found = str(dump(tmp_path / "store")["start"][0]["artifacts"]["seen"]["repr"])
    assert found == "['lake', 3, 'eu', 'dev', 'p']"


def test_variables_of_the_container(tmp_path: Path) -> None:
    """The IR is run as on an engine: nothing but the container's own environment has the values."""
    (tmp_path / "f.py").write_text(LATE)
    names = ("F_BUCKET", "F_SIZE", "F_REGION", "F_STAGE")
    options = [word for name in names for word in ("--env", f"{name}=@runtime")]
    shown = flowc("show", "f.py", "--json", *options, cwd=tmp_path, check=True).stdout
    inputs = json.loads(shown)["flow"]["inputs"]
    assert [(each["kind"], each["value"]) for each in inputs] == [("env", "@runtime")] * 4
    (tmp_path / "f.json").write_text(shown)
    run = ("run", "f.json", "--store", "store", "--run-id")
    flowc(*run, "r", cwd=tmp_path, env={"F_BUCKET": "lake", "F_REGION": "eu", "F_SIZE": "5"}, check=True)
    found = str(dump(tmp_path / "store")["start"][0]["artifacts"]["seen"]["repr"])
    assert found == "['lake', 5, 'eu', 'dev', 'p']"
    missing = flowc(*run, "s", cwd=tmp_path, env={"F_REGION": "eu"})
    assert missing.returncode == 2
    assert "its default is the variable 'F_BUCKET', which the environment of the first task lacks" in missing.stderr
    unset = flowc(*run, "t", "--bucket", "b", cwd=tmp_path)
    assert unset.returncode == 1
    assert "the container's environment has no variable 'F_REGION'" in unset.stdout + unset.stderr


MUTATED = """
from metaflow import FlowMutator, FlowSpec, Parameter, step
from metaflow._vendor import click

class More(FlowMutator):
    def pre_mutate(self, mutable_flow):
        mutable_flow.add_parameter("size", Parameter("size", type=click.Choice(["s", "m"]), default="s"))
        mutable_flow.add_parameter("words", Parameter("words", multiple=True))
        mutable_flow.add_parameter("pair", Parameter("pair", type=(str, int), default=("a", 1)))
        mutable_flow.add_parameter("short", Parameter("short", type=lambda text: text[:2], default="abc"))

@More
class F(FlowSpec):
    own = Parameter("own", type=click.INT, default=3)

    @step
    def start(self):
        self.seen = [self.own, self.size, self.words, self.pair, self.short]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_parameters_that_mutators_add(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text(MUTATED)
    assert seen(tmp_path, *"--size m --words x --words y".split()) == "[3, 'm', ('x', 'y'), ('a', 1), 'ab']"
    wrong = flowc("run", "f.py", "--store", "store", "--size", "l", cwd=tmp_path)
    assert "parameter 'size': 'l' is not one of 's', 'm'" in wrong.stderr


HERE = """
import datetime, os
from pathlib import Path
from metaflow import FlowSpec, Parameter, step

class F(FlowSpec):
    current = Parameter("current", default=os.path.join(os.getcwd(), "a"))
    beside = Parameter("beside", default=str(Path(__file__).parent / "b"))
    home = Parameter("home", default=os.path.expanduser("~/c"))
    day = Parameter("day", default=datetime.date.fromordinal(738887).isoformat())
    number = Parameter("number", type=int, default=datetime.date.fromordinal(738887).day)

    @step
    def start(self):
        self.seen = [self.current, self.beside, self.home, self.day, self.number]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_a_run_on_this_machine_uses_its_folders_and_lets_python_evaluate_defaults(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text(HERE)
    found = seen(tmp_path, env={"HOME": "/home/me"})
    assert found == f"['{tmp_path}/a', '{tmp_path}/b', '/home/me/c', '2024-01-02', 2]"
    (tmp_path / "f.py").write_text(HERE.replace("type=int, ", ""))
    wrong = flowc("run", "f.py", "--store", "store", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "parameter 'number': its default is of type int; declare `type=int`" in wrong.stderr
