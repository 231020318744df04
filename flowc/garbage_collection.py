"""Deletion of old runs and of blobs that no run refers to: `plan` lists them, `collect` deletes them.

It is mark and sweep. It keeps every run that a rule keeps or that may still be running, every blob that a record of a
kept run refers to, and every code package, because deployed specs name those. `runtime_shim/local/gc_handshake.py`
says why no run can lose what it relies on.
"""

from __future__ import annotations

import os
import time

from .run_status import FAILED, RUNNING, STOPPED, SUCCEEDED, status
from .terminal import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from flowc.runtime_shim.client.datastore import Datastore


ABANDONED = 3600.0  # seconds after which the writer of an unfinished file must have been killed


class Rules:
    """The rules that keep runs. A run is kept if any rule keeps it, and every run is kept if there is no rule."""

    def __init__(self, keep: int | None, days: float | None, tags: tuple[str, ...], grace_seconds: float) -> None:
        self.keep = keep  # keep this many of each flow's newest runs
        self.days = days  # keep runs that began within this many days
        self.tags = frozenset(tags)  # keep runs with one of these tags
        self.grace = grace_seconds  # never delete anything younger

    def keeps(self, position: int, data: dict[str, Any], tags: frozenset[str], now: float) -> bool:
        if self.keep is None and self.days is None:
            return True
        newest = self.keep is not None and position < self.keep
        young = self.days is not None and now - float(data.get("started", 0)) < self.days * 86400
        return newest or young or bool(self.tags & tags)


class Plan:
    """The objects of one flow to delete, by name and in the order of deletion."""

    def __init__(self, flow: str) -> None:
        self.flow = flow
        self.runs: list[str] = []
        self.kept = 0
        self.objects: list[str] = []
        self.blobs: list[str] = []
        self.leftovers: list[str] = []  # handles (Store.leftovers) of files and uploads that were never finished
        self.bytes = 0
        self.going_on: list[str] = []  # runs that may still be running; no blob is deleted while there are any


def plan(place: Datastore, flow: str, rules: Rules) -> Plan:
    from flowc.runtime_shim.client import tags
    from flowc.runtime_shim.contract import address

    now = time.time()
    result = Plan(flow)
    edited = tags.edited(place, flow)
    kept: list[str] = []
    for position, run in enumerate(place.runs(flow)):
        state = _state(place, flow, run, rules, now)
        if state == "":
            result.going_on.append(run)
        tagged = tags.every(place, flow, run, edited)
        if state == "" or rules.keeps(position, place.run(flow, run) or {}, tagged, now):
            kept.append(run)
        else:
            result.runs.append(run)
    result.kept = len(kept)
    for run in result.runs:
        entries = [*_entries(place, address.run_name(flow, run)), *_entries(place, address.superseded_name(flow, run))]
        record = address.run_record_name(flow, run)
        names = (name for name, _, _ in entries)
        result.objects += sorted(names, key=lambda name: name != record)  # run.json first: without it there is no run
        result.bytes += sum(size for _, size, _ in entries)
    result.objects += (
        _tags(place, flow, frozenset(result.runs))
        + _cached(place, flow, frozenset(kept))
        + _orphans(place, flow, rules, now)
    )
    if not result.going_on:
        marked = _marked(place, flow, kept)
        for name, size, changed in _entries(place, f"{address.encoded(flow)}/blobs/"):
            if name not in marked and now - changed >= rules.grace:
                result.blobs.append(name)
                result.bytes += size
        for name, size in _unfinished_saves(place, flow, rules, now):
            result.blobs.append(name)
            result.bytes += size
        for handle, size, changed in place.store.leftovers(f"{address.encoded(flow)}/"):
            if now - changed >= max(rules.grace, ABANDONED):
                result.leftovers.append(handle)
                result.bytes += size
    return result


def collect(place: Datastore, flow: str, rules: Rules) -> Plan:
    """Plans again while new runs wait, then deletes. Raises Failure if a second `flowc gc` is running."""
    from flowc.runtime_shim.contract import record
    from flowc.runtime_shim.local import gc_handshake

    store, name = place.store, gc_handshake.marker_name(flow)
    data = record.dumps({"version": record.VERSION, "time": time.time(), "pid": os.getpid()})
    if not store.put_if_absent(name, data):
        if gc_handshake.marker(store, flow) is not None:
            raise Failure(
                f"a different `flowc gc` is deleting runs of {flow} now; wait for it to end. "
                f"If it was killed, its marker {name} expires after an hour"
            )
        store.put(name, data)
    until = time.monotonic() + gc_handshake.STALE / 2
    try:
        result = plan(place, flow, rules)
        for names, delete in (
            (result.objects, _deleter(place)),
            (result.blobs, _deleter(place)),
            (result.leftovers, place.store.delete_leftover),
        ):
            for at in range(0, len(names), 500):
                if time.monotonic() > until:
                    raise Failure(
                        f"{flow}: half an hour was not enough to delete everything; run `flowc gc` again for the rest"
                    )
                place.each(names[at : at + 500], delete)
        return result
    finally:
        _deleter(place)(name)


def _state(place: Datastore, flow: str, run: str, rules: Rules, now: float) -> str:
    """Returns the run's status, or "" if it is or may still be running."""
    from flowc.runtime_shim.contract import address
    from flowc.runtime_shim.contract.errors import ShimError

    try:
        state, _ = status(place, flow, run)
    except ShimError:  # its code package is gone, so nobody can resume it
        state = STOPPED
    if state == SUCCEEDED:
        return state
    if state == RUNNING or state not in (FAILED, STOPPED):
        return ""
    youngest = max((changed for _, _, changed in _entries(place, address.run_name(flow, run))), default=0.0)
    return state if now - youngest >= rules.grace else ""


def _marked(place: Datastore, flow: str, runs: list[str]) -> set[str]:
    """Returns the objects that the records of these runs refer to."""
    from flowc.runtime_shim.artifacts import manifest
    from flowc.runtime_shim.contract import address
    from flowc.runtime_shim.contract.tasks import tasks

    marked: set[str] = set()
    for run in runs:
        succeeded = list(tasks(place.store, flow, run))
        for at in range(0, len(succeeded), 256):
            part = succeeded[at : at + 256]
            for task_record in place.each(part, lambda task: place.record(flow, run, *task)):  # noqa: B023 (used at once)
                if task_record is not None:
                    marked |= manifest.objects(flow, task_record.artifacts)
    assert all(name.startswith(f"{address.encoded(flow)}/") for name in marked)
    return marked


def _tags(place: Datastore, flow: str, runs: frozenset[str]) -> list[str]:
    from flowc.runtime_shim.client import tags

    prefix = tags._folder(flow)
    return [name for name in place.store.list(prefix) if tags._parted(name[len(prefix) :])[0] in runs]


def _cached(place: Datastore, flow: str, kept: frozenset[str]) -> list[str]:
    """Returns the cache entries of `run --cache` for tasks of runs that are not kept."""
    from flowc.runtime_shim.contract import address, record
    from flowc.runtime_shim.contract.errors import DamagedError

    names = list(place.store.list(f"{address.encoded(flow)}/cache/"))
    contents = place.each(names, lambda name: place.store.get(name))

    def run_of(name: str, data: bytes) -> str:
        try:
            return str(record.loads(data, name)["run"])
        except DamagedError:  # useless, so it is deleted
            return ""

    return [name for name, data in zip(names, contents) if data is not None and run_of(name, data) not in kept]


def _orphans(place: Datastore, flow: str, rules: Rules, now: float) -> list[str]:
    """Returns the objects of runs without run.json, left by a killed `flowc gc` or a first task that failed early."""
    from flowc.runtime_shim.contract import address

    prefix = address.runs_name(flow)
    names: list[str] = []
    for folder in place.store.folders(prefix):
        if place.run(flow, address.decoded(folder)) is None:
            inside = [
                *_entries(place, f"{prefix}{folder}/"),
                *_entries(place, address.superseded_name(flow, address.decoded(folder))),
            ]
            if all(now - changed >= rules.grace for _, _, changed in inside):
                names += [name for name, _, _ in inside]
    return names


def _unfinished_saves(place: Datastore, flow: str, rules: Rules, now: float) -> Iterator[tuple[str, int]]:
    """Yields the pieces of checkpoints and models whose processes were killed before they had saved them.

    Nothing refers to these pieces (docs/formats.md, Checkpoints and models).
    """
    from flowc.runtime_shim.contract import address, record
    from flowc.runtime_shim.contract.errors import DamagedError

    root = address.encoded(flow)
    pieces = [entry for entry in _entries(place, f"{root}/saved/") if now - entry[2] >= rules.grace]
    if not pieces:
        return
    names = [
        name
        for folder in ("checkpoints/tasks", "models", "huggingface")
        for name in place.store.list(f"{root}/{folder}/")
        if not name.endswith("/latest.json")
    ]
    kept = set()
    for name, data in zip(names, place.each(names, lambda name: place.store.get(name))):
        try:
            kept.add(record.loads(data, name)["saved"]["content"] if data is not None else "")
        except DamagedError:  # whatever it refers to must stay
            return
    for name, size, _ in pieces:
        if name.rpartition("/")[0] + "/" not in kept:
            yield name, size


def _entries(place: Datastore, prefix: str) -> Iterator[tuple[str, int, float]]:
    return place.store.entries(prefix)


def _deleter(place: Datastore) -> Callable[[str], None]:
    return lambda name: place.store.delete(name)
