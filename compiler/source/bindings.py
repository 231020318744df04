"""Bindings: the names that statements bind, at the top level of a module or in the body of a class.

Each name maps to all its assigned expressions. A name that is bound in a loop, bound in part, or changed in place
counts as bound twice, since it has no single known value.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

_REPEATED = ("for_statement", "while_statement", "match_statement")  # the names they bind have no single value
_CHANGING = frozenset(
    "append extend insert remove pop clear sort reverse update setdefault popitem add discard __setitem__".split()
)
_COMPOUND = (
    "if_statement",
    "else_clause",
    "elif_clause",
    "try_statement",
    "except_clause",
    "finally_clause",
    "with_statement",
    "block",
)


def bind(statement: SgNode, into: dict[str, list[SgNode]]) -> None:
    """Adds the names that a simple statement, a loop or a match binds, each with the assigned expression.

    Twice if it has no single known value.
    """
    kind = statement.kind()
    if kind == "expression_statement":
        for node in statement.named_children():
            if node.kind() == "assignment":
                assignment(node, into)
            elif node.kind() == "augmented_assignment":
                _unknown(node.field("left"), into)
            elif node.kind() == "call":
                function = node.field("function")
                attribute = (
                    function.field("attribute") if function is not None and function.kind() == "attribute" else None
                )
                if function is not None and attribute is not None and attribute.text() in _CHANGING:
                    _unknown(function.field("object"), into)  # changed in place
    elif kind in _REPEATED:
        _unknown(statement.field("left"), into)
        for match in (
            *statement.find_all(kind="assignment"), *statement.find_all(kind="augmented_assignment"),
            *statement.find_all(kind="for_statement")
        ):  # fmt: skip
            _unknown(match.field("left"), into)
        for call in statement.find_all(kind="call"):
            function = call.field("function")
            if function is not None and function.kind() == "attribute":
                _unknown(function.field("object"), into)
    elif kind in ("delete_statement", "type_alias_statement"):
        _unknown(statement, into)


def _unknown(node: SgNode | None, into: dict[str, list[SgNode]]) -> None:
    if node is not None:
        for identifier in [node] if node.kind() == "identifier" else node.find_all(kind="identifier"):
            into.setdefault(identifier.text(), []).extend([identifier, identifier])


def statements(block: SgNode) -> Iterator[SgNode]:
    """Yields the statements of a block and of the ifs, tries and withs in it."""
    waiting = list(reversed(block.named_children()))
    while waiting:
        node = waiting.pop()
        if node.kind() in _COMPOUND:
            waiting.extend(
                reversed(
                    [child for child in node.named_children() if child.kind() in _COMPOUND or node.kind() == "block"]
                )
            )
        else:
            yield node


def assignment(node: SgNode, into: dict[str, list[SgNode]]) -> None:
    """Adds the names that an assignment binds, as `bind` does."""
    left, right = node.field("left"), node.field("right")
    if left is None or right is None:
        return
    values = right
    while values.kind() == "assignment":  # a = b = 1
        inner = values.field("right")
        if inner is None:
            return
        values = inner
    if right.kind() == "assignment":
        assignment(right, into)
    if left.kind() == "identifier":
        into.setdefault(left.text(), []).append(values)
    # a, b = 1, 2
    elif left.kind() in ("pattern_list", "tuple_pattern") and values.kind() in ("expression_list", "tuple"):
        names = [child for child in left.named_children() if child.kind() != "comment"]
        items = [child for child in values.named_children() if child.kind() != "comment"]
        if (
            len(names) == len(items)
            and all(name.kind() == "identifier" for name in names)
            and all(item.kind() != "list_splat" for item in items)
        ):
            for name, value in zip(names, items):
                into.setdefault(name.text(), []).append(value)
        else:
            _unknown(left, into)
    else:
        _unknown(left, into)  # parts of a value, or a change in place: not followed


def opened_as(node: SgNode, name: str) -> SgNode | None:
    """Returns the expression that a `with` statement around the node binds to the name, or None."""
    outer = node.parent()
    while outer is not None:
        if outer.kind() == "with_statement":
            for pattern in outer.children()[1].find_all(kind="as_pattern"):
                value, target = pattern.named_children()
                if target.text() == name:
                    return value
        outer = outer.parent()
    return None
