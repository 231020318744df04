"""The warm process of steps with an environment: the server of `warm_process.py` in that environment's Python.

It is started, not forked, because its interpreter is a different one. It imports this package from
`Environment.bundle`, a folder that holds nothing else, so that it sees no packages of the Python that runs flowc.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import Dict, NamedTuple, Tuple

from . import warm_process
from .fresh_command import BOOT, fresh_command
from .work import Work


class Environment(NamedTuple):
    """The environment that the tasks of a step run in."""

    python: str  # path of its interpreter, in the folder `bin` of the environment
    packages: str  # "sha256:…", its digest in the lock
    bundle: str  # the folder that holds the package `flowc` with the shim


def start(work: Work, isolation: str, where: Environment) -> Tuple[int, socket.socket]:
    """Starts the process; returns its pid and the socket to it, as `warm_process.start` does."""
    import subprocess

    ours, theirs = socket.socketpair()
    sys.stdout.flush()
    sys.stderr.flush()
    command = [
        where.python,
        "-s",
        "-c",
        BOOT.format(module="other_python", call="main()"),
        where.bundle,
        str(theirs.fileno()),
    ]
    child = subprocess.Popen(
        command, env=variables(where, dict(os.environ)), pass_fds=[theirs.fileno()], start_new_session=True
    )
    child.returncode = 0  # the supervisor waits for it
    theirs.close()
    try:
        ours.sendall(json.dumps({"work": work.__dict__, "isolation": isolation}).encode() + b"\n")
    except OSError:
        pass  # it has ended already, which the next read from the socket reports
    return child.pid, ours


def variables(where: Environment, environment: Dict[str, str]) -> Dict[str, str]:
    """Returns the variables of a process in the environment.

    The environment's programs come first on PATH, and packages of other Pythons are hidden.
    """
    scripts = os.path.dirname(where.python)
    own = {
        name: value
        for name, value in environment.items()
        if name not in ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "__PYVENV_LAUNCHER__")
    }
    own.update(
        FLOWC_PACKAGES=where.packages,
        PYTHONNOUSERSITE="1",
        VIRTUAL_ENV=os.path.dirname(scripts),
        **({"CONDA_PREFIX": os.path.dirname(scripts)} if _is_conda(scripts) else {}),
        PATH=scripts + os.pathsep + environment.get("PATH", os.defpath),
    )
    return own


def _is_conda(scripts: str) -> bool:
    return os.path.isdir(os.path.join(os.path.dirname(scripts), "conda-meta"))


def main() -> None:
    """Serves the supervisor on the socket that the command line names."""
    control = socket.socket(fileno=int(sys.argv[2]))
    bundle = sys.argv[1]
    del sys.argv[1:]
    code = 1
    try:
        text = b""
        while not text.endswith(b"\n"):  # the supervisor sends no request before this process is ready
            data = control.recv(1 << 20)
            if not data:
                os._exit(0)
            text += data
        request = json.loads(text)
        work = Work(**request["work"])
        work.environment = _environment(work)
        code = warm_process.serve(work, control, request["isolation"], fresh_command(bundle))
    finally:
        os._exit(code)


def _environment(work: Work) -> str:
    """Records the environment of the tasks in this process; returns its digest."""
    from ..store import open_store
    from ..task import environment

    return environment.put(open_store(work.store), work.graph["flow"]["name"], environment.here())
