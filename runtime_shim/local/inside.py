"""Runs a task of a container that runs several, with the start, the packages and the limits of the container.

`Work.inside` holds them as JSON data, which a new process can be told too.
"""

from __future__ import annotations

import os

from ..contract import address
from ..contract.errors import ShimError
from ..contract.start import Start
from ..task.attempt import Attempt
from ..task.beginning import Beginning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Mapping

    from ..contract.graph import Graph
    from ..store import Store
    from .work import Work

# variables about one task, which counts the containers that the engine starts after it
LIMITS = ("FLOWC_MAX_SPLITS", "FLOWC_MAX_SPLITS_REASON", "FLOWC_MAX_SPLITS_LEVELS")


def as_data(
    start: Start, begun: Beginning, within: List[str], chunks: Dict[str, int], target: str, packages: str,
    limits: Mapping[str, str], once: bool, kept: str, first: List[str],
) -> Dict[str, Any]:  # fmt: skip
    """Returns what the tasks of a container share, as JSON data.

    `first` are the step and path that the container was started with. `limits` are the variables LIMITS, and `kept` the
    folder for objects that one task hands to the next.
    """
    return {
        "start": {name: getattr(start, name) for name in Start.__slots__},
        "begun": {"data": begun.data, "code": begun.code, "is_anew": begun.is_anew, "is_asked": begun.is_asked},
        "within": within, "chunks": chunks, "target": target, "packages": packages, "limits": dict(limits),
        "once": once, "kept": kept, "first": first,
    }  # fmt: skip


def load_flow(work: Work) -> Any:
    """Imports the flow's class as the task of a container does. Exceptions of the user's module propagate unchanged."""
    import gc

    from ..contract.graph import Graph
    from ..task.run_task import set_environment
    from ..user_code import flow_module

    inside: Dict[str, Any] = work.inside or {}
    gc.freeze()  # what exists now will stay
    gc.enable()
    set_environment(Graph(work.graph).decorator(inside["within"][0], "environment"))
    if "=" in inside["packages"]:  # the digest alone is of an environment that this process is in already
        from ..environments.activate import activate

        store = open_store(work)
        activate(store, inside["packages"])
        store.close()
    return flow_module.load_flow(work.folder, work.graph["flow"], once=inside["once"])


def note_environment(work: Work) -> None:
    """Records the environment of this process, in which the flow has been loaded, for all tasks that it forks."""
    from ..task import environment

    store = open_store(work)
    work.environment = environment.put(store, work.graph["flow"]["name"], environment.here())
    store.close()  # a fork must not use the same connection


def open_store(work: Work) -> Store:
    """Opens the datastore for a task, which gets from the container's folder what earlier ones have left there."""
    from ..store import open_store

    return handing_over(open_store(work.store, durable=True), (work.inside or {})["kept"])


def handing_over(store: Store, folder: str) -> Store:
    """Returns the store, which keeps what does not change in `folder` if asking for it again takes time."""
    if not store.remote:
        return store
    from ..store.handed_over import HandedOver

    return HandedOver(store, folder)


def run(work: Work, request: Mapping[str, Any], load: Callable[[], Any], graph: Graph) -> int:
    """Runs the task that a request of the supervisor names, in this process. Returns its exit code (docs/shim.md)."""
    from ..container.arguments import Several
    from ..task.run_task import run_task

    inside: Dict[str, Any] = work.inside or {}
    step, path = request["step"], request["path"]
    graph.folder = work.folder
    if not set(graph.targets(step)) & set(inside["within"]):  # the engine starts what follows
        os.environ.update(inside["limits"])
    _leave_line_in(request["line"])
    is_first = step == graph.start and path == address.ROOT and not request["tries"]
    task = Attempt(
        open_store(work), graph, work.run, step, path, request["attempt"], work.code, inside["target"],
        work.parameters, load, start=Start(**inside["start"]), begun=Beginning(**inside["begun"]) if is_first else None,
        tries=request["tries"], environment=work.environment,
    )  # fmt: skip
    task.several = Several(**inside["chunks"])
    task.container = inside["first"]
    try:
        outcome = run_task(task)
    except ShimError as error:
        from ..task import termination

        termination.write(f"flowc: {error}")
        raise
    return 0 if outcome is not None else task.exit_code


def _leave_line_in(file: str) -> None:
    """Makes the file to which the task writes its line for the engine. The container chooses among them."""
    os.environ["FLOWC_TERMINATION_LOG"] = file
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600))
