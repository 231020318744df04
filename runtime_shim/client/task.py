"""`Task("Flow/run/step/id")`: one task.

Its id is its step's name, with its path in the foreaches and loops: `train`, `train-3.0`, `train~2`.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from flowc.runtime_shim.api import running
from flowc.runtime_shim.contract import address
from flowc.runtime_shim.contract.lineage import Lineage
from flowc.runtime_shim.contract.record import Record
from flowc.runtime_shim.task import failure

from . import internals, parameters_step
from .datastore import Datastore, RecordsAhead, TaskListing
from .objects import MetaflowObject, local_time

_UNKNOWN: Any = object()


class Metadata(NamedTuple):
    """One fact about a task (Metaflow's documentation, client API, Metadata)."""

    name: str
    value: str
    created_at: int  # milliseconds since the epoch
    type: str
    task: Any


class MetaflowData:
    """The artifacts of a task as attributes. Each is read on first use."""

    def __init__(self, task: Task) -> None:
        self.__dict__["_task"] = task

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            value = self._task[name].data
        except KeyError:
            raise AttributeError(name) from None
        self.__dict__[name] = value
        return value

    @property
    def _artifacts(self) -> Dict[str, Any]:
        return {artifact.id: artifact for artifact in self._task}

    def __contains__(self, name: str) -> bool:
        return name in self._task

    def __dir__(self) -> List[str]:
        return sorted(artifact.id for artifact in self._task)

    def __str__(self) -> str:
        return f"<MetaflowData: {', '.join(artifact.id for artifact in self._task)}>"

    __repr__ = __str__

    def __reduce__(self) -> Tuple[Any, ...]:
        return MetaflowData, (self._task,)


class Task(MetaflowObject):
    """A task. Its children are its artifacts."""

    _FORM = "FlowName/RunID/StepName/TaskID"
    _parts: Tuple[str, str, str, str]

    _record: Any
    _seen: Optional[TaskListing]
    _ahead: Optional[RecordsAhead]
    _failure: Any

    def _begin(self, datastore: Datastore, parts: Tuple[str, ...], attempt: Optional[int]) -> None:
        super()._begin(datastore, parts, attempt)
        self._record, self._seen, self._ahead, self._failure = _UNKNOWN, None, None, _UNKNOWN

    @classmethod
    def _listed(cls, datastore: Datastore, parts: Tuple[str, ...], seen: TaskListing, ahead: RecordsAhead) -> Task:
        """Returns a task that was found in a listing."""
        task: Task = cls._made(datastore, parts)
        task._seen, task._ahead = seen, ahead
        return task

    def _known(self, record: Optional[Record]) -> None:
        if record is not None:
            self._record = record

    # ── what the datastore has of it ────────────────────────────────────────────────────────────────────────────────

    @property
    def _done(self) -> Optional[Record]:
        """The task's record; None if it has not succeeded, or not in the requested attempt."""
        if self._record is _UNKNOWN:
            if self._seen is not None and not self._seen.has_record:
                return None
            done = (
                self._ahead.record(self._parts[3]) if self._ahead is not None else self._datastore.record(*self._parts)
            )
            if done is None:
                return None  # it may succeed later
            self._record = done
        done = self._record
        return done if self._attempt is None or self._attempt == done.data.get("attempt", 0) else None

    def _attempts(self) -> List[int]:
        """Returns the attempts that left something in the datastore."""
        if self._seen is None:
            seen = self._datastore.task(*self._parts)
            if seen is None:
                return []
            if not seen.has_record:  # the task is running: there may be more attempts later
                return seen.attempts
            self._seen = seen
        return self._seen.attempts

    def _failed(self) -> Dict[str, Any]:
        """Returns the record of the attempt's failure; an empty dict if there is none."""
        if self._failure is _UNKNOWN:
            if self._done is not None:
                return {}
            failed = failure.read(self._datastore.store, *self._parts, self.current_attempt)
            if not failed:
                return {}
            self._failure = failed
        return self._failure  # type: ignore[no-any-return]

    @property
    def current_attempt(self) -> int:
        """The requested attempt, by default the last one."""
        if self._attempt is not None:
            return self._attempt
        done = self._done
        return int(done.data.get("attempt", 0)) if done is not None else max(self._attempts(), default=0)

    # ── how it went ─────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def successful(self) -> bool:
        """True if the task succeeded, and `@catch` did not turn an exception into an artifact."""
        done = self._done
        return done is not None and not done.data.get("caught")

    @property
    def finished(self) -> bool:
        """True if the task has ended and the run continued from it."""
        return self._done is not None

    @property
    def exception(self) -> Any:
        """The exception that the task failed with (MetaflowExceptionWrapper); None if it did not fail."""
        failed = self._failed()
        if not failed:
            return None
        from flowc.runtime_shim.exceptions import _rebuilt

        return _rebuilt(str(failed.get("message", "")), str(failed.get("type", "")), failed.get("traceback"))

    @property
    def created_at(self) -> Optional[datetime]:
        """The time at which its process began.

        For a task that is running or has failed, None if nobody recorded it.
        """
        done = self._done
        return local_time(done.data.get("started") if done is not None else self._failed().get("started"))

    @property
    def finished_at(self) -> Optional[datetime]:
        done = self._done
        return local_time(done.data.get("ended") if done is not None else self._failed().get("time"))

    @property
    def index(self) -> Optional[int]:
        """Its index in the innermost foreach; None outside."""
        indices = address.indices(self._parts[3])
        return indices[-1] if indices else None

    @property
    def runtime_name(self) -> Optional[str]:
        """`dev` for a run on a person's machine, otherwise the orchestrator's name."""
        target = (self._datastore.run(*self._parts[:2]) or {}).get("target")
        return "dev" if target == "local" else str(target or "") or None

    # ── artifacts ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def data(self) -> MetaflowData:
        return MetaflowData(self)

    @property
    def artifacts(self) -> Any:
        """A named tuple of its artifacts."""
        from collections import namedtuple

        artifacts = {artifact.id: artifact for artifact in self}
        names = [artifact for artifact in artifacts if artifact.isidentifier()]
        return namedtuple("MetaflowArtifacts", names)(*(artifacts[name] for name in names))

    # ── what it printed ─────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def stdout(self) -> str:
        return self._printed("stdout")

    @property
    def stderr(self) -> str:
        return self._printed("stderr")

    @property
    def stdout_size(self) -> int:
        """The number of bytes that it printed to standard output."""
        return len(self._log().data("stdout"))

    @property
    def stderr_size(self) -> int:
        return len(self._log().data("stderr"))

    def loglines(self, stream: str, as_unicode: bool = True, meta_dict: Any = None) -> Iterator[Tuple[datetime, Any]]:
        """Yields (UTC time without a zone, line without its end) of `stdout` or `stderr`."""
        for seconds, line in self._log().lines(stream):
            yield (
                datetime.fromtimestamp(seconds, timezone.utc).replace(tzinfo=None),
                line.decode("utf-8", "replace") if as_unicode else line,
            )

    def _printed(self, stream: str) -> str:
        return str(self._log().data(stream).decode("utf-8", "replace"))

    def _log(self) -> Any:
        from flowc.runtime_shim.contract import logs

        name = address.task_name(*self._parts, f"{self.current_attempt}.log")
        return logs.Log(self._datastore.store.get(name) or b"")

    # ── what made it ────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def metadata(self) -> List[Metadata]:
        """The known facts: one entry each, with values as text. `attempt` appears once for every attempt."""
        done = self._done
        time = int(1000 * float((done.data.get("ended") if done is not None else self._failed().get("time")) or 0))
        facts = self.metadata_dict
        before = [("attempt", str(number)) for number in range(int(facts["attempt"]))]
        return [Metadata(name, value, time, name, self) for name, value in (*before, *facts.items())]

    @property
    def metadata_dict(self) -> Dict[str, str]:
        return internals.metadata(self)

    @property
    def environment_info(self) -> Optional[Dict[str, Any]]:
        """Python, machine, packages with their versions, code, commit and user; None for a task without a record."""
        return internals.environment(self)

    @property
    def code(self) -> Any:
        """The code package that the task ran (MetaflowCode)."""
        from .code import MetaflowCode

        done = self._done
        digest = (done.data.get("environment") or {}).get("code") if done is not None else ""
        return MetaflowCode.of_run(self._datastore, *self._parts[:2], digest or "")

    # ── its place in the graph ──────────────────────────────────────────────────────────────────────────────────────

    @property
    def parent_tasks(self) -> Iterator[Task]:
        """Yields the tasks that this one continues; for a join, all of its branches."""
        flow, run, step, path = self._parts
        if step == parameters_step.STEP:
            return
        for one in Lineage(self._datastore.store, self._datastore.graph(flow, run), run).inputs(step, path):
            task: Task = Task._made(self._datastore, (flow, run, one.step, one.path))
            task._known(one)
            yield task

    @property
    def child_tasks(self) -> Iterator[Task]:
        """Yields the existing tasks that continue this one."""
        from . import successors

        done = self._done
        if done is None:
            return
        graph = self._datastore.graph(*self._parts[:2])
        for step, path in successors.of(graph, done):
            task: Task = Task._made(self._datastore, (*self._parts[:2], step, path))
            if task._exists():
                yield task

    @property
    def parent_task_pathspecs(self) -> Iterator[str]:
        return (task.pathspec for task in self.parent_tasks)

    @property
    def child_task_pathspecs(self) -> Iterator[str]:
        return (task.pathspec for task in self.child_tasks)

    # ── the tree ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _exists(self) -> bool:
        try:
            address.checked(self._parts[3])
        except address.BadPath:
            return False
        if self._record is _UNKNOWN:
            self._known(self._datastore.record(*self._parts))
        if self._record is not _UNKNOWN or self._attempts():
            return True
        return running.is_within(*self.path_components)

    def _hint(self) -> str:
        return f"{super()._hint()} (a task's id is its step's name; in a foreach, `-` and the item's index follow)"

    def _children(self) -> Iterator[Any]:
        from .artifact import DataArtifact

        for name in internals.names(self._done):
            yield DataArtifact._of(self, name)

    def _child(self, name: str) -> Any:
        from .artifact import DataArtifact

        artifact = DataArtifact._of(self, name)
        if not artifact._exists():
            raise KeyError(name)
        return artifact
