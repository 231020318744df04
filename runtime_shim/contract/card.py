"""The attributes of `@card`, for the compiler and the tasks that draw the card (Metaflow's documentation, card)."""

from __future__ import annotations

from .semantics import number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional

DEFAULTS: Dict[str, Any] = {
    "type": "default", "id": None, "options": {}, "timeout": 45, "scope": "task", "rank": None, "save_errors": True,
    "customize": False,
    "refresh_interval": 5,
}  # fmt: skip


class CardSettings:
    """The values of one `@card`. An attribute that the code package lacks, because it is older, has its default."""

    def __init__(self, attributes: Dict[str, Any]) -> None:
        values = {**DEFAULTS, **attributes}
        self.type: Any = values["type"]
        self.id: Optional[str] = values["id"]
        self.options: Dict[str, Any] = values["options"] or {}
        self.rank: Any = values["rank"]
        self.timeout_seconds: Optional[float] = number(values["timeout"])  # None, 0 and less: no limit
        self.refresh_seconds = number(values["refresh_interval"]) or 0.0  # between two updates, at least
        self.saves_errors = bool(values["save_errors"])
        self.is_customized = str(values["customize"]) == "True"  # the card that `current.card` edits among several
