"""The widest foreach that an engine can run, from the spec.

The spec sets `FLOWC_MAX_SPLITS` and `FLOWC_MAX_SPLITS_REASON` (docs/shim.md). A foreach that is too wide fails in the
step that made it, before that step has a record. At this moment none of its tasks has cost anything.
"""

from __future__ import annotations

import os

from ..contract.errors import ShimError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional, Sequence

    from ..container.arguments import Several


def check_splits(
    step: str, over: str, splits: int, around: Sequence[int] = (), several: Optional[Several] = None
) -> None:
    """Raises ShimError if the foreach over artifact `over` has more items than the engine can run.

    `around` are the numbers of items of the enclosing foreaches, outermost first. The limit applies to the product with
    as many of them as `FLOWC_MAX_SPLITS_LEVELS` says, because each of their items has such a foreach. Of a foreach that
    is divided into chunks (`several`), the containers count.
    """
    text = os.environ.get("FLOWC_MAX_SPLITS", "")
    if not text:
        return
    if not (text.isascii() and text.isdigit()):
        raise ShimError(f"FLOWC_MAX_SPLITS must be a whole number, not {text!r}")
    levels = os.environ.get("FLOWC_MAX_SPLITS_LEVELS", "0")
    within = around[max(0, len(around) - int(levels)) :] if levels.isdigit() else ()
    total = containers = splits if several is None else several.containers_for(splits)
    for count in within:
        total *= count
    if total > int(text):
        advice = os.environ.get("FLOWC_MAX_SPLITS_REASON", "")
        times = "".join(f"{count} times " for count in within)
        chunks = "" if containers == splits else f" in {containers} containers"
        raise ShimError(
            f"step `{step}`: the foreach over `{over}` has {times}{splits} items{chunks}, but the engine runs at most "
            f"{int(text)}{advice and f': {advice}'}"
        )
