"""What a run of a random flow (`tests/strategies.py`) must do, in thirty lines: the oracle for schedulers, simulators and engines."""

from __future__ import annotations

from flowc.compiler import ir
from flowc.compiler.ir import Branches, ForEach, Scope, Task
from flowc.compiler.scopes import scopes

Executed = tuple[str, str]  # (step, path)


def outcome(step: ir.Step, path: str) -> dict[str, object]:
    """The outcome (docs/shim.md) of the step's task: `foreachN_…` makes N items, `switchN_…` takes case N, `loopN_…` goes round N more times."""
    number = int("".join(filter(str.isdigit, step.name.split("_")[0])) or 0)
    base, _, visit = path.partition("~")
    match step.transition:
        case ir.Foreach():
            prefix = "" if path == "-" else path + "."
            return {"splits": number, "paths": [f"{prefix}{index}" for index in range(number)]}
        case ir.Switch(cases=cases) if step.name.startswith("loop"):
            if int(visit or 0) < number:
                return {"next": step.name, "path": f"{base}~{int(visit or 0) + 1}"}
            return {"next": next(case.target for case in cases if case.target != step.name), "path": base}
        case ir.Switch(cases=cases):
            return {"next": cases[number].target, "path": path}
        case _:
            return {}


def executed(flow: ir.Flow) -> list[Executed]:
    """Returns every task that a run of the flow executes, sorted."""
    steps = {step.name: step for step in flow.steps}
    done: list[Executed] = []

    def run(scope: Scope, path: str) -> None:
        nodes = {node.step: node for node in scope.nodes}
        current = scope.entry
        while current in nodes:
            node, step = nodes[current], steps[current]
            done.append((current, path))
            result = outcome(step, path)
            match node:
                case Branches(scopes=several, join=join):
                    for each in several:
                        run(each, path)
                    current = join
                case ForEach(body=body, join=join):
                    for index in range(int(str(result["splits"]))):
                        run(body, f"{index}" if path == "-" else f"{path}.{index}")
                    current = join
                case Task():
                    if isinstance(step.transition, ir.Switch):
                        current, path = str(result["next"]), str(result["path"])
                    elif isinstance(step.transition, ir.Linear):
                        current = step.transition.target
                    else:
                        return

    run(scopes(flow), "-")
    return sorted(done)
