"""Targets: the effects of an assignment, a `for`, a `with` or a `del` on a variable, an artifact or an item."""

from __future__ import annotations

from . import calls, expression
from .reader import Items, LocalFunction, Reader
from .records import ANYTHING, INPUT, Definition, Kind, Write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ast_grep_py import SgNode

TUPLES = ("pattern_list", "tuple_pattern", "list_pattern", "tuple", "list", "expression_list")

_IMMUTABLE = frozenset("string integer float true false none lambda".split())


def bind(reader: Reader, target: SgNode, held: Kind | None, node: SgNode | None) -> None:
    """Assigns to a target. `held` is the `result` of the expression `node`; None for either: unknown."""
    if reader.state is None:
        return
    kind = target.kind()
    if kind == "identifier":
        _variable(reader, target.text(), held, node)
    elif kind == "attribute":
        _attribute(reader, target, held, node)
    elif kind == "subscript":
        _item(reader, target)
        reader.escape(held)
    elif kind in TUPLES:
        targets = [child for child in target.named_children() if child.kind() != "comment"]
        for element, part in zip(targets, _unpacked(reader, targets, held)):
            bind(reader, element, part, None)
    elif kind in ("list_splat_pattern", "list_splat", "parenthesized_expression", "as_pattern_target"):
        for child in target.named_children():
            bind(reader, child, held, node if kind != "list_splat_pattern" else None)
    else:
        reader.escape(held)


def _unpacked(reader: Reader, targets: list[SgNode], held: Kind | None) -> list[Kind | None]:
    nothing: list[Kind | None] = [None] * len(targets)
    if held is None:
        return nothing
    if held.what == "tuple" and len(held.parts) == len(targets):
        return list(held.parts)
    if held.what in ("inputs", "several"):
        return [Kind("several") if target.kind() == "list_splat_pattern" else INPUT for target in targets]
    reader.escape(held)
    return nothing


def _variable(reader: Reader, name: str, held: Kind | None, node: SgNode | None) -> None:
    assert reader.state is not None
    reader.variables.add(name)
    if name in reader.imports:
        reader.imports = {key: imported for key, imported in reader.imports.items() if key != name}
    if held is not None:
        if name in reader.globals:
            reader.escape(held)
        reader.state.env[name] = held
    elif node is None:
        reader.state.env[name] = ANYTHING
    else:
        reader.state.env[name] = LocalFunction(node) if node.kind() == "lambda" else definitions(reader, node)


def iterated(reader: Reader, target: SgNode, over: SgNode) -> None:
    """Handles `for target in over`, whose names `setattr` may get later."""
    if reader.state is None:
        return
    if target.kind() == "identifier":
        reader.state.env[target.text()] = Items(over, first=False)
    elif target.kind() in ("pattern_list", "tuple_pattern"):
        first = next((child for child in target.named_children() if child.kind() != "comment"), None)
        if first is not None and first.kind() == "identifier":
            reader.state.env[first.text()] = Items(over, first=True)


def definitions(reader: Reader, node: SgNode) -> frozenset[Definition | None]:
    """Returns the expressions that may give the value: itself, or those assigned to the variable that it names."""
    while node.kind() == "parenthesized_expression" and len(node.named_children()) == 1:
        node = node.named_children()[0]
    if node.kind() == "identifier" and reader.state is not None:
        held = reader.state.env.get(node.text())
        if isinstance(held, LocalFunction):
            return reader.definition(held.node)
        if isinstance(held, frozenset):
            return frozenset(
                definition
                if definition is None or not definition.exact
                else definition.inexact(definition.node.kind() in _IMMUTABLE)
                for definition in held
            )
        if held is not None:
            return ANYTHING
    return reader.definition(node)


def _attribute(reader: Reader, target: SgNode, held: Kind | None, node: SgNode | None) -> None:
    owner, attribute = target.field("object"), target.field("attribute")
    if owner is None or attribute is None:
        return
    name = attribute.text()
    of = expression.result(reader, owner)
    if of is None:
        reader.escape(held)
        changed(reader, owner)
    elif of.what == "mixed" or (of.what == "self" and name == "__dict__"):
        reader.anything()
    elif of.what == "self" and not name.startswith("__"):
        if calls.accessor(reader, name, ".setter", target):
            reader.escape(held)
            return
        if held is not None:
            reader.flow_objects.append(Write(name, reader.place(target), reader.certain and of.sure, reader.guarded))
        value = ANYTHING if node is None else reader.definition(node) if held is not None else definitions(reader, node)
        reader.write(name, target, value, of.sure)


def _item(reader: Reader, target: SgNode) -> None:
    """Handles `owner[key] = …` and `del owner[key]`."""
    owner, *keys = target.named_children()
    for key in keys:
        expression.use(reader, key)
    held = expression.result(reader, owner)
    if held is None:
        changed(reader, owner)
    elif held.what == "vars":
        names = texts(reader, keys[0]) if len(keys) == 1 else None
        if names is None:
            reader.anything()
        for name in names or ():
            reader.write(name, target, ANYTHING, sure=len(names or ()) == 1)
    elif held.what in ("self", "mixed"):
        reader.anything()


def changed(reader: Reader, node: SgNode) -> None:
    """Records a change in place of the expression's object, which is an artifact's if it is reached through one."""
    while node.kind() in ("subscript", "attribute", "parenthesized_expression"):
        owner = node.named_children()[0]
        if node.kind() == "attribute" and owner.kind() == "identifier" and reader.state is not None:
            held = reader.state.env.get(owner.text())
            if isinstance(held, Kind) and held.what == "self":
                reader.change(node.named_children()[-1].text(), node)
            return
        node = owner


def unbind(reader: Reader, target: SgNode) -> None:
    """Handles `del target`."""
    if reader.state is None:
        return
    kind = target.kind()
    if kind == "identifier":
        reader.state.env.pop(target.text(), None)
    elif kind == "attribute":
        owner, attribute = target.field("object"), target.field("attribute")
        held = expression.result(reader, owner) if owner is not None else None
        if held is not None and held.what == "self" and attribute is not None:
            reader.delete(attribute.text(), target)
        elif held is not None and held.what == "mixed":
            reader.anything()
        elif owner is not None and held is None:
            changed(reader, owner)
    elif kind == "subscript":
        held = expression.result(reader, target.named_children()[0])
        if held is not None and held.what in ("vars", "self", "mixed"):
            reader.anything()
        elif held is None:
            changed(reader, target.named_children()[0])
    elif kind in (*TUPLES, "parenthesized_expression"):
        for child in target.named_children():
            unbind(reader, child)


def texts(reader: Reader, node: SgNode | None) -> tuple[str, ...] | None:
    """Returns the possible texts of an expression that is an attribute's name; None if unknown."""
    from flowc.compiler.fold.budget import Unfoldable

    if node is None or reader.state is None:
        return None
    held = reader.state.env.get(node.text()) if node.kind() == "identifier" else None
    try:
        if isinstance(held, Items):
            items = list(reader.folded(held.node))  # type: ignore[call-overload]
            names = tuple(item[0] if held.first else item for item in items)
            return names if all(isinstance(name, str) for name in names) else None
        if isinstance(held, frozenset) and len(held) == 1:
            (only,) = held
            if only is None or only.node.kind() != "string":
                return None
            node = only.node
        value = reader.folded(node)
    except (Unfoldable, TypeError, IndexError, KeyError):
        return None
    return (value,) if isinstance(value, str) else None
