"""Publishes the cards of a running task, and stores them when it ends.

A failure here is a message on the task's output, and never fails the task.
"""

from __future__ import annotations

import time
from _thread import allocate_lock, start_new_thread

from . import custom, stored
from .basic import SectionComponent
from .components import UserComponent
from .current_card import CardComponentCollector, CardComponentManager, to_stderr, warning_message
from .registry import is_drawn, why_missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Protocol, Set, Tuple

    from ..artifacts.manifest import Manifest
    from ..contract.graph import Graph
    from ..store import Store
    from ..user_code.flowspec import FlowSpec

    class Attempt(Protocol):
        """The facts about an attempt that its cards need (`task.run_task`)."""

        store: Store
        graph: Graph
        run: str
        step: str
        path: str
        attempt: int


_FAR = 8 << 20  # bytes of an artifact in an object store that a card does not fetch if the step did not


class CardsOfTask:
    """The cards of one attempt at a task."""

    def __init__(self, task: Attempt, decorators: List[Dict[str, Any]]) -> None:
        self._task = task
        self._where = stored.Address(task.graph.name, task.run, task.step, task.path, task.attempt)
        self.collector = CardComponentCollector(decorators, to_stderr, self._publish)
        self._lock = allocate_lock()
        # Name of an object → the bytes to write next, None if nothing waits.
        self._uploads: Dict[str, Optional[bytes]] = {}
        # Number of a card → the process that renders it now, and a lock that is held until it ends.
        self._children: Dict[int, Tuple[custom.Child, Any]] = {}
        self._shown: Set[int] = set()  # numbers of cards of custom types that were shown while the step ran
        self._flow: Optional[FlowSpec] = None

    def belongs_to(self, flow: FlowSpec) -> None:
        """Sets the flow object that the classes of cards get."""
        self._flow = flow

    # ── when the attempt has ended ────────────────────────────────────────────────────────────────

    def store_drawn(self, manifest: Manifest) -> None:
        """Stores the cards that flowc renders. Must precede the task's record: a recorded task has its cards."""
        for manager in self.collector._managers:
            if is_drawn(manager._spec.card_class) or manager._spec.card_class is None:
                self._guarded(manager, lambda manager=manager: self._store_drawn(manager, manifest))  # type: ignore[misc]

    def store_custom(self) -> None:
        """Stores the cards of custom types, which may read the task's record and artifacts."""
        for manager in self.collector._managers:
            if manager._spec.card_class is not None and not is_drawn(manager._spec.card_class):
                self._guarded(manager, lambda manager=manager: self._store_custom(manager))  # type: ignore[misc]

    def store_failed(self, failure: str) -> None:
        """Stores the components and the error of a failed attempt."""
        for manager in self.collector._managers:
            if manager._spec.is_editable and manager._spec.number not in self._shown:
                self._guarded(
                    manager,
                    lambda manager=manager: self._store(  # type: ignore[misc]
                        manager, self._data(manager, "failed", failure=failure)
                    ),
                )

    def store_live(self, mode: str) -> None:
        """Stores what the cards show while a task runs: for RUNTIME their pages, for REFRESH only new data."""
        for manager in self.collector._managers:
            self._guarded(manager, lambda manager=manager: self._store_live(manager, mode))  # type: ignore[misc]

    def _store_live(self, manager: CardComponentManager, mode: str) -> None:
        spec = manager._spec
        if spec.card_class is None:
            self._store_error(manager, why_missing(spec.type))
        elif is_drawn(spec.card_class):
            self._task.store.put(self._name(manager) + stored.LIVE_DATA, stored.dumps(self._data(manager, "running")))
        else:
            self._store_live_custom(manager, mode)

    def _store_live_custom(self, manager: CardComponentManager, mode: str) -> None:
        kind, value = self._run(manager, mode, is_final=False)
        if kind != "ok":
            if mode == custom.RUNTIME:
                self._store_error(manager, value)
            else:
                self._say(manager, value)
        elif value is None:
            self._say(manager, f"its class has no `{mode}`")
        else:
            ending, content = (
                (stored.LIVE_HTML, value.encode("utf-8", "surrogatepass"))
                if mode == custom.RUNTIME
                else (stored.REFRESHED, _refreshed(value))
            )
            self._task.store.put(self._name(manager) + ending, content)

    def _guarded(self, manager: CardComponentManager, work: Callable[[], None]) -> None:
        try:
            work()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit too, of a `__repr__`
            from ..exceptions import TimeoutException

            if isinstance(error, TimeoutException):  # the step's time is up
                raise
            self._say(manager, f"{type(error).__name__}: {error}")

    @staticmethod
    def _say(manager: CardComponentManager, why: str) -> None:
        spec = manager._spec
        name = f"@card(type='{spec.type}'" + (f", id='{spec.id}')" if spec.id else ")")
        warning_message(f"{name} has no card: {why}", to_stderr)

    def _store_drawn(self, manager: CardComponentManager, manifest: Manifest) -> None:
        spec = manager._spec
        if spec.card_class is None:
            self._store_error(manager, why_missing(spec.type))
            return
        seconds = max(0.0, spec.timeout_seconds or 0.0)
        try:
            with custom.TimeLimit(seconds):
                data = self._data(manager, "ok", manifest if spec.type in ("default", "default_json") else None)
        except KeyboardInterrupt:
            raise
        except BaseException:
            import traceback

            self._store_error(manager, traceback.format_exc())
            return
        self._store(manager, data)

    def _store_error(self, manager: CardComponentManager, trace: str) -> None:
        if manager._spec.saves_errors:
            self._store(manager, {**self._data(manager, "ok"), "error": trace})
        else:
            self._say(manager, trace)

    def _store(self, manager: CardComponentManager, data: Dict[str, Any]) -> None:
        content = stored.dumps(data)
        if len(content) > stored.LARGE:
            warning_message(
                f"the card of type `{manager._spec.type}` takes {len(content)} bytes; less than {stored.LARGE} open "
                "quickly",
                to_stderr,
            )
        self._task.store.put(self._name(manager) + stored.DATA, content)

    def _name(self, manager: CardComponentManager) -> str:
        spec = manager._spec
        return stored.name_of(self._where, spec.type, spec.id, stored.card_hash(self._where, spec.number))

    def _data(
        self, manager: CardComponentManager, state: str, manifest: Optional[Manifest] = None, failure: str = ""
    ) -> Dict[str, Any]:
        """Returns the card as data."""
        spec = manager._spec
        data: Dict[str, Any] = {
            "type": str(spec.type), "id": spec.id, "hash": stored.card_hash(self._where, spec.number),
            "rank": spec.rank, "options": spec.options, "attempt": self._where.attempt, "state": state,
            "updated": time.time(), "components": _serialized(manager),
            "updatable": [component.component_id for component in manager if component.REALTIME_UPDATABLE],
        }  # fmt: skip
        if failure:
            data["failure"] = failure
        if manifest is not None:
            size = spec.options.get("max_artifact_size") if spec.type == "default" else None
            data.update(self._of_task(manifest, bool(spec.options.get("only_repr", True)), size))
        return data

    def _of_task(self, manifest: Manifest, only_repr: bool, size: Optional[int]) -> Dict[str, Any]:
        """Returns the task's artifacts and the step's code, for the default card."""
        from .native_types import TaskToDict

        flow, task = self._flow, self._task
        names = sorted(artifact for artifact in manifest if not artifact.startswith("_"))
        groups = TaskToDict(only_repr, max_artifact_size=size).of_artifacts(
            (name, int(manifest[name].get("size", 0)), _Value(flow, name, self._is_far(name, manifest)))
            for name in names
        )
        declared = [
            parameter["attribute"]
            for parameter in (*task.graph.flow["parameters"], *task.graph.flow.get("configs", ()))
        ]
        constants = [constant["name"] for constant in task.graph.flow["constants"]]
        return {
            "artifacts": groups["data"], "images": groups["images"], "tables": groups["tables"],
            "code": _source(flow, task.step),
            "parameters": [*declared, *(constant for constant in constants if constant not in declared)],
        }  # fmt: skip

    def _is_far(self, name: str, manifest: Manifest) -> int:
        """Returns the size of an artifact that would have to be fetched, where that takes long; else 0."""
        size = int(manifest[name].get("size", 0))
        assert self._flow is not None
        return size if self._task.store.remote and size > _FAR and name not in self._flow.__dict__ else 0

    # ── custom types ──────────────────────────────────────────────────────────────────────────────

    def _store_custom(self, manager: CardComponentManager) -> None:
        before = self._children.pop(manager._spec.number, None)
        if before is not None:
            before[0].kill()  # its result would be outdated
            before[1].acquire(timeout=custom.GRACE)
        kind, value = self._run(manager, custom.RENDER)
        name = self._name(manager)
        if kind != "ok":
            self._store_error(manager, value)
        else:
            self._task.store.put(name + stored.HTML, value.encode("utf-8", "surrogatepass"))
        if kind == "ok" and manager._spec.is_runtime:
            kind, value = self._run(manager, custom.REFRESH)
            if kind == "ok" and value is not None:
                self._task.store.put(name + stored.REFRESHED, _refreshed(value))

    def _run(self, manager: CardComponentManager, mode: str, is_final: bool = True) -> Tuple[str, Any]:
        """Runs one mode of the card's class; returns (`ok`, result) or (`failed`, reason)."""
        work = self._work(manager, mode, is_final)
        if self._cannot_fork():
            from ..fast_start import json_text

            outcome = json_text.loads(
                custom.outcome(work, manager._spec.timeout_seconds).decode("utf-8", "surrogatepass")
            )
            return outcome[0], outcome[1]
        return custom.Child(work, manager._spec.timeout_seconds).result()

    @staticmethod
    def _cannot_fork() -> bool:
        import sys

        return "obstore" in sys.modules  # the client of Google's and Azure's stores cannot be used in a forked process

    def _work(self, manager: CardComponentManager, mode: str, is_final: bool) -> Callable[[], Any]:
        from ..user_code.graph_info import graph_info

        data = manager.data(mode, is_final)
        components = _serialized(manager)
        graph = graph_info(self._task.graph)
        return lambda: custom.run(manager._spec, mode, self._client_task, components, data, graph, self._flow)

    def _client_task(self) -> Any:
        """Returns the client's object of the task, for the classes of cards."""
        from ..client.datastore import open_datastore
        from ..client.task import Task

        where = self._where
        return Task._made(open_datastore(self._task.store.url), (where.flow, where.run, where.step, where.path))

    # ── while the attempt runs ────────────────────────────────────────────────────────────────────

    def _publish(self, manager: CardComponentManager, is_whole: bool) -> None:
        """Publishes a card's current state; slow parts run in the background."""
        self._guarded(manager, lambda: self._publish_now(manager, is_whole))

    def _publish_now(self, manager: CardComponentManager, is_whole: bool) -> None:
        spec, name = manager._spec, self._name(manager)
        if spec.card_class is None or not spec.is_runtime:
            return
        if is_drawn(spec.card_class):
            self._upload(name + stored.LIVE_DATA, stored.dumps(self._data(manager, "running")))
            return
        if spec.number in self._children or self._cannot_fork():
            return  # one process at a time: updates in the meantime are dropped, as in Metaflow
        works = [(self._work(manager, mode, is_final=False), ending) for mode, ending in _modes(is_whole)]
        child = custom.Child(lambda: [[ending, work()] for work, ending in works], spec.timeout_seconds)
        done = allocate_lock()
        done.acquire()
        self._children[spec.number] = (child, done)

        def receive() -> None:
            try:
                kind, value = child.result()
                for ending, content in value if kind == "ok" and spec.number in self._children else ():
                    if content is not None:
                        self._task.store.put(
                            name + ending, content.encode("utf-8") if isinstance(content, str) else _refreshed(content)
                        )
                        self._shown.add(spec.number)
            finally:
                self._children.pop(spec.number, None)
                done.release()

        _beside(receive)

    def _upload(self, name: str, data: bytes) -> None:
        """Writes an object: at once to a folder, but in a thread to an object store, which gets only the newest."""
        store = self._task.store
        if not store.remote:
            store.put(name, data)
            return
        with self._lock:
            is_busy = name in self._uploads
            self._uploads[name] = data
        if not is_busy:
            _beside(lambda: self._upload_all(name))

    def _upload_all(self, name: str) -> None:
        """Writes what waits for a name, until nothing does."""
        while True:
            with self._lock:
                waiting = self._uploads[name]
                if waiting is None:
                    del self._uploads[name]
                    return
                self._uploads[name] = None
            try:
                self._task.store.put(name, waiting)
            except Exception:  # the datastore does not take it now: what is stored at the end is whole
                pass


class _Value:
    """An artifact of the flow object, read on first use."""

    def __init__(self, flow: Any, name: str, far: int) -> None:
        self._flow, self._name, self._far = flow, name, far

    @property
    def data(self) -> Any:
        return _NotRead(self._far) if self._far else getattr(self._flow, self._name)


class _NotRead:
    def __init__(self, size: int) -> None:
        self._size = size

    def __repr__(self) -> str:
        return f"<{self._size} bytes, which this step has not read>"


def _modes(is_whole: bool) -> List[Tuple[str, str]]:
    return (
        [(custom.RUNTIME, stored.LIVE_HTML), (custom.REFRESH, stored.REFRESHED)]
        if is_whole
        else [(custom.REFRESH, stored.REFRESHED)]
    )


def _refreshed(output: Dict[str, Any]) -> bytes:
    from ..fast_start import json_text

    data = {"reload_token": output["token"], "data": output["data"], "created_on": time.time()}
    return json_text.dumps(stored.finite(data)).encode("utf-8", "surrogatepass")


def _beside(work: Callable[[], None]) -> None:
    """Runs the function in a background thread."""

    def quiet() -> None:
        try:
            work()
        except Exception:  # the datastore does not take it now: what is stored at the end is whole
            pass

    start_new_thread(quiet, ())


def _serialized(manager: CardComponentManager) -> List[Any]:
    """Returns what the components render to; in a section if there is one of flowc's own, as in Metaflow."""
    rendered = manager.rendered()
    if rendered and any(isinstance(component, UserComponent) for component in manager):
        return [SectionComponent(contents=rendered).render()]
    return rendered


def _source(flow: Any, step: str) -> str:
    import inspect

    try:
        return inspect.getsource(getattr(type(flow), step))
    except (OSError, TypeError):
        return ""
