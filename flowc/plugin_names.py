"""The names of plug-ins' decorators for a flow that Python itself starts: `from metaflow import gpu_pool`.

In runs and tasks the names come with the flow's IR (`runtime_shim/user_code/plugins.py`).
"""

from __future__ import annotations

import os
import sys


def is_plugin(name: str) -> bool:
    """Returns True if an installed package, or the settings of the program that runs, bring the decorator."""
    from flowc.compiler.decorators._plugins import Plugins
    from flowc.compiler.report.diagnostics import Refused

    from .settings import NONE, settings_for

    path = str(getattr(sys.modules.get("__main__"), "__file__", None) or "flow.py")
    try:
        settings = settings_for(path)
    except Refused:  # the command line reports it
        settings = NONE
    if name in settings.without or name in _without(sys.argv):
        return True
    files = settings.plugins
    return bool(Plugins(files, os.path.dirname(path)).name_of(f"metaflow.{name}"))


def _without(words: list[str]) -> set[str]:
    """Returns the names that a command line gives to `--without`."""
    after = {word.lstrip("@") for option, word in zip(words, words[1:]) if option == "--without"}
    return after | {word.partition("=")[2] for word in words if word.startswith("--without=")}
