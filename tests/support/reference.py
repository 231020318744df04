"""The required result of a run of a random flow: the oracle for schedulers, simulators and engines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flowc.compiler.ir import nodes as ir
from flowc.compiler.ir.nodes import Branches, ForEach, Scope, Task
from flowc.compiler.ir.scopes import scopes

from tests.support.strategies import attribute, failures, number

Executed = tuple[str, str]  # (step, path)
Artifacts = dict[str, str]  # name → repr


def outcome(step: ir.Step, path: str) -> dict[str, object]:
    """The outcome (docs/shim.md) of the step's task: `foreachN_…` makes N items, `switchN_…` takes case N, `loopN_…` goes round N more times."""
    count = number(step.name)
    base, _, visit = path.partition("~")
    match step.transition:
        case ir.Foreach():
            prefix = "" if path == "-" else path + "."
            return {"splits": count, "paths": [f"{prefix}{index}" for index in range(count)]}
        case ir.Switch(cases=cases) if step.name.startswith("loop"):
            if int(visit or 0) < count:
                return {"next": step.name, "path": f"{base}~{int(visit or 0) + 1}"}
            return {"next": next(case.target for case in cases if case.target != step.name), "path": base}
        case ir.Switch(cases=cases):
            return {"next": cases[count].target, "path": path}
        case _:
            return {}


@dataclass
class Expected:
    """The result of a run."""

    # of the tasks that succeed, if nothing ends the run before
    records: dict[Executed, Artifacts] = field(default_factory=dict)
    attempts: int = 0  # of all tasks
    failed: list[Executed] = field(default_factory=list)  # tasks that end the run, each if it comes to it


class _Failed(Exception):
    """Raised if a scope cannot continue."""


def expected(flow: ir.Flow) -> Expected:
    """Returns the result of a run of the flow."""
    steps = {step.name: step for step in flow.steps}
    done = Expected()

    def task(name: str, path: str, before: list[dict[str, Any]]) -> dict[str, Any]:
        """Runs one task; returns its artifacts as values."""
        step = steps[name]
        times, caught = attribute(step, "retry", "times") or 0, attribute(step, "catch", "var")
        attempt = min(failures(name), times)
        done.attempts += attempt + 1
        left = {} if step.is_join or not before else dict(before[0])
        traces = [task["trace"] for task in before]
        place = path.partition("~")[0].split(".")[-1]
        left["trace"] = [
            *(traces if step.is_join else traces[0] if traces else []),
            (name, None if place == "-" else int(place)),
        ]
        fails = failures(name) > times
        match step.transition:
            case ir.Foreach():
                left["items"] = list(range(number(name)))
                fails = not left["items"]
            case ir.Switch() if name.startswith("loop"):
                left[f"{name}_visits"] = left.get(f"{name}_visits", 0) + 1
                left["choice"] = "again" if left[f"{name}_visits"] <= number(name) else "done"
            case ir.Switch():
                left["choice"] = f"case{number(name)}"
        if caught:
            left[caught] = _Repr(f"RuntimeError: {name}") if fails else None
        elif fails:
            done.attempts += times - attempt
            done.failed.append((name, path))
            raise _Failed
        done.records[name, path] = {key: repr(value) for key, value in sorted(left.items())}
        return left

    def run(scope: Scope, path: str, before: list[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
        """Runs the scope; returns the last task's step and artifacts."""
        nodes = {node.step: node for node in scope.nodes}
        current, last = scope.entry, ""
        while current in nodes:
            node, step = nodes[current], steps[current]
            last = current
            left = task(current, path, before)
            result = outcome(step, path)
            before = [left]
            match node:
                case Branches(scopes=several, join=join):
                    ended = every([(scope, path) for scope in several], left)
                    current, before = join, [result for _, result in sorted(ended, key=lambda pair: pair[0])]
                case ForEach(body=body, join=join):
                    prefix = "" if path == "-" else path + "."
                    ended = every([(body, f"{prefix}{index}") for index in range(number(current))], left)
                    current, before = join, [result for _, result in ended]
                case Task():
                    if isinstance(step.transition, ir.Switch):
                        current, path = str(result["next"]), str(result["path"])
                    elif isinstance(step.transition, ir.Linear):
                        current = step.transition.target
                    else:
                        break
        return last, before[0]

    def every(several: list[tuple[Scope, str]], left: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        """Runs scopes at the same time. A failure of one does not stop the others."""
        ended = []
        for scope, path in several:
            try:
                ended.append(run(scope, path, [left]))
            except _Failed:
                pass
        if len(ended) < len(several):
            raise _Failed
        return ended

    try:
        run(scopes(flow), "-", [])
    except _Failed:
        pass
    return done


class _Repr:
    """A value of which only the text is known."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def executed(flow: ir.Flow) -> list[Executed]:
    """Returns every task that a run of the flow executes, sorted."""
    return sorted(expected(flow).records)
