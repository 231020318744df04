"""`@model`: what one step saves, later steps, other flows and scripts load."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.running import artifacts, flowc, run

FLOW = """
import os
from pathlib import Path
from metaflow import FlowSpec, current, delete_model, load_model, model, step

ROOT = Path({root!r})


class F(FlowSpec):
    @model
    @step
    def start(self):
        (ROOT / "trained" / "deep").mkdir(parents=True)
        (ROOT / "trained" / "deep" / "weights").write_text("best")
        (ROOT / "one").write_text("file")
        self.best = current.model.save(ROOT / "trained", label="best", metadata={{"epoch": 3}})
        self.one = current.model.save(str(ROOT / "one"), storage_format="files")
        self.key = self.best["key"]
        self.saved = [self.best[name] for name in ("type", "label", "metadata", "storage_format", "pathspec", "attempt")]
        self.next(self.use)

    @model(load=["best", ("one", {there!r}), "key"], temp_dir_root={temporary!r})
    @step
    def use(self):
        loaded = current.model.loaded
        self.read = [
            Path(loaded["best"], "deep", "weights").read_text(), Path(loaded["one"], "one").read_text(),
            Path(loaded["key"], "deep", "weights").read_text(), Path(current.model.load(self.key), "deep", "weights").read_text(),
            loaded["one"] == {there!r}, loaded["best"].startswith({temporary!r}), "best" in loaded, "other" in loaded,
            loaded.info["best"]["metadata"], list(loaded)[:3], len(loaded),
        ]
        folder = loaded["best"]
        loaded.cleanup("best")
        self.cleaned = ("best" in loaded, os.path.exists(folder))
        self.next(self.end)

    @model(load="absent_one", best_effort_load=True)
    @step
    def end(self):
        load_model(self.one, ROOT / "again")
        self.again = (ROOT / "again" / "one").read_text()
        delete_model(self.one["key"])
        try:
            load_model(self.one, ROOT / "again")
        except Exception as error:
            self.error = type(error).__name__
        self.left = "absent_one" in current.model.loaded
"""


def test_saved_loaded_and_deleted(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(
        FLOW.format(root=str(tmp_path), there=str(tmp_path / "there"), temporary=str(tmp_path / "temporary"))
    )
    run(tmp_path / "flow.py", tmp_path / "store")
    found = artifacts(tmp_path / "store", "end")
    assert found["saved"] == repr(["model", "best", {"epoch": 3}, "tar", "F/r/start/start", 0])
    assert found["read"] == repr(
        ["best", "file", "best", "best", True, True, True, False, {"epoch": 3}, ["best", "one", "key"], 4]
    )
    assert found["cleaned"] == "(False, False)"
    assert (found["again"], found["error"], found["left"]) == ("'file'", "'LoadingException'", "False")
    assert list((tmp_path / "temporary").iterdir()) == [], "temporary folders are deleted"
    assert (tmp_path / "there" / "one").exists(), "a path that the flow names stays"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("None", "artifact `best`: @model loads it, but it is not set"),
        ("7", "artifact `best`: a reference must be a key"),
        ('{"a": 1}', "artifact `best`: this dictionary is not a reference"),
        ('"F/models/none"', "artifact `best`: nothing is saved under the key 'F/models/none'"),
    ],
)
def test_what_cannot_be_loaded_fails_the_step_before_it_begins(tmp_path: Path, value: str, said: str) -> None:
    source = f"""
from metaflow import FlowSpec, model, step


class F(FlowSpec):
    @step
    def start(self):
        self.best = {value}
        self.next(self.end)

    @model(load="best")
    @step
    def end(self):
        print("began")
"""
    (tmp_path / "flow.py").write_text(source)
    done = run(tmp_path / "flow.py", tmp_path / "store", check=False)
    text = done.stdout + done.stderr
    assert done.returncode == 1 and f"LoadingException: {said}" in text and "] began" not in text


def test_loaded_artifacts_are_read_by_the_step(tmp_path: Path) -> None:
    """So tasks fetch them ahead, and `--cache` knows that the result depends on them."""
    (tmp_path / "flow.py").write_text(
        FLOW.format(root=str(tmp_path), there=str(tmp_path / "there"), temporary=str(tmp_path / "temporary"))
    )
    steps = json.loads(flowc("show", str(tmp_path / "flow.py"), "--json").stdout)["flow"]["steps"]
    reads = {step["name"]: step["reads"] for step in steps}
    assert {"best", "one", "key"} <= set(reads["use"]) and "absent_one" in reads["end"]


def test_the_item_of_a_foreach(tmp_path: Path) -> None:
    """`input` is no artifact, but loads as one."""
    source = f"""
from pathlib import Path
from metaflow import FlowSpec, current, model, step


class F(FlowSpec):
    @model
    @step
    def start(self):
        self.references = []
        for number in range(2):
            Path({str(tmp_path)!r}, "w").write_text(str(number))
            self.references.append(current.model.save(Path({str(tmp_path)!r}, "w")))
        self.next(self.read, foreach="references")

    @model(load=["input"])
    @step
    def read(self):
        self.text = Path(current.model.loaded["input"], "w").read_text()
        self.next(self.join)

    @step
    def join(self, inputs):
        self.texts = [one.text for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""
    (tmp_path / "flow.py").write_text(source)
    assert json.loads(flowc("check", str(tmp_path / "flow.py"), "--format", "json").stdout)["diagnostics"] == []
    run(tmp_path / "flow.py", tmp_path / "store")
    assert artifacts(tmp_path / "store", "end")["texts"] == "['0', '1']"
    steps = json.loads(flowc("show", str(tmp_path / "flow.py"), "--json").stdout)["flow"]["steps"]
    assert next(step["reads"] for step in steps if step["name"] == "read") == ["references"]
