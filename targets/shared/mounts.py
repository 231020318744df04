"""Finds volumes that a step must not mount: over folders of flowc or the engine, or twice at one path."""

from __future__ import annotations

from posixpath import normpath

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .pods import Data, Pod


def misplaced(pod: Pod, taken: tuple[str, ...], report: str = "") -> Iterator[tuple[str, str]]:
    """Yields the path of each invalid mount, and the reason.

    `taken`: folders that are mounts themselves, so that a volume above them does no harm. `report`: the folder that the
    shim reports to, or "". Each task must have one of its own.
    """
    yield from hiding(pod.mounts, pod.volumes, taken, report)


def hiding(
    mounts: Iterable[Data], volumes: Iterable[Data], taken: tuple[str, ...], report: str = ""
) -> Iterator[tuple[str, str]]:
    """Yields the same for VolumeMounts and Volumes (Kubernetes API reference, core/v1)."""
    shared = {volume["name"] for volume in volumes if "persistentVolumeClaim" in volume}
    seen = set()
    for mount in mounts:
        path = normpath(mount["mountPath"])
        if path.startswith("//"):
            path = path[1:]
        if path == "/":
            yield path, "it would hide everything else in the container"
        elif ":" in path:
            yield path, "a path with `:` cannot be mounted"
        elif path in seen:
            yield path, "two volumes are mounted there"
        elif folder := next(
            (candidate for candidate in (*taken, report) if candidate and _is_within(path, candidate)), ""
        ):
            yield path, f"`{folder}` holds what flowc needs in the container"
        elif report and _is_within(report, path) and mount.get("name") in shared:
            yield path, f"tasks that share the volume would overwrite each other's `{report}`"
        seen.add(path)


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")
