"""`@airflow_external_task_sensor(external_dag_id, external_task_ids=None, …)`: wait for a task of another DAG before the first step, on Airflow.

`execution_delta` is a `timedelta`, carried as seconds.
"""

from __future__ import annotations

from ._kinds import flags, name_lists, texts
from ._sensor import ATTRIBUTES as COMMON
from ._sensor import HOW as HOW
from ._sensor import WHY as WHY
from ._sensor import common
from .decorator import value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Flow, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "flow"
ATTRIBUTES: dict[str, Value] = {
    **COMMON, "external_dag_id": None, "external_task_ids": None, "allowed_states": ["success"], "failed_states": None, "execution_delta": None,
    "check_existence": True,
}  # fmt: skip
MULTIPLE = True
# Airflow's TaskInstanceState and DagRunState
STATES = (
    "deferred", "failed", "queued", "removed", "restarting", "running", "scheduled", "shutdown", "skipped", "success", "up_for_reschedule",
    "up_for_retry", "upstream_failed",
)  # fmt: skip


def check(decorator: Decorator, _owner: Flow) -> Iterator[Diagnostic]:
    given = decorator.attributes
    yield from common(decorator, "external_dag_id")
    yield from texts(decorator, "external_dag_id")
    yield from name_lists(decorator, "external_task_ids", "allowed_states", "failed_states")
    yield from flags(decorator, "check_existence")
    for name in ("allowed_states", "failed_states"):
        several = given[name] if isinstance(given[name], list) else [given[name]]
        unknown = [each for each in several or [] if isinstance(each, str) and each not in STATES]  # type: ignore[union-attr]
        if unknown:
            yield value_error(
                decorator, name, f"`{unknown[0]}` is not a state of Airflow's", "the states are " + ", ".join(f"`{each}`" for each in STATES)
            )
    if isinstance(given["execution_delta"], bool) or not (given["execution_delta"] is None or isinstance(given["execution_delta"], (int, float))):
        yield value_error(decorator, "execution_delta", "it is a duration", "write `execution_delta=timedelta(hours=1)`")
