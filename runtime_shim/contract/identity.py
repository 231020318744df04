"""Who runs a flow, and what run.json says of how a run was made: the client's system tags follow from it (docs/client.md, Namespaces and tags)."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, FrozenSet, List, Mapping

RUN_TAGS = "METAFLOW_RUN_TAGS"
MAX_TAGS = 50  # of one run, and the characters of each: Metaflow's limits
MAX_TAG_CHARACTERS = 500


def user_name() -> str:
    """Who runs this: the variables in the order in which Metaflow asks, else the name of the process's user, or `uid-54321` if it has none."""
    for name in ("METAFLOW_USER", "SUDO_USER", "USERNAME", "USER"):
        if os.environ.get(name):
            return os.environ[name]
    uid = os.getuid()
    try:
        import pwd

        return pwd.getpwuid(uid).pw_name
    except (ImportError, KeyError):  # a container may run as anybody
        return f"uid-{uid}"


def tags_of_environment(variable: str = RUN_TAGS) -> List[str]:
    """The tags that the variable gives a run, separated by spaces as in Metaflow. Raises ShimError for what cannot be a tag."""
    words = sorted(set(os.environ.get(variable, "").split()))
    if words:
        from .errors import ShimError

        if len(words) > MAX_TAGS or max(map(len, words)) > MAX_TAG_CHARACTERS:
            raise ShimError(
                f"{variable} has invalid tags: a run may have {MAX_TAGS} tags, each of at most {MAX_TAG_CHARACTERS} characters"
            )
    return words


def of_run(flow: str, target: str) -> Dict[str, Any]:
    """`user`, `namespace`, `python` and `flowc` for run.json. A deployed run is nobody's own: its namespace is `production:FLOW`, and it has a user
    only if METAFLOW_USER names one. FLOWC_NAMESPACE chooses another namespace. `tags` are those of METAFLOW_RUN_TAGS of a deployed run, if there are
    any; a local run's come from its command line too. Raises ShimError."""
    from .version import VERSION

    user = user_name() if target == "local" else os.environ.get("METAFLOW_USER")
    namespace = os.environ.get("FLOWC_NAMESPACE") or (f"user:{user}" if target == "local" else f"production:{flow}")
    tags = (tags_of_environment() or None) if target != "local" else None
    found = {
        "user": user,
        "namespace": namespace,
        "python": ".".join(map(str, sys.version_info[:3])),
        "flowc": VERSION,
        "tags": tags,
    }
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
