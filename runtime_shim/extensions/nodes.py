"""How the nodes of a gang find each other: each writes `STEP/PATH.ATTEMPT.node` to the datastore, and reads all others.

A local run starts all nodes on this machine, so they share its address.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager

from ..contract import address
from ..fast_start import json_text
from .exceptions import GangException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, List, Optional

    from ..task.attempt import Attempt

LOCAL = "127.0.0.1"
LOOK, LOOK_AT_MOST = 0.02, 1.0  # seconds between two looks
REPORTING = 5.0  # seconds that a failed control task gets to record its failure, before the other nodes fail too


class Gang:
    """The gang of the running task, as one of its nodes sees it."""

    def __init__(self, task: Attempt, nodes: int) -> None:
        self._task, self.nodes = task, nodes
        self.index = address.indices(task.path)[-1]
        self.main_ip = os.environ.get("MF_PARALLEL_MAIN_IP", LOCAL)
        self.is_local = self.main_ip == LOCAL
        self._token = f"{task.attempt}{task.gang}"

    @property
    def leads(self) -> bool:
        """True for node 0, the control task."""
        return self.index == 0

    def meet(self, facts: Dict[str, Any], seconds: float) -> List[Dict[str, Any]]:
        """Tells the other nodes these facts and the node's `ip`. Returns those of all, by the number of the node.

        Raises GangException if a node has not appeared after that time.
        """
        self.say("node", {"ip": self.ip(), **facts})
        return [self._wait("node", index, seconds) for index in range(self.nodes)]

    def ip(self) -> str:
        """Returns the address at which other nodes reach this one."""
        if self.is_local:
            return LOCAL
        import socket

        return socket.gethostbyname(socket.gethostname())

    def say(self, what: str, facts: Dict[str, Any]) -> None:
        """Tells the other nodes something, once for each `what`."""
        self._task.store.put(
            self._name(f"{self._token}.{what}", self.index), json_text.dumps(facts).encode("utf-8", "surrogatepass")
        )

    @contextmanager
    def leading(self, what: str) -> Iterator[None]:
        """Tells the other nodes, at the end of the `with` statement, whether it has succeeded: once for each `what`."""
        try:
            yield
        except BaseException as error:
            self.say(what, {"failed": True, "why": f"{type(error).__name__}: {error}"})
            raise
        self.say(what, {"failed": False})

    def wait_for_leader(self, what: str) -> None:
        """Waits until the `with` statement of the control task has ended, however long that takes.

        Raises GangException if it has failed, once it has recorded why. (The end of one node stops the others: if this
        node ended first, it would stop the control task in the middle of its report.)
        """
        outcome = self._wait(what, 0, None)
        if outcome["failed"]:
            failure = self._name(f"{self._task.attempt}.failure.json", 0)
            waited(lambda: self._task.store.get(failure), REPORTING)
            raise GangException(f"node 0 of step {self._task.step} has failed, and this node with it: {outcome['why']}")

    def _name(self, suffix: str, index: int) -> str:
        """Returns the object of a node with this suffix."""
        task = self._task
        path = address.child(address.parent(task.path), index)
        return address.task_name(task.graph.name, task.run, task.step, path, suffix)

    def _wait(self, what: str, index: int, seconds: Optional[float]) -> Dict[str, Any]:
        name = self._name(f"{self._token}.{what}", index)
        data = waited(lambda: self._task.store.get(name), seconds)
        if data is None:
            raise GangException(
                f"node {index} of step {self._task.step}, which has {self.nodes} nodes, has not started after "
                f"{seconds:g} seconds: give `all_nodes_started_timeout` of the decorator a higher value"
            )
        facts: Dict[str, Any] = json_text.loads(data.decode("utf-8", "surrogatepass"))
        return facts


def waited(look: Callable[[], Any], seconds: Optional[float]) -> Any:
    """Calls `look` until it returns something. Returns that, or None after so many seconds."""
    until = None if seconds is None else time.monotonic() + seconds
    pause = LOOK
    while True:
        found = look()
        if found is not None:
            return found
        if until is not None and time.monotonic() > until:
            return None
        time.sleep(pause)
        pause = min(pause * 1.2, LOOK_AT_MOST)


def free_port() -> int:
    """Returns a port that no process of this machine uses now."""
    import socket

    with socket.socket() as one:
        one.bind(("", 0))
        return int(one.getsockname()[1])
