"""The task that this process runs.

`current` shows it to the flow. The client asks for it too, since a running task exists before it has written anything.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

_ADDRESS = ("flow_name", "run_id", "step_name", "task_id")

facts: Dict[str, Any] = {}  # by attribute of `current`; empty where no task runs


def replace(values: Dict[str, Any]) -> None:
    """Replaces the facts."""
    facts.clear()
    facts.update(values)


def is_flow() -> bool:
    """Returns True within a run."""
    return "run_id" in facts


def address() -> List[Any]:
    """Returns flow, run, step and task id; None for each that is unknown."""
    return [facts.get(name) for name in _ADDRESS]


def is_within(*parts: str) -> bool:
    """Returns True if the running task belongs to the given flow, run and step, or has the given id.

    `parts` may be any leading part of (flow, run, step, task id).
    """
    return address()[: len(parts)] == list(parts)
