"""Dataflow: the artifacts that may and must exist before and after each step. Start reading at `dataflow`.

The effects of each step's function (`effects/`) are combined along the scopes of the graph, once each: a scope's
nodes are in topological order, and only a step that loops precedes itself. Artifacts pass along every edge except
into a join, which begins with only parameters and constants (Metaflow's documentation, basics; measured). Nothing is
claimed about what is unknown.
"""

from __future__ import annotations

from ..decorators.decorator import record_of
from ..fast_start.record import record, replace
from ..ir import nodes
from ..ir.scopes import Unbalanced, exits, inner, is_loop, predecessors, scopes, successors, walk
from ..names.metaflow_api import is_foreign
from ..read.members import decorator_name
from .effects.functions import Code, Functions
from .effects.records import INPUTS, SELF, UNKNOWN, Effects
from .layers import NOTHING, Changes, Layers, common

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ast_grep_py import SgNode

    from ..names.resolver import Resolver
    from ..read.members import Member
    from ..read.reading import Reading
    from ..source.modules import Class
    from .effects.records import Definition, Merge, Read

# Metaflow's own attributes of a flow object, including its internal artifacts (measured).
API = frozenset(
    (
        "next foreach_stack merge_artifacts input index cmd script_name name _datastore _cached_input _graph "
        "_flow_state _steps _graph_info "
        "_foreach_stack _foreach_num_splits _foreach_var _foreach_values _transition _success _task_ok _exception "
        "_catch_exception _current_step "
        "_iteration_stack _configs_processed _parallel_ubf_iter _control_mapper_tasks _control_task_is_mapper_zero "
        "_unbounded_foreach"
    ).split()
)


@record
class Facts:
    """The facts about artifacts at one point of a run."""

    may: Layers = NOTHING  # the names of those that may exist
    must: Layers = NOTHING  # of those that exist on every path
    unknown: bool = False  # others may exist too
    # the values that they may hold, a frozenset[Definition | None] each; a missing name may hold anything
    definitions: Layers = NOTHING


@record
class StepFlow:
    """The facts that dataflow has found about one step."""

    effects: Effects
    before: Facts = Facts(unknown=True)
    after: Facts = Facts(unknown=True)
    arrivals: Mapping[str, Facts] = {}  # of a join: the steps directly before it, with the facts after each
    branches: tuple[Facts, ...] = ()  # of a join: the facts at the end of each branch; one for a foreach
    closes: str = ""  # of a join: the step that split
    within: tuple[str, ...] = ()  # of a join: the steps between that step and it
    # artifacts that the foreaches around it iterate over, outermost first; None: unknown
    overs: tuple[str | None, ...] = ()
    in_every_run: bool = False  # every successful run passes through it
    catches: bool = False  # `@catch`: an exception is not a failure
    foreign: bool = False  # a decorator of the user wraps it


@record
class Dataflow:
    """The facts about a flow's artifacts."""

    functions: Functions
    steps: Mapping[str, StepFlow]
    sound: bool  # the graph has scopes; if not, only the effects of each step are known
    fixed: frozenset[str]  # attributes that every step has: parameters, constants, methods, Metaflow's own
    unknown: bool  # code outside the steps may set any attribute of the flow
    initial: frozenset[str] = frozenset()  # attributes that the flow's own `__init__` visibly sets in every task

    def assigned_by(self, name: str) -> tuple[str, ...]:
        """Returns the steps that may assign the artifact."""
        return tuple(step for step, step_flow in self.steps.items() if name in step_flow.effects.ever)

    @property
    def assigns_anything(self) -> bool:
        """Returns True if code that cannot be followed may assign any artifact."""
        return self.unknown or any(step.effects.unknown_writes or step.foreign for step in self.steps.values())

    def is_unchanged(self, join: str, name: str) -> bool:
        """Returns True if the artifact existed before the split that the join closes, and was not assigned since."""
        here = self.steps[join]
        return name in self.steps[here.closes].after.must and not any(
            name in self.steps[step].effects.ever for step in here.within
        )

    def is_function(self, definition: Definition | None) -> bool:
        return definition is not None and is_function(self.functions, definition)

    def found(self, step: str, read: Read) -> tuple[bool, bool]:
        """Returns two flags: the read may find the artifact, as far as is known; and nothing is unknown."""
        here = self.steps[step]
        if self.unknown or here.foreign or read.unknown or here.before.unknown:
            return True, False
        if read.name in self.fixed or read.assigned or read.name in here.before.may:
            return True, True
        for merge in read.merged:
            if merge.takes(read.name) is not False and any(
                branch.unknown or read.name in branch.may for branch in here.branches
            ):
                return True, not any(branch.unknown for branch in here.branches)
        return False, True


def dataflow(reading: Reading) -> Dataflow:
    """Returns the facts about the flow's artifacts."""
    flow, facts, order, members, resolver = (
        reading.flow,
        reading.facts,
        reading.order,
        reading.members,
        reading.evaluator.resolver,
    )
    functions = Functions(reading.evaluator, order, members)
    steps: dict[str, StepFlow] = {}
    for step in flow.steps:
        arguments = facts[step.name].arguments
        bound = tuple(sorted(zip(arguments[:2], (SELF, INPUTS)), key=lambda pair: pair[0]))
        member = members[step.name]
        try:
            effects = functions.effects(Code(member.owner.module, member.node, member.owner), bound)
        except RecursionError:
            effects = UNKNOWN
        method = functions.method(step.name)
        foreign = any(is_foreign(decorator) for decorator in method[1]) if method is not None else True
        steps[step.name] = StepFlow(
            effects, catches=any(decorator.name == "catch" for decorator in step.decorators), foreign=foreign
        )
    result = Dataflow(
        functions,
        steps,
        False,
        API | members.keys() | {parameter.attribute for parameter in flow.parameters} | _others(order),
        _is_unknown(resolver, order, members),
        _initial(functions),
    )
    understood = all(
        facts[step.name].has_next and facts[step.name].next_is_understood
        for step in flow.steps
        if step.name != flow.end
    )
    if not understood or not flow.start or not flow.end:
        return result
    try:
        scope = scopes(flow)
    except (Unbalanced, KeyError, RecursionError):
        return result
    folder = _Folder(functions, flow, steps, result.unknown, "__init__" in members)
    folder.fold(scope, Facts(unknown=result.unknown), (), True)
    return replace(result, steps=folder.steps, sound=True)


def reads(flow: nodes.Flow, step: nodes.Step, facts: Dataflow) -> tuple[str, ...] | None:
    """Returns the artifacts that the step may read before it assigns them (a join: of its inputs), sorted.

    None if unknown.
    """
    here = facts.steps[step.name]
    effects = here.effects
    if effects.unknown_reads or here.foreign or not facts.sound or None in here.overs:
        return None
    names = {read.name for read in effects.reads} | {read.name for read in effects.inputs}
    names.update(name for decorator in step.decorators for name in loaded_by(decorator))
    if isinstance(step.transition, nodes.Foreach):
        if step.transition.over is None:
            return None
        names.update({step.transition.over} - effects.must)
    elif isinstance(step.transition, nodes.Switch):
        names.update({step.transition.on} - effects.must)
    if "input" in names:
        names.update(over for over in here.overs if over is not None)
    artifacts = {parameter.attribute for parameter in flow.parameters} | {constant.name for constant in flow.constants}
    return tuple(sorted(name for name in names if name in artifacts or name not in facts.fixed))


def set_by(decorator: nodes.Decorator) -> tuple[str, ...]:
    """Returns the artifacts that the decorator sets when the step has run."""
    if decorator.name == "catch":
        caught = record_of(decorator).artifact
        return (caught,) if caught else ()
    return tuple(record_of(decorator).artifacts) if decorator.name == "gpu_profile" else ()


def set_before(decorator: nodes.Decorator) -> tuple[str, ...]:
    """Returns the artifacts that the decorator sets before the step runs."""
    return set_by(decorator)[:1] if decorator.name == "gpu_profile" else ()


def loaded_by(decorator: nodes.Decorator) -> tuple[str, ...]:
    """Returns the artifacts that the decorator reads before the step runs."""
    return tuple(record_of(decorator).artifacts) if decorator.name == "model" else ()


# ── the class around the steps ───────────────────────────────────────────────────────────────────────────────────────

_PLAIN_BASES = frozenset(["object", "abc.ABC", "typing.Generic", "typing.Protocol"])


def _is_unknown(resolver: Resolver, order: list[Class], members: Mapping[str, Member]) -> bool:
    """Returns True if code outside the steps may set attributes that the flow's classes do not show."""
    if any(
        name in members
        for name in ("__getattr__", "__getattribute__", "__setattr__", "__delattr__", "__init__", "__init_subclass__")
    ):
        return True
    for owner in order:
        if owner.outer.kind() == "decorated_definition":
            for child in owner.outer.children():
                if child.kind() == "decorator" and is_foreign(decorator_name(resolver, owner, child)):
                    return True
        bases = owner.node.field("superclasses")
        for base in bases.named_children() if bases is not None else []:
            name = resolver.qualify(owner.module, (base.field("value") or base).text())
            if base.kind() == "keyword_argument" and not base.text().endswith("ABCMeta"):
                return True
            if (
                base.kind() in ("identifier", "attribute")
                and name != "metaflow.FlowSpec"
                and name not in _PLAIN_BASES
                and resolver.split(name) is None
            ):
                return True
        for module in {owner.module.name: owner.module}.values():
            if f"setattr({owner.name}" in module.source.text or f"\n{owner.name}." in module.source.text:
                return True
    return False


def _initial(functions: Functions) -> frozenset[str]:
    """Returns the attributes that the flow's own `__init__` assigns before it calls `super().__init__`."""
    member = functions.members.get("__init__")
    if member is None or member.node.kind() != "function_definition":
        return frozenset()
    calls = [(match, match.field("function")) for match in member.node.find_all(kind="call")]
    until = min(
        (
            call.range().start.index
            for call, called in calls
            if called is not None and called.text().endswith(".__init__")
        ),
        default=0,
    )
    targets = [
        match.field("left") for match in member.node.find_all(kind="assignment") if match.range().start.index < until
    ]
    return frozenset(name for target in targets if target is not None and (name := _own(target)))


def _others(order: list[Class]) -> frozenset[str]:
    """Yields names that a class body may bind inside other statements (`if`, `for`, `try`)."""
    names: set[str] = set()
    for owner in order:
        body = owner.node.field("body")
        for statement in body.named_children() if body is not None else []:
            if statement.kind() not in (
                "expression_statement",
                "function_definition",
                "decorated_definition",
                "comment",
                "pass_statement",
            ):
                names.update(match.text() for match in statement.find_all(kind="identifier"))
    return frozenset(names)


# ── along the graph ──────────────────────────────────────────────────────────────────────────────────────────────────


def either(several: Iterable[Facts]) -> Facts:
    """Returns the facts at a point that a run reaches from one of several others."""
    facts = list(several)
    if len(facts) == 1:
        return facts[0]
    if not facts:
        return Facts(unknown=True)
    shared, differing = distinct(facts)
    may, must, definitions = Changes(shared.may), Changes(shared.must), Changes(shared.definitions)
    for name, several_of_it in differing.items():
        holding = [fact.definitions.get(name) for fact in several_of_it if name in fact.may]
        if holding:
            may.add(name)
        else:
            may.discard(name)
        if all(name in fact.must for fact in several_of_it):
            must.add(name)
        else:
            must.discard(name)
        if holding and None not in holding:
            definitions[name] = frozenset().union(*(values for values in holding if values is not None))
        else:
            definitions.discard(name)
    return Facts(may.result(), must.result(), any(fact.unknown for fact in facts), definitions.result())


def distinct(several: Sequence[Facts]) -> tuple[Facts, dict[str, list[Facts]]]:
    """Returns facts that the others share, and for each artifact in which some may differ the facts to compare.

    Those to compare are the ones that may differ, and the shared facts in place of all the others.
    """
    shared, names = [], [set[str]() for _ in several]
    for kind in ("may", "must", "definitions"):
        part, own = common([getattr(facts, kind) for facts in several])
        shared.append(part)
        names = [all_names | more for all_names, more in zip(names, own)]
    rest = Facts(shared[0], shared[1], definitions=shared[2])
    differing: dict[str, list[Facts]] = {}
    for facts, own_names in zip(several, names):
        for name in own_names:
            differing.setdefault(name, []).append(facts)
    for own_facts in differing.values():
        if len(own_facts) < len(several):
            own_facts.append(rest)
    return rest, differing


def _with(facts: Facts, artifacts: list[str]) -> Facts:
    """Returns the facts where these artifacts exist too."""
    if not artifacts:
        return facts
    may, must, definitions = Changes(facts.may), Changes(facts.must), Changes(facts.definitions)
    for artifact in artifacts:
        may.add(artifact)
        must.add(artifact)
        definitions.discard(artifact)
    return replace(facts, may=may.result(), must=must.result(), definitions=definitions.result())


class _Folder:
    """Walks the scopes once, and fills in the facts about each step."""

    def __init__(
        self, functions: Functions, flow: nodes.Flow, steps: Mapping[str, StepFlow], unknown: bool, has_init: bool
    ) -> None:
        self.has_init = has_init  # `__init__` may set anything in every task
        self.functions = functions
        self.of = flow.by_name
        self.steps = dict(steps)
        self.unknown = unknown

    def fold(self, scope: nodes.Scope, entry: Facts, overs: tuple[str | None, ...], in_every_run: bool) -> None:
        before = predecessors(scope, self.of)
        always = set(_always(scope, self.of)) if in_every_run else set()
        joins: dict[str, StepFlow] = {}
        for node in scope.nodes:
            name = node.step
            here = joins.get(name) or self.steps[name]
            if name in joins:
                facts = Facts(unknown=self.unknown)
            elif name == scope.entry:
                facts = entry
            else:
                facts = either(self.steps[node.step].after for node in before[name])
            facts = _with(facts, [artifact for one in self.of[name].decorators for artifact in set_before(one)])
            here = replace(here, before=facts, overs=overs, in_every_run=name in always)
            if is_loop(self.of[name]):
                here = replace(here, before=either([facts, self.after(name, here)]))
            self.steps[name] = replace(here, after=self.after(name, here))
            if not isinstance(node, nodes.Task):
                joins[node.join] = self.inside(node, overs, name in always)

    def inside(
        self, node: nodes.Branches | nodes.ForEach, overs: tuple[str | None, ...], in_every_run: bool
    ) -> StepFlow:
        """Analyses the scopes inside the node, and returns the facts after its join."""
        after = self.steps[node.step].after
        transition = self.of[node.step].transition
        if isinstance(node, nodes.ForEach):
            overs = (*overs, transition.over if isinstance(transition, nodes.Foreach) else None)
        arrivals: dict[str, Facts] = {}
        branches = []
        within: list[str] = []
        for scope in inner(node):
            self.fold(scope, after, overs, in_every_run)
            ends = {task.step: self.steps[task.step].after for task in exits(scope, self.of)}
            arrivals.update(ends)
            branches.append(either(ends.values()))
            within += [node.step for _, node, _ in walk(scope)]
        return replace(
            self.steps[node.join], arrivals=arrivals, branches=tuple(branches), closes=node.step, within=tuple(within)
        )

    def after(self, name: str, here: StepFlow) -> Facts:
        """Returns the facts after the step."""
        effects, before = here.effects, here.before
        rest, differing = distinct(here.branches) if effects.merges and here.branches else (Facts(), {})
        # a join that is sure to merge all artifacts begins with those that are equal in all branches
        takes_rest = before.may is NOTHING and _merges_all(effects)
        begin = rest if takes_rest else before
        may, must, definitions = Changes(begin.may), Changes(begin.must), Changes(begin.definitions)
        for changes in (may, must, definitions) if takes_rest else ():
            for artifact in differing:
                changes.discard(artifact)
        assigned = effects.ever if here.catches else effects.may
        unknown = before.unknown or effects.unknown_writes or here.foreign or (effects.leaves and not here.catches)
        for merge in effects.merges:
            sure = merge in effects.merged
            names = differing if takes_rest else {*rest.may, *differing, *(merge.include or ())}
            for artifact, value, always in _merged(merge, rest, differing, names):
                may.add(artifact)
                if sure and always:
                    must.add(artifact)
                if value is None or (artifact in before.may and artifact not in definitions):
                    definitions.discard(artifact)
                else:
                    definitions[artifact] = definitions.get(artifact, frozenset()) | value
            unknown = unknown or any(branch.unknown for branch in here.branches)
        for artifact in assigned:
            value = effects.definitions.get(artifact, frozenset([None]))
            sure = artifact in effects.must and not here.catches
            if not sure and artifact in may:
                value = value | definitions.get(artifact, frozenset([None]))
            if value and all(item is not None and is_function(self.functions, item) for item in value):
                must.discard(artifact)  # functions are not saved
                continue
            may.add(artifact)
            if any(item is not None and self.may_be_function(item, here) for item in value):
                must.discard(artifact)
            elif sure:
                must.add(artifact)
            definitions[artifact] = value
        for decorator in self.of[name].decorators:
            for artifact in set_by(decorator):
                may.add(artifact)
                must.add(artifact)
                definitions.discard(artifact)
        known = NOTHING if self.has_init else definitions.result()
        return Facts(may.result(), must.result(), unknown, known)

    def may_be_function(self, definition: Definition, here: StepFlow) -> bool:
        """Returns True if the step may have assigned a function, directly or from an attribute that may be one.

        Assumes that calls return no functions.
        """
        waiting, asked = [definition], set[str]()
        while waiting:
            one = waiting.pop()
            if is_function(self.functions, one):
                return True
            if one.node.kind() in ("conditional_expression", "boolean_operator", "parenthesized_expression"):
                waiting += [one.part(child) for child in one.node.named_children()]
            name = _attribute(one.node)
            if name and name not in asked:
                asked.add(name)
                held = here.effects.definitions.get(name, frozenset()) | here.before.definitions.get(name, frozenset())
                waiting += [definition for definition in held if definition is not None]
        return False


def _own(node: SgNode) -> str:
    """Returns the NAME of `self.NAME`, "" for anything else."""
    if node.kind() != "attribute":
        return ""
    owner, name = node.field("object"), node.field("attribute")
    return name.text() if owner is not None and name is not None and owner.text() == "self" else ""


def _attribute(node: SgNode) -> str:
    """Returns the NAME of `self.NAME` and of `getattr(self, "NAME", …)`, "" for anything else."""
    if name := _own(node):
        return name
    called, arguments = node.field("function"), node.field("arguments")
    if node.kind() != "call" or called is None or called.text() != "getattr" or arguments is None:
        return ""
    parts = arguments.named_children()
    return (
        parts[1].text().strip("'\"")
        if len(parts) > 1 and parts[0].text() == "self" and parts[1].kind() == "string"
        else ""
    )


def _merges_all(effects: Effects) -> bool:
    """Returns True if the step is sure to merge the artifacts of its inputs once, and leaves out none."""
    return len(effects.merges) == 1 and effects.merges == effects.merged and effects.merges[0].takes_all


def _merged(
    merge: Merge, rest: Facts, differing: Mapping[str, list[Facts]], names: Iterable[str]
) -> Iterator[tuple[str, frozenset[Definition | None] | None, bool]]:
    """Yields those of the artifacts that the merge may take over; `rest` and `differing` are the branches' facts.

    For each: its name, its possible values (None: any), and True if every successful merge sets it.
    """
    for artifact in sorted(names):
        takes = merge.takes(artifact)
        if takes is False:
            continue
        branches = differing.get(artifact, (rest,))
        holding = [branch.definitions.get(artifact) for branch in branches if artifact in branch.may]
        value = (
            None
            if None in holding or not holding
            else frozenset().union(*(definitions for definitions in holding if definitions is not None))
        )
        yield artifact, value, takes is True and any(artifact in branch.must for branch in branches)


def is_function(functions: Functions, definition: Definition) -> bool:
    """Returns True for a function, a method or a lambda: a run saves none of them."""
    node = definition.node
    kind = node.kind()
    if kind == "identifier":
        name = node.text()
        if name in definition.variables or name in definition.imports:
            return False
        return functions.function(functions.evaluator.resolver.qualify(definition.module, name)) is not None
    if name := _own(node):
        method = functions.method(name)
        return method is not None and not any(
            decorator.endswith(("property", ".setter", ".getter")) for decorator in method[1]
        )
    return kind in ("lambda", "function_definition")


def _always(scope: nodes.Scope, steps: Mapping[str, nodes.Step]) -> Iterator[str]:
    """Returns the steps of the scope that are on every path through it."""
    position = {node.step: at for at, node in enumerate(scope.nodes)}
    furthest = 0  # the furthest node that earlier nodes lead to; past the last: out of the scope
    for at, node in enumerate(scope.nodes):
        if furthest <= at:
            yield node.step
        after = [position.get(target, len(scope.nodes)) for target in successors(node, steps) if target != node.step]
        furthest = max([furthest, *after])
