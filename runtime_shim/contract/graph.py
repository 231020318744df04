"""The flow's graph from the code package (`flowc.json`, the JSON form of the IR), and a task's queries on it."""

from __future__ import annotations

from ..fast_start import json_text
from . import semantics
from .decorator_names import GANGS, IN_TASK
from .errors import ShimError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

IR_NAME = "flowc.json"


class Graph:
    """The graph. `data` is the IR's JSON form, version 1 (compiler/schema/ir.v1.json)."""

    def __init__(self, data: Dict[str, Any]) -> None:
        if data.get("version") != 1:
            raise ShimError(
                f"the code package holds an IR of version {data.get('version')!r}, but this flowc reads version 1"
            )
        self.flow: Dict[str, Any] = data["flow"]
        self.name: str = self.flow["name"]
        self.start: str = self.flow["start"]
        self.end: str = self.flow["end"]
        self.steps: Dict[str, Dict[str, Any]] = {step["name"]: step for step in self.flow["steps"]}
        self.closes: Dict[str, Dict[str, Any]] = {}  # join → the node that it closes
        self.folder = ""  # of the unpacked code package; "" where the flow is run in its own folder
        self.scope: Dict[str, Any] = data["scopes"]
        self._walk(self.scope)

    def _walk(self, scope: Dict[str, Any]) -> None:
        waiting = [scope]
        while waiting:
            for node in waiting.pop()["nodes"]:
                if node["kind"] != "task":
                    self.closes[node["join"]] = node
                    waiting.extend(inner(node))

    def step(self, name: str) -> Dict[str, Any]:
        """Returns the step. Raises ShimError if the flow does not have it."""
        if name not in self.steps:
            raise ShimError(f"flow {self.name} has no step {name!r}")
        return self.steps[name]

    def targets(self, name: str) -> List[str]:
        """Returns the steps that the step's transition names."""
        transition = self.step(name)["transition"]
        kind = transition["kind"]
        if kind == "switch":
            return list(dict.fromkeys(case["target"] for case in transition["cases"]))
        if kind == "split":
            return list(transition["targets"])
        return [] if kind == "end" else [transition["target"]]

    def kind(self, name: str) -> str:
        """Returns `linear`, `split`, `foreach`, `switch`, `parallel` or `end`."""
        return str(self.step(name)["transition"]["kind"])

    def is_loop(self, name: str) -> bool:
        return self.kind(name) == "switch" and name in self.targets(name)

    def has_extensions(self, name: str) -> bool:
        """Returns True if a decorator of an extension does something around the step in its task."""
        return any(decorator["name"] in IN_TASK for decorator in self.step(name)["decorators"])

    def is_gang(self, name: str) -> bool:
        """Returns True for a step whose tasks run together (`@parallel`)."""
        return any(decorator["name"] in GANGS for decorator in self.step(name)["decorators"])

    def parents(self, name: str) -> List[str]:
        """Returns the steps that may lead to the step, without itself, sorted."""
        return sorted(step for step in self.steps if step != name and name in self.targets(step))

    def branch_ends(self, join: str) -> List[List[str]]:
        """Returns, for each branch (or the one body) that the join closes, the steps that may lead to it."""
        node = self.closes[join]
        return [
            [node["step"] for node in scope["nodes"] if join in self.targets(node["step"])] for scope in inner(node)
        ]

    def decorator(self, step: str, name: str) -> Optional[Dict[str, Any]]:
        """Returns the attributes of the step's decorator, or None without it."""
        return attributes_of(self.step(step)["decorators"], name)

    def retries(self, step: str) -> int:
        """Returns how often a failed attempt is repeated (`times` of `@retry`)."""
        return semantics.retries(self.decorator(step, "retry"))

    def attempts(self, step: str) -> int:
        """Returns how many attempts an engine makes at most: user attempts, and the fallback attempts of `@catch`."""
        return 1 + semantics.engine_retries(self.retries(step), self.decorator(step, "catch") is not None)

    def pause_seconds(self, step: str) -> int:
        """Returns the time between two attempts (`minutes_between_retries` of `@retry`)."""
        return semantics.pause_seconds(self.decorator(step, "retry"))

    def timeout_seconds(self, step: str) -> float:
        """Returns the limit of `@timeout`; 0 without one."""
        return semantics.timeout_seconds(self.decorator(step, "timeout"))


def attributes_of(decorators: List[Dict[str, Any]], name: str) -> Optional[Dict[str, Any]]:
    """Returns the attributes of the first of these decorators, of a step or of a flow, with the name; None if none."""
    return next((decorator["attributes"] for decorator in decorators if decorator["name"] == name), None)


def inner(node: Dict[str, Any]) -> List[Dict[str, Any]]:
    """Returns the scopes that a node holds."""
    if node["kind"] == "branches":
        return list(node["scopes"])
    return [node["body"]] if node["kind"] == "for_each" else []


def read_graph(folder: str, file: str = "") -> Graph:
    """Returns the graph of an unpacked code package, or that in `file` of the flow in the folder. Raises ShimError."""
    import os

    try:
        with open(file or os.path.join(folder, IR_NAME), encoding="utf-8") as stream:
            graph = Graph(json_text.loads(stream.read()))
    except (OSError, ValueError, KeyError) as error:
        raise ShimError(f"the code package in {folder} cannot be read: {error}") from None
    graph.folder = folder
    return graph
