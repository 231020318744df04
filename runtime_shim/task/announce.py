"""Tells Argo Events that a step is done, so that flows with `@trigger_on_finish` start.

The events are those of Metaflow, so that its flows and flowc's may start each other: `metaflow.FLOW.STEP`, with
`PROJECT.BRANCH.` before the flow's name. The end of a run is the event `end`, whatever its last step is called. A task
that a killed container has announced may be announced again, with the same id.
"""

from __future__ import annotations

import os

from ..contract import address, identity
from ..contract.graph import attributes_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict

    from .attempt import Attempt

VARIABLE = "FLOWC_ANNOUNCE"  # "runs": the last step of each run; "steps": every step
RUNS, STEPS = "runs", "steps"
END = "end"


def announce(task: Attempt) -> None:
    """Sends the events that the finished task stands for. A failure to send is printed, and fails nothing."""
    is_last = task.graph.kind(task.step) == END
    if not is_last and os.environ.get(VARIABLE) != STEPS:
        return
    from ..api.events import ArgoEvent

    payload = _payload(task)
    full_name = payload.get("project_flow_name", task.graph.name)
    for name in dict.fromkeys((task.step, END) if is_last else (task.step,)):
        ArgoEvent(f"metaflow.{full_name}.{name}", payload=payload).publish(ignore_errors=True)


def _payload(task: Attempt) -> Dict[str, Any]:
    name = address.task_id(task.step, task.path)
    pathspec = f"{task.graph.name}/{task.run}/{task.step}/{name}"
    project = attributes_of(task.graph.flow["decorators"], "project")
    facts: Dict[str, Any] = {}
    if project is not None:
        from ..contract.project import place

        facts = place(project, task.graph.name, identity.user_name())
    return {
        "id": pathspec, "pathspec": pathspec, "flow_name": task.graph.name, "run_id": task.run, "step_name": task.step,
        "task_id": name, "auto-generated-by-metaflow": True, **facts,
    }  # fmt: skip
