"""The pod that calls the functions of `@exit_hook` once a run has ended (Argo's documentation, Exit handlers).

It has the container of the flow's last step, so it has that step's packages. A function that fails makes the pod fail,
and leaves the run's outcome as it is.
"""

from __future__ import annotations

from flowc.compiler.decorators.decorator import record_of
from flowc.compiler.fast_start.record import replace
from flowc.compiler.ir.nodes import End

from .names import EXIT, HOOKS
from .pods import pod_template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from flowc.compiler.ir.nodes import Flow
    from flowc.targets.target import Options

    Data: TypeAlias = dict[str, Any]

_OF_TASKS = ("FLOWC_PARAMETERS", "FLOWC_TRIGGER")
STATUS = "{{workflow.status}}"  # Succeeded, Failed or Error


def hooks(flow: Flow, options: Options) -> tuple[Data, Data] | None:
    """Returns the values of the exit handler's template and of its pod, or None for a flow without `@exit_hook`."""
    records = [record_of(decorator) for decorator in flow.decorators if decorator.name == "exit_hook"]
    if not records:
        return None
    on_success = any(each.on_success for each in records)
    on_error = any(each.on_error for each in records)
    condition = "" if on_success and on_error else f"'{STATUS}' {'==' if on_success else '!='} 'Succeeded'"
    last = next(step for step in flow.steps if isinstance(step.transition, End))
    kept = tuple(decorator for decorator in last.decorators if decorator.name not in ("retry", "catch"))
    pod = pod_template(replace(last, decorators=kept, doc=""), flow, replace(options, containers=()), has_path=False)
    pod.update(
        env=[(name, value) for name, value in pod["env"] if name not in _OF_TASKS],
        name=HOOKS,
        comment="Calls the functions of @exit_hook.",
        inside="",
        outputs=[],
        args=["hooks", "--outcome", STATUS],
    )
    return {"name": EXIT, "task": HOOKS, "when": condition}, pod
