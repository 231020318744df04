"""The widest foreach that an engine can run, as the spec says it: `FLOWC_MAX_SPLITS` and `FLOWC_MAX_SPLITS_REASON` (docs/shim.md).

A foreach that is too wide fails in the step that made it, before that step has a record: at this moment no task of it has cost anything.
"""

from __future__ import annotations

import os

from .errors import ShimError


def check_splits(step: str, over: str, splits: int) -> None:
    """Raises ShimError when the foreach over artifact `over` has more items than the engine can run."""
    text = os.environ.get("FLOWC_MAX_SPLITS", "")
    if not text:
        return
    if not (text.isascii() and text.isdigit()):
        raise ShimError(f"FLOWC_MAX_SPLITS must be a whole number, not {text!r}")
    if splits > int(text):
        advice = os.environ.get("FLOWC_MAX_SPLITS_REASON", "")
        raise ShimError(
            f"step `{step}`: the foreach over `{over}` has {splits} items, and the engine runs at most {int(text)}{advice and f': {advice}'}"
        )
