"""Names of `metaflow.util` that flows and scripts about runs use."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def is_stringish(x: Any) -> bool:
    """Returns True for a text."""
    return isinstance(x, str)
