"""The datastore that a command reads, and the names of runs, steps and tasks in it."""

from __future__ import annotations

import os

from flowc.runtime_shim.store.default_folder import FOLDER, nearest

from .options import Option
from .terminal import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.runtime_shim.client.datastore import Datastore

    from .deploying.place import Place
    from .options import Arguments

OPTIONS = (
    Option("--store", "the datastore", "URL", default="FLOWC_STORE, else .flowc here or in a folder above"),
    Option("--flow", "the run's flow, if several flows have a run of that name", "NAME"),
    Option("--flow-file", "the flow's file; its datastore is used", "FILE"),
)


class Pathspec:
    """The run, step or task that a text such as `try7/train/3` names. Missing parts are ""."""

    def __init__(self, flow: str, run: str, step: str, path: str) -> None:
        self.flow, self.run, self.step, self.path = flow, run, step, path


def url_of(arguments: Arguments) -> str:
    """Returns the datastore's URL or folder. Raises Failure if there is none."""
    url = arguments.text("--store") or os.environ.get("FLOWC_STORE", "")
    if url:
        return url
    file = arguments.text("--flow-file")
    if file:
        return folder_of(file)
    folder = nearest(os.getcwd())
    if not folder:
        raise Failure("there is no datastore `.flowc` here or in a folder above; give one with `--store`")
    return folder


def on_context(arguments: Arguments) -> Place | None:
    """Returns the place that `--on` names, or None. The command then uses that place's datastore."""
    if not arguments.text("--on"):
        return None
    from .deploying.place import parse

    words = ["--on", arguments.text("--on"), *(["--store", arguments.text("--store")] * arguments.flag("--store"))]
    _, place = parse(words, ())
    if place.store:
        arguments.given["--store"] = (place.store,)
    return place


def folder_of(file: str) -> str:
    """Returns the default datastore of the flow in that file.

    It is `.flowc` beside the file if that exists or the file is not below the current folder. Otherwise it is the
    `.flowc` that commands find from here, so that a project's flows see each other's runs, as in Metaflow.
    """
    own, current = os.path.dirname(os.path.abspath(file)), os.getcwd()
    beside = os.path.join(own, FOLDER)
    if os.path.isdir(beside) or not own.startswith(os.path.join(current, "")):
        return beside
    return nearest(current) or os.path.join(current, FOLDER)


def is_found_here(store: str) -> bool:
    """Returns True if commands find the datastore without `--store`."""
    return store == nearest(os.getcwd())


def place_of(arguments: Arguments) -> Datastore:
    """Returns the datastore, and makes the client read it, in the global namespace. Raises Failure."""
    from flowc.runtime_shim import client
    from flowc.runtime_shim.client.datastore import open_datastore
    from flowc.runtime_shim.contract.errors import ShimError

    url = url_of(arguments)
    try:
        place = open_datastore(url if "://" in url else os.path.abspath(url))
    except ShimError as error:
        raise Failure(str(error)) from None
    client.namespace(None)
    return place


def find(place: Datastore, text: str, flow: str = "") -> Pathspec:
    """Returns what the text `[FLOW/]RUN[/STEP[/PATH]]` names. Raises ShimError unless exactly one run matches."""
    from flowc.runtime_shim.contract.errors import ShimError

    parts = text.split("/")
    flows = [flow] if flow else place.flows()
    matches = [name for name in flows if place.run(name, parts[0]) is not None]
    if not matches and len(parts) > 1 and parts[0] in flows and place.run(parts[0], parts[1]) is not None:
        matches, parts = [parts[0]], parts[1:]
    if not matches:
        raise ShimError(f"there is no run {parts[0]!r}{f' of flow {flow}' if flow else ''} in {place.url}")
    if len(matches) > 1:
        raise ShimError(f"several flows have a run {parts[0]!r}: {', '.join(matches)}; choose one with `--flow`")
    run, step, path = (*parts, "", "")[:3]
    if len(parts) > 3:
        raise ShimError(f"{text!r} is not the name of a task; write RUN/STEP/PATH")
    return Pathspec(matches[0], run, step, _path(step, path))


def _path(step: str, text: str) -> str:
    """Returns the path of the task that the text names by its path or its id; "" for an empty text."""
    from flowc.runtime_shim.contract import address

    try:
        return address.path_of_task(step, text) if text else ""
    except address.BadPath:
        return text  # no task has it; whoever looks the task up reports that


def run_object(place: Datastore, flow: str, run: str) -> Any:
    """Returns the client's object for the run."""
    from flowc.runtime_shim.client.run import Run

    return Run._made(place, (flow, run))
