"""`python -m flowc.runtime_shim hooks --outcome OUTCOME`: calls the functions of `@exit_hook` after a run.

Engines start it in a container like that of the flow's last step (docs/shim.md, After a run).
"""

from __future__ import annotations

import os
import sys

from ..contract import record
from ..contract.errors import DamagedError, UsageError
from ..contract.graph import read_graph
from ..contract.start import required
from ..store import open_store
from ..user_code.exit_hooks import call_all
from ..user_code.flow_module import load_flow
from .run_task import set_environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List

    from ..store import Store

USAGE = "usage: python -m flowc.runtime_shim hooks --outcome OUTCOME"
SUCCEEDED = "succeeded"


def call_hooks(argv: List[str]) -> int:
    """Returns 0 if every function has returned, else 1. Each is called, even after one that fails. Raises ShimError.

    Any outcome but `succeeded`, in any case, calls the functions for errors: engines have several words for those.
    """
    outcome = _outcome(argv)
    store = open_store(required(os.environ, "FLOWC_STORE"))
    packages = os.environ.get("FLOWC_PACKAGES", "")
    if "=conda:" in packages:
        from ..environments.own_python import enter

        enter(store, packages, sys.argv[1:])
    flow, run = required(os.environ, "FLOWC_FLOW"), required(os.environ, "FLOWC_RUN")
    folder = os.environ.get("FLOWC_CODE_DIR", "")
    if folder:
        return _call(store, packages, folder, flow, run, outcome)
    from ..contract.code_package import fetch
    from . import private_folder

    folder = private_folder.create("code", [flow, run, "hooks"], is_later=False)
    try:
        fetch(store, flow, _code(store, flow, run), folder)
        return _call(store, packages, folder, flow, run, outcome)
    finally:
        private_folder.remove(folder)


def _call(store: Store, packages: str, folder: str, flow: str, run: str, outcome: str) -> int:
    graph = read_graph(folder, os.environ.get("FLOWC_IR", ""))
    if "=" in packages:
        from ..environments.activate import activate

        activate(store, packages)
    set_environment(graph.decorator(graph.end, "environment"))
    return 0 if call_all(load_flow(folder, graph.flow), flow, run, outcome == SUCCEEDED) else 1


def _code(store: Store, flow: str, run: str) -> str:
    """Returns the digest of the code that the run began with, or of the spec's code if run.json is missing."""
    try:
        data = record.read_run(store, flow, run)
    except DamagedError:
        data = None
    return str((data or {}).get("code") or required(os.environ, "FLOWC_CODE"))


def _outcome(argv: List[str]) -> str:
    words = [part for word in argv for part in word.split("=", 1)]
    if len(words) != 2 or words[0] != "--outcome" or not words[1]:
        raise UsageError(USAGE)
    return words[1].lower()
