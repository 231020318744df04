"""What a run and `flowc gc` say to each other, so that nothing is collected that a run has just begun to rely on.

A task that finds a blob there already does not write it again, and only its record, a moment later, makes the blob reachable. So: a run first
writes its run.json and then looks for the marker; the collector first writes the marker and then looks for runs. Whichever comes second sees the
other: the collector leaves blobs alone while a run goes on, and a run that sees the marker waits until it is gone.
"""

from __future__ import annotations

import time

from ..contract import address, record
from ..contract.errors import DamagedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional

    from ..store import Store

STALE = 3600.0  # seconds after which a marker is that of a collector which was killed
PAUSE = 1.0  # seconds between two looks


def marker_name(flow: str) -> str:
    return f"{address.encoded(flow)}/collecting.json"


def marker(store: Store, flow: str) -> Optional[Dict[str, Any]]:
    """The collector that is at work, None without one."""
    name = marker_name(flow)
    data = store.get(name)
    try:
        found = record.loads(data, name) if data is not None else None
    except DamagedError:  # torn by a power failure, which the collector did not outlive either
        return None
    return found if found is not None and time.time() - float(found["time"]) < STALE else None


def wait(store: Store, flow: str) -> None:
    """Returns when no collector is at work. To be called after run.json has been written."""
    while marker(store, flow) is not None:
        time.sleep(PAUSE)
