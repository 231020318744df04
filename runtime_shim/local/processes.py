"""The warm processes of a supervisor: one for each environment that tasks run in, started when it is first needed."""

from __future__ import annotations

import array
import json
import os
import selectors
import socket
from typing import Any, Dict, Iterator, List, Mapping, Optional

from ..contract.errors import ShimError
from . import warm_process
from .work import Work

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .other_python import Environment


class Process:
    """A warm process, which runs the tasks of one environment."""

    def __init__(self, pid: int, control: socket.socket) -> None:
        self.pid, self.control = pid, control
        self.pending = b""  # the beginning of a line that it has not sent to its end
        self.ready = False

    def send(self, request: Mapping[str, Any], descriptors: List[int]) -> None:
        """Asks it to run a task with these descriptors for its output, and closes them."""
        message = json.dumps(request).encode() + b"\n"
        try:
            sent = self.control.sendmsg(
                [message], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
            )
            self.control.sendall(message[sent:])
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def messages(self) -> Iterator[Dict[str, Any]]:
        """Yields what it has said since the last call. Raises ShimError if it has ended."""
        data = self.control.recv(65536)
        if not data:
            raise ShimError("the process that runs the tasks has ended unexpectedly")
        *lines, self.pending = (self.pending + data).split(b"\n")
        for line in lines:
            yield json.loads(line)


class Processes:
    """All of them. The selector hears of their messages."""

    def __init__(
        self, work: Work, isolation: str, environments: Mapping[str, Environment], selector: selectors.BaseSelector
    ) -> None:
        self.work, self.isolation, self.environments, self.selector = work, isolation, environments, selector
        self._processes: Dict[str, Process] = {}  # by the digest of their packages; "" in the Python that runs flowc

    def of_step(self, step: str) -> Process:
        """Returns the process that runs the step's tasks, started by now."""
        return self.of(self.environments.get(step))

    def of(self, where: Optional[Environment]) -> Process:
        """Returns the process of the environment, started by now; None is the environment of this process.

        This process must have one thread when it is asked for that one first.
        """
        key = where.packages if where is not None else ""
        if key not in self._processes:
            if where is None:
                pid, control = warm_process.start(self.work, self.isolation)
            else:
                from . import other_python

                pid, control = other_python.start(self.work, self.isolation, where)
            self._processes[key] = Process(pid, control)
            self.selector.register(control, selectors.EVENT_READ, self._processes[key])
        return self._processes[key]

    @property
    def are_ready(self) -> bool:
        return all(process.ready for process in self._processes.values())

    def end(self) -> None:
        """Ends them all, with the tasks that they run."""
        for process in self._processes.values():
            process.control.close()
        for process in self._processes.values():
            try:
                os.waitpid(process.pid, 0)
            except (ChildProcessError, InterruptedError):
                pass
