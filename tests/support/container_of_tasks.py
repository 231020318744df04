"""A container that runs several tasks, on one page: what `task --within …` must run and report (docs/decisions, 18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowc.compiler.ir.nodes import Branches, Flow, ForEach, Task
from flowc.compiler.ir.scopes import scopes, walk

from tests.support.reference import Executed, outcome

if TYPE_CHECKING:
    from flowc.compiler.ir.nodes import Node


class ContainerOfTasks:
    """Runs the containers of a flow, which is as it was written."""

    def __init__(self, flow: Flow) -> None:
        self.steps = flow.by_name
        self.nodes: dict[str, Node] = {node.step: node for _, node, _ in walk(scopes(flow))}

    def run(self, arguments: list[str]) -> tuple[list[Executed], dict[str, object]]:
        """Returns the tasks of the container with these arguments of the shim, and its report."""
        given = dict(zip(arguments[1::2], arguments[2::2], strict=False))
        step, path = given["--step"], given["--path"]
        within = given.get("--within", step).split(",")
        loops = "--within" in given
        tasks: list[Executed] = []
        reports = [self._follow(step, start, within, loops, "", tasks) for start in _paths(path)]
        report = reports[0]
        if "paths" in report and ("--items" in given or "--containers" in given):
            paths = [str(path) for path in report["paths"]]  # type: ignore[attr-defined]
            chunks = _chunks(paths, int(given.get("--items", 0)), int(given.get("--containers", 0)))
            report.update(paths=chunks, splits=len(chunks))
        return tasks, report

    def _follow(
        self, step: str, path: str, within: list[str], loops: bool, until: str, tasks: list[Executed]
    ) -> dict[str, object]:
        """Runs the step and what follows, to the step `until` or out of the container; returns the last report."""
        report: dict[str, object] = {}
        first = True
        while first or (step in within and step != until):
            first = False
            tasks.append((step, path))
            report, node = outcome(self.steps[step], path), self.nodes[step]
            match node:
                case Branches(scopes=several, join=join):
                    if several[0].entry not in within:
                        return report
                    for branch in several:
                        self._follow(branch.entry, path, within, loops, join, tasks)
                    step = join
                case ForEach(body=body, join=join):
                    if body.entry not in within:
                        return report
                    for item in report["paths"]:  # type: ignore[attr-defined]
                        self._follow(body.entry, item, within, loops, join, tasks)
                    step = join
                case Task() if "next" in report:
                    if report["next"] == step and not loops:
                        return report
                    step, path = str(report["next"]), str(report["path"])
                case _:
                    target = getattr(self.steps[step].transition, "target", "")
                    if not target:
                        return report
                    step = target
        return {"next": step, "path": path}


def _paths(path: str) -> list[str]:
    """Returns the paths of a container's first tasks: several, if the last index is a range."""
    prefix, dot, last = path.rpartition(".")
    first, dash, end = last.partition("-")
    if not (first and dash and end):
        return [path]
    return [f"{prefix}{dot}{index}" for index in range(int(first), int(end) + 1)]


def _chunks(paths: list[str], items: int, containers: int) -> list[str]:
    """Returns the paths of chunks, each of at least `items` and in at most `containers`."""
    size = max(items, -(-len(paths) // containers) if containers else 1, 1)
    prefix, dot, _ = paths[0].rpartition(".") if paths else ("", "", "")
    return [f"{prefix}{dot}{first}-{min(first + size, len(paths)) - 1}" for first in range(0, len(paths), size)]
