"""`@torchrun_parallel(master_port=None, all_nodes_started_timeout=600, …)`: the old name of `@torchrun`."""

from __future__ import annotations

from .torchrun import ATTRIBUTES as ATTRIBUTES
from .torchrun import EXTENSION as EXTENSION
from .torchrun import HOW as HOW
from .torchrun import WHY as WHY
from .torchrun import check as check
from .torchrun import read as read

LEVEL = "step"
GANG = True
IN_TASK = True
