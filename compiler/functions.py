"""Values that hold functions: `@exit_hook(on_success=[notify])`, `@trigger(event=pick)`, `Parameter("day", default=today)`.

The compiler runs none of them. One that is called when a flow is deployed is a value like any other if its body is a single expression that
folds (`called`). Else, where a decorator takes functions, the IR carries `{"function": NAME}`: NAME is the function's own when it is defined
in the flow's file, and `module.name` when elsewhere in the flow's folder.
"""

from __future__ import annotations

from .arguments import folded, plain
from .fold import Unfoldable, fold
from .record import record
from .source import span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ast_grep_py import SgNode

    from .classes import Class
    from .ir import Span, Value
    from .names import Module, World

NAMESPACED = "namespaced_event_name"


class Nameless(Exception):
    """A function that the IR cannot name, since it has none."""

    def __init__(self, span: Span) -> None:
        super().__init__(span)
        self.span = span


@record
class Function:
    """A function in the source."""

    module: Module  # that defines it
    name: str  # "" for a lambda
    node: SgNode  # the definition, or the lambda


def function_of(world: World, owner: Class, node: SgNode) -> Function | None:
    """Returns the function that the expression stands for: a lambda, or one of the flow's own modules. None for any other expression."""
    if node.kind() == "lambda":
        return Function(owner.module, "", node)
    if node.kind() not in ("identifier", "attribute"):
        return None
    found = world.split(world.qualify(owner.module, node.text()))
    if found is None or found[1] not in found[0].functions:
        return None
    definition = found[0].functions[found[1]][-1]
    return Function(found[0], found[1], definition)


def name_of(world: World, function: Function) -> str:
    """Returns the name that the IR calls the function by."""
    is_own = function.module.source.name == next(iter(world.sources))  # the flow's file is read first
    return function.name if is_own else f"{function.module.name}.{function.name}"


def called(world: World, function: Function, context: dict[str, Value]) -> Any:
    """Returns what the function gives for a context of which these attributes are known, if its body is one expression that folds.

    Raises Unfoldable.
    """
    argument, body = _expression(function.node)

    def lookup(name: str) -> Any:
        first, _, attribute = name.partition(".")
        return context[attribute] if first == argument else world.constant(function.module, name)

    return fold(body.text(), lookup)


def with_functions(world: World, owner: Class, node: SgNode, context: dict[str, Value] | None) -> Value:
    """Returns the value of an expression whose lists and dictionaries may hold functions.

    With a context, functions are called when the flow is deployed, and one that folds is its value. Raises Unfoldable and Nameless.
    """
    kind = node.kind()
    items = [each for each in node.named_children() if each.kind() != "comment"]
    if kind == "parenthesized_expression" and len(items) == 1:
        return with_functions(world, owner, items[0], context)
    if kind in ("list", "tuple") and not any(each.kind() == "list_splat" for each in items):
        return [with_functions(world, owner, each, context) for each in items]
    if kind == "dictionary" and all(each.kind() == "pair" for each in items):
        found: dict[str, Value] = {}
        for pair in items:
            key, value = pair.field("key"), pair.field("value")
            if key is not None and value is not None:
                name = folded(world, owner, key)
                if not isinstance(name, str):
                    raise Unfoldable("the keys of a dict must be text")
                found[name] = with_functions(world, owner, value, context)
        return found
    if context is not None and (event := _namespaced(world, owner, node)) is not None:
        return {NAMESPACED: plain(folded(world, owner, event))}
    function = function_of(world, owner, node)
    if function is None:
        return plain(folded(world, owner, node))
    if context is not None:
        try:
            return plain(called(world, function, context))
        except Unfoldable:
            pass
    if not function.name:
        raise Nameless(span(owner.module.source, node))
    return {"function": name_of(world, function)}


def _namespaced(world: World, owner: Class, node: SgNode) -> SgNode | None:
    """The event of a call of Metaflow's `namespaced_event_name`."""
    function, arguments = node.field("function"), node.field("arguments")
    if node.kind() != "call" or function is None or arguments is None or world.qualify(owner.module, function.text()) != f"metaflow.{NAMESPACED}":
        return None
    given = [each for each in arguments.named_children() if each.kind() != "comment"]
    return given[0] if len(given) == 1 and given[0].kind() != "keyword_argument" else None


def _expression(node: SgNode) -> tuple[str, SgNode]:
    """The name of the function's only argument ("" for none), and the expression that it returns. Raises Unfoldable for any other function."""
    if node.kind() == "decorated_definition":
        raise Unfoldable("the function is decorated, so what it returns is only known when it runs")
    parameters, body = node.field("parameters"), node.field("body")
    names = [each for each in parameters.named_children() if each.kind() != "comment"] if parameters is not None else []
    if len(names) > 1 or not all(each.kind() in ("identifier", "typed_parameter", "default_parameter", "typed_default_parameter") for each in names):
        raise Unfoldable("the function takes more than the context")
    first = names[0] if names else None
    name = "" if first is None else first.text() if first.kind() == "identifier" else (first.field("name") or first.named_children()[0]).text()
    if body is not None and node.kind() == "function_definition":
        statements = [each for each in body.named_children() if each.kind() != "comment"]
        if statements and statements[0].kind() == "expression_statement" and statements[0].named_children()[0].kind() == "string":
            statements = statements[1:]
        returned = statements[0].named_children() if len(statements) == 1 and statements[0].kind() == "return_statement" else []
        body = returned[0] if returned else None
        if any(each.text() == "async" for each in node.children()):
            body = None
    if body is None:
        raise Unfoldable("the function does more than return one expression")
    return name, body
