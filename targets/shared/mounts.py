"""Where a step's own volumes may not be mounted: over what flowc and the engine have in the container, and twice in the same place."""

from __future__ import annotations

from posixpath import normpath

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .pods import Data, Pod


def misplaced(pod: Pod, taken: tuple[str, ...], report: str = "") -> Iterator[tuple[str, str]]:
    """Yields the path of each mount that cannot be, and why.

    `taken`: folders that are mounts themselves, so that a volume above them does no harm. `report`: the folder that the shim reports to, which
    each task must have for itself, or "".
    """
    yield from hiding(pod.mounts, pod.volumes, taken, report)


def hiding(
    mounts: Iterable[Data], volumes: Iterable[Data], taken: tuple[str, ...], report: str = ""
) -> Iterator[tuple[str, str]]:
    """Yields the same of VolumeMounts and Volumes (Kubernetes API reference, core/v1)."""
    shared = {volume["name"] for volume in volumes if "persistentVolumeClaim" in volume}
    seen = set()
    for mount in mounts:
        path = normpath(mount["mountPath"])
        if path.startswith("//"):
            path = path[1:]
        if path == "/":
            yield path, "it would hide everything else that is in the container"
        elif ":" in path:
            yield path, "a path with `:` cannot be mounted"
        elif path in seen:
            yield path, "two volumes are mounted there"
        elif folder := next((each for each in (*taken, report) if each and _is_within(path, each)), ""):
            yield path, f"`{folder}` holds what flowc needs in the container"
        elif report and _is_within(report, path) and mount.get("name") in shared:
            yield path, f"tasks that share the volume would overwrite each other's `{report}`"
        seen.add(path)


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")
