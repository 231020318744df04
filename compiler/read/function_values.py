"""Values that hold functions.

Examples are `@exit_hook(on_success=[notify])`, `@trigger(event=pick)` and `Parameter("day", default=today)`.

The compiler runs none of them. If a function is called when the flow is deployed and its result can be computed, the
result is the value (`called`). Otherwise, if a decorator takes functions, the IR has `{"function": NAME}`. NAME is
the function's own name if it is defined in the flow's file, and `module.name` if it is elsewhere in the flow's
folder.
"""

from __future__ import annotations

from ..fast_start.record import record
from ..fold.budget import Unfoldable
from ..source.text import span
from .arguments import folded, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ast_grep_py import SgNode

    from ..fold.evaluator import Evaluator
    from ..ir.nodes import Span, Value
    from ..names.resolver import Resolver
    from ..source.modules import Class, Module

NAMESPACED = "namespaced_event_name"


class Nameless(Exception):
    """Raised for a function without a name, which the IR cannot refer to."""

    def __init__(self, span: Span) -> None:
        super().__init__(span)
        self.span = span


@record
class Function:
    """A function in the source."""

    module: Module  # that defines the function
    name: str  # "": a lambda
    node: SgNode  # the definition, or the lambda


def function_of(resolver: Resolver, owner: Class, node: SgNode) -> Function | None:
    """Returns the function that the expression stands for: a lambda, or one of the flow's own modules.

    None for any other expression.
    """
    if node.kind() == "lambda":
        return Function(owner.module, "", node)
    if node.kind() not in ("identifier", "attribute"):
        return None
    place = resolver.split(resolver.qualify(owner.module, node.text()))
    if place is None or place[1] not in place[0].functions:
        return None
    definition = place[0].functions[place[1]][-1]
    return Function(place[0], place[1], definition)


def name_of(resolver: Resolver, function: Function) -> str:
    """Returns the function's name in the IR."""
    is_own = function.module.source.name == resolver.sources.file
    return function.name if is_own else f"{function.module.name}.{function.name}"


def called(
    evaluator: Evaluator, function: Function, context: dict[str, Any], current: Mapping[str, Any] | None = None
) -> Any:
    """Returns the function's result for a context with these known attributes and the flow's configs.

    `current` is what is known of Metaflow's `current` when the flow is deployed. Raises Unfoldable.
    """
    from ..fold.values import settings
    from .configs import call

    configs = {name: config.known() for name, config in evaluator.configs.items()}

    def lookup(dotted: str) -> Any:
        of, _, name = dotted.rpartition(".")
        if current and name in current and evaluator.resolver.qualify(function.module, of) == "metaflow.current":
            return current[name]
        return evaluator.constant(function.module, dotted)

    folding = evaluator.function(function.module, function.node, lookup)
    takes = folding.node.args
    arguments = [settings({"configs": configs, **context})] if (takes.args or takes.posonlyargs) else []
    return call(evaluator, folding, arguments)


def with_functions(evaluator: Evaluator, owner: Class, node: SgNode, context: dict[str, Value] | None) -> Value:
    """Returns the value of an expression whose lists and dictionaries may contain functions.

    With a context, functions are called when the flow is deployed, and a function that folds becomes its result. Raises
    Unfoldable and Nameless.
    """
    kind = node.kind()
    items = [child for child in node.named_children() if child.kind() != "comment"]
    if kind == "parenthesized_expression" and len(items) == 1:
        return with_functions(evaluator, owner, items[0], context)
    if kind in ("list", "tuple") and not any(item.kind() == "list_splat" for item in items):
        return [with_functions(evaluator, owner, item, context) for item in items]
    if kind == "dictionary" and all(item.kind() == "pair" for item in items):
        converted: dict[str, Value] = {}
        for pair in items:
            key, value = pair.field("key"), pair.field("value")
            if key is not None and value is not None:
                name = folded(evaluator, owner, key)
                if not isinstance(name, str):
                    raise Unfoldable("the keys of a dict must be text")
                converted[name] = with_functions(evaluator, owner, value, context)
        return converted
    if context is not None and (event := _namespaced(evaluator.resolver, owner, node)) is not None:
        return {NAMESPACED: plain(folded(evaluator, owner, event))}
    function = function_of(evaluator.resolver, owner, node)
    if function is None:
        return plain(folded(evaluator, owner, node))
    if context is not None:
        try:
            return plain(called(evaluator, function, context))
        except Unfoldable:
            pass
    if not function.name:
        raise Nameless(span(owner.module.source, node))
    return {"function": name_of(evaluator.resolver, function)}


def _namespaced(resolver: Resolver, owner: Class, node: SgNode) -> SgNode | None:
    """Returns the event of a call of Metaflow's `namespaced_event_name`."""
    function, arguments = node.field("function"), node.field("arguments")
    if (
        node.kind() != "call"
        or function is None
        or arguments is None
        or resolver.qualify(owner.module, function.text()) != f"metaflow.{NAMESPACED}"
    ):
        return None
    positional = [child for child in arguments.named_children() if child.kind() != "comment"]
    return positional[0] if len(positional) == 1 and positional[0].kind() != "keyword_argument" else None
