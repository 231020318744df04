"""The members of a flow class: its attributes, collected along its method resolution order as in Python."""

from __future__ import annotations

from ..decorators.decorator import has_own_plugins, plugin_named
from ..fast_start.record import record
from ..fold.budget import Reported, Unfoldable
from ..fold.values import PARAMETERS, Unset
from ..names.metaflow_api import NAMES
from ..names.resolver import is_standard
from ..report.diagnostics import Diagnostic
from ..source.text import span
from .arguments import folded
from .helper_declarations import (
    declares,
    declares_decorator,
    declares_parameter,
    decorators,
    may_be_parameter,
    parameter,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ast_grep_py import SgNode

    from ..fold.evaluator import Evaluator
    from ..names.resolver import Resolver
    from ..source.modules import Class

_STEP = "metaflow.step"


@record
class Written:
    """A decorator as it is written above a definition."""

    owner: Class  # the class in which its names have their meaning
    node: SgNode
    name: str  # its qualified name; "" for an expression that is not a name or a call of one


@record
class Member:
    """An attribute of the class: the definition that Python finds for its name."""

    name: str
    kind: str  # "step", "method", "parameter", "config", "constant", "class"
    owner: Class
    node: SgNode  # the definition, or the assigned expression
    outer: SgNode  # the definition with its decorators, or the whole assignment
    decorators: tuple[Written, ...] = ()  # of a definition


def members_of(evaluator: Evaluator, order: list[Class]) -> tuple[dict[str, Member], list[Diagnostic]]:
    """Returns the attributes by name, and the diagnostics FLOW106 and FLOW107.

    `order` is the method resolution order.
    """
    members: dict[str, Member] = {}
    problems: list[Diagnostic] = []
    for owner in reversed(order):
        for member in _own(evaluator, owner):
            if isinstance(member, Diagnostic):
                problems.append(member)
                continue
            before = members.get(member.name)
            if member.kind == "constant" and (
                _makes_a_step(evaluator.resolver, member)
                or (before is not None and before.kind == "step" and before.owner is owner)
            ):
                what = f"step `{member.name}` of `{owner.name}` is defined by an assignment"
                why = "its code is only known when the assignment runs"
                how = f"write `def {member.name}(self):` with `@step` and its other decorators above it"
                problems.append(Diagnostic("FLOW106", what, span(owner.module.source, member.outer), why, how))
                if before is not None:
                    continue
            if before is not None and before.owner is not owner:
                del members[member.name]  # an override takes the position of its own definition
            members[member.name] = member
    return members, problems


def _makes_a_step(resolver: Resolver, member: Member) -> bool:
    """Returns True for `start = step(function)` and other calls of Metaflow's `step`."""
    if member.node.kind() != "call":
        return False
    return bool(declares(resolver, member.owner.module, member.node, ("step",)))


def with_parameters(
    evaluator: Evaluator, order: list[Class], members: dict[str, Member]
) -> tuple[dict[str, Member], list[Diagnostic]]:
    """Returns the members, with parameters found among the constants whose expressions need the flow's configs.

    The diagnostics are FLOW107 for a possible parameter that cannot be followed, and FLOW156.
    """
    members = dict(members)
    problems: list[Diagnostic] = []
    for name, member in members.items():
        if member.kind == "constant" and may_be_parameter(member.node):
            try:
                members[name] = _indirect(evaluator, member) or member
            except Reported:
                pass
            except Unfoldable as error:
                kind = declares_parameter(evaluator.resolver, member.owner.module, member.node)
                if kind and isinstance(error, Unset):
                    problems.append(_conditional(member, kind, error))
                    continue
                if kind:
                    what = (
                        f"`{name}` may be a `{kind}`, but flowc cannot evaluate it: "
                        f"`{' '.join(member.node.text().split())[:60]}`"
                    )
                    problems.append(_lost(member.owner, member.outer, what, str(error.args[0]), name, kind))
    for owner in order:
        problems += _set_elsewhere(evaluator.resolver, owner)
    return members, problems


def _conditional(member: Member, kind: str, error: Unset) -> Diagnostic:
    """Returns FLOW120 for a parameter that depends on a variable of the environment."""
    what = f"the variable `{error.name}` decides about `{member.name}`, which may be a `{kind}`, and is not known"
    how = f"for a flow without it, give the variable as empty: `--env {error.name}=`"
    return Diagnostic("FLOW120", what, span(member.owner.module.source, member.outer), str(error.args[0]), how)


def _lost(owner: Class, node: SgNode, what: str, why: str, name: str, kind: str) -> Diagnostic:
    how = f"write `{name} = {kind}('{name}', …)` in the body of the class"
    return Diagnostic("FLOW107", what, span(owner.module.source, node), why, how)


# ── names that a class body binds ────────────────────────────────────────────────────────────────────────────────────


def _own(evaluator: Evaluator, owner: Class) -> Iterator[Member | Diagnostic]:
    body = owner.node.field("body")
    yield from _bound(evaluator, owner, body.named_children() if body is not None else [])
    for node, target in _assigned_later(owner):
        right, name = node.field("right"), target.field("attribute")
        if right is not None and name is not None:
            member = _assigned(evaluator, owner, name.text(), right, node)
            if member.kind in ("parameter", "config"):
                yield member


def _bound(evaluator: Evaluator, owner: Class, statements: Iterable[SgNode]) -> Iterator[Member | Diagnostic]:
    for statement in statements:
        kind = statement.kind()
        if kind == "decorated_definition":
            definition = statement.field("definition")
            if definition is not None and definition.kind() == "function_definition":
                above = written(evaluator.resolver, owner, statement)
                is_step = _is_step(evaluator, owner, above)
                yield Member(_name(definition), "step" if is_step else "method", owner, definition, statement, above)
        elif kind == "function_definition":
            yield Member(_name(statement), "method", owner, statement, statement)
        elif kind == "class_definition":
            yield Member(_name(statement), "class", owner, statement, statement)
        elif kind == "expression_statement" and statement.named_children()[0].kind() == "assignment":
            yield from _assignment(evaluator, owner, statement.named_children()[0])
        elif kind == "if_statement" and (taken := _taken(evaluator, owner, statement)) is not None:
            yield from _bound(evaluator, owner, taken)
        elif kind != "comment":
            yield from _within(evaluator.resolver, owner, statement)


def _taken(evaluator: Evaluator, owner: Class, statement: SgNode) -> list[SgNode] | None:
    """Returns the statements of the branch that Python takes, or None if that is not known."""
    try:
        for clause in (
            statement,
            *(child for child in statement.named_children() if child.kind() in ("elif_clause", "else_clause")),
        ):
            condition = clause.field("condition")
            if condition is None or folded(evaluator, owner, condition):
                block = clause.field("consequence") or clause.field("body")
                return block.named_children() if block is not None else []
    except Unfoldable:
        return None
    return []


def _within(resolver: Resolver, owner: Class, statement: SgNode) -> Iterator[Diagnostic]:
    """Yields FLOW106 and FLOW107 for a step or a parameter in a loop, a `try`, or an `if` with an unknown condition."""
    if any(decorator_name(resolver, owner, decorator) == _STEP for decorator in statement.find_all(kind="decorator")):
        what = f"a step of `{owner.name}` is defined inside another statement"
        why = "flowc cannot know if the step exists, since only running the statement decides that"
        yield Diagnostic(
            "FLOW106", what, span(owner.module.source, statement), why, "define the step directly in the class body"
        )
    for call, kind in _calls(resolver, owner, statement):
        what = f"a `{kind}` of `{owner.name}` is inside another statement"
        yield _lost(
            owner,
            call,
            what,
            "flowc cannot know if it exists, since only running the statement decides that",
            "name",
            kind,
        )


def _calls(resolver: Resolver, owner: Class, node: SgNode) -> Iterator[tuple[SgNode, str]]:
    """Yields the calls of Metaflow's `Parameter`, `IncludeFile` and `Config` in the code."""
    for call in node.find_all(kind="call"):
        function = call.field("function")
        name = resolver.qualify(owner.module, function.text()).removeprefix("metaflow.") if function is not None else ""
        if name in PARAMETERS:
            yield call, name


def _assignment(evaluator: Evaluator, owner: Class, node: SgNode) -> Iterator[Member]:
    left, right = node.field("left"), node.field("right")
    if left is None or right is None:
        return  # an annotation without a value binds nothing
    while right.kind() == "assignment":  # a = b = 1
        yield from _assignment(evaluator, owner, right)
        inner = right.field("right")
        if inner is None:
            return
        right = inner
    if left.kind() == "identifier":
        yield _assigned(evaluator, owner, left.text(), right, node)
    elif left.kind() in ("pattern_list", "tuple_pattern"):
        targets = [child for child in left.named_children() if child.kind() != "comment"]
        values = (
            [child for child in right.named_children() if child.kind() != "comment"]
            if right.kind() in ("expression_list", "tuple")
            else []
        )
        if (
            len(targets) == len(values)
            and all(target.kind() == "identifier" for target in targets)
            and all(value.kind() != "list_splat" for value in values)
        ):
            for target, value in zip(targets, values):  # a, b = 1, 2
                yield _assigned(evaluator, owner, target.text(), value, value)
        else:
            for match in left.find_all(kind="identifier"):
                yield Member(match.text(), "constant", owner, right, node)


def _assigned(evaluator: Evaluator, owner: Class, name: str, right: SgNode, outer: SgNode) -> Member:
    if right.kind() == "call":
        function, arguments = right.field("function"), right.field("arguments")
        called = (
            evaluator.resolver.qualify(owner.module, function.text()).removeprefix("metaflow.")
            if function is not None
            else ""
        )
        unpacked = arguments is not None and any(
            child.kind() in ("dictionary_splat", "list_splat") for child in arguments.named_children()
        )
        if called in PARAMETERS:
            direct = Member(name, "config" if called == "Config" else "parameter", owner, right, outer)
            return (_quietly(evaluator, direct) if unpacked else None) or direct
    elif right.kind() == "lambda":
        return Member(name, "method", owner, right, outer)
    elif right.kind() in ("identifier", "attribute"):
        place = evaluator.resolver.split(evaluator.resolver.qualify(owner.module, right.text()))
        if place is not None and (place[1] in place[0].functions or place[1] in place[0].classes):
            return Member(name, "method", owner, right, outer)
    plain = Member(name, "constant", owner, right, outer)
    return (_quietly(evaluator, plain) if may_be_parameter(right) else None) or plain


def _quietly(evaluator: Evaluator, member: Member) -> Member | None:
    try:
        return _indirect(evaluator, member)
    except Unfoldable:  # `with_parameters` reports it once the configs are known
        return None


def _indirect(evaluator: Evaluator, member: Member) -> Member | None:
    """Returns the parameter or config that the member's expression yields, or None. Raises Unfoldable."""
    declaration = parameter(evaluator, member.owner, member.node)
    if declaration is None:
        return None
    called, home, call = declaration
    return Member(member.name, "config" if called == "Config" else "parameter", home, call, call)


# ── other code that changes the class ────────────────────────────────────────────────────────────────────────────────


def _assigned_later(owner: Class) -> Iterator[tuple[SgNode, SgNode]]:
    """Returns the module's assignments to attributes of the class, such as `Flow.alpha = Parameter("alpha")`."""
    if f"{owner.name}." not in owner.module.source.text:
        return
    for statement in owner.module.source.root.named_children():
        for node in statement.named_children() if statement.kind() == "expression_statement" else []:
            target = node.field("left") if node.kind() == "assignment" else None
            home = target.field("object") if target is not None and target.kind() == "attribute" else None
            if target is not None and home is not None and home.text() == owner.name:
                yield node, target


def _holds(statement: SgNode, node: SgNode) -> bool:
    """Returns True if the node is in the statement: a class that is defined under an `if` or a `try`."""
    outer, inner = statement.range(), node.range()
    return outer.start.index <= inner.start.index and inner.end.index <= outer.end.index


def _set_elsewhere(resolver: Resolver, owner: Class) -> Iterator[Diagnostic]:
    """Yields FLOW107 for a statement of the module that adds a parameter to the class, except those followed.

    Yields FLOW156 for one that decorates the class or a step.
    """
    followed = {node.range().start.index for node, _ in _assigned_later(owner)}
    for statement in owner.module.source.root.named_children():
        if statement.kind() not in (
            "expression_statement",
            "for_statement",
            "if_statement",
            "try_statement",
            "with_statement",
        ):
            continue
        if owner.name not in statement.text() or _holds(statement, owner.outer):
            continue
        if any(match.text() == owner.name for match in statement.find_all(kind="identifier")):
            for node in statement.named_children():
                if node.kind() == "assignment" and (node.field("left") or node).text().partition(".")[0] == owner.name:
                    part = node.field("right")
                else:
                    part = node.field("function") if node.kind() == "call" else None
                if part is not None and (name := declares_decorator(resolver, owner.module, part)):
                    what = (
                        f"`{' '.join(node.text().split())[:60]}` may put `@{name}` on `{owner.name}` or one of its "
                        "steps, but flowc cannot evaluate it"
                    )
                    why = "flowc finds decorators only above `@step` or the class"
                    yield Diagnostic("FLOW156", what, span(owner.module.source, node), why, f"write `@{name}` there")
            for call, kind in (
                _calls(resolver, owner, statement) if statement.range().start.index not in followed else ()
            ):
                yield _lost(
                    owner,
                    call,
                    f"a `{kind}` is added to `{owner.name}` by another statement",
                    "flowc cannot know what it adds without running the statement",
                    "name",
                    kind,
                )


# ── decorators ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _name(definition: SgNode) -> str:
    name = definition.field("name")
    return name.text() if name is not None else ""


def _is_step(evaluator: Evaluator, owner: Class, above: tuple[Written, ...]) -> bool:
    return any(decorator.name == _STEP for decorator in above) or any(
        decorator.name == _STEP for decorator in decorators_of(evaluator, owner, above, opens=False)[0]
    )


def written(resolver: Resolver, owner: Class, definition: SgNode) -> tuple[Written, ...]:
    """Returns the decorators above a definition, from top to bottom."""
    if definition.kind() != "decorated_definition":
        return ()
    return tuple(
        Written(owner, child, decorator_name(resolver, owner, child))
        for child in definition.named_children()
        if child.kind() == "decorator"
    )


def decorators_of(
    evaluator: Evaluator, owner: Class, above: tuple[Written, ...], opens: bool = True
) -> tuple[list[Written], list[Diagnostic]]:
    """Returns the decorators of a definition of the class `owner`.

    A decorator of the flow's own, and with `opens` one of an installed package, is replaced by the Metaflow decorators
    that it adds.

    The diagnostics are FLOW107 and FLOW156 for one that may add some, but cannot be followed.
    """
    every: list[Written] = []
    problems: list[Diagnostic] = []
    for one in above:
        if one.name.startswith("metaflow.") or (one.name and "." not in one.name):
            every.append(one)  # Metaflow's own, or Python's
            continue
        expression = decorator_expression(one.node)
        if expression is None:
            every.append(one)
            continue
        try:
            applied = decorators(evaluator, owner, expression, opens)
        except Reported:
            applied = None
        except Unfoldable as error:
            applied = None
            problems += _unfollowed(evaluator.resolver, owner, one.node, expression, str(error.args[0]))
        every += (
            [one]
            if applied is None
            else [Written(home, node, decorator_name(evaluator.resolver, home, node)) for home, node in applied]
        )
    return every, problems


def _unfollowed(resolver: Resolver, owner: Class, node: SgNode, expression: SgNode, why: str) -> Iterator[Diagnostic]:
    from .user_decorators import is_own, kind_of, stored

    called = expression.field("function") if expression.kind() == "call" else expression
    qualified = resolver.qualify(owner.module, called.text()) if called is not None else ""
    if kind_of(resolver, stored(resolver, qualified)) or is_own(resolver, qualified):
        return  # a mutator, which runs if it is allowed to, or one that runs in the task
    shown = " ".join(expression.text().split())[:60]
    place = span(owner.module.source, node)
    if name := declares_decorator(resolver, owner.module, expression):
        one = "a mutator" if name in ("FlowMutator", "StepMutator") else f"`@{name}`"
        what = f"`@{shown}` may add {one}, but flowc cannot evaluate it"
        yield Diagnostic("FLOW156", what, place, why, f"write {one} directly above `@step` or the class")
    elif name := declares_parameter(resolver, owner.module, expression):
        what = f"`@{shown}` may add a `{name}` to the flow, but flowc cannot evaluate it"
        yield Diagnostic("FLOW107", what, place, why, f"write `name = {name}('name', …)` in the body of the class")


def decorator_name(resolver: Resolver, owner: Class, decorator: SgNode) -> str:
    expression = decorator_expression(decorator)
    if expression is not None and expression.kind() == "call":
        expression = expression.field("function")
    if expression is None or expression.kind() not in ("identifier", "attribute"):
        return ""
    qualified = resolver.qualify(owner.module, expression.text())
    if "." in qualified and is_outside(resolver, qualified):
        name = plugin_named(qualified)
        return f"metaflow.{name}" if name and name not in NAMES else qualified
    return qualified


def is_outside(resolver: Resolver, qualified: str) -> bool:
    """Returns True for a name that a plug-in may bring, of a module that is neither Python's nor beside the flow."""
    if qualified.startswith("metaflow."):
        return qualified.removeprefix("metaflow.") not in NAMES
    if is_standard(qualified):
        return False
    place = resolver.split(qualified)
    return place is None or has_own_plugins() or not resolver.sources.is_beside(place[0].source.name)


def decorator_expression(decorator: SgNode) -> SgNode | None:
    """Returns the expression after the `@`."""
    return next((child for child in decorator.named_children() if child.kind() != "comment"), None)


def own_decorators(
    resolver: Resolver, order: list[Class], members: dict[str, Member]
) -> Iterator[tuple[Class, str, SgNode, str]]:
    """Yields each decorator of the flow and its steps that is not Metaflow's.

    Each is (where it is read, its step or "", its node, its qualified name).
    """
    all_decorators = [
        ("", decorator) for owner in reversed(order) for decorator in written(resolver, owner, owner.outer)
    ]
    for member in members.values():
        if member.kind == "step":
            for decorator in member.decorators:
                if decorator.name == _STEP:
                    break
                all_decorators.append((member.name, decorator))
    for step, decorator in all_decorators:
        if decorator.name and not decorator.name.startswith("metaflow."):
            yield decorator.owner, step, decorator.node, decorator.name
