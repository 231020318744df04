"""`flowc run --cache` never reuses a result of different code, inputs or environment: each is changed in turn."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flowc.compiler.ir.json_form import to_json
from flowc.runtime_shim.contract.graph import Graph
from flowc.runtime_shim.local import reuse
from flowc.runtime_shim.store import open_store

from tests.support.building import program_of
from tests.support.running import artifacts, run

SOURCE = """
import os
from metaflow import Config, FlowSpec, IncludeFile, Parameter, environment, secrets, step
import helper, package.inside, elsewhere

CONSTANT = 1


class F(FlowSpec):
    given = Parameter("given", default=1)
    text = IncludeFile("text", default="text.txt")
    settings = Config("settings", default="settings.json")
    attribute = 1

    @environment(vars={"OF_THE_STEP": "1"})
    @step
    def start(self):
        self.found = [
            helper.VALUE, package.inside.VALUE, elsewhere.VALUE, CONSTANT, self.attribute, self.given, self.text, self.settings.value,
            os.environ["OF_THE_STEP"],
        ]
        self.next(self.end)

    @step
    def end(self):
        self.copy = list(self.found)
"""


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    # Python tells by the second and the size whether what it has compiled is still true
    later = path.stat().st_mtime + 2
    os.utime(path, (later, later))


def an_installed_version(work: Path) -> None:
    (work / "path" / "thing-1.0.dist-info").rename(work / "path" / "thing-2.0.dist-info")


CHANGES: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "a helper": (lambda work: edit(work / "helper.py", "1", "2"), []),
    "a module of a package": (lambda work: edit(work / "package" / "inside.py", "1", "2"), []),
    "a module on PYTHONPATH": (lambda work: edit(work / "path" / "elsewhere.py", "1", "2"), []),
    "an installed version": (an_installed_version, []),
    "a constant": (lambda work: edit(work / "flow.py", "CONSTANT = 1", "CONSTANT = 2"), []),
    "a class attribute": (lambda work: edit(work / "flow.py", "attribute = 1", "attribute = 2"), []),
    "a variable of the step": (lambda work: edit(work / "flow.py", '"OF_THE_STEP": "1"', '"OF_THE_STEP": "2"'), []),
    "an included file": (lambda work: edit(work / "text.txt", "1", "2"), []),
    "another included file": (lambda work: (work / "other.txt").write_text("2"), ["--text", "other.txt"]),
    "a config's file": (lambda work: edit(work / "settings.json", "1", "2"), []),
    "a config's value": (lambda work: None, ["--config-value", "settings", '{"value": 2}']),
    "a parameter": (lambda work: None, ["--given", "2"]),
    "its default": (lambda work: edit(work / "flow.py", '"given", default=1', '"given", default=2'), []),
}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of the flow, which has run once."""
    work = tmp_path_factory.mktemp("made")
    (work / "path" / "thing-1.0.dist-info").mkdir(parents=True)
    (work / "package").mkdir()
    for name, text in (
        ("flow.py", SOURCE), ("helper.py", "VALUE = 1\n"), ("package/__init__.py", ""), ("package/inside.py", "VALUE = 1\n"),
        ("path/elsewhere.py", "VALUE = 1\n"), ("text.txt", "1"), ("settings.json", '{"value": 1}'),
    ):  # fmt: skip
        (work / name).write_text(text)
    cached(work, "first")
    return work


def cached(work: Path, run_id: str, *words: str) -> set[str]:
    """Returns the steps whose results were reused."""
    env = {"PYTHONPATH": os.pathsep.join([str(work / "path"), *filter(None, [os.environ.get("PYTHONPATH")])])}
    words = tuple(str(work / word) if word.endswith(".txt") else word for word in words)
    done = run(work / "flow.py", work / "store", "--cache", *words, run_id=run_id, env=env)
    return {step for step in ("start", "end") if f"[{step}] reused from run" in done.stdout}


def test_nothing_has_changed(original: Path) -> None:
    assert cached(original, "second") == {"start", "end"}


@pytest.mark.parametrize("what", CHANGES)
def test_what_decides_a_result(what: str, original: Path, tmp_path: Path) -> None:
    import shutil

    work = tmp_path / "work"
    shutil.copytree(original, work, copy_function=shutil.copy2)
    cached(work, "moved")  # the folder on PYTHONPATH is a different one
    assert cached(work, "same") == {"start", "end"}
    change, words = CHANGES[what]
    change(work)
    assert "start" not in cached(work, "changed", *words)
    if what != "an installed version":
        assert "2" in artifacts(work / "store", "end", run_id="changed")["copy"], "what it read is new"
    else:
        assert cached(work, "again") == {"start", "end"}


def test_what_is_never_taken_over(tmp_path: Path) -> None:
    """A URL or a secret may have a different value tomorrow."""
    flow = program_of(
        "from metaflow import *\nclass F(FlowSpec):\n    text = IncludeFile('text')\n    @step\n    def start(self):\n        self.next(self.end)\n"
        "    @secrets(sources=[{'type': 'inline', 'id': 'x', 'options': {'env_vars': {'A': 'b'}}}])\n    @step\n    def end(self):\n        pass\n",
        tmp_path,
    )
    graph = Graph(json.loads(to_json(flow.flow, flow.scope)))
    for value, start_may in (({"url": "s3://b/k"}, False), ({"file": "abc"}, True), ({"text": "x"}, True)):
        cached = reuse.Cached(
            open_store(str(tmp_path / "store")), graph, "r", {"start": "1", "end": "2"}, {"text": value}
        )
        assert (cached._may_be_shared("start"), cached._may_be_shared("end")) == (start_may, False)


def test_editable_installs_are_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site, project = tmp_path / "site-packages", tmp_path / "my project"
    (site / "mine-1.0.dist-info").mkdir(parents=True)
    (project / "src").mkdir(parents=True)
    (project / "src" / "mine.py").write_text("1")
    (site / "mine-1.0.dist-info" / "direct_url.json").write_text(
        f'{{"url": "{project.as_uri()}", "dir_info": {{"editable": true}}}}'
    )
    monkeypatch.setattr("sys.path", ["", str(site)])
    monkeypatch.delenv("PYTHONPATH", raising=False)
    before = reuse.local_code()
    assert reuse.local_code() == before
    (project / "src" / "mine.py").write_text("22")
    changed = reuse.local_code()
    os.utime(project / "src" / "mine.py", (time.time() + 5,) * 2)
    assert len({before, changed, reuse.local_code()}) == 3
