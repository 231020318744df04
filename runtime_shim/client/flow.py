"""`Metaflow` holds all flows of a datastore, and `Flow` all runs of a flow."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Iterator, List, Optional, Tuple

from flowc.runtime_shim.exceptions import MetaflowNamespaceMismatch

from . import settings, tags
from .datastore import open_datastore
from .objects import MetaflowObject, has_all, local_time


class Metaflow:
    """The flows that have runs in the namespace."""

    def __init__(self, _current_metadata: Optional[str] = None) -> None:
        self._datastore = open_datastore()

    @property
    def flows(self) -> List[Flow]:
        return list(self)

    def __iter__(self) -> Iterator[Flow]:
        for name in self._datastore.flows():
            flow = Flow._made(self._datastore, (name,))
            if flow.is_in_namespace():
                yield flow

    def __getitem__(self, name: str) -> Flow:
        """Returns the flow.

        Raises KeyError if it does not exist, and MetaflowNamespaceMismatch if no run is in the namespace.
        """
        flow: Flow = Flow._made(self._datastore, (str(name),))
        if not flow._exists():
            raise KeyError(name)
        flow._check_namespace()
        return flow

    def __contains__(self, name: str) -> bool:
        try:
            return bool(self[name])
        except (KeyError, MetaflowNamespaceMismatch):
            return False

    def __str__(self) -> str:
        return "Metaflow()"

    __repr__ = __str__


class Flow(MetaflowObject):
    """`Flow("Name")`. Its children are its runs."""

    _FORM = "FlowName"
    _parts: Tuple[str]

    @property
    def latest_run(self) -> Any:
        """The newest run in the namespace, successful or not; None if there is none."""
        return next(iter(self), None)

    @property
    def latest_successful_run(self) -> Any:
        return next((run for run in self if run.successful), None)

    def runs(self, *tags: str) -> Iterator[Any]:
        """Yields the runs that have all these tags, the newest first."""
        return self._runs(tags)

    @property
    def created_at(self) -> Optional[datetime]:
        """The time at which its first run began."""
        datastore, name = self._datastore, self.id
        began = [one["started"] for run in datastore.runs(name) if (one := datastore.run(name, run)) is not None]
        return local_time(min(began, default=None))

    def is_in_namespace(self) -> bool:
        return settings.get_namespace() is None or self.latest_run is not None

    def _runs(self, wanted_tags: Any) -> Iterator[Any]:
        from .run import Run

        namespace = settings.get_namespace()
        required = [*wanted_tags, *([namespace] if namespace is not None else [])]
        edited = tags.edited(self._datastore, self.id) if required else {}
        for name in self._datastore.runs(self.id):
            if not required or has_all(tags.every(self._datastore, self.id, name, edited), required):
                yield Run._made(self._datastore, (self.id, name))

    def _exists(self) -> bool:
        return self._datastore.has_flow(self.id)

    def _children(self) -> Iterator[Any]:
        return self._runs(())

    def _child(self, name: str) -> Any:
        from .run import Run

        run = Run._made(self._datastore, (self.id, name))
        if not run._exists():
            raise KeyError(name)
        run._check_namespace()
        return run
