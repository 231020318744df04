"""The client: runs, tasks and artifacts of the datastore as objects (docs/client.md).

They have the names of Metaflow's client API:

    Metaflow → Flow → Run → Step → Task → DataArtifact

`objects.py` holds what they have in common; `datastore.py` reads the datastore for all of them. Data is read on first
use, and only `.data` unpickles a value. The client works inside a task: standard library only.
"""

from __future__ import annotations

from . import kinds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .artifact import DataArtifact
    from .flow import Flow, Metaflow
    from .run import Run
    from .settings import default_metadata, default_namespace, get_metadata, get_namespace, metadata, namespace
    from .step import Step
    from .task import Task
    from .trigger import MetaflowEvent, Trigger

_HOMES = {
    "Metaflow": "flow", "Flow": "flow", "Run": "run", "Step": "step", "Task": "task", "DataArtifact": "artifact",
    "Trigger": "trigger",
    "MetaflowEvent": "trigger", "namespace": "settings", "get_namespace": "settings", "default_namespace": "settings",
    "metadata": "settings",
    "get_metadata": "settings", "default_metadata": "settings", "S3": "s3", "S3GetObject": "s3", "S3PutObject": "s3",
}  # fmt: skip

__all__ = [
    "DataArtifact", "Flow", "Metaflow", "MetaflowEvent", "Run", "Step", "Task", "Trigger", "default_metadata",
    "default_namespace", "get_metadata",
    "get_namespace", "metadata", "namespace",
]  # fmt: skip


_IN_FLOWC = ("Runner", "NBRunner", "Deployer", "DeployedFlow", "NBDeployer", "TriggeredRun")  # they need the compiler


def __getattr__(name: str) -> object:
    if name in _IN_FLOWC:
        return _from_flowc(name)
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
    return value


kinds.register(__getattr__)


def _from_flowc(name: str) -> object:
    """Returns the class from flowc if it is installed, else a placeholder that raises when it is used."""
    from ..hooks import registered

    try:
        return registered[name]()
    except ImportError:
        from ..api.unsupported import Unsupported

        return Unsupported(name, "where flowc itself is not installed")
