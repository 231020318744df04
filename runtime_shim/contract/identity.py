"""The user who runs a flow, and the facts about it in run.json.

The client's system tags follow from them (docs/client.md, Namespaces and tags).
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, FrozenSet, List, Mapping

RUN_TAGS = "METAFLOW_RUN_TAGS"
MAX_TAGS = 50  # most tags of a run, and most characters of each: Metaflow's limits
MAX_TAG_CHARACTERS = 500


def user_name() -> str:
    """Returns the user's name.

    It is the first variable set, in Metaflow's order; else the name of the process's user, or `uid-54321` without one.
    """
    for name in ("METAFLOW_USER", "SUDO_USER", "USERNAME", "USER"):
        if os.environ.get(name):
            return os.environ[name]
    uid = os.getuid()
    try:
        import pwd

        return pwd.getpwuid(uid).pw_name
    except (ImportError, KeyError):  # a container's user may have no name
        return f"uid-{uid}"


def tags_of_environment(variable: str = RUN_TAGS) -> List[str]:
    """Returns the run's tags from the variable, separated by spaces as in Metaflow.

    Raises ShimError for invalid tags.
    """
    words = sorted(set(os.environ.get(variable, "").split()))
    if words:
        from .errors import ShimError

        if len(words) > MAX_TAGS or max(map(len, words)) > MAX_TAG_CHARACTERS:
            raise ShimError(
                f"{variable} has invalid tags: a run may have at most {MAX_TAGS} tags, each of at most "
                f"{MAX_TAG_CHARACTERS} characters"
            )
    return words


def of_run(flow: str, target: str) -> Dict[str, Any]:
    """Returns `user`, `namespace`, `python`, `flowc` and `tags` for run.json, without those that are None.

    A deployed run belongs to nobody: its namespace is `production:FLOW`, and it has a user only if METAFLOW_USER names
    one. FLOWC_NAMESPACE overrides the namespace. `tags` are those of METAFLOW_RUN_TAGS for a deployed run; a local run
    also gets tags from its command line. Raises ShimError.
    """
    from .version import VERSION

    user = user_name() if target == "local" else os.environ.get("METAFLOW_USER")
    namespace = os.environ.get("FLOWC_NAMESPACE") or (f"user:{user}" if target == "local" else f"production:{flow}")
    tags = (tags_of_environment() or None) if target != "local" else None
    facts = {
        "user": user,
        "namespace": namespace,
        "python": ".".join(map(str, sys.version_info[:3])),
        "flowc": VERSION,
        "tags": tags,
    }
    return {name: value for name, value in facts.items() if value is not None}


def system_tags(data: Mapping[str, Any]) -> FrozenSet[str]:
    """Returns the system tags of the run with this run.json. Its namespace is one of them."""
    target = data.get("target")
    tags = {f"runtime:{'dev' if target == 'local' else target}"} if target else set()
    for key, tag in (("user", "user"), ("python", "python_version"), ("flowc", "flowc_version")):
        if data.get(key):
            tags.add(f"{tag}:{data[key]}")
    if data.get("namespace") and target != "local":  # a local run may only look into a different namespace
        tags.add(str(data["namespace"]))
    return frozenset(tags | set(data.get("system_tags") or ()))
