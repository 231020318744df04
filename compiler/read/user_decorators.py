"""Step decorators of the user's own (`@user_step_decorator`, `UserStepDecorator`): what is wrong with one, and how it is used.

They run in the task, so the graph is read without them; Metaflow refuses these mistakes when it loads the flow.
"""

from __future__ import annotations

from ..report.diagnostics import WARNING, Diagnostic
from ..source.text import span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from ..names.resolver import World
    from ..source.modules import Class, Module

EXAMPLE = "write `def timed(step_name, flow, inputs, attributes):` with one `yield`, where the step runs"
_NESTED = ("function_definition", "lambda", "class_definition")


def check_own(world: World, owner: Class, decorator: SgNode) -> Iterator[Diagnostic]:
    """Yields what is wrong with the decorator of a step, if it is one of the user's own."""
    expression = next((each for each in decorator.named_children() if each.kind() != "comment"), None)
    call = expression if expression is not None and expression.kind() == "call" else None
    name = call.field("function") if call is not None else expression
    if name is None or name.kind() not in ("identifier", "attribute"):
        return
    found = world.split(world.qualify(owner.module, name.text()))
    if found is None:
        return
    module, short = found
    if short in module.functions:
        node = module.functions[short][-1]
        if _is_marked(world, module, node):
            yield from _function(module, short, node)
            yield from _use(owner, call, short, _count(node) == 4)
    elif short in module.classes and is_step_decorator(world, module, short):
        yield from _use(owner, call, short, True)


def is_own(world: World, qualified: str) -> bool:
    """True for a function marked as a step decorator, and for a class that is one."""
    found = world.split(qualified)
    if found is None:
        return False
    module, name = found
    return is_step_decorator(world, module, name) or (name in module.functions and _is_marked(world, module, module.functions[name][-1]))


def is_step_decorator(world: World, module: Module, name: str) -> bool:
    """True for a class that inherits from `UserStepDecorator`."""
    from ..source.modules import Class, base_names

    waiting, seen = [(module, name)], set()
    while waiting:
        home, short = waiting.pop()
        if (home.name, short) in seen or short not in home.classes:
            continue
        seen.add((home.name, short))
        for base, _ in base_names(Class(home, home.classes[short][-1])):
            qualified = world.qualify(home, base)
            if qualified == "metaflow.UserStepDecorator":
                return True
            found = world.split(qualified)
            if found is not None:
                waiting.append(found)
    return False


def _is_marked(world: World, module: Module, node: SgNode) -> bool:
    for each in node.children() if node.kind() == "decorated_definition" else []:
        if each.kind() == "decorator":
            text = each.text().lstrip("@").partition("(")[0].strip()
            if world.qualify(module, text) == "metaflow.user_step_decorator":
                return True
    return False


def _function(module: Module, name: str, node: SgNode) -> Iterator[Diagnostic]:
    definition = node.field("definition") or node
    place = span(module.source, definition.field("name") or definition)
    if not _yields(definition):
        what = f"`{name}` is a step decorator, but never yields"
        yield Diagnostic("FLOW151", what, place, "what comes before its `yield` runs before the step, what comes behind it after the step", EXAMPLE)
    if _count(node) not in (3, 4):
        what = f"`{name}` is a step decorator, but takes {_count(node)} arguments"
        yield Diagnostic(
            "FLOW151", what, place, "it is called with the step's name, the flow and the inputs, and, if it takes four, its own arguments", EXAMPLE
        )


def _use(owner: Class, call: SgNode | None, name: str, takes_keywords: bool) -> Iterator[Diagnostic]:
    arguments = call.field("arguments") if call is not None else None
    given = [each for each in arguments.named_children() if each.kind() != "comment"] if arguments is not None else []
    positional = [each for each in given if each.kind() not in ("keyword_argument", "dictionary_splat")]
    if positional:
        why = "a step decorator gets its arguments by their names"
        yield Diagnostic(
            "FLOW152", f"`@{name}` takes no positional arguments", span(owner.module.source, positional[0]), why, f"write `@{name}(name=value)`"
        )
    elif given and not takes_keywords:
        yield Diagnostic(
            "FLOW152", f"`@{name}` never sees its arguments", span(owner.module.source, given[0]), "it takes no fourth argument, `attributes`",
            f"write `def {name}(step_name, flow, inputs, attributes):`, or leave the arguments out", WARNING,
        )  # fmt: skip


def _count(node: SgNode) -> int:
    definition = node.field("definition") or node
    parameters = definition.field("parameters")
    kinds = ("identifier", "typed_parameter", "default_parameter", "typed_default_parameter", "list_splat_pattern", "dictionary_splat_pattern")
    return sum(each.kind() in kinds for each in parameters.named_children()) if parameters is not None else 0


def _yields(definition: SgNode) -> bool:
    waiting = list(definition.children())
    while waiting:
        node = waiting.pop()
        if node.kind() == "yield":
            return True
        if node.kind() not in _NESTED:
            waiting.extend(node.children())
    return False
