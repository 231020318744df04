"""The DAG's tasks as plain data: a fold over scopes, in the order of the DAG file.

Airflow has no nested mapping. So every step inside a foreach, however deep, is one mapped task over the full paths of
its tasks. Small helper tasks make these lists of paths: `paths` from the reports of a foreach's tasks, `items` where a
switch inside a foreach sends each item one way. A list can be empty only after such a switch. Its tasks are then
skipped. What follows them runs if nothing failed and anything succeeded (`none_failed_min_one_success`): the helper
task that makes its own list has succeeded.

Outside a foreach, a switch is a branch. Airflow skips the tasks directly after it that were not chosen, except those
that also come after the chosen one. If a later switch then leads past such a task, the branch has still succeeded, and
the task would start. So the way from the branch to it gets an empty task of its own (`way`), which comes only after the
branch. Sources: Airflow's documentation, "Dynamic Task Mapping", "Trigger Rules" and "Branching"; its
`SkipMixin.skip_all_except`.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.compiler.ir.nodes import Branches, Flow, ForEach
from flowc.compiler.ir.scopes import predecessors, successors, targets
from flowc.targets.shared.control_flow import Edge, chooses, needs

from .names import CHOICE, ITEMS, PATHS, WAY, task_id, variable, way_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from flowc.compiler.ir.nodes import Node, Scope
    from flowc.targets.shared.control_flow import Need

    Data: TypeAlias = dict[str, Any]

ANY = "none_failed_min_one_success"


@record
class Paths:
    """The paths with which the steps of a scope run. `variable` holds the list, "" outside any foreach."""

    variable: str
    sparse: bool  # the list may lack some or all of the enclosing foreach's tasks


@record
class Upstream:
    """A task that a second one waits for. `chosen`: the second one runs only if this switch chose it."""

    variable: str
    chosen: bool
    maybe: bool  # the task may be skipped for lack of paths, in a run that comes this way


class Tasks:
    """Collects the tasks of one flow."""

    def __init__(self, flow: Flow) -> None:
        self.steps = flow.by_name
        self.tasks: list[Data] = []
        self._needs: dict[str, Need] = {}  # of each step
        self._paths: dict[str, Paths] = {}  # of each step
        self._ways: dict[tuple[str, str], str] = {}  # (switch, target) → the variable of the way's own task

    def flow(self, scope: Scope) -> list[Data]:
        """Returns the tasks of the flow whose outermost scope this is."""
        self._needs = needs(scope, self.steps)
        self._scope(scope, Paths("", False))
        return self.tasks

    def _scope(self, scope: Scope, paths: Paths) -> None:
        """Appends the tasks of a scope whose entry runs with `paths`."""
        inside = predecessors(scope, self.steps)
        for node in scope.nodes:
            step = node.step
            own = paths if step == scope.entry else self._paths_of(step, inside[step], paths)
            self._paths[step] = own
            self._task(step, own)
            match node:
                case Branches():
                    for branch in node.scopes:
                        self._scope(branch, own)
                case ForEach():
                    name = variable(step, PATHS)
                    self.tasks.append(
                        {"kind": PATHS, "variable": name, "id": task_id(step, PATHS), "of": variable(step)}
                    )
                    self._scope(node.body, Paths(name, own.sparse))
                case _:
                    if chooses(self.steps[step]) and not own.variable:
                        self._choice(step, scope)

    def _choice(self, step: str, scope: Scope) -> None:
        """Appends the branch of a switch outside any foreach, and an empty task for each way that needs one."""
        own = [target for target in targets(self.steps[step]) if self._is_missed(target, step, scope)]
        ways = {
            target: way_id(step, target) if target in own else task_id(target) for target in targets(self.steps[step])
        }
        self.tasks.append(
            {
                "kind": CHOICE,
                "variable": variable(step, CHOICE),
                "id": task_id(step, CHOICE),
                "of": variable(step),
                "ways": ways,
            }
        )
        for number, target in enumerate(own):
            self._ways[step, target] = name = variable(step, f"{WAY}{number}")
            self.tasks.append({"kind": WAY, "variable": name, "id": ways[target], "after": variable(step, CHOICE)})

    def _is_missed(self, target: str, switch: str, scope: Scope) -> bool:
        """Returns True if a different way of the switch may lead to `target`, and may also lead past it."""
        nodes = {node.step: node for node in scope.nodes}
        for way in targets(self.steps[switch]):
            seen, waiting, leaves = set(), [way] if way != target else [], False
            while waiting:
                name = waiting.pop()
                if name in seen:
                    continue
                seen.add(name)
                after = successors(nodes[name], self.steps) if name in nodes and name != target else ()
                leaves = leaves or name != target and not any(name_after in nodes for name_after in after)
                waiting += after
            if target in seen and leaves:
                return True
        return False

    def _paths_of(self, step: str, nodes: tuple[Node, ...], paths: Paths) -> Paths:
        """Returns the paths with which `step` runs after `nodes`, in a scope that runs with `paths`."""
        if not paths.variable:
            return paths
        sources = [self._source(node) for node in nodes]
        if len(nodes) == 1 and isinstance(sources[0], Paths):
            return sources[0]
        name = variable(step, ITEMS)
        lists = list(dict.fromkeys(source.variable for source in sources if isinstance(source, Paths)))
        switches = [source for source in sources if isinstance(source, str)]
        rule = ANY if len(sources) > 1 else ""
        self.tasks.append(
            {
                "kind": ITEMS,
                "variable": name,
                "id": task_id(step, ITEMS),
                "step": step,
                "lists": lists,
                "switches": switches,
                "rule": rule,
            }
        )
        return Paths(name, True)

    def _source(self, node: Node) -> Paths | str:
        """Returns the paths that reach a step after the node: all of the node's own, or the variable of its switch."""
        if chooses(self.steps[node.step]):
            return variable(node.step)
        return self._paths[node.step]

    def _task(self, step: str, paths: Paths) -> None:
        """Appends the operator of the step. Inside a foreach, the list of its paths holds what a switch chose."""
        need = self._needs[step]
        upstream = [self._upstream(edge) for way in need for edges in way for edge in edges]
        after = list(dict.fromkeys(task.variable for task in upstream if not (task.chosen and paths.variable)))
        is_any = any(len(edges) > 1 for way in need for edges in way) or len(need) > 1
        rule = ANY if is_any or any(task.maybe for task in upstream) else ""
        self.tasks.append(
            {
                "kind": "step",
                "variable": variable(step),
                "id": task_id(step),
                "step": step,
                "paths": paths.variable,
                "after": after,
                "rule": rule,
            }
        )

    def _upstream(self, edge: Edge) -> Upstream:
        paths, sparse = self._paths[edge.step], bool(self._paths[edge.step].variable) and self._paths[edge.step].sparse
        if not edge.chosen:
            return Upstream(variable(edge.step), False, sparse)
        if paths.variable:
            return Upstream(variable(edge.step), True, sparse)
        return Upstream(self._ways.get((edge.step, edge.chosen)) or variable(edge.step, CHOICE), True, sparse)
