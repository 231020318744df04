"""Base classes, wrappers and constants in installed packages: read where they lie, never imported, and never packed."""

from __future__ import annotations

import json
import os
import py_compile
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.support.environment import environment
from tests.support.running import LIMIT, Done, artifacts, flowc

BASE = """from metaflow import FlowSpec, Parameter, retry, step

from .wrappers import sturdy


class Base(FlowSpec):
    size = Parameter("size", default=3)

    @sturdy
    @step
    def start(self):
        self.value = self.size * 2
        self.next(self.end)

    @retry(times=2)
    @step
    def end(self):
        self.said = f"the end of {self.value}"
"""
WRAPPERS = """import functools

from metaflow import kubernetes, retry

IMAGE = "team:7"


def sturdy(step):
    return retry(times=3)(kubernetes(cpu=2)(step))


def sized(cpu=1, **more):
    return lambda step: kubernetes(cpu=cpu, **more)(step)


class Named:
    def __init__(self, times):
        self.times = times

    def __call__(self, step):
        return retry(times=self.times)(step)


def counted(function):
    @functools.wraps(function)
    def inner(self):
        self.counted = True
        return function(self)

    return inner


def registered(flow):
    flow.registered = True
    return flow
"""
ALL = "from teamkit import Base\n\n\nclass Whole(Base):\n    pass\n\n\nif __name__ == '__main__':\n    Whole()\n"
OWN = ALL.replace("class", "from metaflow import step\n\n\nclass").replace(
    "pass", "@step\n    def first(self):\n        pass"
)
FLOW = """from teamkit.wrappers import *
from teamkit.wrappers import IMAGE, Named, counted, registered, sized, sturdy
from metaflow import FlowSpec, kubernetes, step

{above}
class Example(FlowSpec):
    {deco}
    @step
    def start(self):
        self.value = 1
        self.next(self.end)

    @step
    def end(self):
        print(self.value)
"""


def package(folder: Path, name: str = "teamkit") -> Path:
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text("from .base import Base\n\nraise_if_imported = 1\n")
    (folder / name / "base.py").write_text(BASE)
    (folder / name / "wrappers.py").write_text(WRAPPERS)
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder like `site-packages`, with a package and what pip writes beside it."""
    folder = package(tmp_path / "site")
    told = folder / "team_kit-2.1.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: Team-Kit\nVersion: 2.1\n\nDescription\n")
    files = sorted(path.relative_to(folder).as_posix() for path in folder.glob("teamkit/*.py"))
    (told / "RECORD").write_text("".join(f"{file},sha256=x,1\n" for file in files))
    return folder


def run(words: str, folder: Path, site: Path, code: int = 0) -> str:
    done = flowc(*words.split(), cwd=folder, env={"PYTHONPATH": str(site)})
    return said(done, code)


def said(done: Done, code: int) -> str:
    assert done.returncode == code and "Traceback" not in done.stderr, done.stdout + done.stderr
    return done.stdout + done.stderr


def project(folder: Path, text: str) -> Path:
    (folder / "repository/.git").mkdir(parents=True)
    (folder / "repository/flow.py").write_text(text)
    return folder / "repository"


def shown(folder: Path, site: Path) -> dict[str, Any]:
    flow: dict[str, Any] = json.loads(run("show flow.py --json", folder, site))["flow"]
    return flow


def decorators(folder: Path, site: Path) -> list[str]:
    flow = shown(folder, site)
    return [each["name"] for each in flow["steps"][0]["decorators"]]


def test_a_base_class_is_read_and_runs(site: Path, tmp_path: Path) -> None:
    folder = project(tmp_path, ALL)
    flow = shown(folder, site)
    assert [step["name"] for step in flow["steps"]] == ["start", "end"]
    assert [each["name"] for each in flow["parameters"]] == ["size"]
    assert decorators(folder, site) == ["retry", "kubernetes"]
    run("run flow.py --store store --run-id r --size 4", folder, site)
    assert artifacts(folder / "store", "end")["said"] == "'the end of 8'"


def test_its_version_is_in_the_provenance_and_it_is_not_packed(site: Path, tmp_path: Path) -> None:
    folder = project(tmp_path, ALL)
    compiled = "compile flow.py --target {} --store s3://bucket/flows --output "
    for target in ("argo", "step-functions", "airflow"):
        text = run(compiled.format(target) + "-", folder, site)
        assert "package teamkit (Team-Kit 2.1, sha256:" in text
    run(compiled.format("argo") + "specs", folder, site)
    (archive,) = (folder / "specs/code").iterdir()
    listed = subprocess.run(["tar", "tzf", str(archive)], capture_output=True, text=True).stdout.split()
    assert listed == ["flow.py", "flowc.json"]


def test_a_changed_source_of_the_same_version_is_different_code(site: Path, tmp_path: Path) -> None:
    folder = project(tmp_path, ALL)
    before = shown(folder, site)["inputs"]
    (site / "teamkit/base.py").write_text(BASE.replace("* 2", "* 3"))
    assert shown(folder, site)["inputs"] != before


@pytest.mark.parametrize(
    "deco, expected",
    [
        ("@sturdy", ["retry", "kubernetes"]),
        ("@sized(cpu=3, memory=100)", ["kubernetes"]),
        ("@Named(times=4)", ["retry"]),
        ("@counted", []),
        ("@kubernetes(image=IMAGE)", ["kubernetes"]),
    ],
)
def test_wrappers_and_constants_are_followed(deco: str, expected: list[str], site: Path, tmp_path: Path) -> None:
    folder = project(tmp_path, FLOW.format(above="", deco=deco))
    assert decorators(folder, site) == expected
    assert "FLOW" not in run("check flow.py", folder, site)
    assert bool(shown(folder, site)["inputs"]) is bool(expected)  # what is plain Python decides nothing
    run("run flow.py --store store --run-id r", folder, site)


def test_a_class_decorator_that_is_read_is_no_mutator(site: Path, tmp_path: Path) -> None:
    folder = project(tmp_path, FLOW.format(above="@registered", deco="@counted"))
    assert "FLOW" not in run("check flow.py", folder, site)


def test_nothing_else_is_read(site: Path, tmp_path: Path) -> None:
    """A package that only the steps need may be as broken as it likes."""
    (site / "teamkit/wrappers.py").write_text("this is no Python\n")
    (site / "teamkit/__init__.py").write_text("nor is this\n")
    text = "import teamkit\nfrom teamkit.wrappers import x\nfrom metaflow import FlowSpec, step\n\n\nclass F(FlowSpec):\n    @step\n    def start(self):\n        teamkit.run(x)\n"
    folder = project(tmp_path, text)
    assert "FLOW" not in run("check flow.py", folder, site)


def test_a_package_installed_in_place_travels(tmp_path: Path) -> None:
    """With `pip install -e`: by a `.pth` file for a `src` layout, and by a finder for a flat one."""
    venv = tmp_path / "venv"
    python = venv / "bin/python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True, timeout=LIMIT)
    (site,) = venv.glob("lib/python3*/site-packages")
    outer = [each for each in sys.path if each.endswith("site-packages")]
    (site / "outer.pth").write_text("".join(f"import site; site.addsitedir({each!r})\n" for each in outer))
    for layout in ("src", "."):
        name = "in_src" if layout == "src" else "in_flat"
        home = tmp_path / name
        package(home / layout, name)
        (home / "pyproject.toml").write_text(
            f'[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n[project]\nname = "{name}"\nversion = "1"\n'
        )
        options = ("--no-index", "--no-build-isolation", "--no-deps", "--quiet", "-e", str(home))
        pip = [sys.executable, "-m", "pip", "--python", str(python), "install", *options]
        done = subprocess.run(pip, capture_output=True, text=True, timeout=LIMIT)
        assert done.returncode == 0, done.stdout + done.stderr
        folder = project(tmp_path / f"of_{name}", ALL.replace("teamkit", name))
        words = "compile flow.py --target argo --store s3://bucket/flows --output specs"
        env = environment("FLOWC_", "AWS_", "PYTHONPATH")
        done = subprocess.run(
            [str(python), "-m", "flowc", *words.split()], cwd=folder, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        (archive,) = (folder / "specs/code").iterdir()
        listed = subprocess.run(["tar", "tzf", str(archive)], capture_output=True, text=True).stdout.split()
        assert f"{name}/base.py" in listed and f"{name}/wrappers.py" in listed, listed
        words = "run flow.py --store store --run-id r"
        done = subprocess.run(
            [str(python), "-m", "flowc", *words.split()], cwd=folder, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_namespace_package_is_read(tmp_path: Path) -> None:
    package(tmp_path / "one/acme")
    package(tmp_path / "two/acme", "other")
    for name in ("one", "two"):
        (tmp_path / name / "x-1.dist-info").mkdir()
    folder = project(tmp_path, ALL.replace("teamkit", "acme.other"))
    both = Path(f"{tmp_path / 'one'}{os.pathsep}{tmp_path / 'two'}")
    assert decorators(folder, both) == ["retry", "kubernetes"]
    run("run flow.py --store store --run-id r", folder, both)


# ── what cannot be read ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_package_that_is_not_installed_is_named(tmp_path: Path) -> None:
    for number, flow in enumerate((OWN, ALL)):  # with and without steps of its own
        text = run("check flow.py", project(tmp_path / str(number), flow), tmp_path / "nowhere", 1)
        assert text.count("error[") == 1 and ("FLOW105", "FLOW101")[number] in text
        assert (
            "`teamkit` is neither beside the flow" in text and "`pip install …`" in text and "`--source-root`" in text
        )


def test_a_package_without_source_says_so(site: Path, tmp_path: Path) -> None:
    for file in ("__init__.py", "base.py", "wrappers.py"):
        py_compile.compile(str(site / "teamkit" / file), str(site / "teamkit" / f"{file}c"))
        (site / "teamkit" / file).unlink()
    text = run("check flow.py", project(tmp_path, OWN), site, 1)
    assert "FLOW105" in text and "`teamkit` is installed without its source" in text


def test_an_archive_says_so(site: Path, tmp_path: Path) -> None:
    egg = tmp_path / "teamkit-2.1.egg"
    with zipfile.ZipFile(egg, "w") as file:
        for path in (site / "teamkit").glob("*.py"):
            file.write(path, f"teamkit/{path.name}")
    text = run("check flow.py", project(tmp_path, OWN), egg, 1)
    assert "FLOW105" in text and "is installed in an archive" in text and "teamkit-2.1.egg" in text


def test_a_class_that_is_not_there_is_named(site: Path, tmp_path: Path) -> None:
    folder = project(tmp_path, OWN.replace("teamkit import Base", "teamkit.base import Bass as Base"))
    text = run("check flow.py", folder, site, 1)
    assert "FLOW105" in text and "`teamkit.base` has no statement `class Bass`" in text


def test_a_syntax_error_is_told_with_its_file(site: Path, tmp_path: Path) -> None:
    (site / "teamkit/base.py").write_text("class Base(:\n")
    text = run("check flow.py", project(tmp_path, OWN), site, 1)
    assert "FLOW105" in text and "`teamkit/base.py` cannot be read" in text


def test_a_syntax_error_behind_a_decorator_is_no_error(site: Path, tmp_path: Path) -> None:
    """The decorator may be plain Python, in a Python that this one cannot read."""
    (site / "teamkit/wrappers.py").write_text("def counted(:\n")
    text = run("check flow.py", project(tmp_path, FLOW.format(above="", deco="@counted")), site)
    assert "error" not in text


def test_circular_imports_and_bases_end(site: Path, tmp_path: Path) -> None:
    (site / "teamkit/base.py").write_text("from .wrappers import Other\n\n\nclass Base(Other):\n    pass\n")
    (site / "teamkit/wrappers.py").write_text("from .base import Base\n\n\nclass Other(Base):\n    pass\n")
    text = run("check flow.py", project(tmp_path, ALL), site, 1)
    assert "FLOW101" in text or "inherits from itself" in text
    (site / "teamkit/wrappers.py").write_text("from .base import Other as Other\n")
    (site / "teamkit/base.py").write_text("from .wrappers import Other as Base\nfrom .wrappers import Other\n")
    run("check flow.py", project(tmp_path / "second", ALL), site, 1)


def test_modules_that_import_one_another_are_read(site: Path, tmp_path: Path) -> None:
    (site / "teamkit/wrappers.py").write_text("from . import base\n" + WRAPPERS)
    assert decorators(project(tmp_path, ALL), site) == ["retry", "kubernetes"]


@pytest.mark.parametrize("head", ["if True:", "try:"])
def test_a_class_in_one_branch_counts(head: str, site: Path, tmp_path: Path) -> None:
    text = BASE.replace("class Base", f"{head}\n  class Base").replace("\n    ", "\n      ")
    tail = "\nexcept ImportError:\n    pass\n" if head == "try:" else ""
    (site / "teamkit/base.py").write_text(text + tail)
    assert decorators(project(tmp_path, ALL), site) == ["retry", "kubernetes"]


def test_a_class_in_several_branches_is_refused(site: Path, tmp_path: Path) -> None:
    text = "import sys\nfrom metaflow import FlowSpec\n\nif sys.version_info >= (3, 12):\n    class Base(FlowSpec):\n        pass\nelse:\n    class Base(FlowSpec):\n        pass\n"
    (site / "teamkit/base.py").write_text(text)
    folder = project(tmp_path, ALL)
    assert "is defined in several branches of `teamkit/base.py`" in run("check flow.py", folder, site, 1)


def test_symlink_loops_end(site: Path, tmp_path: Path) -> None:
    (site / "teamkit/again").symlink_to(site / "teamkit", target_is_directory=True)
    (site / "loop").symlink_to(site / "loop")
    (site / "teamkit/looped.py").symlink_to(site / "teamkit/looped.py")
    folder = project(tmp_path, ALL.replace("teamkit import Base", "teamkit.again.again.base import Base"))
    assert decorators(folder, site) == ["retry", "kubernetes"]
    folder = project(tmp_path / "second", OWN.replace("teamkit import", "teamkit.looped import"))
    assert "FLOW105" in run("check flow.py", folder, site, 1)
    folder = project(tmp_path / "third", OWN.replace("teamkit import", "loop import"))
    assert "FLOW105" in run("check flow.py", folder, site, 1)


def test_a_mutator_of_a_package_is_known_as_one(site: Path, tmp_path: Path) -> None:
    mutator = "from metaflow import FlowMutator\n\n\nclass registered(FlowMutator):\n    def mutate(self, flow):\n        for _, step in flow.steps:\n            step.add_decorator('retry', deco_kwargs={'times': 2})\n"
    (site / "teamkit/wrappers.py").write_text(WRAPPERS.partition("def registered")[0] + mutator)
    folder = project(tmp_path, FLOW.format(above="@registered()", deco="@counted"))
    assert "FLOW140" in run("check flow.py", folder, site, 1)
    assert "@retry(times=2)" in run("show flow.py --run-mutators", folder, site)


def test_the_source_beside_the_flow_comes_first(site: Path, tmp_path: Path) -> None:
    folder = project(tmp_path, ALL)
    package(folder)
    assert shown(folder, site)["inputs"] == []
    shutil.rmtree(folder / "teamkit")
    assert shown(folder, site)["inputs"] != []
