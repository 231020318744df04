"""The deployment of a spec on AWS, which AWS keeps when a later spec lacks it: a state machine and its schedule.

Job definitions are not among the items: a run may still need an old one, and it does nothing by itself.
"""

from __future__ import annotations

from flowc.compiler.options.schedules import schedule_of
from flowc.targets.target import Deployment

from .names import machine_name, schedule_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.ir.nodes import Flow
    from flowc.targets.target import Options

SUFFIXES = (".asl.json", ".batch.json", ".policy.json", ".schedule.json")


def deployment(flow: Flow, options: Options) -> Deployment:
    """Returns the names that `emit` gives to the state machine, the schedule and the files."""
    name = options.name or machine_name(options.deployment or flow.name)
    schedule = () if schedule_of(flow) is None else (f"schedule {schedule_name(name)}",)
    return Deployment(name, (*schedule, f"statemachine {name}"), tuple(name + suffix for suffix in SUFFIXES))


def removal(item: str) -> tuple[str, str, str]:
    """Returns what, why and how, for an item that the spec no longer has."""
    kind, _, name = item.partition(" ")
    if kind == "schedule":
        why = "EventBridge Scheduler keeps it, and goes on starting runs"
        how = f"where it was deployed, run `aws scheduler delete-schedule --name {name}`"
        return f"the schedule `{name}` is no longer in the spec", why, how
    command = f"aws stepfunctions delete-state-machine --state-machine-arn …:stateMachine:{name}"
    how = f"where it was deployed, run `{command}` after its last execution has ended"
    return f"the state machine `{name}` is no longer in the spec", "AWS keeps it, where it can still be started", how
