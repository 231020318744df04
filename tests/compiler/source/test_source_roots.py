"""Source roots: modules are read from them, packed and imported. The corpus shows the ways to name some."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flowc.compiler.fast_start.record import replace
from flowc.compiler.options.compile_inputs import NOTHING
from flowc.compiler.package.archive import build
from flowc.compiler.pipeline import Program, load
from flowc.compiler.report.diagnostics import Refused
from flowc.compiler.source import roots as declared_roots
from flowc.compiler.source.roots import holds_installed_packages
from flowc.compiler.source.sources import Sources

from tests.support.container import Container
from tests.support.running import flowc

FLOW = """import sys
from pathlib import Path
sys.path.append(str(Path(__file__).parent.parent / "src"))
import os
from common.base import Base
from metaflow import step

class F(Base):
    @step
    def end(self):
        self.b = self.a + 1
"""
BASE = """from metaflow import FlowSpec, step
from . import values

class Base(FlowSpec):
    @step
    def start(self):
        self.a = values.ONE
        self.next(self.end)
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    files = {
        "flows/flow.py": FLOW,
        "src/common/__init__.py": "",
        "src/common/base.py": BASE,
        "src/common/values.py": "ONE = 1\n",
    }
    for name, text in files.items():
        (tmp_path / "repository" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "repository" / name).write_text(text)
    return tmp_path / "repository"


def program(repository: Path, *roots: Path) -> Program:
    return load(str(repository / "flows" / "flow.py"), options=replace(NOTHING, roots=tuple(map(str, roots))))


def test_modules_of_a_root_are_packed_under_their_import_names(repository: Path) -> None:
    loaded = program(repository)
    assert sorted(loaded.files) == ["common/__init__.py", "common/base.py", "common/values.py", "flow.py"]
    assert loaded.places["common/base.py"] == "../src/common/base.py"


def test_the_package_is_the_same_bytes_wherever_the_repository_is(repository: Path, tmp_path: Path) -> None:
    other = tmp_path / "somewhere" / "else"
    shutil.copytree(repository, other)
    one, two = (build(loaded.flow, loaded.scope, loaded.files) for loaded in (program(repository), program(other)))
    assert one.digest == two.digest


def test_a_task_runs_from_the_code_package_alone(repository: Path) -> None:
    container = Container(FLOW, repository / "flows")
    shutil.rmtree(repository / "src")
    container.task("start")
    container.task("end")
    assert sorted(container.record("end")["artifacts"]) == ["a", "b"]


@pytest.mark.parametrize("isolation", ["auto", "process"])
def test_a_local_run_imports_from_the_root(repository: Path, tmp_path: Path, isolation: str) -> None:
    (repository / "flows" / "flow.py").write_text(FLOW.replace("sys.path.append", "print"))
    words = ["run", "flows/flow.py", "--source-root", "src", "--store", str(tmp_path / "store"), "--run-id", "r"]
    done = flowc(*words, "--isolation", isolation, cwd=repository, check=True)
    assert "succeeded" in done.stdout
    assert "2" in flowc("dump", "r/end", "b", "--store", str(tmp_path / "store"), cwd=repository, check=True).stdout


def test_a_diagnostic_names_the_file_in_its_root(repository: Path) -> None:
    (repository / "src/common/base.py").write_text(BASE.replace("self.end", "self.edn"))
    done = flowc("check", "flows/flow.py", cwd=repository)
    assert done.returncode == 1
    assert "src/common/base.py:8:" in done.stderr + done.stdout


def test_a_step_of_a_root_is_placed_there_by_targets_too(repository: Path) -> None:
    (repository / "src/common/base.py").write_text(
        BASE.replace("    @step", "    @batch\n    @step").replace("step\n", "batch, step\n", 1)
    )
    done = flowc("check", "flows/flow.py", "--target", "argo", "--store", "s3://b/f", cwd=repository)
    assert "src/common/base.py" in done.stderr + done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["lock", "flows/flow.py", "--check"],
        ["environment", "build", "flows/flow.py", "--output", "out"],
        ["show", "flows/flow.py"],
        ["run", "flows/flow.py", "--environments", "on"],
    ],
    ids=lambda words: words[0],
)
def test_every_command_names_the_file_in_its_root(repository: Path, words: list[str]) -> None:
    above = "    @pypi(packages={'a': '1.0'})\n    @card(id='a b')\n    @step"
    text = BASE.replace("    @step", above).replace("step\n", "card, pypi, step\n", 1)
    (repository / "src/common/base.py").write_text(text)
    done = flowc(*words, cwd=repository)
    printed = done.stderr + done.stdout
    assert "--> src/common/base.py:" in printed and "|     @" in printed, printed
    assert "--> common" not in printed and "--> flows/common" not in printed


def test_the_flow_s_folder_comes_first(repository: Path) -> None:
    shutil.copytree(repository / "src/common", repository / "flows/common")
    (repository / "flows/common/values.py").write_text("ONE = 100\n")
    assert program(repository).files["common/values.py"] == b"ONE = 100\n"


def test_the_first_root_that_has_a_package_gives_all_of_it(repository: Path) -> None:
    (repository / "other/common").mkdir(parents=True)
    (repository / "other/common/extra.py").write_text("")
    (repository / "flows/flow.py").write_text(FLOW + "\nimport common.extra\n")
    assert "common/extra.py" not in program(repository, repository / "other").files
    (repository / "src/common/__init__.py").unlink()  # folders without it are one package
    assert "common/extra.py" in program(repository, repository / "other").files


def test_no_root_gives_the_api_or_the_library(repository: Path) -> None:
    for name in ("metaflow", "flowc", "os", "json"):
        (repository / "src" / name).mkdir()
        (repository / "src" / name / "__init__.py").write_text("raise SystemExit\n")
    assert not [file for file in program(repository).files if file.startswith(("metaflow", "flowc/", "os", "json"))]


def test_links_do_not_lead_out_of_the_roots(repository: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.py"
    secret.write_text("KEY = 1\n")
    (repository / "src/common/key.py").symlink_to(secret)
    (repository / "src/key.py").symlink_to(secret)
    (repository / "flows/flow.py").write_text(FLOW + "\nimport key\nimport common.key\n")
    assert not any(b"KEY" in content for content in program(repository).files.values())


def test_loops_of_links_end(repository: Path) -> None:
    (repository / "src/common/again").symlink_to(repository / "src/common")
    (repository / "src/loop.py").symlink_to(repository / "src/loop.py")
    (repository / "src/around").symlink_to(repository / "src")
    (repository / "flows/flow.py").write_text(FLOW + "\nimport loop\nimport around.around\n")
    assert len(program(repository).files) == 4


def test_a_root_is_never_listed(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A root may hold a million files. Only packages that the flow imports are listed."""
    listed: list[str] = []
    listdir = os.listdir

    def watched(path: str) -> list[str]:
        listed.append(os.path.normpath(path))
        return listdir(path)

    monkeypatch.setattr(os, "listdir", watched)
    program(repository, repository)
    assert [folder for folder in listed if folder.startswith(str(repository))] == [str(repository / "src/common")]


def test_a_broken_module_counts_only_if_it_is_imported(repository: Path) -> None:
    (repository / "src/common/broken.py").write_text("def (:\n")
    assert program(repository).files["common/broken.py"] == b"def (:\n"
    (repository / "src/common/values.py").write_text("ONE = 1\nfrom . import broken\n")
    with pytest.raises(Refused) as refused:
        program(repository)
    place = refused.value.diagnostics[0].span
    assert place is not None and place.file == "../src/common/broken.py"


def test_installed_packages_are_no_source(repository: Path) -> None:
    (repository / "lib/site-packages/installed").mkdir(parents=True)
    (repository / "lib/site-packages/installed/__init__.py").write_text("")
    (repository / "flows/flow.py").write_text(FLOW + "\nimport installed\n")
    assert "installed/__init__.py" not in program(repository, repository / "lib/site-packages").files


LAYOUTS = {
    '[project]\nname = "a"\n': ["src", "."],
    '[tool.setuptools]\npackage-dir = {"" = "lib"}\n[build-system]\n': ["lib", "src", "."],
    '[tool.setuptools]\npackage-dir = {"a.b" = "code/a/b"}\n[build-system]\n': ["code", "src", "."],
    '[tool.hatch.build.targets.wheel]\npackages = ["lib/a"]\n[build-system]\n': ["lib", "src", "."],
    '[tool.hatch.build]\nsources = ["lib"]\n[build-system]\n': ["lib", "src", "."],
    '[tool.pdm.build]\npackage-dir = "lib"\n[build-system]\n': ["lib", "src", "."],
    '[tool.uv.build-backend]\nmodule-root = "lib"\n[build-system]\n': ["lib", "src", "."],
    '[tool.maturin]\npython-source = "lib"\n[build-system]\n': ["lib", "src", "."],
    '[tool.uv.workspace]\nmembers = ["code", "members/*"]\n': ["src", ".", "members/one"],
    "[tool.black]\n": [],
    '[project]\nname = "a"\n[tool.setuptools.packages.find]\nwhere = [7, "\\u0000", "/"]\n': ["src", "."],
    "[project\npackages where": [],
}


@pytest.mark.parametrize(
    "text", LAYOUTS, ids=[text.split("]")[0].strip("[") + str(at) for at, text in enumerate(LAYOUTS)]
)
def test_what_a_project_declares(tmp_path: Path, text: str) -> None:
    for folder in ("flows", "src", "lib", "code/a/b", "members/one"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "members/one/pyproject.toml").write_text("[project]\n")
    (tmp_path / "pyproject.toml").write_text(text)
    below = [os.path.relpath(folder, tmp_path) for folder in _below(tmp_path)]
    assert below == LAYOUTS[text]


def _below(folder: Path) -> Iterator[str]:
    yield from (root for root in declared_roots.declared(str(folder / "flows")) if root.startswith(str(folder)))


def test_a_missing_name_is_looked_for_again_when_roots_are_added(repository: Path) -> None:
    sources = Sources(str(repository / "flows"), "flow.py")
    assert sources.module("common.base") is None
    sources.add_roots([str(repository / "src")])
    assert sources.module("common.base") is not None


def test_a_folder_of_installed_packages_is_no_root(tmp_path: Path) -> None:
    """`pip install --target` makes a folder for PYTHONPATH that is not called `site-packages`. An editable project has an `.egg-info`."""
    (tmp_path / "target" / "numpy-2.0.dist-info").mkdir(parents=True)
    (tmp_path / "src" / "mine.egg-info").mkdir(parents=True)
    assert holds_installed_packages(str(tmp_path / "target")) and not holds_installed_packages(str(tmp_path / "src"))
    assert not holds_installed_packages(str(tmp_path / "missing"))
