"""Who runs a flow, and what run.json says of how a run was made: the client's system tags follow from it (docs/client.md, Tags)."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, FrozenSet, Mapping, Optional


def user_name() -> Optional[str]:
    """Who runs this, in the order in which Metaflow asks; None where nothing tells."""
    for name in ("METAFLOW_USER", "SUDO_USER", "USERNAME", "USER"):
        if os.environ.get(name):
            return os.environ[name]
    return None


def of_run(flow: str, target: str) -> Dict[str, Any]:
    """`user`, `namespace`, `python` and `flowc` for run.json. A deployed run is nobody's own: its namespace is `production:FLOW`, and it has a user
    only if METAFLOW_USER names one. FLOWC_NAMESPACE chooses another namespace."""
    from flowc import __version__

    user = (user_name() or "unknown") if target == "local" else os.environ.get("METAFLOW_USER")
    namespace = os.environ.get("FLOWC_NAMESPACE") or (f"user:{user}" if target == "local" else f"production:{flow}")
    found = {"user": user, "namespace": namespace, "python": ".".join(map(str, sys.version_info[:3])), "flowc": __version__}
    return {name: value for name, value in found.items() if value is not None}


def system_tags(data: Mapping[str, Any]) -> FrozenSet[str]:
    """The system tags of the run that has this run.json; its namespace is one of them."""
    target = data.get("target")
    found = {f"runtime:{'dev' if target == 'local' else target}"} if target else set()
    for key, tag in (("user", "user"), ("python", "python_version"), ("flowc", "flowc_version")):
        if data.get(key):
            found.add(f"{tag}:{data[key]}")
    if data.get("namespace") and target != "local":  # a local run may only look into another's
        found.add(str(data["namespace"]))
    return frozenset(found | set(data.get("system_tags") or ()))
