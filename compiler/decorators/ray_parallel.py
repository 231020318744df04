"""`@ray_parallel(main_port=None, all_nodes_started_timeout=90, …)`: the old name of `@metaflow_ray`."""

from __future__ import annotations

from .metaflow_ray import ATTRIBUTES as ATTRIBUTES
from .metaflow_ray import EXTENSION as EXTENSION
from .metaflow_ray import HOW as HOW
from .metaflow_ray import WHY as WHY
from .metaflow_ray import check as check
from .metaflow_ray import read as read

LEVEL = "step"
GANG = True
IN_TASK = True
