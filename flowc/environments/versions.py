"""Orders versions of PyPI's packages (PEP 440)."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_VERSION = re.compile(
    r"v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)"
    r"(?:[-_.]?(?P<pre>alpha|beta|preview|pre|rc|a|b|c)[-_.]?(?P<pre_number>\d*))?"
    r"(?P<post>-(?P<post_short>\d+)|[-_.]?(?:post|rev|r)[-_.]?(?P<post_number>\d*))?"
    r"(?P<dev>[-_.]?dev[-_.]?(?P<dev_number>\d*))?(?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?"
)
_PRE = {"alpha": "a", "beta": "b", "preview": "rc", "pre": "rc", "c": "rc"}
_LAST = ("~",)  # after every name of a pre-release


def key(version: str) -> tuple[Any, ...] | None:
    """Returns a sort key; None for a text that is not a version.

    >>> texts = ["1.0", "1.0rc1", "1.0.post1", "1.0.dev1", "1.0a2", "1.0a2.dev3", "1.0.1", "1!0.1", "1.0+cu121"]
    >>> sorted(texts, key=key)
    ['1.0.dev1', '1.0a2.dev3', '1.0a2', '1.0rc1', '1.0', '1.0+cu121', '1.0.post1', '1.0.1', '1!0.1']
    >>> key("1.0") == key("1.0.0.0"), key("1.0-1") == key("1.post1"), key("latest") is None
    (True, True, True)
    """
    match = _VERSION.fullmatch(version.strip().lower())
    if match is None:
        return None
    release = [int(part) for part in match["release"].split(".")]
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    post = -1 if not match["post"] else int(match["post_short"] or match["post_number"] or 0)
    dev = float("inf") if not match["dev"] else int(match["dev_number"] or 0)
    pre: tuple[Any, ...] = _LAST
    if match["pre"]:
        pre = (_PRE.get(match["pre"], match["pre"]), int(match["pre_number"] or 0))
    elif not match["post"] and match["dev"]:
        pre = ("",)  # before every pre-release
    local = [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.split("[-_.]", match["local"] or "")]
    return (int(match["epoch"] or 0), release, pre, post, dev, local if match["local"] else [])
