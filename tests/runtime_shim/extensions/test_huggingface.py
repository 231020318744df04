"""`@huggingface_hub`: a repository is downloaded once and kept; a stand-in plays the package `huggingface_hub`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.running import artifacts, run

# Notes every download beside itself, and writes two files.
HUB = """
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

def snapshot_download(repo_id, *, local_dir, repo_type="model", revision=None, allow_patterns=None, force_download=False, token=None):
    with open(Path(__file__).with_name("downloads"), "a") as file:
        file.write(json.dumps([repo_id, repo_type, revision, allow_patterns, token]) + chr(10))
    folder = Path(local_dir)
    (folder / "deep").mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"id": repo_id, "revision": revision}))
    (folder / "deep" / "model.bin").write_bytes(b"w" * 1000)
    return local_dir
"""
FLOW = """
import os
from pathlib import Path
from metaflow import FlowSpec, current, huggingface_hub, model, step


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())


class {name}(FlowSpec):
    @huggingface_hub(cache_scope={scope!r})
    @step
    def start(self):
        hub = current.huggingface_hub
        self.bert = hub.snapshot_download(repo_id="org/bert", allow_patterns=["*.json"], token="secret")
        self.again = hub.snapshot_download(repo_id="org/bert", allow_patterns=["*.json"], token="secret") == self.bert
        with hub.load(repo_id="org/bert", revision="v2") as folder:
            self.inside = (files(folder), Path(folder, "config.json").read_text())
        self.gone = not os.path.exists(folder)
        with hub.load(repo_id="org/data", repo_type="dataset", path="{folder}/data") as folder:
            self.path = folder
        self.next(self.use)

    @huggingface_hub(cache_scope={scope!r}, load=["org/bert", ("org/small", "{folder}/small"), {{"repo_id": "org/big", "revision": "v9"}}])
    @model(load=["bert"])
    @step
    def use(self):
        loaded = current.huggingface_hub.loaded
        self.used = files(current.model.loaded["bert"])
        self.loaded = ["org/small" in loaded, "org/none" in loaded, loaded["org/small"], files(loaded["org/big"])]
        self.info = [loaded.info[name]["metadata"]["repo_type"] for name in ("org/bert", "org/big")]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def written(folder: Path, scope: str, name: str = "F") -> Path:
    (folder / "standins").mkdir(exist_ok=True)
    (folder / "standins" / "huggingface_hub.py").write_text(HUB)
    (folder / f"{name}.py").write_text(FLOW.format(scope=scope, folder=folder, name=name))
    return folder / f"{name}.py"


def downloads(folder: Path) -> list[object]:
    """What has been downloaded since this was asked last."""
    path = folder / "standins" / "downloads"
    found = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    path.unlink(missing_ok=True)
    return found


def test_references_and_folders(tmp_path: Path) -> None:
    env = {"PYTHONPATH": str(tmp_path / "standins")}
    run(written(tmp_path, "checkpoint"), tmp_path / "store", env=env)
    found = artifacts(tmp_path / "store", "end")
    both = ["config.json", "deep/model.bin"]
    assert (found["again"], found["gone"], found["path"]) == ("True", "True", repr(f"{tmp_path}/data"))
    assert found["inside"] == repr((both, '{"id": "org/bert", "revision": "v2"}'))
    assert (found["used"], found["info"]) == (repr(both), "['model', 'model']")
    assert found["loaded"] == repr([True, False, f"{tmp_path}/small", both])
    assert (tmp_path / "data" / "config.json").exists() and "secret" not in found["bert"]
    assert downloads(tmp_path) == [
        ["org/bert", "model", None, ["*.json"], "secret"], ["org/bert", "model", "v2", None, None],
        ["org/data", "dataset", None, None, None], ["org/bert", "model", None, None, None],
        ["org/small", "model", None, None, None], ["org/big", "model", "v9", None, None],
    ]  # fmt: skip
    run(tmp_path / "F.py", tmp_path / "store", env=env, run_id="second")
    assert downloads(tmp_path) == [], "a different run of the same user finds everything in the datastore"


@pytest.mark.parametrize(("scope", "in_f", "in_g"), [("checkpoint", 6, 6), ("flow", 6, 6), ("global", 6, 0)])
def test_who_shares_what_is_kept(
    tmp_path: Path, scope: str, in_f: int, in_g: int, client: Callable[[str], ModuleType]
) -> None:  # fmt: skip
    env = {"PYTHONPATH": str(tmp_path / "standins")}
    for name, expected in (("F", in_f), ("G", in_g)):
        run(written(tmp_path, scope, name), tmp_path / "store", env=env)
        assert len(downloads(tmp_path)) == expected
    assert [one.id for one in client(str(tmp_path / "store")).Metaflow().flows] == ["F", "G"]


def test_a_forced_download_and_a_missing_package(tmp_path: Path) -> None:
    flow = tmp_path / "flow.py"
    flow.write_text("""
from metaflow import FlowSpec, current, huggingface_hub, step


class F(FlowSpec):
    @huggingface_hub
    @step
    def start(self):
        for _ in range(2):
            self.bert = current.huggingface_hub.snapshot_download(repo_id="org/bert", force_download=True)
        self.next(self.end)

    @step
    def end(self):
        pass
""")
    written(tmp_path, "flow")
    run(flow, tmp_path / "store", env={"PYTHONPATH": str(tmp_path / "standins")})
    assert len(downloads(tmp_path)) == 2
    done = run(flow, tmp_path / "other", check=False)
    assert done.returncode == 1 and "No module named 'huggingface_hub'" in done.stdout + done.stderr
