"""`@tensorflow_parallel`: the old name of `@tensorflow`."""

from __future__ import annotations

from .tensorflow import ATTRIBUTES as ATTRIBUTES
from .tensorflow import EXTENSION as EXTENSION
from .tensorflow import HOW as HOW
from .tensorflow import WHY as WHY
from .tensorflow import read as read

LEVEL = "step"
GANG = True
IN_TASK = True
