"""The command that starts one of this package's modules in a new process, from a folder or an archive that holds it."""

from __future__ import annotations

import os
import sys
from typing import List

BOOT = (
    "import sys; sys.path[:] = [sys.argv[1], *filter(None, sys.path)]; "
    "from flowc.runtime_shim.local import {module}; {module}.{call}"
)


def fresh_command(bundle: str = "") -> List[str]:
    """Returns the command of a task's own process, for when forking is not safe.

    `bundle` holds the package, if the Python of this process does not have it installed.
    """
    if not bundle and not sys.flags.no_site:
        return [sys.executable, "-m", "flowc.runtime_shim.local.fresh_process"]
    if not bundle:  # a container that the shim was copied to
        bundle = os.path.abspath(__file__)
        for _ in "flowc/runtime_shim/local/fresh_command.py".split("/"):
            bundle = os.path.dirname(bundle)
    flags = ["-S"] if sys.flags.no_site else ["-s"]
    return [sys.executable, *flags, "-c", BOOT.format(module="fresh_process", call="start()"), bundle]
