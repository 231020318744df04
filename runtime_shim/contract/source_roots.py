"""The source roots of a flow that runs from its repository, not from a code package, for every process of a run."""

from __future__ import annotations

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Sequence, Tuple

VARIABLE = "FLOWC_SOURCE_ROOTS"  # a JSON list of folders


def give(roots: Sequence[str]) -> None:
    """Leaves the roots, and no others, to this process and those that it starts."""
    os.environ.pop(VARIABLE, None)
    os.environ.update(variables(roots))


def variables(roots: Sequence[str]) -> Dict[str, str]:
    """Returns what a process that imports the flow must have in its environment."""
    return {VARIABLE: json.dumps(list(roots))} if roots else {}


def given() -> Tuple[str, ...]:
    """Returns the roots that this process was given."""
    return tuple(json.loads(os.environ.get(VARIABLE) or "[]"))
