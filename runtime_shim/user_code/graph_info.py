"""`current.graph` and `self._graph_info`: the flow's graph as user code sees it, in Metaflow's form."""

from __future__ import annotations

import os
from typing import Any, Dict, Iterator, List, Optional

from ..contract.graph import Graph


def graph_info(graph: Graph) -> Dict[str, Any]:
    """Returns the graph as a dict of plain values."""
    flow = graph.flow
    joins = {node["step"]: node["join"] for node in graph.closes.values()}
    return {
        "file": os.path.basename(flow["file"]),
        "start_step": graph.start,
        "end_step": graph.end,
        "parameters": sorted(_parameters(flow), key=lambda parameter: parameter["name"]),
        "constants": [{"name": constant["name"]} for constant in flow["constants"]],
        "steps": {name: _step(graph, name, joins.get(name)) for name in graph.steps},
        "graph_structure": _Structure(graph).whole(),
        "doc": flow["doc"],
        "decorators": [_decorator(decorator) for decorator in flow["decorators"]],
        "extensions": {},
    }


def _parameters(flow: Dict[str, Any]) -> Iterator[Dict[str, str]]:
    for parameter in flow["parameters"]:
        yield {"name": parameter["attribute"], "type": "IncludeFile" if parameter.get("include") else "Parameter"}
    for config in flow.get("configs", ()):
        yield {"name": config["attribute"], "type": "Config"}


def _step(graph: Graph, name: str, join: Optional[str]) -> Dict[str, Any]:
    step = graph.step(name)
    transition = step["transition"]
    info = {
        "name": name,
        "type": _kind(graph, name),
        "line": step["span"]["line"],
        "source_file": step["span"]["file"],
        "doc": step["doc"],
        "decorators": [_decorator(decorator) for decorator in step["decorators"]],
        "next": graph.targets(name),
        "node_info": {},
    }
    if info["type"] == "split-foreach":
        info["foreach_artifact"] = transition["over"]
    elif info["type"] == "split-parallel":
        info["num_parallel"] = transition["num_parallel"]
    elif info["type"] == "split-switch":
        info["condition"] = transition["on"]
        info["switch_cases"] = {case["value"]: case["target"] for case in transition["cases"]}
    if join is not None:
        info["matching_join"] = join
    return info


def _kind(graph: Graph, name: str) -> str:
    kind = graph.kind(name)
    if kind in ("split", "foreach", "parallel", "switch"):
        return {
            "split": "split-static",
            "foreach": "split-foreach",
            "parallel": "split-parallel",
            "switch": "split-switch",
        }[kind]
    if name == graph.end:
        return "end"
    if graph.step(name)["is_join"]:
        return "join"
    return "start" if name == graph.start else "linear"


def _decorator(decorator: Dict[str, Any]) -> Dict[str, Any]:
    return {
        "name": decorator["name"],
        "attributes": decorator["attributes"],
        "statically_defined": True,
        "inserted_by": None,
    }


class _Structure:
    """The steps in order, with a list of branches after each step that splits.

    For example, `["start", [["a"], ["b"]], "join", "end"]`.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.joins = {node["step"]: node["join"] for node in graph.closes.values()}

    def whole(self) -> List[Any]:
        start, end = self.graph.start, self.graph.end
        return [*(self._block(start, end) if start != end else []), end]

    def _block(self, step: str, end: str) -> List[Any]:
        block: List[Any] = []
        while step != end:
            block.append(step)
            targets = self.graph.targets(step)
            if step in self.joins:
                block.append([self._block(target, self.joins[step]) for target in targets])
                step = self.joins[step]
            elif self.graph.kind(step) == "switch":
                block.append([self._block(target, end) for target in targets if target != step])
                break
            elif targets:
                step = targets[0]
            else:
                break
        return block
