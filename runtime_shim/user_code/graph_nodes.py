"""`self._graph`: the flow's graph as one object per step, in the form that code written for Metaflow expects."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Tuple

from ..contract.decorator_names import GANGS
from ..contract.graph import Graph, inner


class Node:
    """One step and its place in the graph."""

    def __init__(self, graph: Graph, name: str, parents: Tuple[str, ...]) -> None:
        step = graph.step(name)
        transition = step["transition"]
        kind = graph.kind(name)
        decorators = {decorator["name"] for decorator in step["decorators"]}
        self.name: str = name
        self.doc: str = step["doc"]
        self.type = _type(graph, name)
        self.num_args = 2 if step["is_join"] else 1
        self.func_lineno: int = step["span"]["line"]
        self.source_file: str = step["span"]["file"]
        self.decorators: List[Dict[str, Any]] = step["decorators"]
        self.out_funcs: List[str] = graph.targets(name)
        self.in_funcs = {step for step in graph.steps if name in graph.targets(step)}
        self.parallel_step = not decorators.isdisjoint(GANGS)
        self.parallel_foreach = kind == "parallel"
        self.foreach_param = transition.get("over") if kind == "foreach" else None
        self.condition = transition.get("on") if kind == "switch" else None
        self.switch_cases = {case["value"]: case["target"] for case in transition["cases"]} if kind == "switch" else {}
        self.has_tail_next = kind != "end"
        self.split_parents = list(parents)  # the steps whose splits are open here, outermost first
        self.is_inside_foreach = any(graph.kind(parent) in ("foreach", "parallel") for parent in parents)
        self.matching_join = next((join for join, node in graph.closes.items() if node["step"] == name), None)
        self.is_start_step, self.is_end_step = name == graph.start, name == graph.end


class GraphNodes:
    """Finds nodes by the name of the step, and iterates over them in the order of the source."""

    def __init__(self, graph: Graph) -> None:
        self.name: str = graph.name
        self.doc: str = graph.flow["doc"]
        self.start_step, self.end_step = graph.start, graph.end
        parents = _open_splits(graph)
        self.nodes = {name: Node(graph, name, parents.get(name, ())) for name in graph.steps}

    def __getitem__(self, name: str) -> Node:
        return self.nodes[name]

    def __contains__(self, name: str) -> bool:
        return name in self.nodes

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes.values())


def _type(graph: Graph, name: str) -> str:
    """Returns the type of the step in Metaflow's terms: only a linear first step is a `start`."""
    kind = graph.kind(name)
    if kind == "end":
        return "end"
    if kind != "linear":
        return {"split": "split", "foreach": "foreach", "parallel": "foreach", "switch": "split-switch"}[kind]
    if graph.step(name)["is_join"]:
        return "join"
    return "start" if name == graph.start else "linear"


def _open_splits(graph: Graph) -> Dict[str, Tuple[str, ...]]:
    """Returns step → the steps whose splits are open when it runs, outermost first."""
    open_splits: Dict[str, Tuple[str, ...]] = {}
    waiting: List[Tuple[Dict[str, Any], Tuple[str, ...]]] = [(graph.scope, ())]
    while waiting:
        scope, parents = waiting.pop()
        for node in scope["nodes"]:
            open_splits[node["step"]] = parents
            waiting += [(inner_scope, (*parents, node["step"])) for inner_scope in inner(node)]
    return open_splits
