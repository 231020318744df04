"""The widest foreach that an engine can run, as the spec says it: `FLOWC_MAX_SPLITS` and `FLOWC_MAX_SPLITS_REASON` (docs/shim.md).

A foreach that is too wide fails in the step that made it, before that step has a record: at this moment no task of it has cost anything.
"""

from __future__ import annotations

import os

from ..contract.errors import ShimError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence


def check_splits(step: str, over: str, splits: int, around: Sequence[int] = ()) -> None:
    """Raises ShimError when the foreach over artifact `over` has more items than the engine can run.

    `around` are the numbers of items of the foreaches around it, outermost first. Of as many as `FLOWC_MAX_SPLITS_LEVELS` says, each item has
    such a foreach, and what counts is what all of them have together.
    """
    text = os.environ.get("FLOWC_MAX_SPLITS", "")
    if not text:
        return
    if not (text.isascii() and text.isdigit()):
        raise ShimError(f"FLOWC_MAX_SPLITS must be a whole number, not {text!r}")
    levels = os.environ.get("FLOWC_MAX_SPLITS_LEVELS", "0")
    within = around[max(0, len(around) - int(levels)) :] if levels.isdigit() else ()
    total = splits
    for each in within:
        total *= each
    if total > int(text):
        advice = os.environ.get("FLOWC_MAX_SPLITS_REASON", "")
        times = "".join(f"{each} times " for each in within)
        raise ShimError(
            f"step `{step}`: the foreach over `{over}` has {times}{splits} items, and the engine runs at most {int(text)}{advice and f': {advice}'}"
        )
