"""The records of what is deployed, found by the mark in the engine or by the name in the datastore."""

from __future__ import annotations

from flowc.runtime_shim.contract import address

from ..terminal import Failure
from .place import asked, open_store
from .records import DELETE, Records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.targets.operating import Deployed

    from .place import Place
    from .records import Entry


def of_mark(mark: str) -> Records | None:
    """Returns the records that a mark names: STORE/FLOW/deployments/KEY."""
    head, separator, key = mark.rpartition("/deployments/")
    url, slash, flow = head.rpartition("/")
    if not separator or not slash:
        return None
    return Records(open_store(url), address.decoded(flow), address.decoded(key))


def of_name(place: Place, name: str, deployed: Deployed | None, url: str = "") -> Records:
    """Returns the records of the deployment. Raises Failure if there are none."""
    if deployed is not None and deployed.records:
        records = of_mark(deployed.records)
        if records is not None:
            return records
    url = url or place.store or (deployed.store if deployed is not None else "")
    if not url:
        raise Failure(f"nothing is deployed as `{name}`, and no datastore is known: give `--store URL`")
    store = open_store(url)
    for folder in asked(lambda: list(store.folders(""))):
        records = Records(store, address.decoded(folder), place.key(name))
        if asked(records.numbers):
            return records
    raise Failure(f"{url} has no record of a deployment `{place.key(name)}`")


def live(records: Records, deployed: Deployed | None) -> Entry | None:
    """Returns the entry that the engine has, by its code and that it is the newest; None if it has none of them."""
    for entry in asked(records.history):
        if not entry.done or entry.data.get("action") == DELETE:
            if entry.done:
                return None
            continue
        return entry if deployed is not None and entry.data.get("code") == deployed.code else None
    return None
