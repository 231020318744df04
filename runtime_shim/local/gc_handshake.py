"""The handshake that keeps `flowc gc` from deleting blobs that a new run already relies on.

A task that finds a blob does not write it again, and only its record makes the blob reachable, a moment later. So a run
first writes its run.json and then looks for the marker, while the collector first writes the marker and then looks for
runs. Whichever comes second sees the other: the collector spares blobs while a run is in progress, and a run that sees
the marker waits until it is gone.
"""

from __future__ import annotations

import time

from ..contract import address, record
from ..contract.errors import DamagedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional

    from ..store import Store

STALE = 3600.0  # seconds after which a marker is stale: its collector was killed
PAUSE = 1.0  # seconds between two checks


def marker_name(flow: str) -> str:
    return f"{address.encoded(flow)}/collecting.json"


def marker(store: Store, flow: str) -> Optional[Dict[str, Any]]:
    """Returns the marker of a running collector, or None."""
    name = marker_name(flow)
    data = store.get(name)
    try:
        collector = record.loads(data, name) if data is not None else None
    except DamagedError:  # torn by a power failure, which ended the collector too
        return None
    return collector if collector is not None and time.time() - float(collector["time"]) < STALE else None


def wait(store: Store, flow: str) -> None:
    """Returns when no collector is running. Must be called after run.json has been written."""
    while marker(store, flow) is not None:
        time.sleep(PAUSE)
