"""Checks the user's own step decorators (`@user_step_decorator`, `UserStepDecorator`) and their uses.

They run in the task, so the graph is read without them. Metaflow refuses these mistakes when it loads the flow. This
module also recognizes mutators, which change the flow when it is loaded; `mutators.py` runs them.
"""

from __future__ import annotations

import sys

from ..report.diagnostics import WARNING, Diagnostic
from ..source.modules import Class, base_names
from ..source.text import span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from ..names.resolver import Resolver
    from ..source.modules import Module

EXAMPLE = "write `def timed(step_name, flow, inputs, attributes):` with one `yield`, where the step runs"
_NESTED = ("function_definition", "lambda", "class_definition")


def check_own(resolver: Resolver, owner: Class, decorator: SgNode) -> Iterator[Diagnostic]:
    """Yields the diagnostics of a step's decorator, if it is one of the user's own."""
    expression = next((child for child in decorator.named_children() if child.kind() != "comment"), None)
    call = expression if expression is not None and expression.kind() == "call" else None
    name = call.field("function") if call is not None else expression
    if name is None or name.kind() not in ("identifier", "attribute"):
        return
    place = resolver.split(resolver.qualify(owner.module, name.text()))
    if place is None:
        return
    module, short = place
    if short in module.functions:
        node = module.functions[short][-1]
        if _is_marked(resolver, module, node):
            yield from _function(module, short, node)
            yield from _use(owner, call, short, _count(node) == 4)
    elif short in module.classes and is_step_decorator(resolver, module, short):
        yield from _use(owner, call, short, True)


def is_own(resolver: Resolver, qualified: str) -> bool:
    """Returns True for a function marked as a step decorator, and for a class that is one."""
    place = resolver.split(qualified)
    if place is None:
        return False
    module, name = place
    return is_step_decorator(resolver, module, name) or (
        name in module.functions and _is_marked(resolver, module, module.functions[name][-1])
    )


def is_step_decorator(resolver: Resolver, module: Module, name: str) -> bool:
    """Returns True for a class that inherits from `UserStepDecorator`."""
    waiting, seen = [(module, name)], set()
    while waiting:
        home, short = waiting.pop()
        if (home.name, short) in seen or short not in home.classes:
            continue
        seen.add((home.name, short))
        for base, _ in base_names(Class(home, home.classes[short][-1])):
            qualified = resolver.qualify(home, base)
            if qualified == "metaflow.UserStepDecorator":
                return True
            place = resolver.split(qualified)
            if place is not None:
                waiting.append(place)
    return False


def _is_marked(resolver: Resolver, module: Module, node: SgNode) -> bool:
    for child in node.children() if node.kind() == "decorated_definition" else []:
        if child.kind() == "decorator":
            text = child.text().lstrip("@").partition("(")[0].strip()
            if resolver.qualify(module, text) == "metaflow.user_step_decorator":
                return True
    return False


def _function(module: Module, name: str, node: SgNode) -> Iterator[Diagnostic]:
    definition = node.field("definition") or node
    place = span(module.source, definition.field("name") or definition)
    if not _yields(definition):
        what = f"`{name}` is a step decorator, but never yields"
        yield Diagnostic(
            "FLOW151",
            what,
            place,
            "the code before its `yield` runs before the step, and the code after it runs after the step",
            EXAMPLE,
        )
    if _count(node) not in (3, 4):
        what = f"`{name}` is a step decorator, but takes {_count(node)} arguments"
        yield Diagnostic(
            "FLOW151",
            what,
            place,
            "it is called with the step's name, the flow, the inputs, and optionally its own arguments",
            EXAMPLE,
        )


def _use(owner: Class, call: SgNode | None, name: str, takes_keywords: bool) -> Iterator[Diagnostic]:
    arguments = call.field("arguments") if call is not None else None
    plain = (
        [child for child in arguments.named_children() if child.kind() != "comment"] if arguments is not None else []
    )
    positional = [argument for argument in plain if argument.kind() not in ("keyword_argument", "dictionary_splat")]
    if positional:
        why = "a step decorator gets its arguments by name"
        yield Diagnostic(
            "FLOW152",
            f"`@{name}` takes no positional arguments",
            span(owner.module.source, positional[0]),
            why,
            f"write `@{name}(name=value)`",
        )
    elif plain and not takes_keywords:
        yield Diagnostic(
            "FLOW152", f"`@{name}` never gets its arguments", span(owner.module.source, plain[0]),
            "arguments arrive in a fourth argument, `attributes`, which it lacks",
            f"write `def {name}(step_name, flow, inputs, attributes):`, or remove the arguments", WARNING,
        )  # fmt: skip


def _count(node: SgNode) -> int:
    definition = node.field("definition") or node
    parameters = definition.field("parameters")
    kinds = (
        "identifier",
        "typed_parameter",
        "default_parameter",
        "typed_default_parameter",
        "list_splat_pattern",
        "dictionary_splat_pattern",
    )
    return sum(child.kind() in kinds for child in parameters.named_children()) if parameters is not None else 0


def _yields(definition: SgNode) -> bool:
    waiting = list(definition.children())
    while waiting:
        node = waiting.pop()
        if node.kind() == "yield":
            return True
        if node.kind() not in _NESTED:
            waiting.extend(node.children())
    return False


# ── mutators ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def kind_of(resolver: Resolver, qualified: str, seen: frozenset[str] = frozenset()) -> str:
    """Returns the kind of a class of the flow's own modules.

    "flow" or "step" for a mutator of one, "" for anything else.
    """
    if qualified in ("metaflow.FlowMutator", "metaflow.StepMutator"):
        return "flow" if qualified.endswith("FlowMutator") else "step"
    place = resolver.split(qualified)
    if place is None or qualified in seen or place[1] not in place[0].classes:
        return ""
    owner = Class(place[0], place[0].classes[place[1]][-1])
    return next(
        (
            kind
            for name, _ in base_names(owner)
            if (kind := kind_of(resolver, resolver.qualify(owner.module, name), seen | {qualified}))
        ),
        "",
    )


def stored(resolver: Resolver, qualified: str) -> str:
    """Returns the class that the name is an instance of, as `AddEnv` for `a = AddEnv("x")` and `@a`.

    Else the name itself.
    """
    place = resolver.split(qualified)
    values = place[0].assigned.get(place[1], []) if place is not None else []
    function = values[0].field("function") if len(values) == 1 and values[0].kind() == "call" else None
    return resolver.qualify(place[0], function.text()) if place is not None and function is not None else qualified


# Decorators from packages for Metaflow's flows and steps that only observe them (their documentation).
_LOOKING_ON = {"wandb": ("wandb_log",), "comet_ml": ("comet_flow", "comet_skip")}


def is_unread(resolver: Resolver, module: Module, qualified: str) -> bool:
    """Returns True for a name that the module imports from a package that flowc does not read.

    Such a package is neither in the flow's folder nor in Python's standard library.
    """
    top = qualified.partition(".")[0]
    if qualified.rpartition(".")[2] in _LOOKING_ON.get(top, ()):
        return False
    return (
        "." in qualified
        and resolver.split(qualified) is None
        and top in _imported(module)
        and top not in sys.stdlib_module_names
    )


def _imported(module: Module) -> set[str]:
    return {qualified.partition(".")[0] for qualified in module.imports.values()}
