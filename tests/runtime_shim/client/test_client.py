"""The client API on runs of flowc: what Metaflow's client shows of the same flow (measured with 2.19), less what flowc does not keep."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flowc.runtime_shim.exceptions import (
    MetaflowInvalidPathspec,
    MetaflowNamespaceMismatch,
    MetaflowNotFound,
    MetaflowTaggingError,
)

from tests.runtime_shim.client.flow import SOURCE
from tests.support.pythons import pythons
from tests.support.running import LIMIT, run
from tests.support.s3_server import BUCKET, S3Server

Client = Callable[[str], ModuleType]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A datastore with three runs of the flow: `good`, `bad` (the last step fails) and `early` (a join fails); the newest is `early`."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "flow.py").write_text(SOURCE)
    env = {"METAFLOW_USER": "tester"}
    run(folder / "flow.py", folder / ".flowc", "--tag", "mine", run_id="good", env=env)
    run(folder / "flow.py", folder / ".flowc", "--p", "8", run_id="bad", env=env, check=False)
    run(folder / "flow.py", folder / ".flowc", "--p", "9", run_id="early", env=env, check=False)
    return folder


@pytest.fixture
def flowc(folder: Path, client: Client) -> ModuleType:
    return client(str(folder))


def specs(objects: Any) -> list[str]:
    return [item.pathspec for item in objects]


# ── the tree ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_flow_s_runs_are_newest_first(flowc: ModuleType) -> None:
    flow = flowc.Flow("F")
    assert [run.id for run in flow] == ["early", "bad", "good"]
    assert (flow.latest_run.id, flow.latest_successful_run.id) == ("early", "good")
    assert specs(flowc.Metaflow()) == specs(flowc.Metaflow().flows) == ["F"]
    assert (flow.parent, flow.path_components, flow.tags) == (None, ["F"], frozenset())
    assert flow.created_at == flow["good"].created_at


def test_a_run_s_steps_are_last_first(flowc: ModuleType) -> None:
    good = flowc.Run("F/good")
    assert [step.id for step in good] == ["end", "choose", "j2", "b", "a", "mid", "join", "body", "start"]
    assert [step.id for step in good.steps()] == [step.id for step in good]
    assert [step.id for step in flowc.Run("F/early")] == ["j2", "b", "a", "mid", "join", "body", "start"]


def test_a_step_s_tasks_are_last_first_and_named_by_their_paths(flowc: ModuleType) -> None:
    good = flowc.Run("F/good")
    assert specs(good["body"]) == ["F/good/body/body-2", "F/good/body/body-1", "F/good/body/body-0"]
    assert specs(good["choose"]) == ["F/good/choose/choose~2", "F/good/choose/choose~1", "F/good/choose/choose"]
    assert [task.index for task in good["body"]] == [2, 1, 0] and good["end"].task.index is None


def test_a_task_s_artifacts(flowc: ModuleType) -> None:
    task = flowc.Task("F/good/start/-")
    assert [artifact.id for artifact in task] == ["const", "items", "name", "p"]
    assert task["items"].data == task.data.items == [1, 2, 3]
    assert task.artifacts.items.data == [1, 2, 3] and task.artifacts._fields == ("const", "items", "name", "p")
    assert (task["_private"].data, task["name"].data, task["_task_ok"].data, task.data.const) == (5, "F", True, 7)
    assert "items" in task.data and "nope" not in task.data and "items" in task and "_private" in task
    one = task["items"]
    assert (one.size, len(one.sha), one.created_at, one.parent.pathspec) == (22, 64, task.finished_at, task.pathspec)
    assert flowc.DataArtifact("F/good/start/-/items").data == [1, 2, 3]
    assert str(task.data) == "<MetaflowData: const, items, name, p>"


def test_a_run_s_data_are_its_last_task_s(flowc: ModuleType) -> None:
    good = flowc.Run("F/good")
    assert (good.data.t, good.data.round, good.end_task.pathspec) == ([2, 4, 6], 3, "F/good/end/end")
    assert flowc.Run("F/early").data is None and flowc.Run("F/early").end_task is None


def test_children_by_name(flowc: ModuleType) -> None:
    good = flowc.Flow("F")["good"]
    assert good["body"]["1"]["y"].data == 4
    for parent, missing in (
        (flowc.Metaflow(), "G"),
        (flowc.Flow("F"), "nope"),
        (good, "nope"),
        (good["body"], "7"),
        (good["end"].task, "nope"),
    ):
        assert missing not in parent
        with pytest.raises(KeyError):
            parent[missing]
    assert "F" in flowc.Metaflow() and "good" in flowc.Flow("F") and "body" in good and "1" in good["body"]
    with pytest.raises(AttributeError):
        good.data.nope  # noqa: B018


def test_parents(flowc: ModuleType) -> None:
    one = flowc.DataArtifact("F/good/body/1/y")
    assert str(one.parent.parent.parent.parent) == "Flow('F')" and one.path_components == [
        "F",
        "good",
        "body",
        "body-1",
        "y",
    ]


def test_errors_have_metaflow_s_names(flowc: ModuleType) -> None:
    for kind, spec in (
        ("Flow", "F/x"),
        ("Run", "F"),
        ("Step", "F/good"),
        ("Task", "F/good/start"),
        ("DataArtifact", "F/good/start/-"),
        ("Run", "F/"),
    ):
        with pytest.raises(MetaflowInvalidPathspec, match="Expects"):
            getattr(flowc, kind)(spec)
    for kind, spec in (
        ("Flow", "G"),
        ("Run", "F/x"),
        ("Step", "F/good/x"),
        ("Task", "F/good/start/9"),
        ("Task", "F/good/start/x"),
        ("DataArtifact", "F/good/start/-/x"),
    ):
        with pytest.raises(MetaflowNotFound, match="does not exist"):
            getattr(flowc, kind)(spec)
    for attempt in (6, -1, "a"):
        with pytest.raises(MetaflowNotFound, match="Attempt"):
            flowc.Task("F/good/start/-", attempt=attempt)


# ── how it went ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "name, successful, ended", [("good", True, True), ("bad", False, True), ("early", False, False)]
)
def test_how_a_run_went(flowc: ModuleType, name: str, successful: bool, ended: bool) -> None:
    one = flowc.Run(f"F/{name}")
    assert (one.successful, one.finished, one.finished_at is not None) == (successful, successful, ended)
    assert isinstance(one.created_at, datetime) and one.created_at.tzinfo is None


def test_how_a_task_went(flowc: ModuleType) -> None:
    failed = flowc.Run("F/bad")["end"].task
    assert (failed.successful, failed.finished, list(failed)) == (False, False, [])
    assert (
        failed.exception.type == "KeyError"
        and "eight" in str(failed.exception)
        and "flow.py" in failed.exception.stacktrace
    )
    assert failed.created_at <= failed.finished_at
    caught = flowc.Run("F/good")["b"].task
    assert (caught.successful, caught.finished, caught.exception, caught.current_attempt) == (False, True, None, 1)
    assert caught.data.boom.exception == "x"
    first = flowc.Task("F/good/b/-", attempt=0)
    assert (first.successful, first.stdout, caught.stdout, list(first)) == (False, "attempt 0\n", "attempt 1\n", [])
    assert "ValueError: x" in first.exception.stacktrace and repr(first) == "Task('F/good/b/b', attempt=0)"


def test_streams_are_kept_apart_and_lines_have_times(flowc: ModuleType) -> None:
    task = flowc.Task("F/good/start/-")
    assert (task.stdout, task.stderr, task.stdout_size, task.stderr_size) == ("hello\n", "err\n", 6, 4)
    [(time, line)] = task.loglines("stdout")
    assert line == "hello" and abs((time - datetime.now(timezone.utc).replace(tzinfo=None)).total_seconds()) < 3600
    assert [line for _, line in task.loglines("stderr", as_unicode=False)] == [b"err"]
    assert flowc.Task("F/good/end/-").stdout == ""


def test_what_made_it(flowc: ModuleType) -> None:
    good = flowc.Run("F/good")
    task = good["start"].task
    metadata = task.metadata_dict
    assert (
        metadata["attempt"],
        metadata["attempt_ok"],
        metadata["user"],
        metadata["runtime"],
        metadata["ds-type"],
    ) == (
        "0",
        "True",
        "tester",
        "dev",
        "local",
    )
    assert {entry.name for entry in task.metadata} == set(metadata) and task.metadata[0].task is task
    assert task.environment_info["python_version"] == ".".join(map(str, sys.version_info[:3]))
    assert task.runtime_name == "dev" and good.origin_pathspec is None and good.trigger is None
    assert (
        good.code.flowspec == SOURCE and good.code.script_name == "flow.py" and "flowc.json" in good.code.info["files"]
    )
    with good.code.extract() as extracted:
        assert Path(extracted, "flow.py").read_text() == SOURCE
    assert task.code.path == good.code.path


# ── the graph ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_came_before_and_after(flowc: ModuleType) -> None:
    good = flowc.Run("F/good")

    def before_and_after(step: str, path: str = "-") -> tuple[list[str], list[str]]:
        task = good[step][path]
        assert list(task.parent_task_pathspecs) == specs(task.parent_tasks) and list(
            task.child_task_pathspecs
        ) == specs(task.child_tasks)
        return [spec[7:] for spec in specs(task.parent_tasks)], [spec[7:] for spec in specs(task.child_tasks)]

    assert before_and_after("start") == ([], ["body/body-2", "body/body-1", "body/body-0"])
    assert before_and_after("body", "1") == (["start/start"], ["join/join"])
    assert before_and_after("join") == (["body/body-0", "body/body-1", "body/body-2"], ["mid/mid"])
    assert before_and_after("mid") == (["join/join"], ["a/a", "b/b"])
    assert before_and_after("a") == (["mid/mid"], ["j2/j2"])
    assert before_and_after("j2") == (["a/a", "b/b"], ["choose/choose"])
    assert before_and_after("choose") == (["j2/j2"], ["choose/choose~1"])
    assert before_and_after("choose", "-~1") == (["choose/choose"], ["choose/choose~2"])
    assert before_and_after("choose", "-~2") == (["choose/choose~1"], ["end/end"])
    assert before_and_after("end") == (["choose/choose~2"], [])
    assert specs(good["j2"].parent_steps) == ["F/good/a", "F/good/b"] and specs(good["mid"].child_steps) == [
        "F/good/a",
        "F/good/b",
    ]
    early = flowc.Run("F/early")
    assert (
        specs(early["j2"].child_steps) == []
        and specs(early["a"].task.child_tasks) == ["F/early/j2/j2"]
        and specs(early["j2"].task.child_tasks) == []
    )


# ── tags and namespaces ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_tags(flowc: ModuleType) -> None:
    one = flowc.Run("F/bad")
    fixed = one.system_tags
    assert {"user:tester", "runtime:dev", f"python_version:{'.'.join(map(str, sys.version_info[:3]))}"} <= fixed
    assert one.user_tags == frozenset() and flowc.Run("F/good").user_tags == {"mine"}
    one.add_tag("a")
    one.add_tags(["b", "c"])
    one.add_tag("user:tester")  # it has it
    one.remove_tag("nothing")
    one.replace_tag("a", "d")
    one.replace_tags(["b", "c"], ["e", "f"])
    assert one.user_tags == flowc.Run("F/bad").user_tags == one["start"].task.user_tags == {"d", "e", "f"}
    assert one.tags == one.user_tags | fixed
    assert (
        specs(flowc.Flow("F").runs("d", "user:tester")) == ["F/bad"] and specs(flowc.Flow("F").runs("d", "mine")) == []
    )
    assert (
        specs(one.steps("d"))[0] == "F/bad/end"
        and list(one.steps("mine")) == []
        and specs(one["end"].tasks("d")) == ["F/bad/end/end"]
    )
    one.remove_tags(["d", "e", "f"])
    assert one.user_tags == frozenset()


def test_tags_that_cannot_be(flowc: ModuleType) -> None:
    one = flowc.Run("F/early")
    for wrong in ("", "x" * 501):
        with pytest.raises(MetaflowTaggingError):
            one.add_tag(wrong)
    with pytest.raises(MetaflowTaggingError, match="system tag"):
        one.remove_tag("user:tester")
    with pytest.raises(MetaflowTaggingError, match="beyond 50"):
        one.add_tags([str(number) for number in range(51)])
    for method, *arguments in (("add_tags", "ab"), ("add_tag", 5), ("add_tags", [5]), ("replace_tags", [], [])):
        with pytest.raises(MetaflowTaggingError):
            getattr(one, str(method))(*arguments)
    assert one.user_tags == frozenset()


def test_tags_that_many_change_at_once(folder: Path, flowc: ModuleType) -> None:
    """No change is lost, and none is made twice."""
    code = "import sys; from flowc import Run, namespace; namespace(None); [Run('F/early').add_tag(f'{sys.argv[1]}-{n}') for n in range(5)]"
    adding = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(index)], env={**os.environ, "FLOWC_STORE": str(folder / ".flowc")}
        )
        for index in range(4)
    ]
    assert [process.wait(LIMIT) for process in adding] == [0] * 4
    one = flowc.Run("F/early")
    assert one.user_tags == {f"{index}-{number}" for index in range(4) for number in range(5)}
    one.remove_tags(one.user_tags)


def test_namespaces(flowc: ModuleType) -> None:
    assert flowc.namespace("user:tester") == flowc.get_namespace() == "user:tester"
    one = flowc.Run("F/good")
    assert flowc.namespace("user:other") == "user:other" and not one.is_in_namespace()
    for kind, spec in (("Flow", "F"), ("Run", "F/good"), ("Task", "F/good/end/-"), ("DataArtifact", "F/good/end/-/t")):
        with pytest.raises(MetaflowNamespaceMismatch, match="user:other"):
            getattr(flowc, kind)(spec)
    assert flowc.Metaflow().flows == [] and "F" not in flowc.Metaflow()
    assert flowc.Run("F/good", _namespace_check=False).successful
    flowc.namespace("mine")  # any tag is one
    assert (
        [run.id for run in flowc.Flow("F")] == ["good"]
        and flowc.Flow("F").latest_run.id == "good"
        and "bad" not in flowc.Flow("F")
    )
    assert flowc.default_namespace().startswith("user:")


# ── where from, and where to ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_which_datastore(folder: Path, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLOWC_STORE", raising=False)
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")
    flowc = client(str(folder))
    assert flowc.default_metadata() == f"local@{folder}" and flowc.Flow("F")
    assert flowc.metadata(flowc.get_metadata()) == f"local@{folder}" == flowc.metadata(str(folder / ".flowc"))
    assert flowc.metadata("s3://bucket/prefix") == flowc.get_metadata() == "s3://bucket/prefix"
    for wrong in (str(tmp_path / "nowhere"), "service@http://x", "ftp://x", "s3://"):
        with pytest.raises(ValueError):
            flowc.metadata(wrong)
    monkeypatch.setenv("FLOWC_STORE", str(tmp_path))
    assert flowc.default_metadata() == f"local@{tmp_path}"
    with pytest.raises(MetaflowNotFound):
        flowc.Flow("F")


def test_objects_can_be_pickled(flowc: ModuleType) -> None:
    for one in (
        flowc.Flow("F"),
        flowc.Run("F/good"),
        flowc.Step("F/good/body"),
        flowc.Task("F/good/b/-", attempt=0),
        flowc.DataArtifact("F/good/end/-/t"),
    ):
        again = pickle.loads(pickle.dumps(one))
        assert type(again) is type(one) and repr(again) == repr(one)
    data = flowc.Run("F/good").data
    assert pickle.loads(pickle.dumps(data)).t == [2, 4, 6]
    assert pickle.loads(pickle.dumps(flowc.Run("F/good").code)).flowspec == SOURCE


def test_listing_unpickles_nothing(flowc: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """A datastore of somebody else can be inspected: only `data` unpickles, and so runs, its content."""

    def refuse(*_: Any) -> Any:
        raise AssertionError("unpickled")

    monkeypatch.setattr(pickle, "loads", refuse)
    monkeypatch.setattr("flowc.runtime_shim.artifacts.manifest.load", refuse)
    for one in flowc.Flow("F"):
        for step in one:
            for task in step:
                assert [
                    (artifact.id, artifact.size >= 0, artifact.sha, artifact.finished_at) for artifact in task
                ] or not task.successful
                assert (
                    task.artifacts is not None
                    and str(task.data)
                    and task.metadata
                    and task.tags
                    and task.exception is not False
                )
    with pytest.raises(AssertionError):
        flowc.Run("F/good").data.t  # noqa: B018


WITHIN = """
from metaflow import Flow, FlowSpec, Metaflow, Run, Step, Task, current, get_metadata, get_namespace, step


class Reader(FlowSpec):
    @step
    def start(self):
        self.before = [each.id for each in Flow("Reader")]
        self.seen = [str(each) for each in (Run(f"Reader/{current.run_id}"), Task(current.pathspec))]
        self.space = get_namespace()
        self.tags = sorted(current.tags)
        self.x = 5
        self.next(self.end)

    @step
    def end(self):
        run = Run(f"Reader/{current.run_id}")
        self.own = run["start"].task.data.x
        self.done = (run.finished, run["start"].task.finished, Task(current.pathspec).finished)
        self.run = run
        last = Flow("Reader").latest_successful_run
        self.last = None if last is None else last.id
"""


def test_inside_a_step(tmp_path: Path, client: Client) -> None:
    """A step reads its own run, its own task and other runs."""
    (tmp_path / "reader.py").write_text(WITHIN)
    for name in ("one", "two"):
        run(tmp_path / "reader.py", tmp_path / "store", "--tag", "t", run_id=name, env={"METAFLOW_USER": "tester"})
    flowc = client(str(tmp_path / "store"))
    start, end = flowc.Run("Reader/two")["start"].task.data, flowc.Run("Reader/two").data
    assert (start.before, start.seen, start.space) == (
        ["two", "one"],
        ["Run('Reader/two')", "Task('Reader/two/start/start')"],
        "user:tester",
    )
    assert list(start.tags) == ["t"], "a run's own, as in Metaflow"
    assert (end.own, end.done, end.last) == (5, (False, True, False), "one")
    assert end.run["start"].task.data.x == 5


def test_on_s3(folder: Path, client: Client, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    store = f"s3://{BUCKET}/client"
    run(folder / "flow.py", store, "--tag", "mine", run_id="good", env=s3.environment)  # type: ignore[arg-type]
    flowc = client(store)
    good = flowc.Flow("F").latest_run
    assert good.successful and good.data.t == [2, 4, 6] and [step.id for step in good][:2] == ["end", "choose"]
    assert [task.data.y for task in good["body"]] == [6, 4, 2] and good["start"].task.stderr == "err\n"
    good.add_tag("later")
    assert flowc.Run("F/good").user_tags == {"mine", "later"} and [run.id for run in flowc.Flow("F").runs("later")] == [
        "good"
    ]
    assert (
        good["j2"].task.metadata_dict["ds-type"] == "s3"
        and specs(good["join"].task.parent_tasks)[0] == "F/good/body/body-0"
    )


@pytest.fixture(autouse=True)
def _no_store_from_outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("FLOWC_STORE", raising=False)
    yield


@pytest.mark.parametrize("version", [python for python in pythons() if python != sys.version_info[:2]], ids=str)
def test_in_every_python(version: tuple[int, int], folder: Path, tmp_path: Path) -> None:
    """Uses the bundle that containers get, with nothing installed."""
    from flowc.runtime_bundle import write_folder

    write_folder(str(tmp_path / "runtime"))
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from flowc import Flow, namespace, S3; from flowc.runtime_shim.client import s3; namespace(None); good = Flow('F')['good'];"
        "print(good.data.t, [each.data.y for each in good['body']], good['start'].task.stdout, list(good['start'].task.loglines('stderr'))[0][1], good.code.script_name)"
    )
    env = {**os.environ, "FLOWC_STORE": str(folder / ".flowc")}
    done = subprocess.run(
        [pythons()[version], "-S", "-W", "error", "-c", code, str(tmp_path / "runtime")],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "[2, 4, 6] [6, 4, 2] hello\n err flow.py\n", done.stderr


# ── the pseudo-step ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("run", ["good", "bad"])
def test_the_step_of_parameters_is_there_and_is_not_listed(run: str, flowc: ModuleType) -> None:
    one = flowc.Run(f"F/{run}")
    step = one["_parameters"]
    assert "_parameters" in one and "_parameters" not in [each.id for each in one] and step.parent.id == run
    task = step.task
    assert {artifact.id: artifact.data for artifact in task} == {
        "name": "F",
        "p": 3 if run == "good" else 8,
        "const": 7,
    }
    assert task.data.p == task["p"].data and task.finished and task.successful and task.exception is None
    assert [each.pathspec for each in step] == [task.pathspec] and step["0"].pathspec == task.pathspec
    assert flowc.Task(f"F/{run}/_parameters/0")["const"].data == flowc.Step(f"F/{run}/_parameters").task.data.const == 7
    assert task.created_at == task.finished_at == one.created_at and task.stdout == "" and task.index is None
    assert [*task.parent_tasks, *task.child_tasks, *step.parent_steps, *step.child_steps, *step.control_tasks()] == []
    assert "items" not in task and "1" not in step
    with pytest.raises(MetaflowNotFound):
        flowc.Task(f"F/{run}/_parameters/1")
    with pytest.raises(MetaflowNotFound):
        flowc.Step("F/nothing/_parameters")


def test_the_graph_of_a_run(flowc: ModuleType) -> None:
    run = flowc.Run("F/good")
    graph = run["_parameters"].task["_graph_info"].data
    assert graph == run["start"].task["_graph_info"].data and "_graph_info" in run["_parameters"].task
    assert list(graph["steps"])[0] == graph["start_step"] == "start" and graph["end_step"] == "end"
    assert graph["parameters"] == [{"name": "p", "type": "Parameter"}] and graph["constants"] == [{"name": "const"}]
    assert [artifact.id for artifact in run["start"].task] == ["const", "items", "name", "p"]


def test_parameters_of_a_run_whose_first_task_failed(tmp_path: Path, client: Client) -> None:
    (tmp_path / "flow.py").write_text(SOURCE.replace('        print("hello")', "        assert self.p != 5"))
    run(tmp_path / "flow.py", tmp_path / ".flowc", "--p", "5", run_id="r", check=False)
    task = client(str(tmp_path)).Run("F/r")["_parameters"].task
    assert task.data.p == 5 and task["p"].size > 0 and len(task["p"].sha) == 64
