"""Events that start flows: their names (`namespaced_event_name`), and sending one to Argo Events.

`ArgoEvent` is `metaflow.integrations.ArgoEvent`.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Callable, Dict, Optional, Union

from ..exceptions import MetaflowException


class ArgoEventException(MetaflowException):
    headline = "Argo Event Exception"
    _home = "metaflow.plugins.argo.argo_events"


def namespaced_event_name(event_name: str) -> Callable[[], str]:
    """Returns a function that returns the event's name, scoped to the current project and branch.

    The result is `mfns.PROJECT.BRANCH.NAME`, or `mfns.NAME` without a project.
    """

    def full_name() -> str:
        from .current import current

        prefix = os.environ.get("METAFLOW_NAMESPACED_EVENTS_PREFIX", "mfns")
        project, branch = current.get("project_name"), current.get("branch_name")
        return ".".join([prefix, *([project, branch] if project and branch else []), event_name])

    full_name.event_name = event_name  # type: ignore[attr-defined]
    return full_name


class ArgoEvent:
    """An event for Argo Events' webhook at `url`, or at METAFLOW_ARGO_EVENTS_WEBHOOK_URL."""

    def __init__(
        self,
        name: Union[str, Callable[[], str]],
        url: Optional[str] = None,
        payload: Optional[Dict[str, Any]] = None,
        access_token: Optional[str] = None,
    ) -> None:
        self.name = name() if callable(name) else name
        self.url = url or os.environ.get("METAFLOW_ARGO_EVENTS_WEBHOOK_URL", "")
        self.payload = dict(payload or {})
        self.access_token = access_token

    def add_to_payload(self, key: str, value: Any) -> ArgoEvent:
        self.payload[key] = str(value)
        return self

    def safe_publish(self, payload: Optional[Dict[str, Any]] = None, ignore_errors: bool = True) -> Optional[str]:
        """Publishes the event only if the flow runs on Argo."""
        return self.publish(payload, force=False, ignore_errors=ignore_errors)

    def publish(
        self, payload: Optional[Dict[str, Any]] = None, force: bool = True, ignore_errors: bool = True
    ) -> Optional[str]:
        """Returns the event's id, or None if it was not sent.

        Raises ArgoEventException unless `ignore_errors` is set.
        """
        if not force and os.environ.get("FLOWC_TARGET") != "argo":
            print(
                f"Argo Event ({self.name}) was not published: the flow does not run on Argo Workflows", file=sys.stderr
            )
            return None
        try:
            return self._send({**self.payload, **(payload or {})})
        except Exception as error:
            text = f"Argo Event ({self.name}) could not be published: {error}"
            if not ignore_errors:
                raise ArgoEventException(text) from error
            print(text, file=sys.stderr)
            return None

    def _send(self, payload: Dict[str, Any]) -> str:
        import json
        import time
        import urllib.request
        import uuid

        if not self.url:
            raise ValueError("the webhook's URL is unknown: pass `url`, or set METAFLOW_ARGO_EVENTS_WEBHOOK_URL")
        now, event = int(time.time()), str(uuid.uuid4())
        about = {
            "name": self.name, "id": event, "timestamp": now, "utc_date": time.strftime("%Y%m%d", time.gmtime(now)),
            "generated-by-metaflow": True,
        }  # fmt: skip
        headers = {
            "Content-Type": "application/json",
            **({"Authorization": f"Bearer {self.access_token}"} if self.access_token else {}),
        }
        body = json.dumps({"name": self.name, "payload": {**about, **payload}}).encode()
        for wait in (0, 1, 3):
            time.sleep(wait)
            try:
                with urllib.request.urlopen(urllib.request.Request(self.url, body, headers, method="POST"), timeout=60):
                    return event
            except OSError as failure:
                error = failure
        raise error
