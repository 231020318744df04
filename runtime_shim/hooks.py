"""Functions that the package `flowc` adds to the shim, where all of it is installed.

The shim imports nothing from the other parts. `flowc/__init__.py`, which Python runs before any module of the shim,
registers functions that flows may call through the shim, and that need the other parts. Each function imports what it
needs when it is called, and raises ImportError where the shim is alone.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict

# "command_line": what `FlowSpec()` starts, from (the flow's file, its class, the words of the command line) to the exit
# code;
# "Runner", "NBRunner", "Deployer", "DeployedFlow", "NBDeployer", "TriggeredRun": return the class of that name;
# "charts": returns the script that draws the charts of cards;
# "is_plugin": returns True for the name of a decorator that a plug-in brings (docs/plugins.md)
registered: Dict[str, Callable[..., Any]] = {}
