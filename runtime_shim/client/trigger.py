"""The events that started a run (`current.trigger`, `Run.trigger`; Metaflow's documentation, event triggering)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Union

from . import kinds


class MetaflowEvent(NamedTuple):
    """One event.

    `type` is `event` for an external one, and `run` for the end of a run, whose last task is then `id`.
    """

    name: str
    id: str
    timestamp: Optional[datetime]
    type: str


class Trigger:
    """The events that started a run, the newest first."""

    def __init__(self, _meta: Optional[List[Dict[str, Any]]] = None) -> None:
        """Creates a trigger from `_meta`.

        It holds a dict for each event, with `name`, `id`, `timestamp` (seconds since the epoch, or a datetime) and
        `type`.
        """
        events = [_event(event) for event in _meta or []]
        self._events = sorted(events, key=lambda event: event.timestamp or datetime.min, reverse=True)

    @classmethod
    def from_runs(cls, run_objs: List[Any]) -> Trigger:
        """Returns the trigger of a flow with `@trigger_on_finish` that the ends of these runs would start."""
        meta = []
        for run in run_objs:
            end = run.end_task
            if end is None:
                continue
            step = end.path_components[2]
            # the end of a flow has that name, whatever its last step is called
            for name in dict.fromkeys((step, "end")):
                meta.append(
                    {
                        "type": "run",
                        "timestamp": run.finished_at,
                        "name": f"metaflow.{run.path_components[0]}.{name}",
                        "id": end.pathspec,
                    }
                )
        return cls(meta)

    @classmethod
    def of_run(cls, data: Dict[str, Any]) -> Optional[Trigger]:
        """Returns the trigger that run.json names, or None."""
        return cls(data["trigger"]) if data.get("trigger") else None

    @property
    def event(self) -> Optional[MetaflowEvent]:
        return next(iter(self._events), None)

    @property
    def events(self) -> Optional[List[MetaflowEvent]]:
        return list(self._events) or None

    @property
    def run(self) -> Any:
        """The run whose end is the newest such event; None if there is none."""
        return next(iter(self.runs or ()), None)

    @property
    def runs(self) -> Optional[List[Any]]:
        pathspecs = dict.fromkeys(_run(event) for event in self._events if event.type == "run")
        return [kinds.named("Run")(pathspec, _namespace_check=False) for pathspec in pathspecs] or None

    def __getitem__(self, key: str) -> Union[MetaflowEvent, Any]:
        """Returns the run of the flow with that name, or the event with that name. Raises KeyError."""
        for run in self.runs or ():
            if run.path_components[0] == key:
                return run
        for event in self._events:
            if event.name == key:
                return event
        raise KeyError(key)

    def __iter__(self) -> Iterator[MetaflowEvent]:
        return iter(self._events)

    def __contains__(self, key: str) -> bool:
        try:
            return bool(self[key])
        except KeyError:
            return False


def _event(data: Dict[str, Any]) -> MetaflowEvent:
    time = data.get("timestamp")
    at = datetime.fromtimestamp(time) if isinstance(time, (int, float)) else time
    return MetaflowEvent(str(data.get("name", "")), str(data.get("id", "")), at, str(data.get("type", "event")))


def _run(event: MetaflowEvent) -> str:
    return "/".join(event.id.split("/")[:2])
