"""`@mpi`: `current.mpi` compiles and starts MPI programs. Only node 0 runs the step; the others are its hosts.

MPI reaches the other nodes over SSH, which their image must allow. In a local run, all nodes are this machine.
"""

from __future__ import annotations

from . import commands
from .deepspeed import hostfile
from .exceptions import MPIException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List

    from ..contract.extension_settings import GangSettings
    from .nodes import Gang

_HOW = "the step's image must contain an implementation of MPI, such as Open MPI"


class CurrentMPI:
    """`current.mpi` of a step with `@mpi`."""

    def __init__(self, gang: Gang, settings: GangSettings, slots: int) -> None:
        nodes = gang.meet({}, settings.seconds_to_start)
        self.hosts: List[str] = [node["ip"] for node in nodes]
        self._slots = slots

    def cc(self, args: Any = None) -> None:
        """Runs `mpicc` with these arguments. Raises MPIException if it fails."""
        if args is None:
            raise MPIException("current.mpi.cc needs `args`")
        commands.run(["mpicc", *commands.as_words(args)], MPIException, _HOW)

    def run(self, args: Any = None, program: Any = None, program_args: Any = None) -> None:
        """Runs the program with `mpirun` on all nodes. Raises MPIException if it fails."""
        self._start("mpirun", args, program, program_args)

    def exec(self, args: Any = None, program: Any = None, program_args: Any = None) -> None:
        """Runs the program with `mpiexec` on all nodes. Raises MPIException if it fails."""
        self._start("mpiexec", args, program, program_args)

    def broadcast_file(self, filename: str) -> None:
        """Copies a file to all nodes. Nodes on one machine share it. Raises MPIException if there are others."""
        if len(set(self.hosts)) > 1:
            raise MPIException(f"{filename} cannot be copied to the nodes on other machines: put it into the image")

    def _start(self, command: str, args: Any, program: Any, program_args: Any) -> None:
        words = commands.as_words(args)
        with hostfile(self.hosts, self._slots) as (name, _, _):
            if "--hostfile" not in words:
                words += ["--hostfile", name]
            words += str(program).split() if program else []
            commands.run([command, *words, *commands.as_words(program_args)], MPIException, _HOW)
