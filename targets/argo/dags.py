"""The DAG templates as plain data: a fold over scopes.

A scope, branches included, becomes part of the DAG template of the foreach body that holds it, so that a pod waits only
for its own predecessors. Only a foreach body of several tasks, and a loop, have templates of their own. Control flow
reads the output parameters of finished tasks: `splits`, `paths`, `next` and `path`. Sources: Argo's "Enhanced depends
logic" (for a plain name, a Skipped task counts as done, but not an Omitted one; Argo evaluates an expression once all
tasks in it have ended), "Loops", "Template types".
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.compiler.ir.nodes import Branches, Flow, ForEach, Foreach, Switch
from flowc.compiler.ir.scopes import inner, is_loop, targets
from flowc.targets.shared.control_flow import Edge, chooses, needs
from flowc.targets.shared.step_settings import retries

from .names import AGAIN, EACH, FLOW, LOOP, template_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any, TypeAlias

    from flowc.compiler.ir.nodes import Scope, Step
    from flowc.targets.shared.control_flow import Need
    from flowc.targets.target import Options

    Data: TypeAlias = dict[str, Any]

PATH = "{{inputs.parameters.path}}"  # of a template with a path
ITEM = "{{item}}"
STACK = 100  # levels of the controller's stack, unless it was started with DISABLE_MAX_RECURSION=true (Argo, "Scaling")


@record
class Awaited:
    """A task that must have succeeded and, if `chosen` is not empty, must have chosen the step of that name."""

    task: str
    chosen: str


class Dags:
    """Collects the DAG templates of one flow, the outermost first.

    `chunked` are the steps that report the paths of their foreach's containers, each of which may run several items.
    """

    def __init__(self, flow: Flow, chunked: frozenset[str] = frozenset()) -> None:
        self.steps = flow.by_name
        self.chunked = chunked
        self.templates: list[Data] = []
        self._needs: dict[str, Need] = {}  # of each step
        self._groups: dict[str, str] = {}  # step of a foreach → the task that stands for its items
        self._guarded: set[str] = set()  # tasks that may be Skipped, by name: it is unique in the whole flow

    def flow(self, scope: Scope) -> list[Data]:
        """Returns the DAG templates of the flow whose outermost scope this is."""
        self._needs = needs(scope, self.steps)
        self._template(FLOW, scope, None)
        return self.templates

    def _template(self, name: str, scope: Scope, path: str | None) -> None:
        tasks: list[Data] = []
        self.templates.append({"name": name, "path": path is not None, "tasks": tasks, "next": None})
        self._scope(scope, path, tasks)

    def _scope(self, scope: Scope, path: str | None, tasks: list[Data]) -> None:
        """Appends the tasks of a scope."""
        for node in scope.nodes:
            tasks.append(self._task(node.step, path))
            match node:
                case Branches():
                    for branch in node.scopes:
                        self._scope(branch, path, tasks)
                case ForEach():
                    tasks.append(self._each(node, path))
                case _:
                    pass

    def _task(self, step: str, path: str | None) -> Data:
        """Returns the task of one step, or of all visits of a loop."""
        looping = is_loop(self.steps[step])
        if looping:
            self._loop(self.steps[step])
        need = self._awaited(step)
        name, depends, when = template_name(step), self._depends(need), _when(need)
        if when:
            self._guarded.add(name)
        task_path = path if path is not None else "-" if looping else None
        return {
            "name": name,
            "template": template_name(step, LOOP) if looping else name,
            "depends": depends,
            "when": when,
            "path": task_path,
            "count": None,
            "items": None,
        }

    def _each(self, node: ForEach, path: str | None) -> Data:
        """Returns the group of tasks, or of DAGs, of a foreach: one for each item, or for each reported path."""
        is_chunked = node.step in self.chunked
        body, item = node.body, ITEM if path is None or is_chunked else f"{path}.{ITEM}"
        if len(body.nodes) == 1:
            task = self._task(body.entry, item)
        else:
            name = template_name(node.step, EACH)
            self._template(name, body, PATH)
            task = {"name": name, "template": name, "when": None, "path": item}
        self._groups[node.step] = task["name"]
        split = template_name(node.step)
        depends = self._depends([[[Awaited(split, "")]]])
        outputs = f"tasks.{split}.outputs.parameters"
        return {
            **task,
            "depends": depends,
            "count": None if is_chunked else f"{{{{{outputs}.splits}}}}",
            "items": f"{{{{{outputs}.paths}}}}" if is_chunked else None,
        }

    def _loop(self, step: Step) -> None:
        """Appends a template that runs the step and then, as long as the step chooses itself, the template again."""
        name, visit = template_name(step.name, LOOP), template_name(step.name)
        outputs = f"tasks.{visit}.outputs.parameters"
        tasks = [
            {
                "name": visit, "template": visit, "depends": None, "when": None, "path": PATH, "count": None,
                "items": None,
            },
            {
                "name": AGAIN, "template": name, "depends": visit, "when": f"'{{{{{outputs}.next}}}}' == '{step.name}'",
                "path": f"{{{{{outputs}.path}}}}", "count": None, "items": None,
            },
        ]  # fmt: skip
        last = f"tasks['{visit}'].outputs.parameters.next"
        chosen = (
            f"tasks.{AGAIN}.status == 'Succeeded' ? tasks.{AGAIN}.outputs.parameters.next : {last}"
            if chooses(step)
            else None
        )
        self.templates.append({"name": name, "path": True, "tasks": tasks, "next": chosen})

    # ── needs ──

    def _awaited(self, step: str) -> list[list[list[Awaited]]]:
        """Returns what the step needs, with names of tasks instead of steps."""
        return [[self._tasks_of(edges) for edges in way] for way in self._needs[step]]

    def _tasks_of(self, edges: list[Edge]) -> list[Awaited]:
        """Returns the tasks of the edges. All items of a foreach share one task, whichever way each ends."""
        if edges[0].foreach:
            return [Awaited(self._groups[edges[0].foreach], "")]
        return [Awaited(template_name(edge.step), edge.chosen) for edge in edges]

    def _depends(self, need: list[list[list[Awaited]]]) -> str | None:
        if not need:
            return None
        if len(need) == len(need[0]) == len(need[0][0]) == 1 and need[0][0][0].task not in self._guarded:
            return need[0][0][0].task  # as in a chain of steps
        needs_status = len(need) > 1 or any(len(edges) > 1 for edges in need[0])

        def text(edge: Awaited) -> str:
            return f"{edge.task}.Succeeded" if needs_status or edge.task in self._guarded else edge.task

        return _any([_all([_any([text(edge) for edge in edges]) for edges in conjuncts]) for conjuncts in need])


def sizes(scope: Scope, steps: Mapping[str, Step]) -> list[int]:
    """Returns the number of tasks of each DAG template that `Dags` would make, in no order."""
    found: list[int] = []
    waiting = [scope]  # each is a DAG template of its own
    while waiting:
        tasks, inside = 0, [waiting.pop()]
        while inside:
            for node in inside.pop().nodes:
                entries = [node.step]
                match node:
                    case Branches():
                        inside += node.scopes
                    case ForEach() if len(node.body.nodes) == 1:
                        entries.append(node.body.entry)
                    case ForEach():
                        tasks += 1
                        waiting.append(node.body)
                    case _:
                        pass
                tasks += len(entries)
                found += [2 for entry in entries if is_loop(steps[entry])]
        found.append(tasks)
    return found


def outputs(step: Step, is_chunked: bool = False) -> list[str]:
    """Returns the output parameters of the step's own template. `is_chunked`: as in `Dags`, of its foreach."""
    match step.transition:
        case Foreach():
            return ["paths" if is_chunked else "splits"]
        case Switch() if is_loop(step):
            return ["next", "path"]
        case Switch() if len(targets(step)) > 1:
            return ["next"]
        case _:
            return []


def chunked(options: Options) -> frozenset[str]:
    """Returns the steps whose foreach may run several items in a container."""
    return frozenset(step for step, container in options.containers if container.items or container.containers)


def visits(scope: Scope, steps: dict[str, Step], limit: str = "") -> dict[str, int]:
    """Returns how many visits each loop may have: `limit`, or what the controller's stack allows; 0 for any number.

    Each template that the controller executes inside another is one level of that stack: the flow, each foreach body of
    several tasks, each visit of the loop, the visit's pod, and its attempt if there is a `retryStrategy`. The
    controller stops at `STACK` levels (argo-workflows, `maxAllowedStackDepth`). One visit fewer is allowed, so that the
    shim can say why the run ends.
    """
    limits: dict[str, int] = {}
    waiting = [(scope, 1)]
    while waiting:
        current, level = waiting.pop()
        for node in current.nodes:
            step = steps[node.step]
            if is_loop(step):
                limits[step.name] = int(limit) if limit else STACK - 3 - level - (1 if retries(step) else 0)
            deeper = level + (isinstance(node, ForEach) and len(node.body.nodes) > 1)
            waiting += [(inside, deeper) for inside in inner(node)]
    return limits


def with_path(scope: Scope, steps: dict[str, Step]) -> frozenset[str]:
    """Returns the steps whose path is unknown when the spec is written: those in a foreach, and loops."""
    from flowc.compiler.ir.scopes import walk

    return frozenset(node.step for _, node, depth in walk(scope) if depth or is_loop(steps[node.step]))


def _when(need: list[list[list[Awaited]]]) -> str | None:
    """Returns the condition for running a task, in the language of govaluate; None if it always runs.

    A switch that did not run has chosen "", the default of its output parameter, which is not the name of a step.
    """
    if not any(edge.chosen for conjuncts in need for edges in conjuncts for edge in edges):
        return None

    def text(edge: Awaited) -> str:
        if edge.chosen:
            return f"'{{{{tasks.{edge.task}.outputs.parameters.next}}}}' == '{edge.chosen}'"
        return f"'{{{{tasks.{edge.task}.status}}}}' == 'Succeeded'"

    if len(need) == 1:  # `depends` covers the edges without a choice
        need = [[edges for edges in need[0] if any(edge.chosen for edge in edges)]]
    return _any([_all([_any([text(edge) for edge in edges]) for edges in conjuncts]) for conjuncts in need])


def _any(texts: Sequence[str]) -> str:
    return _joined(texts, " || ")


def _all(texts: Iterable[str]) -> str:
    parts = list(texts)
    return _joined([f"({part})" if " || " in part and len(parts) > 1 else part for part in parts], " && ")


def _joined(texts: Sequence[str], operator: str) -> str:
    distinct = list(dict.fromkeys(texts))
    if operator == " || " and len(distinct) > 1:
        distinct = [f"({part})" if " && " in part else part for part in distinct]
    return operator.join(distinct)
