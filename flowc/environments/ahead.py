"""Lets uv resolve for `flowc lock --upgrade` while flowc still reads the flow.

The locks on disk show what the flow most probably asks for: an upgrade rarely comes with other changes to the packages.
For each, uv is started with the very words that the flow would lead to, all at the same time. If the flow does lead to
them, `uv.run` takes the answer; otherwise nobody does. So the result is the same as without this module, which only
saves time: reading the flow and resolving overlap, and so do the resolutions of several environments and platforms.

The plain version is to do nothing. Deleting this file costs 15 ms for a lock of one environment, where uv takes 18, and
with several environments or a slow index much more.
"""

from __future__ import annotations

import os

from . import quick_reading, uv
from .platforms import Platform
from .uv_command import FORMAT, index_options, requirement, resolving

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

AT_MOST = 8  # processes of uv at a time
_PLAIN = ("--upgrade", "--quiet", "-q")  # other options may change what uv is asked, or ask it nothing


def begin(arguments: list[str]) -> None:
    """Starts uv for the locks of the flow that `flowc lock` with these arguments is about, if it is a plain upgrade."""
    files = [argument for argument in arguments if argument not in _PLAIN]
    if "--upgrade" not in arguments or len(files) != 1 or files[0].startswith("-"):
        return
    folder = os.path.splitext(files[0])[0] + ".lock"
    try:
        names = sorted(name for name in os.listdir(folder) if name.startswith("pylock.") and name.endswith(".toml"))
    except OSError:
        return
    for name in names[:AT_MOST]:
        try:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                asked = _asked(quick_reading.read(file.read()) or {})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue  # whoever reads the lock later says what is wrong with it
        if asked is not None:
            uv.begin(*asked)


def _asked(lock: dict[str, Any]) -> tuple[list[str], str] | None:
    """Returns the arguments of uv and the requirements; None for a lock with more than packages of indexes."""
    own = lock["tool"]["flowc"]
    packages = sorted(own["packages"].items())
    special = ("requirements", "directories", "package-indexes", "channels", "exclude-newer")
    if not packages or any(own.get(key) for key in special) or any(text.startswith("@") for _, text in packages):
        return None
    *first, last = own["indexes"]
    triple = Platform(own["platform"], own.get("glibc", "")).triple
    command = resolving(own["python"], triple, index_options(first, last))
    text = "".join(f"{requirement(name, version)}\n" for name, version in packages)
    return [*command, "--no-build", *FORMAT], text
