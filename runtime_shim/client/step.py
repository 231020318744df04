"""`Step("Flow/run/step")`: the tasks of one step in one run."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

from flowc.runtime_shim.api import running

from . import settings
from .datastore import RecordsAhead
from .objects import MetaflowObject, addressed, has_all


class Step(MetaflowObject):
    """A step. Its children are its tasks: the highest path first, and the last visit of a loop first."""

    _FORM = "FlowName/RunID/StepName"
    _parts: Tuple[str, str, str]

    @property
    def task(self) -> Any:
        """One of its tasks, any; None if it has none."""
        return next(self._children(), None)

    def tasks(self, *tags: str) -> Iterator[Any]:
        """Yields its tasks. Yields none if the run lacks one of the tags."""
        return self._children() if not tags or has_all(self.tags, tags) else iter(())

    @property
    def control_task(self) -> Any:
        """The task of the first node, for a step that runs on several nodes at a time; otherwise None."""
        return next(self.control_tasks(), None)

    def control_tasks(self, *tags: str) -> Iterator[Any]:
        graph = self._datastore.graph(*self._parts[:2])
        if any(graph.kind(parent) == "parallel" for parent in graph.parents(self.id)):
            for task in self.tasks(*tags):
                if task.index == 0:
                    yield task

    @property
    def created_at(self) -> Optional[datetime]:
        """The time at which the first of its tasks began."""
        return min((time for task in self if (time := task.created_at) is not None), default=None)

    @property
    def finished_at(self) -> Optional[datetime]:
        """The time at which the last of its tasks ended; None while one has not."""
        times = [task.finished_at for task in self]
        return None if not times or any(moment is None for moment in times) else max(times)

    @property
    def environment_info(self) -> Optional[Dict[str, Any]]:
        task = self.task
        return None if task is None else task.environment_info

    @property
    def parent_steps(self) -> Iterator[Step]:
        """Yields the steps of the run that lead to this one."""
        graph = self._datastore.graph(*self._parts[:2])
        return self._steps(graph.parents(self.id) if self.id in graph.steps else [])

    @property
    def child_steps(self) -> Iterator[Step]:
        """Yields the steps of the run that this one leads to."""
        graph = self._datastore.graph(*self._parts[:2])
        return self._steps(
            target for target in (graph.targets(self.id) if self.id in graph.steps else []) if target != self.id
        )

    def _steps(self, names: Iterable[str]) -> Iterator[Step]:
        existing = set(self._datastore.steps(*self._parts[:2]))
        for name in names:
            if name in existing:
                yield Step._made(self._datastore, (*self._parts[:2], name))

    def is_in_namespace(self) -> bool:
        return settings.get_namespace() is None or super().is_in_namespace()

    def _exists(self) -> bool:
        if self._datastore.has_step(*self._parts):
            return True
        return running.is_within(*self._parts)

    def _children(self) -> Iterator[Any]:
        from .task import Task

        listings = self._datastore.tasks(*self._parts)
        paths: List[str] = list(listings)
        ahead = RecordsAhead(self._datastore, *self._parts, paths)
        for path in paths:
            yield Task._listed(self._datastore, (*self._parts, path), listings[path], ahead)

    def _child(self, name: str) -> Any:
        from .task import Task

        task = Task._made(self._datastore, addressed((*self._parts, name)))
        if not task._exists():
            raise KeyError(name)
        return task
