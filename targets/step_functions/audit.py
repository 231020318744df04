"""Who has changed an object, as far as AWS tells: CloudTrail's event history of the last 90 days.

Events appear there some minutes after they happen, and only for whoever may look them up. So the answer may be unknown.
"""

from __future__ import annotations

from flowc.targets.operating import EngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .account import Account

_CHANGES = ("Update", "Create", "Delete", "Tag", "Untag", "Publish", "Register", "Deregister")


def last_change(account: Account, resource: str, at: Any = None) -> tuple[str, str]:
    """Returns who has changed the resource last, and when in ISO 8601; "" for what is unknown.

    `at` is a datetime that the object itself has, or None.
    """
    try:
        events = account.listed(
            "cloudtrail", "LookupEvents", "Events", "NextToken", 50, MaxResults=50,
            LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": resource}],
        )  # fmt: skip
    except EngineError:  # not allowed, or not there
        events = []
    for event in sorted(events, key=lambda one: one["EventTime"], reverse=True):
        if str(event.get("EventName", "")).startswith(_CHANGES):
            return str(event.get("Username", "")), _iso(event["EventTime"])
    return "", _iso(at) if at is not None else ""


def _iso(at: Any) -> str:
    from datetime import timezone

    return str(at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"))
