"""`@tensorflow`: every node of a gang gets `TF_CONFIG`, from which TensorFlow's strategies make a cluster."""

from __future__ import annotations

import os

from ..fast_start import json_text
from .nodes import free_port

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .nodes import Gang

_PATIENCE = 600.0  # seconds until all nodes must have started


def set_environment(gang: Gang) -> None:
    """Sets TF_CONFIG, with the addresses of all nodes (TensorFlow's guide, multi-worker training)."""
    nodes = gang.meet({"port": free_port()}, _PATIENCE)
    cluster = {"worker": [f"{node['ip']}:{node['port']}" for node in nodes]}
    os.environ["TF_CONFIG"] = json_text.dumps({"cluster": cluster, "task": {"type": "worker", "index": gang.index}})
