"""The ways in which the shim gets into a container (docs/shim.md, Bringing the shim). Only this file knows them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.targets.target import Options

    from .pods import Data

FOLDER = "/flowc"  # the shim's folder in the task's container
SOURCE = "/runtime/."  # the shim's folder in the runtime image
# Of the init container, which copies less than a megabyte. A namespace with a ResourceQuota refuses a pod if one of its
# containers has none.
REQUESTS, LIMITS = {"cpu": "10m", "memory": "16Mi"}, {"cpu": "200m", "memory": "128Mi"}


def command(options: Options, python: str = "") -> list[str]:
    """Returns the command that comes before the shim's own arguments.

    Running a file needs no variable in the user's environment, and starts sooner than a folder. `-S` skips `site`: the
    shim does its work later, before it imports the user's code, when inputs are already being fetched.
    """
    return (
        [python or "python", "-S", f"{FOLDER}/__main__.py"]
        if options.runtime == "inject"
        else [python or "python", "-m", "flowc.runtime_shim"]
    )


def init_container(options: Options, requests: Data = REQUESTS, limits: Data = LIMITS) -> Data:
    """Returns the Container that fills the volume `flowc`, for `--runtime inject` (core/v1, Container)."""
    return {
        "name": "flowc", "image": options.runtime_image, "command": ["cp", "-R", SOURCE, FOLDER],
        "resources": {"requests": requests, "limits": limits}, "volumeMounts": [mount()],
    }  # fmt: skip


def taken(options: Options) -> tuple[str, ...]:
    """Returns the folders of a container that are flowc's own volumes."""
    return (FOLDER,) if options.runtime == "inject" else ()


def prerequisite(options: Options) -> str:
    """Returns a sentence: what must be in place for pods to have the shim."""
    if options.runtime == "inject":
        return (
            f"the cluster must be able to pull the image {options.runtime_image} (`Dockerfile` in flowc's repository)"
        )
    return "the steps' images must have flowc installed"


def mount() -> Data:
    return {"name": "flowc", "mountPath": FOLDER}


def volume() -> Data:
    return {"name": "flowc", "emptyDir": {}}
