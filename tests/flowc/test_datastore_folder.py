"""The datastore of a run for which nobody names one; the commands find it too."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flowc.datastore import folder_of, is_found_here
from tests.support.running import flowc

FLOW = """
from metaflow import Flow, FlowSpec, step

class {name}(FlowSpec):
    @step
    def start(self):
        self.x = {value}
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    {name}()
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("FLOWC_STORE", raising=False)
    for name, value in (("one", "5"), ("two", "Flow('One').latest_successful_run['end'].task.data.x + 1")):
        (tmp_path / "project" / name).mkdir(parents=True)
        (tmp_path / "project" / name / f"{name}.py").write_text(FLOW.format(name=name.title(), value=value))
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def test_flows_in_folders_below_see_each_other_s_runs(project: Path) -> None:
    """Like Metaflow's tutorials, of which one reads the results of a second."""
    for name in ("one", "two"):
        done = flowc("run", f"{name}/{name}.py", "--run-id", name, cwd=project)
        assert done.returncode == 0 and "--store" not in done.stdout, done.stderr
    assert sorted(path.name for path in (project / ".flowc").iterdir()) == ["One", "Two"] and not list(
        project.glob("*/.flowc")
    )
    assert flowc("dump", "two/end/-", "x", cwd=project).stdout.strip().endswith("6")
    assert "two" in flowc("runs", cwd=project).stdout


def test_where(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below, elsewhere = project / "one" / "one.py", project.parent / "flow.py"
    assert folder_of("one/one.py") == folder_of(str(below)) == str(project / ".flowc") and not is_found_here(
        str(project / ".flowc")
    )
    assert folder_of(str(elsewhere)) == str(project.parent / ".flowc"), "it is not below this folder"
    (project.parent / ".flowc").mkdir()
    assert folder_of(str(below)) == str(project.parent / ".flowc") and is_found_here(str(project.parent / ".flowc"))
    (project / "one" / ".flowc").mkdir()
    assert folder_of(str(below)) == str(project / "one" / ".flowc"), "where its runs are already"
    assert not is_found_here(str(project / "one" / ".flowc"))
    monkeypatch.chdir(project / "one")
    assert folder_of("one.py") == os.path.join(os.getcwd(), ".flowc") and is_found_here(folder_of("one.py"))
