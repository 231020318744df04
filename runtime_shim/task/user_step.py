"""Runs the user's code for a step, and applies `@catch`, `@timeout`, `@secrets` and `@parallel`.

The rules are in docs/shim.md, Retries.
"""

from __future__ import annotations

import os

from ..contract.semantics import caught_artifact, prints_exception
from ..user_code.flowspec import FlowSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Optional

    from .attempt import Attempt


def run(task: Attempt, flow: FlowSpec, call: Callable[[], None]) -> None:
    """Runs the step through `call`. Exceptions propagate unless `@catch` catches them."""
    graph, step = task.graph, task.step
    catch = graph.decorator(step, "catch")
    seconds = graph.timeout_seconds(step)
    try:
        if seconds:
            from .timeout import Deadline

            with Deadline(step, seconds):
                _within(task, flow, call, catch)
        else:
            _within(task, flow, call, catch)
    except Exception as error:
        if catch is None or task.tries < graph.retries(step):
            raise
        if prints_exception(catch):
            from .failure import print_traceback

            print_traceback(error)
        _pretend_success(task, flow, catch, error)
    else:
        name = caught_artifact(catch)
        if name:
            setattr(flow, name, None)
    from . import transitions

    transitions.check(graph, flow)


def _within(task: Attempt, flow: FlowSpec, call: Callable[[], None], catch: Optional[Dict[str, Any]]) -> None:
    """Runs the part of the step that its deadline covers."""
    _prepare(task, flow)
    if catch is not None and task.tries > task.graph.retries(task.step):
        from ..exceptions import FailureHandledByCatch

        raise FailureHandledByCatch(task.tries)
    if task.graph.has_extensions(task.step):
        from ..extensions import of_task

        of_task.run(task, flow, call)
    else:
        call()


def _prepare(task: Attempt, flow: FlowSpec) -> None:
    """Sets environment variables from the step's decorators, once its modules have been imported."""
    graph, step = task.graph, task.step
    secrets = graph.decorator(step, "secrets")
    if secrets is not None:
        from .secrets import variables

        os.environ.update(variables(secrets))
    if graph.is_gang(step) and flow._flowc.stack:
        from ..gang import set_environment

        set_environment(
            step, task.path, flow._flowc.stack[-1]["splits"], task.run, graph.decorator(step, "pytorch_parallel")
        )


def _pretend_success(task: Attempt, flow: FlowSpec, catch: Dict[str, Any], error: Exception) -> None:
    """Makes the exception an artifact, and continues the run as the graph says.

    Raises the exception again if the step had to choose how the run continues.
    """
    if task.graph.kind(task.step) in ("foreach", "switch", "parallel"):
        raise error
    name = caught_artifact(catch)
    if name:
        from ..exceptions import MetaflowExceptionWrapper

        setattr(flow, name, MetaflowExceptionWrapper(error, type(flow).__module__))
    flow._flowc.next = task.graph.targets(task.step) or None
    flow._flowc.splits = None
    flow._flowc.caught = True
