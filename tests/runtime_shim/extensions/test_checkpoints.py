"""`@checkpoint`: what a task saves is there for its next attempt, for later steps, for other runs, and for scripts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flowc.runtime_shim.extensions import checkpoints, references
from flowc.runtime_shim.extensions.checkpoint import Checkpoint
from flowc.runtime_shim.extensions.exceptions import CheckpointException, LoadingException
from flowc.runtime_shim.store import Store, open_store

from flowc.runtime_bundle import archive, write_folder
from tests.support.container import Container
from tests.support.pythons import pythons
from tests.support.running import LIMIT, artifacts, flowc, run
from tests.support.s3_server import BUCKET, S3Server

COUNTING = """
import os
from pathlib import Path
from metaflow import Checkpoint, FlowSpec, checkpoint, current, load_model, model, retry, step


class F(FlowSpec):
    @retry(times=2, minutes_between_retries=0)
    @checkpoint{policy}
    @step
    def start(self):
        file = Path(current.checkpoint.directory, "count")
        self.loaded = current.checkpoint.info.metadata if current.checkpoint.is_loaded else None
        count = int(file.read_text()) if current.checkpoint.is_loaded else 0
        self.last = current.checkpoint.info.to_dict() if current.checkpoint.is_loaded else None
        while count < 4:
            count += 1
            file.write_text(str(count))
            self.last = current.checkpoint.save(metadata={{"count": count}})
            if count == 2 and self.loaded is None:
                {dies}
        self.count = count
        self.listed = [(one["attempt"], one["version_id"], one["metadata"]["count"]) for one in current.checkpoint.list()]
        self.own = [one["version_id"] for one in current.checkpoint.list(attempt=current.retry_count)]
        self.next(self.end)

    @model(load="last")
    @step
    def end(self):
        self.restored = Path(current.model.loaded["last"], "count").read_text()
        load_model(self.last["key"], "{there}")
        self.by_key = Path("{there}", "count").read_text()
"""


def counting(tmp_path: Path, policy: str = "", dies: str = "os._exit(9)") -> str:
    return COUNTING.format(policy=policy, dies=dies, there=tmp_path / "there")


def written(tmp_path: Path, source: str) -> Path:
    (tmp_path / "flow.py").write_text(source)
    return tmp_path / "flow.py"


@pytest.mark.parametrize("dies", ["os._exit(9)", 'raise ValueError("once")'])
def test_an_attempt_begins_where_the_last_one_was_killed(tmp_path: Path, dies: str) -> None:
    run(written(tmp_path, counting(tmp_path, dies=dies)), tmp_path / "store")
    found = artifacts(tmp_path / "store", "end")
    assert (found["loaded"], found["count"]) == ("{'count': 2}", "4")
    assert found["listed"] == "[(1, 1, 4), (1, 0, 3), (0, 1, 2), (0, 0, 1)]" and found["own"] == "[1, 0]"
    assert (found["restored"], found["by_key"]) == ("'4'", "'4'")


def test_none_loads_nothing(tmp_path: Path) -> None:
    flow = written(tmp_path, counting(tmp_path, '(load_policy="none")', "if current.retry_count == 0: os._exit(9)"))
    run(flow, tmp_path / "store")
    found = artifacts(tmp_path / "store", "start")
    assert (found["loaded"], found["count"]) == ("None", "4")
    assert found["listed"].count("(1, ") == 4 and found["listed"].count("(0, ") == 2


def test_eager_goes_on_from_a_different_run_and_fresh_does_not(tmp_path: Path) -> None:
    for policy, expected in (("eager", "{'count': 4}"), ("fresh", "None")):
        flow = written(tmp_path, counting(tmp_path, f'(load_policy="{policy}")', "pass"))
        for run_id in ("one", "two"):
            run(flow, tmp_path / policy, run_id=run_id)
        assert artifacts(tmp_path / policy, "start", run_id="one")["loaded"] == "None"
        assert artifacts(tmp_path / policy, "start", run_id="two")["loaded"] == expected


def test_runs_with_the_same_tag_share_a_scope_and_others_do_not(tmp_path: Path) -> None:
    flow = written(tmp_path, counting(tmp_path, '(load_policy="eager")', "pass"))
    for run_id, tag in (("a", "checkpoint:x"), ("b", "checkpoint:y"), ("c", "checkpoint:x")):
        run(flow, tmp_path / "store", "--tag", tag, run_id=run_id)
    loaded = [artifacts(tmp_path / "store", "start", run_id=run_id)["loaded"] for run_id in ("a", "b", "c")]
    assert loaded == ["None", "None", "{'count': 4}"]


EACH = """
from pathlib import Path
from metaflow import FlowSpec, checkpoint, current, step


class F(FlowSpec):
    @step
    def start(self):
        self.items = [{"lr": 1}, object, {"lr": 2}]
        self.next(self.train, foreach="items")

    @checkpoint(load_policy="eager", temp_dir_root="ROOT")
    @step
    def train(self):
        self.before = current.checkpoint.info.metadata["index"] if current.checkpoint.is_loaded else None
        self.inside = current.checkpoint.directory.startswith("ROOT/")
        Path("ROOT", f"w{self.index}").write_text(str(self.index))
        self.mine = current.checkpoint.save(f"ROOT/w{self.index}", name="best.of", metadata={"index": self.index})
        self.found = [one["metadata"]["index"] for one in current.checkpoint.list(name="best.of")]
        self.scoped = [one["metadata"]["index"] for one in current.checkpoint.list(full_namespace=True)]
        assert len(current.checkpoint.list(within_task=False)) == len(self.scoped)
        current.checkpoint.load(self.mine)
        self.names = sorted(path.name for path in Path(current.checkpoint.directory).iterdir())
        self.next(self.join)

    @step
    def join(self, inputs):
        self.all = [(one.before, one.found, one.scoped, one.names, one.inside) for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_each_task_of_a_foreach_has_its_own(tmp_path: Path) -> None:
    flow = written(tmp_path, EACH.replace("ROOT", str(tmp_path / "ro ot")))
    for run_id, before, scopes in (("one", [None] * 3, 1), ("two", [0, 1, 2], 2)):
        run(flow, tmp_path / "store", run_id=run_id)
        expected = [(before[index], [index], [index] * scopes, [f"w{index}"], True) for index in range(3)]
        assert artifacts(tmp_path / "store", "join", run_id=run_id)["all"] == repr(expected)
    assert sorted(path.name for path in (tmp_path / "ro ot").iterdir()) == ["w0", "w1", "w2"], "folders are deleted"


CHILDREN = """
import subprocess, sys
from metaflow import FlowSpec, checkpoint, current, step


class F(FlowSpec):
    @checkpoint
    @step
    def start(self):
        for number in range(3):
            subprocess.run([sys.executable, "SCRIPT", str(number)], check=True)
        self.saved = sorted((one["name"], one["version_id"], one["metadata"]["n"]) for one in current.checkpoint.list())
        self.next(self.end)

    @step
    def end(self):
        import os
        self.left = "METAFLOW_CHECKPOINT_UID" in os.environ
"""
SCRIPT = """
import sys
from pathlib import Path
from metaflow import Checkpoint, current

with Checkpoint() as saving:
    Path(saving.directory, "weights").write_text(sys.argv[1])
    reference = saving.save(metadata={"n": int(sys.argv[1])})
    assert len(saving.list()) == int(sys.argv[1]) + 1
    assert saving.generate_key("mfchckpt", reference["version_id"]) == reference["key"]
with Checkpoint(init_dir=True) as loading:
    loading.load(reference)
    assert Path(loading.directory, "weights").read_text() == sys.argv[1]
"""


def test_a_process_that_the_step_starts_saves_too(tmp_path: Path) -> None:
    """Each process counts versions from 0: none replaces what another has saved."""
    (tmp_path / "train.py").write_text(SCRIPT)
    run(written(tmp_path, CHILDREN.replace("SCRIPT", str(tmp_path / "train.py"))), tmp_path / "store")
    found = artifacts(tmp_path / "store", "end")
    assert found["saved"] == "[('mfchckpt', 0, 0), ('mfchckpt', 1, 1), ('mfchckpt', 2, 2)]"
    assert found["left"] == "False"


PYTHONS = pythons()


@pytest.mark.parametrize("version", PYTHONS, ids=str)
@pytest.mark.parametrize("form", ["folder", "zip"])
def test_a_child_process_where_only_the_bundle_is(version: tuple[int, int], form: str, tmp_path: Path) -> None:
    """Neither flowc nor Metaflow is installed: the task tells its children where the shim is."""
    runtime = tmp_path / f"runtime.{form}"
    if form == "zip":
        runtime.write_bytes(archive())
    else:
        write_folder(str(runtime))
    (tmp_path / "train.py").write_text(SCRIPT)
    source = CHILDREN.replace("SCRIPT", str(tmp_path / "train.py")).replace("sys.executable,", 'sys.executable, "-S",')
    flow = Container(source, tmp_path)
    words = [PYTHONS[version], "-S", str(runtime), "task", "--step", "start", "--path", "-"]
    done = subprocess.run(words, env=flow.environment, cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "store" / "F" / "checkpoints" / "tasks").rglob("0.mfchckpt.*.json"))) == 3


def test_a_resumed_run_and_the_client(tmp_path: Path, client: Callable[[str], ModuleType]) -> None:
    """A run that failed is resumed from the artifacts of the first, whose references still lead to the files."""
    source = counting(tmp_path, dies="pass").replace("def end(self):", "def end(self):\n        FAILS")
    assert run(written(tmp_path, source), tmp_path / "store", check=False).returncode == 1
    written(tmp_path, source.replace("FAILS", "pass"))
    words = ["resume", str(tmp_path / "flow.py"), "--store", str(tmp_path / "store"), "--run-id", "again"]
    flowc(*words, check=True)
    assert artifacts(tmp_path / "store", "end", run_id="again")["restored"] == "'4'"
    found: Any = client(str(tmp_path / "store"))
    for task in (found.Task("F/r/start/start"), found.Task("F/again/start/start")):
        with Checkpoint() as reading:
            (latest, *others) = reading.list(task=task)
            assert (latest["metadata"], len(others)) == ({"count": 4}, 3)
            reading.load(latest)
            assert Path(str(reading.directory), "count").read_text() == "4"
            assert [one["key"] for one in reading.list(task=task.pathspec, attempt=0)][0] == latest["key"]
            assert reading.list(task=task, attempt=7) == [] and reading.list(task=task, name="other") == []
    flowc("gc", "F", "--keep", "1", "--grace", "0", "--delete", "--store", str(tmp_path / "store"), check=True)
    assert [one.id for one in client(str(tmp_path / "store")).Flow("F")] == ["again"]
    references.load_model(latest, str(tmp_path / "kept"))
    assert (tmp_path / "kept" / "count").read_text() == "4", "references of the resumed run outlive the first one"
    assert references.delete_model(latest) is True
    with pytest.raises(LoadingException, match="nothing is saved under the key"):
        references.load_model(latest, str(tmp_path / "x"))


def test_tasks_in_containers_on_s3(tmp_path: Path, s3: S3Server) -> None:
    """An engine starts each attempt anew: only the datastore tells the second one of the first one's checkpoint."""
    source = counting(tmp_path, dies="os._exit(9)")
    flow = Container(source, tmp_path, env={**s3.environment})
    url = f"s3://{BUCKET}/{tmp_path.name}"
    for path in (tmp_path / "store").rglob("*.tar.gz"):
        s3.client().upload_file(str(path), BUCKET, f"{tmp_path.name}/{path.relative_to(tmp_path / 'store')}")
    flow.environment["FLOWC_STORE"] = url
    flow.task("start", attempt=0, code=9)
    assert "[@checkpoint] loaded F/checkpoints/tasks/r/start/-/0.mfchckpt.1" in flow.task("start", attempt=1).stderr
    flow.task("end")
    found = json.loads(
        flowc("dump", "r", "--json", "--store", url, env=s3.environment, check=True).stdout
    )["end"][0]["artifacts"]  # fmt: skip
    assert (found["restored"]["repr"], found["loaded"]["repr"]) == ("'4'", "{'count': 2}")


def place(store: Store, run: str = "r", attempt: int = 0) -> checkpoints.Place:
    return checkpoints.Place(store, "F", run, "start", "-", attempt, "scope", "identity")


def dying(store: Any, writes: int) -> Any:
    """The store, whose process ends itself before its next write after so many."""
    left = [writes]

    def of(write: Any) -> Any:
        def dies(*arguments: Any) -> Any:
            if not left[0]:
                os._exit(1)
            left[0] -= 1
            return write(*arguments)

        return dies

    for name in ("put", "put_if_absent", "write_blob"):
        setattr(store, name, of(getattr(store, name)))
    return store


def test_a_killed_process_leaves_nothing_that_is_incomplete(tmp_path: Path) -> None:
    """It is killed before each of its writes in turn. Whatever can then be read is whole."""
    (tmp_path / "w").write_bytes(b"old")
    for last in range(100):
        folder = str(tmp_path / str(last))
        (tmp_path / "w").write_bytes(b"old")
        first = place(open_store(folder)).save(str(tmp_path / "w"), "n", {}, True, "files")
        (tmp_path / "w").write_bytes(b"new")
        pid = os.fork()
        if not pid:
            try:
                place(dying(open_store(folder), last), attempt=1).save(str(tmp_path / "w"), "n", {}, True, "files")
                os._exit(0)
            finally:
                os._exit(2)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        assert status in (0, 1)
        here = place(open_store(folder), attempt=2)
        readable = [*here.list(None, None, False), *here.list(None, None, True)]
        for number, one in enumerate(readable):
            references.load(here.store, one, str(tmp_path / f"{last}.{number}"))
            expected = b"old" if one.key == first.key else b"new"
            assert (tmp_path / f"{last}.{number}" / "w").read_bytes() == expected
        for of_task in (True, False):
            latest = here.latest(of_task)
            assert latest is not None and latest.key in {one.key for one in readable}
        if status == 0:
            assert latest is not None and latest.attempt == 1
            break
    else:
        raise AssertionError("the save never ended")
    assert last >= 4, "it wrote the file, the checkpoint, its copy and the names of the latest one"


def test_gc_deletes_what_a_killed_save_has_left(tmp_path: Path) -> None:
    """And nothing that a checkpoint, a model or a damaged one of them may refer to."""
    run(written(tmp_path, counting(tmp_path, dies="pass")), tmp_path / "store")
    store = open_store(str(tmp_path / "store"))
    before = set(store.list("F/saved/"))
    (tmp_path / "w").write_bytes(b"lost")
    with pytest.raises(SystemExit):
        raising = place(store)
        raising.store.put_if_absent = lambda *_: sys.exit()  # type: ignore[method-assign]
        raising.save(str(tmp_path / "w"), "n", {}, True, "files")
    words = ["gc", "F", "--delete", "--store", str(tmp_path / "store")]
    flowc(*words, check=True)
    assert len(set(store.list("F/saved/")) - before) == 1, "it may still be going on"
    store.put("F/models/torn.json", b'{"version":2')
    flowc(*words, "--grace", "0", check=True)
    assert len(set(store.list("F/saved/")) - before) == 1
    store.delete("F/models/torn.json")
    assert "1 artifact" in flowc(*words, "--grace", "0", check=True).stdout
    assert set(store.list("F/saved/")) == before


def test_a_torn_name_of_the_latest_one_is_as_none(tmp_path: Path) -> None:
    here = place(open_store(str(tmp_path / "store")))
    (tmp_path / "w").write_bytes(b"x")
    saved = here.save(str(tmp_path / "w"), "n", {"when": tmp_path, "list": (1, "a")}, True, "files")
    assert saved.metadata["list"] == (1, "a")
    latest = here.latest(True)
    assert latest is not None
    assert latest.metadata == {"when": "<value cannot be JSON serialized>", "list": [1, "a"]}
    here.store.put(here.own + "latest.json", b'{"version":2')
    assert here.latest(True) is None and here.latest(False) is not None
    assert here.save(str(tmp_path / "w"), "n", None, False, "files").version_id == 1
    assert here.latest(True) is None, "latest=False names none"


def test_outside_a_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(checkpoints.VARIABLE, raising=False)
    with Checkpoint() as one:
        with pytest.raises(CheckpointException, match="only in a task of a step with @checkpoint"):
            one.save()
        with pytest.raises(CheckpointException, match="can be listed without `task` only"):
            one.list()
    with pytest.raises(ValueError, match="context manager"):
        one.load("F/checkpoints/x")
    monkeypatch.setenv(checkpoints.VARIABLE, "F/r")
    with Checkpoint() as one, pytest.raises(CheckpointException, match="invalid value: 'F/r'"):
        one.save()


@pytest.mark.parametrize("reference", [3, {"type": "checkpoint"}, {"type": "other", "key": "a"}, "F/absent", "x", "/x"])
def test_what_is_no_reference(tmp_path: Path, reference: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWC_STORE", str(tmp_path / "store"))
    with pytest.raises(LoadingException):
        references.load_model(reference, str(tmp_path / "x"))


def test_a_place_and_its_text(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    one = checkpoints.Place(store, "F", "a/b run", "train", "3.0~1", 2, "scope", "identity")
    again = checkpoints.from_uid(store, one.uid)
    assert vars(again) == vars(one)
