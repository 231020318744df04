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
    found = _VERSION.fullmatch(version.strip().lower())
    if found is None:
        return None
    release = [int(each) for each in found["release"].split(".")]
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    post = -1 if not found["post"] else int(found["post_short"] or found["post_number"] or 0)
    dev = float("inf") if not found["dev"] else int(found["dev_number"] or 0)
    pre: tuple[Any, ...] = _LAST
    if found["pre"]:
        pre = (_PRE.get(found["pre"], found["pre"]), int(found["pre_number"] or 0))
    elif not found["post"] and found["dev"]:
        pre = ("",)  # before every pre-release
    local = [(1, int(each), "") if each.isdigit() else (0, 0, each) for each in re.split("[-_.]", found["local"] or "")]
    return (int(found["epoch"] or 0), release, pre, post, dev, local if found["local"] else [])
