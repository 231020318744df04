"""Bindings: what the top level of a module, or the body of a class, binds its names to.

To each name belongs what is assigned to it, each time; a name that is bound in a loop, in part, or changed in place counts as bound twice, since
nobody knows its one value.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from ..names.resolver import Module

_IMPORTS = ("import_statement", "import_from_statement", "future_import_statement")
_REPEATED = ("for_statement", "while_statement", "match_statement")  # what they bind has no one value
_CHANGING = frozenset("append extend insert remove pop clear sort reverse update setdefault popitem add discard __setitem__".split())
_COMPOUND = ("if_statement", "else_clause", "elif_clause", "try_statement", "except_clause", "finally_clause", "with_statement", "block")


def bind_module(module: Module) -> None:
    for statement in statements(module.source.root):
        kind = statement.kind()
        if kind in _IMPORTS:
            _import(module, statement, module.imports)
        elif kind == "class_definition":
            module.classes.setdefault(_name(statement), []).append(statement)
        elif kind == "function_definition":
            module.functions.setdefault(_name(statement), []).append(statement)
        elif kind == "decorated_definition":
            definition = statement.field("definition")
            if definition is not None:
                home = module.classes if definition.kind() == "class_definition" else module.functions
                home.setdefault(_name(definition), []).append(statement)
        else:
            bind(statement, module.assigned)
    if "global " in module.source.text:
        for statement in module.source.root.find_all(kind="global_statement"):
            for each in statement.named_children():
                module.assigned.setdefault(each.text(), []).extend([each, each])
    if "import" in module.source.text:
        for kind in _IMPORTS[:2]:
            for statement in module.source.root.find_all(kind=kind):
                _import(module, statement, module.within)


def bind(statement: SgNode, into: dict[str, list[SgNode]]) -> None:
    """Adds what a simple statement, a loop or a match binds: to each name what is assigned, each time; twice when it is not one known value."""
    kind = statement.kind()
    if kind == "expression_statement":
        for node in statement.named_children():
            if node.kind() == "assignment":
                assignment(node, into)
            elif node.kind() == "augmented_assignment":
                _unknown(node.field("left"), into)
            elif node.kind() == "call":
                function = node.field("function")
                attribute = function.field("attribute") if function is not None and function.kind() == "attribute" else None
                if function is not None and attribute is not None and attribute.text() in _CHANGING:
                    _unknown(function.field("object"), into)  # changed in place
    elif kind in _REPEATED:
        _unknown(statement.field("left"), into)
        for each in (
            *statement.find_all(kind="assignment"), *statement.find_all(kind="augmented_assignment"), *statement.find_all(kind="for_statement")
        ):  # fmt: skip
            _unknown(each.field("left"), into)
        for call in statement.find_all(kind="call"):
            function = call.field("function")
            if function is not None and function.kind() == "attribute":
                _unknown(function.field("object"), into)
    elif kind in ("delete_statement", "type_alias_statement"):
        _unknown(statement, into)


def _unknown(node: SgNode | None, into: dict[str, list[SgNode]]) -> None:
    if node is not None:
        for each in [node] if node.kind() == "identifier" else node.find_all(kind="identifier"):
            into.setdefault(each.text(), []).extend([each, each])


def statements(block: SgNode) -> Iterator[SgNode]:
    """The statements of a block and of the ifs, tries and withs in it."""
    waiting = list(reversed(block.named_children()))
    while waiting:
        node = waiting.pop()
        if node.kind() in _COMPOUND:
            waiting.extend(reversed([each for each in node.named_children() if each.kind() in _COMPOUND or node.kind() == "block"]))
        else:
            yield node


def _name(definition: SgNode) -> str:
    name = definition.field("name")
    return name.text() if name is not None else ""


def assignment(node: SgNode, into: dict[str, list[SgNode]]) -> None:
    """Adds what an assignment binds, as `bind` does."""
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
    elif left.kind() in ("pattern_list", "tuple_pattern") and values.kind() in ("expression_list", "tuple"):  # a, b = 1, 2
        names = [each for each in left.named_children() if each.kind() != "comment"]
        given = [each for each in values.named_children() if each.kind() != "comment"]
        if len(names) == len(given) and all(each.kind() == "identifier" for each in names) and all(each.kind() != "list_splat" for each in given):
            for name, value in zip(names, given):
                into.setdefault(name.text(), []).append(value)
        else:
            _unknown(left, into)
    else:
        _unknown(left, into)  # parts of a value, or a change in place: not followed


def _import(module: Module, statement: SgNode, into: dict[str, str]) -> None:
    if statement.kind() == "import_statement":
        for each in statement.named_children():
            if each.kind() == "aliased_import":
                name, alias = each.field("name"), each.field("alias")
                if name is not None and alias is not None:
                    into[alias.text()] = name.text()
                    module.everywhere.append(name.text())
            elif each.kind() == "dotted_name":
                into[each.text().partition(".")[0]] = each.text().partition(".")[0]
                module.everywhere.append(each.text())
    elif statement.kind() == "import_from_statement":
        origin = statement.field("module_name")
        base = _base(module, origin.text()) if origin is not None else None
        if base is None:
            return
        module.everywhere.append(base)
        for each in statement.named_children()[1:]:
            if each.kind() == "wildcard_import":
                module.stars.append(base)
            elif each.kind() == "aliased_import":
                name, alias = each.field("name"), each.field("alias")
                if name is not None and alias is not None:
                    into[alias.text()] = f"{base}.{name.text()}" if base else name.text()
                    module.everywhere.append(f"{base}.{name.text()}" if base else name.text())
            elif each.kind() == "dotted_name":
                into[each.text()] = f"{base}.{each.text()}" if base else each.text()
                module.everywhere.append(f"{base}.{each.text()}" if base else each.text())


def _base(module: Module, origin: str) -> str | None:
    """The absolute name of `from ORIGIN import …`; None if it leaves the flow's folder."""
    dots = len(origin) - len(origin.lstrip("."))
    if not dots:
        return origin
    parts = module.name.split(".") if module.is_package else module.name.split(".")[:-1]
    if dots - 1 > len(parts):
        return None
    kept = parts[: len(parts) - (dots - 1)]
    rest = origin.lstrip(".")
    return ".".join([*kept, *([rest] if rest else [])])
