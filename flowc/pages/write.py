"""Writes the page of a run to a file, or to an object of an object store."""

from __future__ import annotations

from .run_data import Limits, collect
from .run_page import html_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.runtime_shim.client.datastore import Datastore


def page(place: Datastore, flow: str, run: str, to: str, limits: Limits | None = None, is_over: bool = False) -> int:
    """Writes the page of a run and returns its size in bytes. Raises ShimError, Failure."""
    data = html_of(collect(place, flow, run, limits or Limits(), is_over)).encode("utf-8")
    if "://" in to:
        from flowc.runtime_shim.store import open_store

        folder, _, name = to.rpartition("/")
        open_store(folder).put(name, data)
    else:
        from .. import files

        files.write(to, data)
    return len(data)
