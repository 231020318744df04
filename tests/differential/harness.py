"""The same flow with Metaflow and with flowc: whether the run succeeds, and what every task leaves.

A case is a Python file. Comments at its top say how it is run:

    # arguments: --alpha 3      one run with these parameters; several such lines are several runs, none is one run without any
    # fails: why                the run fails, with both
    # aside: name, name         artifacts that differ by their nature (a run's id, a process's), or that differ for a reason given beside them
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tests.corpus.cases import idioms
from tests.support.environment import environment
from tests.support.prefork import Prefork
from tests.support.running import started

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FLOWS = HERE / "flows"
WRONG = HERE / "wrong"
RECORDED = HERE / "recorded"
PYTHON = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}  # sets have the same order in both
PREFORK = Prefork(**PYTHON)

Tasks = dict[str, dict[str, str]]  # "step path" → artifact → text of its value


class Case(NamedTuple):
    path: Path
    arguments: tuple[str, ...]
    fails: bool
    aside: frozenset[str]
    environment: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        return " ".join((self.path.stem, *self.arguments))


class Outcome(NamedTuple):
    succeeded: bool
    tasks: Tasks
    said: str  # what the run printed; not compared

    def without(self, names: frozenset[str]) -> Tasks:
        return {
            task: {name: value for name, value in artifacts.items() if name not in names}
            for task, artifacts in self.tasks.items()
        }


def cases() -> list[Case]:
    """Returns every run of every flow of the folder and of the corpus. Files named `lib_…` are their modules."""
    all_cases: list[Case] = []
    for path in sorted(FLOWS.glob("*.py")):
        if not path.name.startswith("lib_"):
            all_cases += cases_of(path)
    for idiom in idioms():
        if idiom.is_compared:
            variables = tuple(idiom.environment().items())
            all_cases += [case._replace(environment=variables) for case in cases_of(idiom.path)]
    return all_cases


def cases_of(path: Path) -> list[Case]:
    head = [line[2:] for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("# ")]
    told = [(kind, rest.strip()) for kind, colon, rest in (line.partition(":") for line in head) if colon]
    runs = [tuple(shlex.split(rest)) for kind, rest in told if kind == "arguments"] or [()]
    aside = {name.strip() for kind, rest in told if kind == "aside" for name in re.split(r"[,\s]+", rest)}
    return [Case(path, arguments, any(kind == "fails" for kind, _ in told), frozenset(aside)) for arguments in runs]


def flow_name(path: Path) -> str:
    """The class that the file starts."""
    names = re.findall(r"^\s+(\w+)\(\)\s*$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert names, f"{path} starts no flow"
    return str(names[-1])


def metaflow_python() -> str:
    python = os.environ.get("FLOWC_METAFLOW_PYTHON") or str(ROOT / ".venvs" / "metaflow" / "bin" / "python")
    assert os.path.exists(python), f"{python} is not there: make .venvs/metaflow/ready"
    return python


def tutorials() -> Path:
    """Returns the folder of Metaflow's tutorials."""
    told = subprocess.run(
        [metaflow_python(), "-c", "import metaflow; print(metaflow.__path__[0])"],
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(told.stdout.strip()) / "tutorials"


def with_metaflow(case: Case, folder: Path) -> Outcome:
    """Runs the case with Metaflow; everything it writes goes below `folder`."""
    done = _metaflow(
        case.path, ["run", "--run-id-file", str(folder / "run"), *case.arguments], folder, case.environment
    )
    run = (folder / "run").read_text() if (folder / "run").exists() else ""
    tasks: Tasks = {}
    if run:
        command = [
            metaflow_python(),
            str(HERE / "metaflow_side.py"),
            str(case.path),
            flow_name(case.path),
            run,
            str(folder),
        ]
        read = subprocess.run(
            command,
            env={**_metaflow_environment(folder), **dict(case.environment)},
            cwd=case.path.parent,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert read.returncode == 0, read.stderr + done.stdout + done.stderr
        tasks = json.loads(read.stdout.splitlines()[-1])
    return Outcome(done.returncode == 0, tasks, done.stdout + done.stderr)


def metaflow_accepts(path: Path, folder: Path) -> bool:
    return _metaflow(path, ["check"], folder).returncode == 0


def _metaflow(
    path: Path, command: list[str], folder: Path, variables: Iterable[tuple[str, str]] = ()
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [metaflow_python(), str(path), "--no-pylint", *command],
        env={**_metaflow_environment(folder), **dict(variables)}, cwd=path.parent, capture_output=True,
        text=True, timeout=600,
    )  # fmt: skip


def _metaflow_environment(folder: Path) -> dict[str, str]:
    clean = _clean()
    own = {
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(folder), "METAFLOW_HOME": str(folder / "home"), "METAFLOW_USER": "tester", "HOME": str(folder),
        "METAFLOW_CARD_LOCALROOT": str(folder / "mf.cards"), **PYTHON,
        "PATH": os.path.dirname(metaflow_python()) + os.pathsep + clean.get("PATH", ""),  # the tasks of a gang are started as `python`
    }  # fmt: skip
    return {**clean, **own}


def _clean() -> dict[str, str]:
    return environment("METAFLOW_", "FLOWC_", "AWS_")


def with_flowc(case: Case, folder: Path) -> Outcome:
    """Runs the case with flowc. It writes only below `folder`."""
    words = ["--flow", flow_name(case.path), "--store", str(folder), "--run-id", "r", *case.arguments]
    done = _flowc("run", str(case.path), *words, variables=case.environment)
    command = [
        sys.executable,
        "-m",
        "tests.differential.flowc_side",
        str(case.path),
        flow_name(case.path),
        "r",
        str(folder),
    ]
    variables = {**_flowc_environment(), **dict(case.environment)}
    read = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=600)
    assert read.returncode == 0, read.stderr
    return Outcome(done.returncode == 0, json.loads(read.stdout.splitlines()[-1]), done.stdout + done.stderr)


def flowc_accepts(path: Path) -> bool:
    done = _flowc("check", str(path))
    assert done.returncode in (0, 1), done.stderr
    return done.returncode == 0


def _flowc(*arguments: str, variables: Iterable[tuple[str, str]] = ()) -> subprocess.CompletedProcess[str]:
    return started(arguments, os.getcwd(), {**_flowc_environment(), **dict(variables)}, PREFORK, seconds=300)


def _flowc_environment() -> dict[str, str]:
    return {**_clean(), **PYTHON, "METAFLOW_USER": "tester"}


# ── recordings ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def recorded(case: Case) -> Outcome:
    """Returns Metaflow's recorded outcome of the case."""
    place = RECORDED / f"{case.path.stem}.json"
    assert place.exists(), f"{place} is not there: python -m tests.differential.record {case.path.stem}"
    data = json.loads(place.read_text(encoding="utf-8"))[" ".join(case.arguments)]
    return Outcome(data["succeeded"], data["tasks"], "")


def difference(expected: Outcome, actual: Outcome, case: Case) -> list[str]:
    """Returns the differences between flowc's outcome and Metaflow's; none if they are equal.

    Of a failed run, only the tasks that both have finished are compared, since the others are chance.
    """
    lines = []
    if expected.succeeded != actual.succeeded:
        lines.append(
            f"Metaflow's run {'succeeds' if expected.succeeded else 'fails'}, flowc's {'succeeds' if actual.succeeded else 'fails'}"
        )
    ours, theirs = actual.without(case.aside), expected.without(case.aside)
    for task in sorted({*ours, *theirs}):
        if task not in ours or task not in theirs:
            if expected.succeeded and actual.succeeded:
                lines.append(f"task {task}: only with {'flowc' if task in ours else 'Metaflow'}")
            continue
        for name in sorted({*ours[task], *theirs[task]}):
            one, other = theirs[task].get(name, "not there"), ours[task].get(name, "not there")
            if one != other:
                lines.append(f"task {task}: {name}\n    Metaflow: {one}\n    flowc:    {other}")
    return lines
