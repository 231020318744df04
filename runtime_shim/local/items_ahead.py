"""Loads the collection of a wide foreach once, before the tasks are forked that take one item each out of it.

Each task would load all of it, which is n² work for n items. A fork has its own copy of what its parent has loaded, so
no task sees what a different one does to it.

Only plain data are loaded so: unpickling them calls no code of anybody's. Anything else, each task loads by itself.
`Hints` is the part of the supervisor, which knows the records; `Loaded` that of the warm process, which forks.
"""

from __future__ import annotations

from ..artifacts import content
from ..artifacts import manifest as artifacts
from ..contract import address
from ..contract.graph import Graph, inner
from ..user_code import foreach_items
from ..user_code.flowspec import ITEMS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Set, Tuple

    from ..artifacts.manifest import Entry
    from ..contract.record import Record
    from ..store import Store

LEAST = 16 << 10  # bytes of content that a task loads in no time
MOST = 256 << 20  # bytes of content beyond which each task decides for itself if it needs so much memory
AT_ONCE = 3  # collections that are kept, for foreaches side by side


class Hints:
    """The collections of the foreaches in progress, by the addresses of the tasks that made them."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._openers = _openers(graph)
        self._entries: Dict[Tuple[str, str], Entry] = {}

    def opener(self, step: str, path: str) -> Optional[Tuple[str, str]]:
        """Returns the address of the task that made the innermost foreach around a task; None outside any."""
        opener = self._openers.get(step)
        return (opener, address.parent(path)) if opener is not None else None

    def note(self, done: Record) -> None:
        """Notes the collection of the foreach that a task has made, if it is worth loading before."""
        over = done.data.get("over")
        if done.splits is None or over is None:
            return
        entry = done.artifacts.get(f"{ITEMS}_{over}" if done.data.get("fixed_order") else over)
        if entry is not None and LEAST <= entry["size"] <= MOST:
            self._entries[done.step, address.leave(done.path)] = {**entry, "over": over}

    def of(self, step: str, path: str) -> Optional[Entry]:
        """Returns the entry of the collection that a task takes its item from; None if it need not be loaded before."""
        place = self.opener(step, path) if self._entries else None
        entry = self._entries.get(place) if place is not None else None
        if entry is None or entry["over"] not in (self.graph.step(step).get("reads") or ()):
            return None
        return entry


def _openers(graph: Graph) -> Dict[str, str]:
    """Returns, for each step in the body of a foreach, the step that makes the innermost one."""
    openers: Dict[str, str] = {}
    waiting = [(graph.scope, "")]
    while waiting:
        scope, opener = waiting.pop()
        for node in scope["nodes"]:
            if opener:
                openers[node["step"]] = opener
            is_foreach = node["kind"] == "for_each"
            waiting += [(body, node["step"] if is_foreach else opener) for body in inner(node)]
    return openers


class Loaded:
    """The collections that the next forks get."""

    def __init__(self) -> None:
        self._refused: Set[str] = set()  # digests of collections that are not plain data

    def has_seen(self, entry: Entry) -> bool:
        """Returns True for a collection that was loaded, or cannot be."""
        return entry["digest"] in foreach_items.loaded_before or entry["digest"] in self._refused

    def load(self, store: Store, flow: str, entry: Entry) -> None:
        """Loads the collection, if it is plain."""
        kept = foreach_items.loaded_before
        while len(kept) >= AT_ONCE:
            del kept[next(iter(kept))]
        try:
            kept[entry["digest"]] = restore_plain(artifacts.read(store, flow, entry))
        except Exception:  # not plain, missing, damaged: the task says so, if it needs it
            self._refused.add(entry["digest"])
            return
        import gc

        gc.freeze()  # no fork need look through it

    @staticmethod
    def forget() -> None:
        """Gives the memory back, when no foreach is in progress."""
        foreach_items.loaded_before.clear()


class NotPlain(Exception):
    """Raised for content that needs more than Python's own plain data."""


def restore_plain(data: Any) -> Any:
    """Returns the value of the content. Raises NotPlain if unpickling would call code, and what unpickling raises."""
    from _io import BytesIO
    from _pickle import Unpickler

    class Plain(Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            raise NotPlain

    pickled = content.plain_pickle(data)
    if pickled is None:
        raise NotPlain
    return Plain(BytesIO(pickled)).load()
