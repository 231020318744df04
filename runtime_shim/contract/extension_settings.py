"""The attributes of the decorators of extensions, as the tasks that carry them out read them (docs/extensions.md).

An attribute that the code package lacks, because it is older, has its default.
"""

from __future__ import annotations

from .semantics import number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple


class CheckpointSettings:
    """The values of `@checkpoint`."""

    def __init__(self, attributes: Dict[str, Any]) -> None:
        self.load_policy = str(attributes.get("load_policy") or "fresh")
        self.folder: Optional[str] = attributes.get("temp_dir_root") or None  # of temporary folders; None: the system's


class ModelSettings:
    """The values of `@model`."""

    def __init__(self, attributes: Dict[str, Any]) -> None:
        load = attributes.get("load")
        entries = [] if load is None else [load] if isinstance(load, str) else load
        # what to load: (artifact, path or None)
        self.load: List[Tuple[str, Optional[str]]] = [
            (entry, None) if isinstance(entry, str) else (entry[0], entry[1]) for entry in entries
        ]
        self.is_required = not attributes.get("best_effort_load")
        self.folder: Optional[str] = attributes.get("temp_dir_root") or None


class HuggingfaceSettings:
    """The values of `@huggingface_hub`."""

    def __init__(self, attributes: Dict[str, Any]) -> None:
        self.cache_scope = str(attributes.get("cache_scope") or "checkpoint")
        self.folder: Optional[str] = attributes.get("temp_dir_root") or None
        # what to load: (arguments of `snapshot_download`, path or None)
        self.load: List[Tuple[Dict[str, Any], Optional[str]]] = []
        for entry in attributes.get("load") or ():
            repository, path = entry if isinstance(entry, (list, tuple)) else (entry, None)
            arguments = {"repo_id": repository} if isinstance(repository, str) else dict(repository)
            self.load.append(({"repo_type": "model", **arguments}, path))


class GpuProfileSettings:
    """The values of `@gpu_profile`."""

    def __init__(self, attributes: Dict[str, Any]) -> None:
        self.has_card = bool(attributes.get("with_card", True))
        self.keeps_artifacts = bool(attributes.get("include_artifacts", True))
        self.prefix = str(attributes.get("artifact_prefix", "gpu_profile_"))
        self.interval_seconds = number(attributes.get("interval")) or 1.0


class GangSettings:
    """The values of a decorator of a launcher: those that its nodes need to meet, and Ray's options."""

    def __init__(self, attributes: Dict[str, Any], default_seconds: float) -> None:
        self.seconds_to_start = number(attributes.get("all_nodes_started_timeout")) or default_seconds
        port = number(attributes.get("master_port") or attributes.get("main_port"))
        self.port: Optional[int] = int(port) if port else None  # None: the usual one, or a free one
        self.processes: Any = attributes.get("nproc_per_node") or 1  # of a node: a number, or a word of `torchrun`
        dashboard = int(number(attributes.get("dashboard_port")) or 8265)
        self.dashboard_port: Optional[int] = dashboard if attributes.get("enable_dashboard") else None
        self.logging = {
            option: str(attributes[option]) for option in ("logging_level", "log_style") if attributes.get(option)
        }


def has_gpu_card(decorator: Dict[str, Any]) -> bool:
    """Returns True for a `@gpu_profile` that puts its profile on a card."""
    return decorator["name"] == "gpu_profile" and GpuProfileSettings(decorator["attributes"]).has_card


def slots(decorators: List[Optional[Dict[str, Any]]]) -> Tuple[int, bool]:
    """Returns how many processes a node has room for, and True if these are its GPUs.

    `decorators` are the attributes of those that ask for cores and GPUs, None for an absent one.
    """
    asked = [attributes for attributes in decorators if attributes is not None]
    gpus = max((int(number(attributes.get("gpu")) or 0) for attributes in asked), default=0)
    cores = max((int(number(attributes.get("cpu")) or 0) for attributes in asked), default=0)
    return (gpus, True) if gpus else (max(1, cores), False)
