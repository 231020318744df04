"""A record leads a person who has only the artifact to the code and packages that made it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flowc.runtime_shim.contract.errors import ShimError
from flowc.runtime_shim.store import open_store
from flowc.runtime_shim.task import environment

from flowc import __version__
from flowc.git import Checkout
from tests.support.faulty_s3 import BUCKET, faulty_s3
from tests.support.running import flowc, run

from ...support.container import Container

SOURCE = """
from metaflow import FlowSpec, step
import helper


class F(FlowSpec):
    @step
    def start(self):
        self.x = helper.VALUE
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    (work / "flow.py").write_text(SOURCE)
    (work / "helper.py").write_text("VALUE = 1\n")
    return work


def made_by(store: Path, what: str) -> dict[str, list[dict[str, Any]]]:
    return json.loads(flowc("dump", what, "--environment", "--json", "--store", str(store), check=True).stdout)  # type: ignore[no-any-return]


def test_a_local_run_names_its_environment_once(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    run(folder / "flow.py", store)
    (written,) = (store / "F" / "environments").iterdir()
    here = json.loads(written.read_bytes())
    assert here["packages"]["flowc"] == __version__ and here["packages"]["pytest"] == pytest.__version__
    records = [json.loads((store / "F" / "runs" / "r" / step / "-.json").read_bytes()) for step in ("start", "end")]
    assert [record["environment"]["digest"] for record in records] == [written.stem] * 2
    task = made_by(store, "r/end")["end"][0]
    assert task["packages"] == here["packages"] and task["code"].startswith("sha256:") and task["flowc"] == __version__
    text = flowc("dump", "r", "--environment", "--store", str(store), check=True).stdout
    assert (
        text.startswith("end, start\n")
        and f"pytest {pytest.__version__}" in " ".join(text.split())
        and ", commit " not in text
    )
    assert flowc("dump", "r/nothing", "--environment", "--store", str(store)).returncode == 1


def test_the_commit_and_whether_files_differ_from_it(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    git(folder, "init", "-q")
    (folder / ".gitignore").write_text(".flowc\n")
    git(folder, "add", "flow.py", ".gitignore")
    git(folder, "commit", "-qm", "one")
    commit = git(folder, "rev-parse", "HEAD").strip()
    files = ["flow.py", "helper.py"]
    assert Checkout(str(folder), files).found() == {"git": commit, "dirty": True}, "helper.py is not in the commit"
    git(folder, "add", "helper.py")
    assert Checkout(str(folder), files).found() == {"git": commit, "dirty": True}, "it is staged"
    git(folder, "commit", "-qm", "two")
    commit = git(folder, "rev-parse", "HEAD").strip()
    (folder / "notes").write_text("no file of the flow")
    run(folder / "flow.py", store, run_id="clean")
    (folder / "helper.py").write_text("VALUE = 2\n")
    run(folder / "flow.py", store, run_id="dirty")
    clean, dirty = (made_by(store, f"{run_id}/end")["end"][0] for run_id in ("clean", "dirty"))
    assert (clean["git"], clean["dirty"], dirty["git"], dirty["dirty"]) == (commit, False, commit, True)
    assert (
        f"commit {commit}, with uncommitted changes"
        in flowc("dump", "dirty", "--environment", "--store", str(store)).stdout
    )


def test_without_git_nothing_is_claimed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Checkout(str(folder), ["flow.py"]).found() == {}
    git(folder, "init", "-q")
    git(folder, "add", "flow.py")
    git(folder, "commit", "-qm", "one")
    monkeypatch.setenv("PATH", "/nowhere")
    assert set(Checkout(str(folder), ["flow.py"]).found()) == {"git"}


def test_a_resumed_task_leads_to_the_run_that_made_it(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    (folder / "flow.py").write_text(SOURCE.replace("        pass\n", "        raise ValueError\n"))
    run(folder / "flow.py", store, check=False)
    (folder / "flow.py").write_text(SOURCE)
    flowc("resume", str(folder / "flow.py"), "--store", str(store), "--run-id", "again", check=True)
    tasks = made_by(store, "again")
    assert (tasks["start"][0]["run"], tasks["end"][0]["run"]) == ("r", "again") and tasks["start"][0]["code"] != tasks[
        "end"
    ][0]["code"]


def test_in_containers_the_first_task_of_an_environment_writes_it(tmp_path: Path) -> None:
    with faulty_s3() as server:
        flow = Container(
            SOURCE.replace("import helper\n", "").replace("helper.VALUE", "1"),
            tmp_path,
            store=f"s3://{BUCKET}/r",
            env=server.environment,
        )
        for path in (tmp_path / "store").rglob("*.tar.gz"):
            server.objects[f"r/{path.relative_to(tmp_path / 'store')}"] = path.read_bytes()
        flow.task("start", "-")
        written = [name for name in server.objects if "/environments/" in name]
        assert len(written) == 1
        server.seen.clear()
        flow.task("end", "-")
        assert not [name for _, name in server.seen if "/environments/" in name], "the input's record names it"
        record = json.loads(server.objects["r/F/runs/r/end/-.json"])
        assert written == [f"r/F/environments/{record['environment']['digest']}.json"]


def test_the_client_tells_it(folder: Path, tmp_path: Path, client: Callable[[str], ModuleType]) -> None:
    run(folder / "flow.py", tmp_path / "store")
    task = client(str(tmp_path / "store")).Task("F/r/end/end")
    assert task.environment_info["packages"]["pytest"] == pytest.__version__ and "digest" not in task.environment_info


def test_names_of_metadata_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "scikit_learn-1.5.0.dist-info",
        "PyYAML-6.0.1.dist-info",
        "old-2.0-py3.9.egg-info",
        "odd.dist-info",
        "a-1+local.dist-info",
    ):
        (tmp_path / name).mkdir()
    monkeypatch.setattr("sys.path", [str(tmp_path), str(tmp_path / "nothing")])
    assert environment.here()["packages"] == {"a": "1+local", "old": "2.0", "pyyaml": "6.0.1", "scikit-learn": "1.5.0"}


@pytest.mark.parametrize(
    ("data", "message"), [(b"{", "is damaged"), (b'{"version": 9}', "has format 9, but this flowc reads format 1")]
)
def test_one_that_cannot_be_read(data: bytes, message: str, tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    store.put("F/environments/abc.json", data)
    with pytest.raises(ShimError, match=message):
        environment.read(store, "F", "abc")
    assert environment.read(store, "F", "other") is None
    assert os.listdir(tmp_path) == ["F"]
