"""`Run("Flow/run")`: the tasks of one execution of a flow."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Iterable, Iterator, Optional, Tuple, Union

from flowc.runtime_shim.api import running
from flowc.runtime_shim.contract import address

from . import tags
from .objects import MetaflowObject, has_all, local_time


class Run(MetaflowObject):
    """A run. Its children are its steps, the last one first."""

    _FORM = "FlowName/RunID"
    _parts: Tuple[str, str]

    @property
    def created_at(self) -> Optional[datetime]:
        return local_time((self._datastore.run(*self._parts) or {}).get("started"))

    @property
    def end_task(self) -> Any:
        """The task of the last step; None if it has not begun."""
        from .task import Task

        step = "end"
        record = self._datastore.record(*self._parts, step, address.ROOT)
        if record is None or record.next:
            step = self._datastore.graph(*self._parts).end
            record = self._datastore.record(*self._parts, step, address.ROOT) if step != "end" else None
        task = Task._made(self._datastore, (*self._parts, step, address.ROOT))
        task._known(record)
        return task if record is not None or task._exists() else None

    @property
    def successful(self) -> bool:
        end = self.end_task
        return bool(end is not None and end.successful)

    @property
    def finished(self) -> bool:
        """True if the last step is done. As in Metaflow, a failed run is not finished."""
        end = self.end_task
        return bool(end is not None and end.finished)

    @property
    def finished_at(self) -> Optional[datetime]:
        end = self.end_task
        return None if end is None else end.finished_at

    @property
    def data(self) -> Any:
        """The artifacts of the last step; None if it has not begun."""
        end = self.end_task
        return None if end is None else end.data

    @property
    def code(self) -> Any:
        """The code package that the run was started with (`MetaflowCode`)."""
        from .code import MetaflowCode

        return MetaflowCode.of_run(self._datastore, *self._parts)

    @property
    def trigger(self) -> Any:
        """The events that started the run (`Trigger`); None if a person or a schedule did."""
        from .trigger import Trigger

        return Trigger.of_run(self._datastore.run(*self._parts) or {})

    def steps(self, *tags: str) -> Iterator[Any]:
        """Yields the steps, the last one first. Yields none if the run lacks one of the tags."""
        return self._children() if not tags or has_all(self.tags, tags) else iter(())

    # ── tags ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def add_tag(self, tag: Union[str, Iterable[str]]) -> None:
        self.replace_tags([], [tag] if isinstance(tag, str) else tag)  # accepts a list too, as Metaflow does

    def add_tags(self, tags: Iterable[str]) -> None:
        """Adds tags.

        Like the other methods, raises MetaflowTaggingError for invalid tags, for too many, and for removing a system
        tag.
        """
        self.replace_tags([], tags)

    def remove_tag(self, tag: Union[str, Iterable[str]]) -> None:
        self.replace_tags([tag] if isinstance(tag, str) else tag, [])

    def remove_tags(self, tags: Iterable[str]) -> None:
        self.replace_tags(tags, [])

    def replace_tag(self, tag_to_remove: str, tag_to_add: str) -> None:
        self.replace_tags([tag_to_remove], [tag_to_add])

    def replace_tags(self, tags_to_remove: Iterable[str], tags_to_add: Iterable[str]) -> None:
        """Removes and adds tags in one step."""
        tags.change(self._datastore, *self._parts, tags_to_add, tags_to_remove)

    # ── the tree ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _exists(self) -> bool:
        if self._datastore.run(*self._parts) is not None:
            return True
        return running.is_within(*self._parts)

    def _children(self) -> Iterator[Any]:
        from .step import Step

        names = list(self._datastore.steps(*self._parts))
        if running.is_within(*self._parts) and running.facts["step_name"] not in names:
            names.insert(0, running.facts["step_name"])  # it exists before it has written anything
        for name in names:
            yield Step._made(self._datastore, (*self._parts, name))

    def _child(self, name: str) -> Any:
        from .step import Step

        step = Step._made(self._datastore, (*self._parts, name))
        if not step._exists():
            raise KeyError(name)
        return step
