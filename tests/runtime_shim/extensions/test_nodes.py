"""How the nodes of a gang hear of each other's end (runtime_shim/extensions/nodes.py)."""

from __future__ import annotations

from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from flowc.runtime_shim.contract import address
from flowc.runtime_shim.extensions import nodes
from flowc.runtime_shim.extensions.exceptions import GangException
from flowc.runtime_shim.extensions.nodes import Gang
from flowc.runtime_shim.store import open_store


def node(store: Path, index: int) -> Gang:
    """Returns the gang of two nodes as node `index` sees it."""
    task: Any = SimpleNamespace(
        graph=SimpleNamespace(name="F"), run="r", step="train", path=str(index), attempt=1, gang="-abc",
        store=open_store(str(store)),
    )  # fmt: skip
    return Gang(task, 2)


def test_the_other_nodes_fail_after_the_control_task_has_recorded_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of one node stops the others, so a node that ends first would cut off the reason."""
    monkeypatch.setattr(nodes, "REPORTING", 600.0)
    leader, other, errors = node(tmp_path, 0), node(tmp_path, 1), []

    def wait() -> None:
        try:
            other.wait_for_leader("work")
        except GangException as error:
            errors.append(str(error))

    waiting = Thread(target=wait)
    waiting.start()
    with pytest.raises(ValueError, match="no data"), leader.leading("work"):
        raise ValueError("no data")
    waiting.join(0.5)
    assert waiting.is_alive()
    open_store(str(tmp_path)).put(address.task_name("F", "r", "train", "0", "1.failure.json"), b"{}")
    waiting.join()
    assert errors == ["node 0 of step train has failed, and this node with it: ValueError: no data"]


def test_the_other_nodes_go_on_after_the_control_task(tmp_path: Path) -> None:
    with node(tmp_path, 0).leading("work"):
        pass
    node(tmp_path, 1).wait_for_leader("work")
