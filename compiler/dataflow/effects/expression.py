"""Expressions: what they read of the flow object.

Also finds which of them are that object, a join's inputs, or values made from these.

`result` reads an expression and returns its kind, if that matters. `use` reads one whose value is not followed
further. Code that is not understood makes the effects unknown, never wrong.
"""

from __future__ import annotations

from . import binding, calls
from .reader import LocalFunction, Reader
from .records import ANYTHING, BranchUse, InputRead, Kind, State, either, element, joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ast_grep_py import SgNode


def use(reader: Reader, node: SgNode) -> None:
    reader.escape(result(reader, node))


def result(reader: Reader, node: SgNode) -> Kind | None:
    if reader.state is None:
        return None
    handler = _HANDLERS.get(node.kind())
    if handler is not None:
        return handler(reader, node)
    for child in node.named_children():
        use(reader, child)
    return None


def _identifier(reader: Reader, node: SgNode) -> Kind | None:
    assert reader.state is not None
    held = reader.state.env.get(node.text())
    if isinstance(held, LocalFunction):
        calls.passed_on(reader, held)
    return held if isinstance(held, Kind) else None


def _inside(reader: Reader, node: SgNode) -> Kind | None:
    """Returns the value of the only expression in the node."""
    children = [child for child in node.named_children() if child.kind() != "comment"]
    if len(children) == 1:
        return result(reader, children[0])
    for child in children:
        use(reader, child)
    return None


def _looked_at(reader: Reader, node: SgNode) -> None:
    """Handles an operator that inspects its operands and keeps none: `is`, `==`, `in`, `not`."""
    for child in node.named_children():
        held = result(reader, child)
        if held is not None and held.what == "vars":
            reader.anything(writes=False)


def _binary(reader: Reader, node: SgNode) -> Kind | None:
    operands = []
    while node.kind() == "binary_operator":  # a + b + c nests to the left, perhaps thousands deep
        left, right = node.field("left"), node.field("right")
        if left is None or right is None:
            break
        operands.append(right)
        node = left
    kinds = [result(reader, operand) for operand in (node, *reversed(operands))]
    if all(kind is not None and kind.what in ("several", "inputs") for kind in kinds):
        return Kind("several")  # list(inputs) + …
    for kind in kinds:
        reader.escape(kind)
    return None


def _attribute(reader: Reader, node: SgNode) -> Kind | None:
    owner, attribute = node.field("object"), node.field("attribute")
    if owner is None or attribute is None:
        return None
    return attribute_of(reader, result(reader, owner), attribute.text(), node)


def attribute_of(reader: Reader, held: Kind | None, name: str, node: SgNode, guarded: bool = False) -> Kind | None:
    """Reads the attribute `name` of `held`."""
    if held is None:
        return None
    if held.what == "self":
        return _own(reader, name, node, guarded or not held.sure)
    if held.what == "input":
        if name == "__dict__":
            reader.anything(writes=False)
        elif not name.startswith("__"):
            guarded = guarded or reader.guarded or not held.sure
            reader.inputs.append(
                InputRead(name, held.branch, reader.place(node), reader.certain, guarded, held.every and reader.certain)
            )
    elif held.what == "inputs" and not name.startswith("__"):
        reader.branches.append(BranchUse(name, reader.place(node), reader.certain, reader.guarded or guarded))
        return Kind("input", name)
    elif held.what == "mixed":
        reader.anything()
    return None


def _own(reader: Reader, name: str, node: SgNode, guarded: bool) -> Kind | None:
    if name == "__dict__":
        return Kind("vars")
    if (
        not name.startswith("__")
        and not calls.accessor(reader, name, ".getter", node)
        and not calls.method_passed_on(reader, name, node)
    ):
        reader.read(name, node, guarded)
    return None


def _subscript(reader: Reader, node: SgNode) -> Kind | None:
    owner, *keys = node.named_children()
    held = result(reader, owner)
    for key in keys:
        use(reader, key)
    if held is None:
        return None
    if held.what in ("inputs", "several"):
        return Kind("several" if any(key.kind() == "slice" for key in keys) else "input", "", held.sure)
    if held.what == "vars":
        names = binding.texts(reader, keys[0]) if len(keys) == 1 else None
        if names is None:
            reader.anything(writes=False)
        for name in names or ():
            reader.read(name, node, guarded=True)
    else:
        reader.escape(held)
    return None


def _conditional(reader: Reader, node: SgNode) -> Kind | None:
    """Handles `body if condition else other`."""
    parts = [child for child in node.named_children() if child.kind() != "comment"]
    if len(parts) != 3:
        return _inside(reader, node)
    body, condition, other = parts
    use(reader, condition)
    return _one_of(
        reader, lambda: _refined(reader, condition, True, body), lambda: _refined(reader, condition, False, other)
    )


def _boolean(reader: Reader, node: SgNode) -> Kind | None:
    """Handles `left or right` and `left and right`."""
    left, right = node.field("left"), node.field("right")
    if left is None or right is None:
        return None
    first = result(reader, left)
    second = _one_of(reader, lambda: _refined(reader, left, not is_or(node), right), lambda: None)
    return either(first, second)


def is_or(node: SgNode) -> bool:
    operator = node.field("operator")
    return operator is not None and operator.text() == "or"


def _refined(reader: Reader, condition: SgNode, truth: bool, node: SgNode) -> Kind | None:
    refine(reader, condition, truth)
    return result(reader, node)


def _one_of(reader: Reader, one: Callable[[], Kind | None], other: Callable[[], Kind | None]) -> Kind | None:
    if reader.state is None:
        return None
    reader.uncertain += 1
    rest = reader.state.copy()
    mine = one()
    end, reader.state = reader.state, rest
    others = other()
    reader.state = joined(end, reader.state)
    reader.uncertain -= 1
    return either(mine, others)


def refine(reader: Reader, condition: SgNode, truth: bool) -> None:
    """Refines the state after the condition was true, or false."""
    state = reader.state
    if state is None:
        return
    kind = condition.kind()
    parts = [child for child in condition.named_children() if child.kind() != "comment"]
    if kind == "parenthesized_expression" and len(parts) == 1:
        refine(reader, parts[0], truth)
    elif kind == "not_operator" and len(parts) == 1:
        refine(reader, parts[0], not truth)
    elif kind == "boolean_operator" and len(parts) == 2 and is_or(condition) is not truth:
        for part in parts:
            refine(reader, part, truth)
    elif kind == "call":
        name = calls.asked_for(reader, condition, ("hasattr", "getattr"))
        if name is not None and truth:
            state.maybe_assign(name, ANYTHING)
            state.must.add(name)
    elif kind == "comparison_operator" and len(parts) == 2:
        operator = "".join(child.text() for child in condition.children() if not child.is_named()).replace(" ", "")
        name = None
        if operator in ("in", "notin"):
            held = _held_by(reader, parts[1])
            names = binding.texts(reader, parts[0]) if held else None
            name = names[0] if names is not None and len(names) == 1 else None
            truth = truth is (operator == "in")
        elif operator in ("isnot", "!=", "is", "==") and parts[1].text() == "None" and parts[0].kind() == "call":
            name = calls.asked_for(reader, parts[0], ("getattr",))
            truth = truth is (operator in ("isnot", "!="))
        if name is not None and truth:
            state.maybe_assign(name, ANYTHING)
            state.must.add(name)


def _held_by(reader: Reader, node: SgNode) -> bool:
    """Returns True for `self.__dict__`, `vars(self)` and `dir(self)`."""
    if node.kind() == "attribute":
        owner, attribute = node.field("object"), node.field("attribute")
        return (
            attribute is not None
            and attribute.text() == "__dict__"
            and owner is not None
            and calls.is_self(reader, owner)
        )
    if node.kind() == "call":
        function, arguments = node.field("function"), node.field("arguments")
        if function is None or arguments is None or function.text() not in ("vars", "dir"):
            return False
        children = arguments.named_children()
        return len(children) == 1 and calls.is_self(reader, children[0])
    return False


def _named(reader: Reader, node: SgNode) -> Kind | None:
    name, value = node.field("name"), node.field("value")
    if name is None or value is None:
        return None
    held = result(reader, value)
    binding.bind(reader, name, held, value)
    return held


def _lambda(reader: Reader, node: SgNode) -> None:
    calls.passed_on(reader, LocalFunction(node))


def _yield(reader: Reader, node: SgNode) -> None:
    reader.is_generator = True
    for child in node.named_children():
        use(reader, child)
    if reader.state is not None:
        reader.state.unknown = True  # the caller may do anything before it asks for the next item


def _collection(reader: Reader, node: SgNode) -> Kind | None:
    """Handles a list, tuple or set literal."""
    kinds: list[Kind | None] = []
    for child in node.named_children():
        if child.kind() == "list_splat":
            held = _inside(reader, child)
            kinds.append(element(held))
            if kinds[-1] is None:
                reader.escape(held)
        elif child.kind() != "comment":
            kinds.append(result(reader, child))
    if not any(kind is not None for kind in kinds):
        return None
    if all(kind is not None and kind.what == "input" for kind in kinds):
        return Kind("several")
    if node.kind() in ("tuple", "expression_list"):
        return Kind("tuple", parts=tuple(kinds))
    for kind in kinds:
        reader.escape(kind)
    return None


def _comprehension(reader: Reader, node: SgNode) -> Kind | None:
    return comprehended(reader, node, consumed=node.kind() != "generator_expression")


def comprehended(reader: Reader, node: SgNode, consumed: bool) -> Kind | None:
    """Handles a comprehension or a generator expression; `consumed`: all its items are used."""
    if reader.state is None:
        return None
    outer = reader.uncertain
    body, *clauses = [child for child in node.named_children() if child.kind() != "comment"]
    hidden = {name: reader.state.env.get(name) for name in _variables(clauses)}
    before: State | None = None
    for clause in clauses:
        left, right = clause.field("left"), clause.field("right")
        if clause.kind() == "for_in_clause" and left is not None and right is not None:
            held = result(reader, right)
            one = element(held)
            if one is None:
                reader.escape(held)
            if before is None and reader.state is not None:
                before = reader.state.copy()
            reader.uncertain += not (one is not None and one.every and consumed)
            binding.bind(reader, left, one, None)
            if one is None:
                binding.iterated(reader, left, right)
        else:
            for child in clause.named_children():
                use(reader, child)
                refine(reader, child, True)
            reader.uncertain += 1
    held = _inside(reader, body) if body.kind() in ("pair", "parenthesized_expression") else result(reader, body)
    reader.uncertain = outer
    reader.state = joined(before, reader.state)
    for name, value in hidden.items():
        if reader.state is not None:
            reader.state.env.pop(name, None)
            if value is not None:
                reader.state.env[name] = value
    if held is not None and held.what == "input":
        return Kind(
            "several", "", held.sure, held.every and not any(clause.kind() == "if_clause" for clause in clauses)
        )
    if held is not None and held.what == "tuple":
        return Kind("tuples", "", held.sure, False, held.parts)
    reader.escape(held)
    return None


def _variables(clauses: list[SgNode]) -> list[str]:
    """Returns the variables that a comprehension binds."""
    names = []
    for clause in clauses:
        left = clause.field("left") if clause.kind() == "for_in_clause" else None
        if left is not None:
            names += [
                identifier.text()
                for identifier in ([left] if left.kind() == "identifier" else left.find_all(kind="identifier"))
            ]
    return names


def _call(reader: Reader, node: SgNode) -> Kind | None:
    return calls.call(reader, node)


def _nothing(_reader: Reader, _node: SgNode) -> None:
    return None


_HANDLERS: dict[str, Callable[[Reader, SgNode], Kind | None]] = {
    "identifier": _identifier, "attribute": _attribute, "call": _call, "subscript": _subscript,
    "binary_operator": _binary,
    "comparison_operator": _looked_at, "not_operator": _looked_at, "parenthesized_expression": _inside,
    "await": _inside,
    "conditional_expression": _conditional, "boolean_operator": _boolean, "named_expression": _named,
    "lambda": _lambda, "yield": _yield,
    "list": _collection, "tuple": _collection, "set": _collection, "expression_list": _collection,
    "list_comprehension": _comprehension,
    "set_comprehension": _comprehension, "dictionary_comprehension": _comprehension,
    "generator_expression": _comprehension,
    "integer": _nothing, "float": _nothing, "true": _nothing, "false": _nothing, "none": _nothing,
    "string_content": _nothing,
    "string_start": _nothing, "string_end": _nothing, "comment": _nothing, "type": _nothing, "ellipsis": _nothing,
}  # fmt: skip
