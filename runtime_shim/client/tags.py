"""A run's tags. run.json, which is written once, holds the initial ones. Every later change is a separate object:

    ROOT/FLOW/tags/RUN.N.json      N from 1: all the user tags that the run has after its Nth change

A change creates the object with the next number, if it is absent. If two people change tags at the same moment, one is
first, and the other applies the change to the result. Numbers are never reused, so no change is lost. One listing shows
which runs of a flow were changed.

Rules (Metaflow's documentation, tagging; measured with 2.19): a run has at most 50 user tags, each of 1 to 500
characters. A system tag cannot be removed, and adding it changes nothing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Dict, FrozenSet, Iterable, Optional, Set

from flowc.runtime_shim.contract import address, identity, record
from flowc.runtime_shim.contract.identity import MAX_TAG_CHARACTERS, MAX_TAGS
from flowc.runtime_shim.exceptions import MetaflowTaggingError

if TYPE_CHECKING:
    from .datastore import Datastore

TRIES = 100  # concurrent changes that one change tolerates


def system(datastore: Datastore, flow: str, run: str) -> FrozenSet[str]:
    """Returns the tags that describe how the run was started."""
    return identity.system_tags(datastore.run(flow, run) or {})


def user(datastore: Datastore, flow: str, run: str, changes: Optional[Dict[str, int]] = None) -> FrozenSet[str]:
    """Returns the tags that people gave the run. `changes` is the result of `edited`, if it is available."""
    number = changes.get(run, 0) if changes is not None else _number(datastore, flow, run)
    if not number:
        return frozenset((datastore.run(flow, run) or {}).get("tags") or ())
    name = _name(flow, run, number)
    data = datastore.store.get(name)
    return frozenset(record.loads(data, name)["tags"]) if data is not None else frozenset()


def every(datastore: Datastore, flow: str, run: str, changes: Dict[str, int]) -> FrozenSet[str]:
    return system(datastore, flow, run) | user(datastore, flow, run, changes)


def edited(datastore: Datastore, flow: str) -> Dict[str, int]:
    """Returns the runs whose tags were changed, with the number of the last change."""
    changes: Dict[str, int] = {}
    prefix = _folder(flow)
    for name in datastore.store.list(prefix):
        run, number = _parted(name[len(prefix) :])
        if number:
            changes[run] = max(number, changes.get(run, 0))
    return changes


def change(
    datastore: Datastore, flow: str, run: str, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> FrozenSet[str]:
    """Removes tags, then adds tags. Returns the run's new user tags. Raises MetaflowTaggingError."""
    adding, removing = checked(add, "tags_to_add"), checked(remove, "tags_to_remove")
    if not adding and not removing:
        raise MetaflowTaggingError("Must add or remove at least one tag")
    fixed = system(datastore, flow, run)
    if removing & fixed:
        raise MetaflowTaggingError(f"Cannot remove a tag that is an existing system tag ({sorted(removing & fixed)})")
    for _ in range(TRIES):
        number = _number(datastore, flow, run)
        before = user(datastore, flow, run, {run: number})
        after = frozenset((before - removing) | (adding - fixed))
        if after == before:
            return before
        if len(after) > MAX_TAGS and len(after) > len(before):
            raise MetaflowTaggingError(f"Cannot increase size of tag set beyond {MAX_TAGS}")
        data = {"version": record.VERSION, "tags": sorted(after), "time": time.time(), "user": identity.user_name()}
        if datastore.store.put_if_absent(_name(flow, run, number + 1), record.dumps(data)):
            return after
    raise MetaflowTaggingError(f"other processes keep changing the tags of {flow}/{run}; try again")


def checked(tags: Any, what: str) -> Set[str]:
    """Returns the tags as a set. Raises MetaflowTaggingError for an invalid tag."""
    if isinstance(tags, (str, bytes)) or not hasattr(tags, "__iter__"):
        raise MetaflowTaggingError(f"{what} must be iterable")
    tag_list = list(tags)
    for tag in tag_list:
        if not isinstance(tag, str):
            raise MetaflowTaggingError(f"Tags must be strings, not {type(tag).__name__}")
        if not tag:
            raise MetaflowTaggingError("Tags must not be empty string")
        if len(tag) > MAX_TAG_CHARACTERS:
            raise MetaflowTaggingError(f"Tag is too long {len(tag)} > {MAX_TAG_CHARACTERS}")
    return set(tag_list)


def _number(datastore: Datastore, flow: str, run: str) -> int:
    """Returns the number of the last change of the run's tags; 0 if there was none."""
    prefix = f"{_folder(flow)}{address.encoded(run)}."
    parted = (_parted(name[len(_folder(flow)) :]) for name in datastore.store.list(prefix))
    return max((number for of, number in parted if of == run), default=0)


def _folder(flow: str) -> str:
    return f"{address.encoded(flow)}/tags/"


def _name(flow: str, run: str, number: int) -> str:
    return f"{_folder(flow)}{address.encoded(run)}.{number}.json"


def _parted(name: str) -> Any:
    """Returns (run, number) of an object's name. The number is 0 for any other object."""
    run, _, number = name[: -len(".json")].rpartition(".") if name.endswith(".json") else ("", "", "")
    return (address.decoded(run), int(number)) if number.isdigit() else ("", 0)
