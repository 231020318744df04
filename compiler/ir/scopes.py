"""Scopes: the nested view of a graph that targets fold over, and the questions they ask of it.

`scopes` turns a `Flow` whose graph the checks have accepted into its outermost `Scope`. A split or foreach becomes
one node that holds the scopes between it and its join, so a target never has to find out which join closes what.
"""

from __future__ import annotations

from .nodes import Branches, End, Flow, ForEach, Foreach, Linear, Parallel, Scope, Split, Step, Switch, Task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .nodes import Node


class Unbalanced(ValueError):
    """Raised for a graph without scopes: a split or foreach is not closed by exactly one join. `step` is the place."""

    def __init__(self, step: str, message: str) -> None:
        self.step = step
        super().__init__(message)


def scopes(flow: Flow) -> Scope:
    """Returns the outermost scope of the flow.

    Raises Unbalanced for a graph that the checks should have refused.
    """
    steps = flow.by_name
    scope, join = _scope(flow.start, steps)
    if join is not None:
        raise Unbalanced(join, f"step `{join}` joins, but nothing was split before it")
    return scope


def in_order(scope: Scope) -> Iterator[tuple[Node, int]]:
    """Yields every node with the number of scopes around it; the nodes that it holds come right after it."""
    waiting: list[tuple[Node, int]] = [(node, 0) for node in reversed(scope.nodes)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        for inner_scope in reversed(inner(node)):
            waiting += [(below, depth + 1) for below in reversed(inner_scope.nodes)]


def successors(node: Node, steps: Mapping[str, Step]) -> tuple[str, ...]:
    """Returns the steps to which control may go after the node, without repeats; a loop names its own step.

    `steps` is by name.
    """
    if not isinstance(node, Task):
        return (node.join,)
    return targets(steps[node.step])


def targets(step: Step) -> tuple[str, ...]:
    """Returns the steps that the step's own transition names, in its order and without repeats."""
    transition = step.transition
    if type(transition) is Linear:  # as nearly all are: patterns take longer
        return (transition.target,)
    match transition:
        case Linear(target=target) | Foreach(target=target) | Parallel(target=target):
            return (target,)
        case Split(targets=several):
            return tuple(dict.fromkeys(several))
        case Switch(cases=cases):
            return tuple(dict.fromkeys(case.target for case in cases))
        case End():
            return ()


def predecessors(scope: Scope, steps: Mapping[str, Step]) -> dict[str, tuple[Node, ...]]:
    """Returns the predecessors of each step of the scope and of the join that it leaves to, in the scope's order.

    A loop is not its own predecessor; the scope's entry has none.
    """
    before: dict[str, list[Node]] = {node.step: [] for node in scope.nodes}
    for node in scope.nodes:
        for target in successors(node, steps):
            if target != node.step:
                before.setdefault(target, []).append(node)
    return {name: tuple(nodes) for name, nodes in before.items()}


def exits(scope: Scope, steps: Mapping[str, Step]) -> tuple[Node, ...]:
    """Returns the nodes from which control may leave the scope.

    It goes to the join of the enclosing node, or ends the flow.
    """
    inside = {node.step for node in scope.nodes}
    return tuple(node for node in scope.nodes if not inside.issuperset(after := successors(node, steps)) or not after)


def is_loop(step: Step) -> bool:
    """Returns True for a switch that may choose itself."""
    return isinstance(step.transition, Switch) and step.name in targets(step)


def inner(node: Node) -> tuple[Scope, ...]:
    """Returns the scopes inside the node."""
    match node:
        case Branches(scopes=several):
            return several
        case ForEach(body=body):
            return (body,)
        case _:
            return ()


def walk(scope: Scope) -> Iterator[tuple[Scope, Node, int]]:
    """Yields every node with its scope and its foreach depth, outer nodes first; without recursion."""
    waiting = [(scope, 0)]
    while waiting:
        current, depth = waiting.pop()
        for node in current.nodes:
            yield current, node, depth
        for node in reversed(current.nodes):
            deeper = depth + isinstance(node, ForEach)
            waiting.extend((nested, deeper) for nested in reversed(inner(node)))


def _scope(entry: str, steps: Mapping[str, Step]) -> tuple[Scope, str | None]:
    """Returns the scope that begins at `entry`, and the join that it leaves to (None: it ends the flow)."""
    nodes: dict[str, Node] = {}
    joined: set[str] = set()  # joins that close a node of this scope
    leaves: dict[str, str] = {}  # join outside this scope → a step that leads to it
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name in nodes:
            continue
        step = steps[name]
        nodes[name] = node = _node(step, steps)
        if not isinstance(node, Task):
            joined.add(node.join)
        for target in reversed(successors(node, steps)):
            if steps[target].is_join and target not in joined:
                leaves[target] = name
            else:
                waiting.append(target)
    # One path may reach a join before another reaches the node that it closes.
    outside = [join for join in leaves if join not in joined]
    if len(outside) > 1:
        raise Unbalanced(
            outside[1],
            f"branches that begin at `{entry}` lead to different joins: {', '.join(f'`{join}`' for join in outside)}",
        )
    return Scope(entry, _sorted(nodes, entry, steps)), outside[0] if outside else None


def _node(step: Step, steps: Mapping[str, Step]) -> Node:
    transition = step.transition
    if isinstance(transition, (Foreach, Parallel)):
        body, join = _scope(transition.target, steps)
        if join is None:
            raise Unbalanced(step.name, f"the foreach of step `{step.name}` is never joined")
        return ForEach(step.name, body, join)
    if isinstance(transition, Split):
        branches = [_scope(target, steps) for target in transition.targets]
        joins = list(dict.fromkeys(join for _, join in branches))
        if len(joins) != 1 or joins[0] is None:
            raise Unbalanced(step.name, f"the branches of step `{step.name}` do not end in one join")
        return Branches(step.name, tuple(scope for scope, _ in branches), joins[0])
    return Task(step.name)


def _sorted(nodes: Mapping[str, Node], entry: str, steps: Mapping[str, Step]) -> tuple[Node, ...]:
    """Returns the nodes in topological order (ignoring loops).

    The order is depth first from the entry, so that chains stay together.
    """
    incoming = dict.fromkeys(nodes, 0)
    for node in nodes.values():
        for target in successors(node, steps):
            if target in nodes and target != node.step:
                incoming[target] += 1
    ordered: list[Node] = []
    ready = [entry]
    while ready:
        node = nodes[ready.pop()]
        ordered.append(node)
        for target in reversed(successors(node, steps)):
            if target in nodes and target != node.step:
                incoming[target] -= 1
                if not incoming[target]:
                    ready.append(target)
    if len(ordered) != len(nodes):
        stuck = next(name for name in nodes if incoming[name])
        raise Unbalanced(stuck, f"step `{stuck}` is part of a cycle")
    return tuple(ordered)
