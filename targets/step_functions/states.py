"""The state machine as plain data: a fold over scopes, one function for each kind of node.

The template turns each state into text. The state of an execution is `{"run": ID, "path": PATH}`. For a moment it also
holds a report: `items` (the paths of a foreach's tasks) or `switch` (the outcome of a switch's task). Artifacts stay in
the datastore. Source of the rules: Amazon States Language.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.compiler.ir.nodes import Branches, End, Flow, ForEach, Linear, Switch
from flowc.compiler.ir.scopes import is_loop, targets

from .history import INLINE_WORKERS
from .input_check import CHECK, declared
from .names import job_name, state_name
from .storage import Store, report_key, results_prefix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, TypeAlias

    from flowc.compiler.ir.nodes import Scope, Step, Task

    Data: TypeAlias = dict[str, Any]


@record
class Machine:
    """The inputs of the fold beside the scope, the same for every node."""

    flow: Flow
    name: str  # of the state machine
    store: Store
    steps: dict[str, Step]  # by name
    definitions: Mapping[str, str]  # step → the name of its Batch job definition
    queues: dict[str, str]  # step → the Batch job queue of its jobs
    partition: str  # of AWS: "aws"
    distributed: frozenset[str]  # steps whose foreach is a distributed Map
    workers: int  # how many tasks of one foreach run at a time; 0: as many as there are
    comments: Mapping[str, str]  # of each step

    def data(self, scope: Scope) -> Data:
        """Returns the template's data: the input check, the first state's name, and the outermost scope's states."""
        return {
            "declared": declared(self.flow),
            "check": CHECK,
            "start": state_name(scope.entry),
            "outermost": list(self.scope(scope, None)),
        }

    def scope(self, scope: Scope, join: str | None) -> Iterator[Data]:
        """Yields the states of a scope that ends before `join`, a state of the outer machine; None if there is none."""
        for node in scope.nodes:
            match node:
                case Branches():
                    yield from self.branches(node)
                case ForEach():
                    yield from self.foreach(node)
                case _:
                    yield from self.task(node, join)

    def task(self, node: Task, join: str | None) -> Iterator[Data]:
        step = self.steps[node.step]
        match step.transition:
            case Switch():
                yield from self.switch(step, join)
            case Linear(target=target) if target != join:
                yield self.job(node.step, state_name(target))
            case Linear() | End():
                yield self.job(node.step, None, nested=join is not None)
            case other:
                raise TypeError(f"step {step.name!r} is not a plain task: {other!r}")

    def switch(self, step: Step, join: str | None) -> Iterator[Data]:
        """Yields the job, its outcome, the path of the next task (only a loop changes it), and the choice."""
        outcome, path, choice = (state_name(step.name, role) for role in ("outcome", "path", "next"))
        unknown, done = state_name(step.name, "unknown"), state_name(step.name, "done")
        yield self.job(step.name, outcome)
        yield {
            "kind": "outcome",
            "name": outcome,
            **self.report(step, "outcome"),
            "next": path if is_loop(step) else choice,
        }
        if is_loop(step):
            yield {"kind": "path", "name": path, "next": choice}
        cases = [{"step": target, "next": done if target == join else state_name(target)} for target in targets(step)]
        yield {"kind": "choice", "name": choice, "cases": cases, "default": unknown}
        if join in targets(step):
            yield {"kind": "done", "name": done}
        yield {
            "kind": "unknown",
            "name": unknown,
            "cause": f"step {step.name} chose a step that is no case of its switch",
        }

    def branches(self, node: Branches) -> Iterator[Data]:
        name = state_name(node.step, "branches")
        yield self.job(node.step, name)
        branches = [
            {"start": state_name(branch.entry), "states": list(self.scope(branch, node.join))} for branch in node.scopes
        ]
        yield {"kind": "parallel", "name": name, "branches": branches, "next": state_name(node.join)}

    def foreach(self, node: ForEach) -> Iterator[Data]:
        """Yields the job, the paths of its items, and a Map over them. A distributed Map reads the paths itself."""
        items, map_state = state_name(node.step, "items"), state_name(node.step, "each")
        step = self.steps[node.step]
        body = {"start": state_name(node.body.entry), "states": list(self.scope(node.body, node.join))}
        report = self.report(step, "paths")
        data = {"name": map_state, "body": body, "next": state_name(node.join)}
        if node.step in self.distributed:
            yield self.job(node.step, map_state)
            yield {"kind": "distributed", **data, **report, **self.results(), "workers": self.workers}
        else:
            yield self.job(node.step, items)
            yield {"kind": "items", "name": items, **report, "next": map_state}
            yield {"kind": "inline", **data, "workers": min(self.workers or INLINE_WORKERS, INLINE_WORKERS)}

    def job(self, step: str, after: str | None, nested: bool = False) -> Data:
        """Returns the Batch job of a step.

        Without `after`, it ends its machine. `nested`: that machine is a branch or an item, whose output is not used.
        """
        return {
            "kind": "job",
            "name": state_name(step),
            "comment": self.comments[step],
            "resource": f"arn:{self.partition}:states:::batch:submitJob.sync",
            "job_name": job_name(self.name, step),
            "definition": self.definitions[step],
            "queue": self.queues[step],
            "first": step == self.flow.start,
            "next": after,
            "nested": nested,
        }

    def report(self, step: Step, report: str) -> Data:
        """Returns the place of a report of the step's task."""
        is_item_reader = report == "paths" and step.name in self.distributed  # which is not a Task state
        service = "s3" if is_item_reader else "aws-sdk:s3"
        resource = f"arn:{self.partition}:states:::{service}:getObject"
        return {
            "resource": resource,
            "bucket": self.store.bucket,
            "key": report_key(self.store, self.flow.name, step.name, report),
        }

    def results(self) -> Data:
        """Returns the place for the results of a distributed Map's items.

        Nobody reads them, but more than 87,381 of them would be too long for the state's output.
        """
        return {
            "writer": f"arn:{self.partition}:states:::s3:putObject",
            "prefix": results_prefix(self.store, self.flow.name),
        }
