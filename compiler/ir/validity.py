"""The rules of a valid IR.

Tests check them after each pass, and so do readers of an IR that flowc did not make. A compiler that can validate its
IR finds its own bugs.

`violations` yields one sentence for each broken rule; a valid IR yields none. The checks in `checks/` are for authors
of flows, and report on the source. These rules are for authors of passes, and hold for every IR that reaches a
target.
"""

from __future__ import annotations

from . import nodes
from .scopes import inner, is_loop, successors, targets, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

INPUT_KINDS = ("config", "set", "env", "mutator", "file", "with", "plugin", "package", "optimize", "profile")
PARAMETER_TYPES = ("str", "int", "float", "bool", "json", "file")


def violations(flow: nodes.Flow, scope: nodes.Scope, of_containers: bool = False) -> Iterator[str]:
    """Yields the rules of a valid IR that `flow` and its outermost `scope` break.

    In a flow of containers (docs/decisions, 18), a join may be in one container with the step that splits again, or
    ends the flow.
    """
    graph = list(_graph(flow, of_containers))
    yield from graph
    if not graph:
        yield from _scopes(flow, scope)


def _graph(flow: nodes.Flow, of_containers: bool) -> Iterator[str]:
    steps = flow.by_name
    yield from _repeated("step", [step.name for step in flow.steps])
    yield from _repeated("parameter", [parameter.name.lower() for parameter in flow.parameters])
    attributes = (
        [parameter.attribute for parameter in flow.parameters]
        + [config.attribute for config in flow.configs]
        + [constant.name for constant in flow.constants]
    )
    yield from _repeated("class attribute", attributes + list(steps))
    yield from _repeated("config", [config.name for config in flow.configs])
    if not flow.name.isidentifier():
        yield f"flow name {flow.name!r} is not an identifier"
    for role, name in (("start", flow.start), ("end", flow.end)):
        if name not in steps:
            yield f"{role} step {name!r} does not exist"
    for step in flow.steps:
        yield from _step(step, steps, flow)
        if step.is_join and not of_containers and not isinstance(step.transition, nodes.Linear):
            yield f"join {step.name!r} must go on to one step"
    for parameter in flow.parameters:
        yield from _parameter(parameter)
    for config in flow.configs:
        yield from _config(config)
    for entry in flow.inputs:
        if entry.kind not in INPUT_KINDS:
            yield f"input {entry.name!r} is of unknown kind {entry.kind!r}"
    for owner, decorators in [(flow.name, flow.decorators)] + [(step.name, step.decorators) for step in flow.steps]:
        for decorator in decorators:
            yield from _json_value(decorator.attributes, f"@{decorator.name} of {owner}")
    if flow.start in steps and all(target in steps for step in flow.steps for target in targets(step)):
        yield from _reachability(flow, steps)


def _step(step: nodes.Step, steps: Mapping[str, nodes.Step], flow: nodes.Flow) -> Iterator[str]:
    if not step.name.isidentifier():
        yield f"step name {step.name!r} is not an identifier"
    for target in targets(step):
        if target not in steps:
            yield f"step {step.name!r} goes to {target!r}, which does not exist"
        elif target == flow.start and target != step.name:
            yield f"step {step.name!r} goes back to the start"
    transition = step.transition
    if isinstance(transition, nodes.End) != (step.name == flow.end):
        yield f"step {step.name!r}: exactly the end step ends the flow"
    if step.reads is not None and list(step.reads) != sorted(set(step.reads)):
        yield f"step {step.name!r}: what it reads is not sorted, or named twice"
    if isinstance(transition, nodes.Split) and len(set(transition.targets)) != len(transition.targets):
        yield f"split {step.name!r} names a step twice"
    if isinstance(transition, nodes.Split) and len(transition.targets) < 2:
        yield f"split {step.name!r} has fewer than two branches"
    if isinstance(transition, nodes.Switch):
        values = [case.value for case in transition.cases]
        if len(values) < 2 or len(set(values)) != len(values):
            yield f"switch {step.name!r} needs two or more cases with different values"
        if is_loop(step) and len(targets(step)) < 2:
            yield f"loop {step.name!r} has no way out"
        if any(target in steps and steps[target].is_join for target in targets(step)):
            yield f"switch {step.name!r} leads straight to a join"


def _parameter(parameter: nodes.Parameter) -> Iterator[str]:
    if parameter.type not in PARAMETER_TYPES:
        yield f"parameter {parameter.name!r} has unknown type {parameter.type!r}"
    if parameter.has_default and parameter.required:
        yield f"parameter {parameter.name!r} is required and has a default"
    if not parameter.has_default and parameter.default is not None:
        yield f"parameter {parameter.name!r} has a default and says it has none"
    if parameter.separator and parameter.type != "str":
        yield f"parameter {parameter.name!r} has a separator but is not a str"
    if (parameter.type == "file") != (parameter.include is not None):
        yield f"parameter {parameter.name!r}: exactly a file says what becomes of it"
    if parameter.computed and (parameter.has_default or parameter.required):
        yield f"parameter {parameter.name!r} has a default that is computed and another, or is required"
    yield from _json_value(parameter.default, f"default of parameter {parameter.name!r}")
    expected = {"str": (str,), "int": (int,), "float": (float, int), "bool": (bool,), "file": (str,)}.get(
        parameter.type
    )
    if (
        parameter.has_default
        and parameter.default is not None
        and expected
        and not isinstance(parameter.default, expected)
    ):
        yield f"parameter {parameter.name!r}: default {parameter.default!r} is no {parameter.type}"


def _config(config: nodes.Config) -> Iterator[str]:
    yield from _json_value(config.value, f"config {config.name!r}")
    if not config.is_plain and not config.literal and not (config.value is None or isinstance(config.value, dict)):
        yield f"config {config.name!r} is neither a mapping nor plain"


def _reachability(flow: nodes.Flow, steps: Mapping[str, nodes.Step]) -> Iterator[str]:
    seen: set[str] = set()
    waiting = [flow.start]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(targets(steps[name]))
    for name in steps:
        if name not in seen:
            yield f"step {name!r} cannot be reached"


def _scopes(flow: nodes.Flow, scope: nodes.Scope) -> Iterator[str]:
    steps = flow.by_name
    homes = [node.step for _, node, _ in walk(scope)]
    yield from _repeated("node", homes)
    if sorted(set(homes)) != sorted(steps):
        yield f"scopes hold {sorted(set(homes))}, the graph {sorted(steps)}"
        return
    if scope.entry != flow.start:
        yield f"the outermost scope begins at {scope.entry!r}, not at the start"
    yield from _scope(scope, None, steps)


def _scope(scope: nodes.Scope, join: str | None, steps: Mapping[str, nodes.Step]) -> Iterator[str]:
    position = {node.step: index for index, node in enumerate(scope.nodes)}
    if not scope.nodes or scope.nodes[0].step != scope.entry:
        yield f"scope of {scope.entry!r} does not begin with its entry"
    leaves = False
    joins_inside = {node.join for node in scope.nodes if not isinstance(node, nodes.Task)}
    for index, node in enumerate(scope.nodes):
        step = steps[node.step]
        yield from _node(node, step)
        if step.is_join and step.name not in joins_inside:
            yield f"join {step.name!r} closes nothing in its scope"
        for target in successors(node, steps):
            if target == join:
                leaves = True
            elif target not in position:
                yield f"{node.step!r} goes to {target!r}, which is neither in its scope nor the join it leaves to"
            elif position[target] <= index and target != node.step:
                yield f"{node.step!r} goes back to {target!r}"
        for nested in inner(node):
            yield from _scope(nested, node.join, steps)  # type: ignore[union-attr]
    if join is not None and not leaves:
        yield f"scope of {scope.entry!r} never leaves to {join!r}"
    if join is not None and any(isinstance(steps[name].transition, nodes.End) for name in position):
        yield f"scope of {scope.entry!r} ends the flow before {join!r}"


def _node(node: nodes.Node, step: nodes.Step) -> Iterator[str]:
    transition = step.transition
    match node:
        case nodes.Branches():
            entries = tuple(scope.entry for scope in node.scopes)
            if not isinstance(transition, nodes.Split) or entries != transition.targets:
                yield f"branches of {step.name!r} are not those of its split"
        case nodes.ForEach():
            if not isinstance(transition, (nodes.Foreach, nodes.Parallel)) or node.body.entry != transition.target:
                yield f"body of {step.name!r} is not that of its foreach"
        case nodes.Task():
            if isinstance(transition, (nodes.Split, nodes.Foreach, nodes.Parallel)):
                yield f"step {step.name!r} splits but is a plain task"


def _json_value(value: object, place: str) -> Iterator[str]:
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if not all(isinstance(key, str) for key in part):
                yield f"{place}: a key is not text"
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, float):
            if part != part or part in (float("inf"), float("-inf")):
                yield f"{place}: {part!r} is no JSON number"
        elif not (part is None or isinstance(part, (bool, int, str))):
            yield f"{place}: {part!r} is no JSON value"


def _repeated(what: str, names: list[str]) -> Iterator[str]:
    for name in sorted({name for name in names if names.count(name) > 1} if len(names) != len(set(names)) else ()):
        yield f"{what} {name!r} is there more than once"
