"""`current`: facts about the running task (Metaflow's documentation, current).

There is one object per process. A task fills it before the step runs.
"""

from __future__ import annotations

from . import running

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, Iterator

# None when unset
_ALWAYS = (
    "flow_name",
    "run_id",
    "step_name",
    "task_id",
    "retry_count",
    "origin_run_id",
    "namespace",
    "username",
    "tags",
)


class RunParameters:
    """The values of the run's parameters, as attributes. Iterating yields their names."""

    def __init__(self, values: dict) -> None:  # type: ignore[type-arg]
        self.__dict__.update(values)

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__)


class Current:
    """The facts about the running task, as attributes.

    Known attributes that are not set are None. Those that a missing decorator would bring, and unknown ones, raise
    AttributeError.
    """

    def __init__(self) -> None:
        self._graph: Any = None  # Graph

    def _set(self, **values: Any) -> None:
        running.replace(values)

    def __getattr__(self, name: str) -> Any:
        if name in running.facts and not name.startswith("_"):
            return running.facts[name]
        if name in _ALWAYS:
            return None
        raise AttributeError(f"'Current' object has no attribute {name!r}")

    @property
    def is_running_flow(self) -> bool:
        return running.is_flow()

    @property
    def pathspec(self) -> Any:
        parts = running.address()
        return "/".join(map(str, parts)) if all(part is not None for part in parts) else None

    @property
    def tempdir(self) -> str:
        import os

        return os.environ.get("METAFLOW_TEMPDIR", ".")

    @property
    def parallel(self) -> Any:
        from ..gang import parallel

        if not running.facts.get("is_parallel"):
            raise AttributeError("'Current' object has no attribute 'parallel'")
        return parallel()

    @property
    def graph(self) -> Any:
        from ..user_code.graph_info import graph_info

        if self._graph is None:
            raise RuntimeError("Graph is not available")
        return graph_info(self._graph)

    graph_info = graph

    @property
    def run(self) -> Any:
        """The client's `Run` object; None outside a run."""
        return run_object(self.flow_name, self.run_id) if self.is_running_flow else None

    @property
    def task(self) -> Any:
        """The client's `Task` object; None outside a task."""
        if self.pathspec is None:
            return None
        return _client("Task", self.pathspec)

    def get(self, key: str, default: Any = None) -> Any:
        return getattr(self, key, default)

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *_ALWAYS, *(name for name in running.facts if name not in _ALWAYS)]

    def __contains__(self, key: str) -> bool:
        return getattr(self, key, None) is not None


def run_object(flow: str, run: str) -> Any:
    """Returns the client's object for a run."""
    return _client("Run", f"{flow}/{run}")


def _client(kind: str, pathspec: str) -> Any:
    from .. import client

    return getattr(client, kind)(pathspec, _namespace_check=False)


current = Current()
