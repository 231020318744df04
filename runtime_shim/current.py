"""`current`: where am I (Metaflow's documentation, current). One object a process; a task fills it before the step runs."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator


_NAMES = (
    "flow_name", "run_id", "step_name", "task_id", "retry_count", "origin_run_id", "namespace", "username", "tags", "tempdir", "project_name",
    "project_flow_name", "branch_name", "is_user_branch", "is_production", "parallel", "is_parallel", "trigger", "task", "run",
)  # fmt: skip


class RunParameters:
    """The values of the run's parameters: attributes, and iteration over the names."""

    def __init__(self, values: dict) -> None:  # type: ignore[type-arg]
        self.__dict__.update(values)

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__)


class Current:
    """Attributes that are not set are None; unknown ones raise AttributeError."""

    def __init__(self) -> None:
        self._values: dict = {}  # type: ignore[type-arg]

    def _set(self, **values: Any) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        values = self.__dict__.get("_values", {})
        if name in values:
            return values[name]
        if name in _NAMES:
            return None
        raise AttributeError(f"current has no attribute {name!r}")

    @property
    def is_running_flow(self) -> bool:
        return bool(self._values)

    @property
    def pathspec(self) -> Any:
        parts = [self._values.get(name) for name in ("flow_name", "run_id", "step_name", "task_id")]
        return "/".join(map(str, parts)) if all(each is not None for each in parts) else None

    @property
    def graph(self) -> Any:
        if "graph" not in self._values:
            raise RuntimeError("current.graph is only known while a flow runs")
        return self._values["graph"]

    def get(self, key: str, default: Any = None) -> Any:
        return getattr(self, key, default)

    def __contains__(self, key: str) -> bool:
        return getattr(self, key, None) is not None


current = Current()
