"""Begins a container again that an operator has asked for (docs/shim.md, Several tasks in one container).

A container that had succeeded runs all of its tasks again: their records are set aside. One that had failed runs those
that have no record. Which records are set aside is written down first (`STEP/PATH.again.json`, docs/formats.md), so
that a container that is lost in the middle goes on with them.
"""

from __future__ import annotations

from ..contract import address, record
from ..contract.errors import DamagedError
from ..contract.superseded import set_aside
from ..local.earlier import AHEAD
from ..local.frontier import Frontier

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Tuple

    from ..contract.record import Record
    from ..contract.start import Start
    from ..local.part import Part
    from ..store import Store
    from .journal import Journal

SUFFIX = "again.json"


def begin_again(store: Store, run: str, part: Part, start: Start, journal: Journal) -> None:
    """Sets aside the records of a container that had succeeded and is asked for again. Raises StoreError."""
    if not (start.request or start.first or start.id):
        return
    name = address.task_name(part.graph.name, run, journal.step, journal.path, SUFFIX)
    data = store.get(name)
    if data is not None:
        try:
            fields = record.loads(data, name)
        except DamagedError:
            fields = {"tasks": [], "is_done": True}
        _set_aside(store, run, part, start, journal, fields["tasks"], bool(fields["is_done"]))
        if not fields["is_done"]:
            store.put(name, record.dumps({**fields, "is_done": True}))
    done, leaving = _succeeded(store, run, part)
    if leaving < len(part.first) or not all(start.asks_again(*one.started) for one in done if part.leaves(one)):
        return
    tasks = [[one.step, one.path, one.attempt] for one in done]
    fields = {"version": record.VERSION, "start": start.as_data(), "tasks": tasks}
    store.put(name, record.dumps({**fields, "is_done": False}))
    _set_aside(store, run, part, start, journal, tasks, False)
    store.put(name, record.dumps({**fields, "is_done": True}))


def _set_aside(
    store: Store, run: str, part: Part, start: Start, journal: Journal, tasks: List[List[object]], is_done: bool
) -> None:
    """Sets the records aside that are still there, and lets the journal go on with the numbers of their attempts."""
    for step, path, attempt in tasks:
        assert isinstance(step, str) and isinstance(path, str) and isinstance(attempt, int)
        journal.begins_anew(step, path, attempt)
        if is_done:
            continue
        found = record.read(store, part.graph.name, run, step, path)
        if found is not None and start.asks_again(*found.started):
            set_aside(store, part.graph.name, run, step, path)


def _succeeded(store: Store, run: str, part: Part) -> Tuple[List[Record], int]:
    """Returns the records of the part's tasks, and how many of them leave it."""
    frontier = Frontier(part.graph, part.within)
    waiting, found, leaving = list(part.first), [], 0
    while waiting:
        batch, waiting = waiting[:AHEAD], waiting[AHEAD:]
        store.fetch_ahead([address.record_name(part.graph.name, run, step, path) for step, path in batch])
        for step, path in batch:
            done = record.read(store, part.graph.name, run, step, path)
            if done is not None:
                found.append(done)
                leaving += part.leaves(done)
                waiting += frontier.done(step, path, done.next, done.splits)
    return found, leaving
