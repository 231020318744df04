"""The tasks of a run that have succeeded: those whose records are in the datastore."""

from __future__ import annotations

from . import address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, Tuple

    from ..store import Store


def tasks(store: Store, flow: str, run: str, step: str = "", path: str = "") -> Iterator[Tuple[str, str]]:
    """Yields (step, path) of every task that has succeeded, by step, then as a person counts."""
    prefix = address.run_name(flow, run)
    addresses = []
    for name in store.list(prefix + (f"{address.encoded(step)}/" if step else "")):
        parts = name[len(prefix) :].split("/")
        if len(parts) != 2 or not parts[1].endswith(".json"):
            continue
        try:
            addresses.append((address.decoded(parts[0]), address.checked(address.decoded(parts[1][: -len(".json")]))))
        except address.BadPath:  # a different object of the task
            continue
    yield from sorted(
        (place for place in addresses if not path or place[1] == path),
        key=lambda place: (place[0], address.order(place[1])),
    )
