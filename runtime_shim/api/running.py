"""Which task this process runs. `current` shows it to the flow; the client asks for it, since a task that runs exists before it has left anything."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

_ADDRESS = ("flow_name", "run_id", "step_name", "task_id")

facts: Dict[str, Any] = {}  # by the names that they have as attributes of `current`; empty where no task runs


def replace(values: Dict[str, Any]) -> None:
    """From now on these are the facts."""
    facts.clear()
    facts.update(values)


def is_flow() -> bool:
    """Returns True within a run."""
    return "run_id" in facts


def address() -> List[Any]:
    """Returns flow, run, step and the task's id; None for those that are not known."""
    return [facts.get(name) for name in _ADDRESS]


def is_within(*parts: str) -> bool:
    """Returns True if the task is in the flow, run and step of these names, as many as are given, or is the task of this id."""
    return address()[: len(parts)] == list(parts)
