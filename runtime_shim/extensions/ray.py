"""`@metaflow_ray`: a cluster of Ray on the nodes of a gang.

Only node 0 runs the step, and `ray.init()` there joins the cluster.
"""

from __future__ import annotations

import os
import subprocess
import sys

from . import commands
from .exceptions import RayException
from .nodes import free_port, waited

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List

    from ..contract.extension_settings import GangSettings
    from .nodes import Gang

PORT = 6379
_COUNT = "import sys, ray; ray.init(address=sys.argv[1]); print('nodes:', len(ray.nodes()))"
_SLOW = 60.0  # seconds after which a look at the cluster is given up
_ENDING = 30.0  # seconds that Ray gets to stop


def run(gang: Gang, settings: GangSettings, call: Callable[[], None]) -> None:
    """Starts Ray on this node. Node 0 then runs the step; the others wait until it has ended."""
    if not commands.has_module("ray"):
        raise RayException("Ray is not installed: the step's environment or image must contain `ray`")
    seconds, port = settings.seconds_to_start, settings.port
    if port is None and gang.leads:
        port = free_port() if gang.is_local else PORT
    nodes = gang.meet({"port": port}, seconds)
    address = f"{gang.main_ip}:{int(nodes[0]['port'])}"
    process = subprocess.Popen(_words(gang, settings, address), env=commands.environment())
    try:
        if gang.leads:
            with gang.leading("ray"):
                _wait_for_nodes(gang, process, address, seconds)
                _call(call, address)
        else:
            gang.wait_for_leader("ray")
    finally:
        process.terminate()
        try:
            process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _call(call: Callable[[], None], address: str) -> None:
    """Calls the step where `ray.init()` finds the cluster."""
    before = os.environ.get("RAY_ADDRESS")
    os.environ["RAY_ADDRESS"] = address
    try:
        call()
    finally:
        os.environ.pop("RAY_ADDRESS", None)
        if before is not None:
            os.environ["RAY_ADDRESS"] = before


def _words(gang: Gang, settings: GangSettings, address: str) -> List[str]:
    """Returns the command that runs Ray on this node until it is ended."""
    words = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--disable-usage-stats"]
    if gang.leads:
        words += ["--head", "--node-ip-address", gang.main_ip, "--port", address.rpartition(":")[2]]
        if settings.dashboard_port is not None:
            port = str(settings.dashboard_port)
            words += ["--include-dashboard", "true", "--dashboard-host", "0.0.0.0", "--dashboard-port", port]
    else:
        words += ["--address", address, "--node-ip-address", gang.ip()]
    for option, value in settings.logging.items():
        words += [f"--{option.replace('_', '-')}", value]
    return words


def _wait_for_nodes(gang: Gang, process: Any, address: str, seconds: float) -> None:
    """Returns once all nodes have joined. Raises RayException if Ray ends, or if that takes too long.

    It asks in a process of its own, since the step calls `ray.init` itself.
    """
    said = [""]

    def look() -> Any:
        if process.poll() is not None:
            raise RayException(f"Ray ended on node 0 with exit code {process.returncode}, before the step began")
        try:
            done = subprocess.run(
                [sys.executable, "-c", _COUNT, address], env=commands.environment(), stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=_SLOW,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return None
        said[0] = done.stdout.decode("utf-8", "replace")
        return True if f"nodes: {gang.nodes}\n" in said[0] else None

    if waited(look, seconds) is None:
        last = (said[0].strip().splitlines() or ["it said nothing"])[-1]
        raise RayException(
            f"not all {gang.nodes} nodes joined the cluster at {address} within {seconds:g} seconds ({last}): give "
            "`all_nodes_started_timeout` a higher value"
        )
