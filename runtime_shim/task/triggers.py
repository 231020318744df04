"""The events that started a run: as the engine gives them to the first task, and as run.json keeps them.

FLOWC_TRIGGER is a JSON array, or the base64 of one. An item is an event, its JSON text, or null for an event that did
not happen, as when a person started the run (docs/shim.md).
"""

from __future__ import annotations

from ..contract.errors import ShimError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

VARIABLE = "FLOWC_TRIGGER"
KINDS = ("event", "run")


def decoded(text: str) -> List[Dict[str, Any]]:
    """Returns the events in the text, for run.json's `trigger`: `name`, `id`, `timestamp` (seconds) and `type`.

    Raises ShimError.

    >>> decoded('[null, "{\\\\"name\\\\": \\\\"data\\\\", \\\\"id\\\\": \\\\"7\\\\", \\\\"timestamp\\\\": 12.5}"]')
    [{'name': 'data', 'id': '7', 'timestamp': 12.5, 'type': 'event'}]
    """
    import base64
    import json

    try:
        items = json.loads(text if text.startswith("[") else base64.b64decode(text, validate=True))
        events = [json.loads(item) if isinstance(item, str) else item for item in items]
    except (ValueError, TypeError) as error:
        raise ShimError(f"{VARIABLE} is neither a JSON array of events nor the base64 of one: {error}") from None
    return [_event(event) for event in events if event is not None]


def _event(event: Any) -> Dict[str, Any]:
    if not isinstance(event, dict) or not isinstance(event.get("name"), str):
        raise ShimError(f"an event in {VARIABLE} is not a JSON object with a `name`")
    kind = event.get("type")
    return {
        "name": event["name"], "id": "" if event.get("id") is None else str(event["id"]),
        "timestamp": _seconds(event.get("timestamp")), "type": kind if kind in KINDS else KINDS[0],
    }  # fmt: skip


def _seconds(value: Any) -> Any:
    """Returns the time that the sender gave as a number or its text, or None."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
