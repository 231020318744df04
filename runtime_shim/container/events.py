"""What happens in a container, told to the process on the same machine that has started it (`local/containers.py`).

FLOWC_EVENTS is the number of a file descriptor. It gets each event of the supervisor as a line of JSON:
`[KIND, [STEP, PATH, ATTEMPT], TEXT]`, with null in place of the task for an event of the whole container. When nobody
reads them any more, the container ends as if it was asked to.
"""

from __future__ import annotations

import json
import os
import signal
from typing import Any, Optional

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..local.settings import OnEvent

VARIABLE = "FLOWC_EVENTS"
TICK = 1.0  # seconds between two events, at most: how soon a container notices that nobody reads


def listener() -> Optional[OnEvent]:
    """Returns the function that tells the events; None if nobody wants them."""
    number = os.environ.pop(VARIABLE, "")
    if not number:
        return None
    descriptor = int(number)
    os.set_inheritable(descriptor, False)

    def tell(kind: str, task: Any, text: str) -> None:
        line = json.dumps([kind, task, text]).encode() + b"\n"
        try:
            while line:
                line = line[os.write(descriptor, line) :]
        except OSError:
            os.kill(os.getpid(), signal.SIGTERM)

    return tell
