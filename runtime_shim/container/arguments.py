"""The arguments of a container that runs several tasks, or that ends with a foreach in chunks (docs/shim.md)."""

from __future__ import annotations

from ..contract import chunk
from ..contract.address import BadPath
from ..contract.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Optional, Tuple

    from ..contract.graph import Graph
    from ..contract.record import Outcome


class Several:
    """What the arguments say beyond step, path and reports."""

    def __init__(
        self, within: Tuple[str, ...] = (), items: int = 0, containers: int = 0, cores: float = 0, memory: float = 0,
        peaks: Optional[Dict[str, float]] = None,
    ) -> None:  # fmt: skip
        self.within = within  # the steps whose tasks the container runs; empty if it runs one task
        self.items, self.containers = items, containers  # bounds of the chunks of the foreach that it ends with
        self.cores, self.memory = cores, memory  # what the container has, in cores and MiB; 0 if unknown
        self.peaks = peaks or {}  # step → MiB that its tasks have used in past runs

    def containers_for(self, splits: int) -> int:
        """Returns the number of containers for the items of the foreach that it ends with."""
        return chunk.count(splits, self.items, self.containers) if self.items or self.containers else splits

    def divided(self, path: str, outcome: Outcome) -> Outcome:
        """Returns the outcome of the foreach that the task at `path` made, in chunks."""
        if not self.items and not self.containers:
            return outcome
        paths = chunk.divided(path, outcome["splits"], self.items, self.containers)
        return {**outcome, "splits": len(paths), "paths": paths}


def parse_several(options: Dict[str, str]) -> Several:
    """Returns what the options say. Raises UsageError."""
    within = tuple(options.get("--within", "").split(",")) if "--within" in options else ()
    if within:
        if "" in within or len(set(within)) < len(within):
            raise UsageError(f"--within must name each step once, not {options['--within']!r}")
        if options["--step"] not in within:
            raise UsageError(f"--within does not name the container's own step, {options['--step']}")
        try:
            chunk.members(options["--path"])
        except BadPath:
            raise UsageError(f"{options['--path']!r} is not a valid path of a container") from None
    elif "--cores" in options or "--memory" in options or "--peaks" in options:
        raise UsageError(
            "--cores, --memory and --peaks need --within: a container with one task gives it all that it has"
        )
    return Several(
        within, _whole(options, "--items"), _whole(options, "--containers"), _positive(options, "--cores"),
        _positive(options, "--memory"), _peaks(options, within),
    )  # fmt: skip


def check_within(graph: Graph, several: Several) -> None:
    """Raises UsageError if a container cannot run the tasks of these steps."""
    for step in several.within:
        if step not in graph.steps:
            raise UsageError(f"--within names {step!r}, but flow {graph.name} has no such step")
        if graph.is_gang(step):
            raise UsageError(f"--within names {step}, whose tasks are a gang: each needs a container of its own")


def _whole(options: Dict[str, str], name: str) -> int:
    text = options.get(name, "0")
    if not (text.isascii() and text.isdigit()):
        raise UsageError(f"{name} must be a whole number, not {text!r}")
    return int(text)


def _peaks(options: Dict[str, str], within: Tuple[str, ...]) -> Dict[str, float]:
    peaks: Dict[str, float] = {}
    for pair in options["--peaks"].split(",") if "--peaks" in options else ():
        step, _, value = pair.partition("=")
        if step not in within or step in peaks:
            raise UsageError(f"--peaks must name steps of --within, each once, not {pair!r}")
        peaks[step] = _positive({"--peaks": value}, "--peaks")
    return peaks


def _positive(options: Dict[str, str], name: str) -> float:
    if name not in options:
        return 0
    try:
        value = float(options[name])
    except ValueError:
        value = -1
    if not 0 < value < float("inf"):
        raise UsageError(f"{name} must be a positive number, not {options[name]!r}")
    return value
