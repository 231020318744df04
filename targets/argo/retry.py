"""Lets Argo go on with a failed run: `argo retry`.

Which nodes of a Workflow are reset, and which pods are deleted, is several hundred lines of Argo's own (argo-workflows,
`FormulateRetryWorkflow`). They are in its command line and in its server, not in the API of the cluster.
"""

from __future__ import annotations

import shutil
import subprocess

from flowc.targets.operating import EngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.targets.operating import EngineRun

    from .cluster import Cluster

PROGRAM = "argo"
SECONDS = 300.0
_INSTEAD = "leave out `--in-place`, to start a new run that takes over what this one has done"


def retry(cluster: Cluster, run: EngineRun) -> None:
    """Resets what failed in the Workflow. Raises EngineError."""
    live = cluster.get(cluster.path("workflows", run.name))
    if live is None or live["metadata"]["uid"] != run.handle["metadata"]["uid"]:
        raise EngineError(f"run {run.id} has been deleted from the cluster", _INSTEAD)
    phase = live.get("status", {}).get("phase", "")
    if phase not in ("Failed", "Error"):
        state = {"Succeeded": "has succeeded", "": "has not begun"}.get(phase, "is under way")
        raise EngineError(f"run {run.id} {state}: Argo retries runs that have failed")
    program = shutil.which(PROGRAM)
    if program is None:
        message = "`argo retry` is a part of Argo's command line, which is not installed here"
        raise EngineError(message, f"install `{PROGRAM}` in the version of the cluster's Argo, or {_INSTEAD}")
    command = [program, "retry", run.name, "--namespace", cluster.namespace]
    if cluster.context:
        command += ["--context", cluster.context]
    if cluster.file:
        command += ["--kubeconfig", cluster.file]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"`{' '.join(command)}` does not end: {error}", _INSTEAD) from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise EngineError(f"`argo retry` refuses: {said[-1] if said else done.returncode}", _INSTEAD)
