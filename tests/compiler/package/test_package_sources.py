"""`@package_sources`: the files that come into the code package, and those that cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowc.compiler.pipeline import Program, load
from flowc.compiler.report.diagnostics import Refused

from tests.support.running import flowc

FLOW = """from metaflow import FlowSpec, package_sources, step


class Base(FlowSpec):
    pass


{above}
class Train(Base):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "shared/a.py",
        "shared/deep/b.py",
        "shared/data.json",
        "shared/.hidden.py",
        "shared/.git/c.py",
        "client/x.py",
        "flows/own/a.py",
        "one.R",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"# {name}\n")
    return tmp_path


def program(folder: Path, above: str) -> Program:
    (folder / "flows" / "flow.py").write_text(FLOW.format(above=above))
    return load(str(folder / "flows" / "flow.py"))


@pytest.mark.parametrize(
    ("above", "files"),
    [
        ("@package_sources('../shared')", "shared/a.py shared/deep/b.py"),
        ("@package_sources(['../shared', ('../client', 'vendor/client')], suffixes=['.py', 'json'])",
         "shared/a.py shared/data.json shared/deep/b.py vendor/client/x.py"),
        ("@package_sources(('../client', 'vendor'))", "vendor/x.py"),
        ("@package_sources('../client', arcname='lib/client')", "lib/client/x.py"),
        ("@package_sources('../one.R')\n@package_sources(sources='../client', suffixes='py,txt')", "one.R client/x.py"),
    ],
)  # fmt: skip
def test_what_comes_into_the_package(above: str, files: str, folder: Path) -> None:
    loaded = program(folder, above)
    assert sorted(loaded.files) == sorted([*files.split(), "flow.py"])
    assert sorted(entry.name for entry in loaded.flow.inputs) == sorted(files.split()) and all(
        entry.digest for entry in loaded.flow.inputs
    )
    assert not loaded.diagnostics


def test_the_flow_s_own_files_win(folder: Path) -> None:
    (folder / "flows" / "flow.py").write_text(
        "import own.a\n" + FLOW.format(above="@package_sources('../shared', arcname='own')")
    )
    (folder / "flows" / "own" / "__init__.py").write_text("")
    loaded = load(str(folder / "flows" / "flow.py"))
    assert (
        loaded.files["own/a.py"] == b"# flows/own/a.py\n" and loaded.files["own/deep/b.py"] == b"# shared/deep/b.py\n"
    )


@pytest.mark.parametrize(
    ("above", "code", "message"),
    [
        ("@package_sources('../nowhere')", "FLOW121", "there is no `../nowhere`"),
        ("@package_sources(['../shared', '../client'], arcname='x')", "FLOW121", "one source"),
        ("@package_sources('../shared', arcname='../x')", "FLOW121", "is not a path in the code package"),
        ("@package_sources(3)", "FLOW121", "names no files"),
        ("@package_sources('../shared', suffixes=3)", "FLOW121", "must be texts"),
        ("@package_sources(open('list').read())", "FLOW120", "`sources`"),
        ("@package_sources('../shared', arcnam='x')", "FLOW113", "arcnam"),
    ],
)
def test_what_cannot_be(above: str, code: str, message: str, folder: Path) -> None:
    with pytest.raises(Refused) as refused:
        program(folder, above)
    assert [diagnostic.code for diagnostic in refused.value.diagnostics] == [code]
    assert message in refused.value.diagnostics[0].what


def test_a_run_has_nothing_to_do_with_it(folder: Path) -> None:
    program(folder, "@package_sources('../shared')")
    done = flowc("run", str(folder / "flows" / "flow.py"), "--store", str(folder / "store"))
    assert not done.returncode, done.stderr
