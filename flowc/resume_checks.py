"""Checks of a run that is about to be resumed, on this machine or on an orchestrator."""

from __future__ import annotations

from flowc.compiler.report.diagnostics import nearest

from .options import Usage
from .terminal import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.runtime_shim.store import Store


def met_with_damage(store: Store, flow: str, run: str) -> bool:
    """Returns True if a task of the run failed because something in the datastore is missing or damaged."""
    from flowc.runtime_shim.contract import record
    from flowc.runtime_shim.contract.errors import DamagedError, ShimError
    from flowc.runtime_shim.task import failure

    kind = f"{DamagedError.__module__}.{DamagedError.__qualname__}"
    try:
        failures = [
            record.loads(data, name)
            for name in failure.names(store, flow, run)
            if (data := store.get(name)) is not None
        ]
    except DamagedError:
        return True
    except ShimError as error:
        raise Failure(str(error)) from None
    return any(failed.get("type") == kind for failed in failures)


def check_steps(steps: list[str], step_names: list[str]) -> None:
    """Raises Usage for a step that the flow does not have."""
    for step in steps:
        if step not in step_names:
            close = nearest(step, step_names)
            raise Usage(
                f"the flow has no step `{step}`",
                f"did you mean `{close}`?" if close else "its steps are " + ", ".join(step_names),
            )
