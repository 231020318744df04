"""Sets records aside when an operator asks to run tasks again, so that new ones can be written.

The rules are in docs/shim.md, Runs and starts. Records that are set aside are kept below `superseded/` for people only.
No task reads them, and they keep no artifact from `flowc gc`.
"""

from __future__ import annotations

from . import address, record
from .errors import DamagedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict

    from ..store import Store


def set_aside(store: Store, flow: str, run: str, step: str, path: str) -> None:
    """Moves the task's record away. Raises StoreError.

    A process that is killed in between leaves the record in place, or a copy of it.
    """
    name = address.record_name(flow, run, step, path)
    data = store.get(name)
    if data is None:
        return
    try:
        attempt = int(record.loads(data, name).get("attempt") or 0)
    except DamagedError:
        attempt = 0
    store.put_if_absent(
        address.superseded_name(flow, run, f"{address.encoded(step)}/{address.encoded(path)}.{attempt}.json"), data
    )
    if store.get(name) == data:  # a second start of the same task may have replaced it meanwhile
        store.delete(name)


def set_all_aside(store: Store, flow: str, run: str) -> None:
    """Moves the records of all tasks of the run away, before its first task begins again. Raises StoreError."""
    from .tasks import tasks

    for step, path in list(tasks(store, flow, run)):
        set_aside(store, flow, run, step, path)


def keep_run(store: Store, flow: str, run: str, data: Dict[str, Any]) -> None:
    """Keeps a copy of run.json, which is about to be replaced. Raises StoreError."""
    moment = int(float(data.get("started") or 0) * 1000)
    store.put_if_absent(address.superseded_name(flow, run, f"run.{moment}.json"), record.dumps(data))
