"""A run's tags. Those it was started with are in run.json, which is written once; every later change is an object of its own:

    ROOT/FLOW/tags/RUN.N.json      N from 1: all the user tags that the run has after its Nth change

A change is made by creating the object of the next number if it is absent: of two people who change tags at the same moment one is first, and the
other applies the change to what the first left. Numbers are never used again, so no change is lost. One listing tells for a whole flow which
runs were changed.

Rules (Metaflow's documentation, tagging; measured with 2.19): at most 50 user tags a run, each 1 to 500 characters; a system tag cannot be
removed, and adding it changes nothing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Dict, FrozenSet, Iterable, Optional, Set

from flowc.runtime_shim.contract import address, identity, record
from flowc.runtime_shim.contract.identity import MAX_TAG_CHARACTERS, MAX_TAGS
from flowc.runtime_shim.exceptions import MetaflowTaggingError

if TYPE_CHECKING:
    from .datastore import Datastore

TRIES = 100  # changes by others that one change puts up with


def system(datastore: Datastore, flow: str, run: str) -> FrozenSet[str]:
    """The tags that follow from how the run was made."""
    return identity.system_tags(datastore.run(flow, run) or {})


def user(datastore: Datastore, flow: str, run: str, changes: Optional[Dict[str, int]] = None) -> FrozenSet[str]:
    """The tags that people gave the run. `changes` is what `edited` returned, when it is at hand."""
    number = changes.get(run, 0) if changes is not None else _number(datastore, flow, run)
    if not number:
        return frozenset((datastore.run(flow, run) or {}).get("tags") or ())
    name = _name(flow, run, number)
    data = datastore.store.get(name)
    return frozenset(record.loads(data, name)["tags"]) if data is not None else frozenset()


def every(datastore: Datastore, flow: str, run: str, changes: Dict[str, int]) -> FrozenSet[str]:
    return system(datastore, flow, run) | user(datastore, flow, run, changes)


def edited(datastore: Datastore, flow: str) -> Dict[str, int]:
    """The runs whose tags were changed, with the number of the last change."""
    found: Dict[str, int] = {}
    prefix = _folder(flow)
    for name in datastore.store.list(prefix):
        run, number = _parted(name[len(prefix) :])
        if number:
            found[run] = max(number, found.get(run, 0))
    return found


def change(
    datastore: Datastore, flow: str, run: str, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> FrozenSet[str]:
    """Removes tags, then adds tags; returns the user tags that the run has now. Raises MetaflowTaggingError."""
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
    raise MetaflowTaggingError(f"the tags of {flow}/{run} are being changed by others all the time; try again")


def checked(given: Any, what: str) -> Set[str]:
    """The tags as a set. Raises MetaflowTaggingError for what cannot be a tag."""
    if isinstance(given, (str, bytes)) or not hasattr(given, "__iter__"):
        raise MetaflowTaggingError(f"{what} must be iterable")
    found = list(given)
    for tag in found:
        if not isinstance(tag, str):
            raise MetaflowTaggingError(f"Tags must be strings, not {type(tag).__name__}")
        if not tag:
            raise MetaflowTaggingError("Tags must not be empty string")
        if len(tag) > MAX_TAG_CHARACTERS:
            raise MetaflowTaggingError(f"Tag is too long {len(tag)} > {MAX_TAG_CHARACTERS}")
    return set(found)


def _number(datastore: Datastore, flow: str, run: str) -> int:
    """The number of the last change of the run's tags, 0 if there was none."""
    prefix = f"{_folder(flow)}{address.encoded(run)}."
    parted = (_parted(name[len(_folder(flow)) :]) for name in datastore.store.list(prefix))
    return max((number for of, number in parted if of == run), default=0)


def _folder(flow: str) -> str:
    return f"{address.encoded(flow)}/tags/"


def _name(flow: str, run: str, number: int) -> str:
    return f"{_folder(flow)}{address.encoded(run)}.{number}.json"


def _parted(name: str) -> Any:
    """(run, number) of an object's name; the number is 0 for anything else."""
    run, _, number = name[: -len(".json")].rpartition(".") if name.endswith(".json") else ("", "", "")
    return (address.decoded(run), int(number)) if number.isdigit() else ("", 0)
