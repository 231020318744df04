"""`@airflow_external_task_sensor(external_dag_id, …)`: wait for a task of another DAG before the first step.

Only Airflow has it.

`execution_delta` is a `timedelta`, which the IR stores as seconds. A local run ignores the decorator, as Metaflow does.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

from ._kinds import flags, name_lists, texts
from ._sensor import ATTRIBUTES as COMMON
from ._sensor import HOW as HOW
from ._sensor import WHY as WHY
from ._sensor import Waiting, common, read_common, texts_in
from .decorator import number, value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Flow, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "flow"
ATTRIBUTES: dict[str, Value] = {
    **COMMON, "external_dag_id": None, "external_task_ids": None, "allowed_states": ["success"],
    "failed_states": None, "execution_delta": None,
    "check_existence": True,
}  # fmt: skip
MULTIPLE = True
# Airflow's TaskInstanceState and DagRunState
STATES = (
    "deferred", "failed", "queued", "removed", "restarting", "running", "scheduled", "shutdown", "skipped",
    "success", "up_for_reschedule",
    "up_for_retry", "upstream_failed",
)  # fmt: skip


@record
class ExternalTaskSensor:
    """A task of another DAG that the run waits for."""

    waiting: Waiting
    dag: str
    tasks: tuple[str, ...]  # empty: the whole DAG
    allowed_states: tuple[str, ...]
    failed_states: tuple[str, ...]
    execution_delta_seconds: float
    check_existence: bool


def read(decorator: Decorator) -> ExternalTaskSensor:
    """Returns the decorator's values as a record. Its check has accepted them."""
    attributes = decorator.attributes
    return ExternalTaskSensor(
        read_common(decorator), str(attributes["external_dag_id"]), texts_in(attributes["external_task_ids"]),
        texts_in(attributes["allowed_states"]),
        texts_in(attributes["failed_states"]), number(attributes["execution_delta"]) or 0,
        attributes["check_existence"] is True,
    )  # fmt: skip


def check(decorator: Decorator, _owner: Flow) -> Iterator[Diagnostic]:
    attributes = decorator.attributes
    yield from common(decorator, "external_dag_id")
    yield from texts(decorator, "external_dag_id")
    yield from name_lists(decorator, "external_task_ids", "allowed_states", "failed_states")
    yield from flags(decorator, "check_existence")
    for name in ("allowed_states", "failed_states"):
        several = attributes[name] if isinstance(attributes[name], list) else [attributes[name]]
        unknown = [item for item in several or [] if isinstance(item, str) and item not in STATES]  # type: ignore[union-attr]
        if unknown:
            yield value_error(
                decorator,
                name,
                f"`{unknown[0]}` is not a state in Airflow",
                "the states are " + ", ".join(f"`{state}`" for state in STATES),
            )
    if isinstance(attributes["execution_delta"], bool) or not (
        attributes["execution_delta"] is None or isinstance(attributes["execution_delta"], (int, float))
    ):
        yield value_error(
            decorator, "execution_delta", "it must be a duration", "write `execution_delta=timedelta(hours=1)`"
        )
