"""How the shim gets into a container: the one place that knows (docs/shim.md, Bringing the shim)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.targets.target import Options

    from .pods import Data

FOLDER = "/flowc"  # where a task finds the shim that was brought
SOURCE = "/runtime/."  # where the runtime image has it
# Of the init container, which copies less than a megabyte: a namespace with a ResourceQuota refuses a pod in which a container states none.
REQUESTS, LIMITS = {"cpu": "10m", "memory": "16Mi"}, {"cpu": "200m", "memory": "128Mi"}


def command(options: Options, python: str = "") -> list[str]:
    """Returns what goes before the shim's own arguments. A file runs without a word in the user's environment, and sooner than a folder.

    Without `site` (-S), whose work the shim does itself when it comes to the user's code, and inputs are already on their way.
    """
    return (
        [python or "python", "-S", f"{FOLDER}/__main__.py"]
        if options.runtime == "inject"
        else [python or "python", "-m", "flowc.runtime_shim"]
    )


def init_container(options: Options, requests: Data = REQUESTS, limits: Data = LIMITS) -> Data:
    """Returns the Container that fills the volume `flowc`, for a pod with `runtime` inject (Kubernetes API reference, core/v1)."""
    return {
        "name": "flowc", "image": options.runtime_image, "command": ["cp", "-R", SOURCE, FOLDER],
        "resources": {"requests": requests, "limits": limits}, "volumeMounts": [mount()],
    }  # fmt: skip


def taken(options: Options) -> tuple[str, ...]:
    """Returns the folders of a container that are volumes of flowc's own."""
    return (FOLDER,) if options.runtime == "inject" else ()


def prerequisite(options: Options) -> str:
    """Returns what has to be in place before a pod can have the shim."""
    if options.runtime == "inject":
        return (
            f"the image {options.runtime_image} must be where the cluster finds it (`Dockerfile` of flowc's repository)"
        )
    return "the steps' images must have flowc installed"


def mount() -> Data:
    return {"name": "flowc", "mountPath": FOLDER}


def volume() -> Data:
    return {"name": "flowc", "emptyDir": {}}
