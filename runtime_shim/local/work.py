"""`Work`: the data that all tasks of a supervisor share, as JSON data for processes of their own."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional


class Work:
    """The data that all tasks of the run share. `parameters` is None if run.json exists already."""

    def __init__(
        self, graph: Dict[str, Any], folder: str, store: str, run: str, code: str, parameters: Optional[Dict[str, Any]],
        extra: Dict[str, Any],
        environment: str = "", inside: Optional[Dict[str, Any]] = None,
    ) -> None:  # fmt: skip
        self.graph = graph  # the IR's JSON form
        self.folder = folder  # of the flow
        self.store, self.run, self.code, self.parameters = store, run, code, parameters
        self.extra = extra  # more of run.json
        self.environment = environment  # digest of the environment of every task
        self.inside = inside  # what the container gives its tasks, in a container (inside.py)
