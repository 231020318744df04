"""Metaflow's pseudo-step `_parameters`: one task, whose artifacts are the run's parameters and the flow's constants.

flowc does not store it: it is derived from the run's record and that of the first task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Optional

from flowc.runtime_shim.contract import address
from flowc.runtime_shim.contract.record import Record

if TYPE_CHECKING:
    from typing import Protocol

    from flowc.runtime_shim.contract.graph import Graph

    class Datastore(Protocol):
        """The part of `client.datastore.Datastore` that this module needs."""

        def run(self, flow: str, run: str) -> Optional[Dict[str, Any]]: ...
        def graph(self, flow: str, run: str) -> Graph: ...
        def record(self, flow: str, run: str, step: str, path: str) -> Optional[Record]: ...


STEP = "_parameters"


def record_of(datastore: Datastore, flow: str, run: str) -> Optional[Record]:
    """Returns the record that the pseudo-step's task would have; None if the run has not begun."""
    begun = datastore.run(flow, run)
    if begun is None:
        return None
    graph = datastore.graph(flow, run)
    first = datastore.record(flow, run, graph.start, address.ROOT)
    fixed = {parameter["name"]: parameter["attribute"] for parameter in graph.flow["parameters"]}
    names = [
        *fixed.values(), *(config["attribute"] for config in graph.flow.get("configs", ())),
        *(constant["name"] for constant in graph.flow["constants"]),
    ]  # fmt: skip
    if first is not None:
        artifacts = {name: first.artifacts[name] for name in names if name in first.artifacts}
    else:  # the first task is running, or has failed
        plain = {parameter["name"] for parameter in graph.flow["parameters"] if not parameter.get("include")}
        values = begun.get("parameters") or {}
        artifacts = {fixed[name]: _inline(value) for name, value in values.items() if name in plain}
    data: Dict[str, Any] = {
        "step": STEP, "path": address.ROOT, "attempt": 0, "started": begun.get("started"),
        "ended": begun.get("started"), "next": [], "stack": [], "artifacts": artifacts,
        "environment": {"code": begun.get("code"), "python": begun.get("python")},
    }  # fmt: skip
    return Record({name: value for name, value in data.items() if value is not None})


def _inline(value: Any) -> Dict[str, Any]:
    """Returns the entry of an artifact whose content is in its record."""
    import base64
    import pickle

    from flowc.runtime_shim.artifacts.manifest import type_name
    from flowc.runtime_shim.contract.digest import sha256

    content = pickle.dumps(value, 4)
    return {
        "digest": str(sha256(content).hexdigest()), "size": len(content), "type": type_name(value),
        "value": base64.b64encode(content).decode("ascii"),
    }  # fmt: skip
