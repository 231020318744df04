"""Reads a function's body, statement by statement, as Python would run it. Start reading at `read_body`.

Paths are separate only until they meet again: then, facts common to both are certain, and the rest are possible.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import replace
from flowc.compiler.names.resolver import is_standard

from . import binding, calls, expression
from .functions import parameters
from .reader import LocalFunction, Loop, Mark, Reader
from .records import ANYTHING, Effects, Kind, State, either, element, joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ast_grep_py import SgNode

    from .functions import Code, Functions

# Handlers of `_CATCHES` catch the AttributeError of an unset artifact; those of `_OTHERS` do not.
_CATCHES = frozenset(["AttributeError", "Exception", "BaseException", "MetaflowException"])
_OTHERS = frozenset(
    (
        "ArithmeticError AssertionError BlockingIOError BrokenPipeError ConnectionError EOFError FileExistsError "
        "FileNotFoundError "
        "ImportError IndexError IOError IsADirectoryError JSONDecodeError KeyError KeyboardInterrupt LookupError "
        "ModuleNotFoundError NameError "
        "NotImplementedError OSError OverflowError PermissionError RuntimeError StopIteration SystemExit "
        "TimeoutError TypeError UnicodeDecodeError "
        "UnicodeError ValueError ZeroDivisionError"
    ).split()
)


def read_body(functions: Functions, code: Code, bound: dict[str, Kind]) -> Effects:
    """Returns the effects of a call of the function; `bound` are the kinds of its relevant parameters."""
    state = State()
    state.env.update(dict.fromkeys(parameters(code)[0], ANYTHING))
    state.env.update(bound)
    return _read(Reader(functions, code, state))


def read_nested(around: Reader, code: Code, state: State, active: tuple[int, ...]) -> Effects:
    """Returns the effects of a nested function; `state` holds the variables that it sees."""
    reader = Reader(around.functions, code, state, active)
    reader.imports = around.imports
    return _read(reader)


def _read(reader: Reader) -> Effects:
    body = reader.code.node.field("body")
    if body is not None and reader.code.node.kind() == "lambda":
        reader.returns = expression.result(reader, body)
    elif body is not None:
        _block(reader, body)
    if reader.state is not None and reader.exits is not None:
        reader.returns = either(reader.returns, None)
    last = joined(reader.exits, reader.state)
    end = last or State()
    effects = Effects(
        tuple(reader.reads), frozenset(reader.mentions), tuple(reader.writes), tuple(reader.deletes),
        tuple(reader.merges), tuple(reader.inputs),
        tuple(reader.branches), frozenset(name for name, _ in reader.log), frozenset(end.may), frozenset(end.must),
        frozenset(end.deleted),
        end.definitions, end.sure_merged, reader.unknown_reads, reader.unknowns > 0, tuple(reader.flow_objects),
        reader.returns, last is None,
    )  # fmt: skip
    return _of_generator(effects) if reader.is_generator else effects


def _of_generator(effects: Effects) -> Effects:
    """Returns the effects of a generator, which runs only as far as its items are used, perhaps never."""
    return replace(
        effects,
        reads=tuple(replace(read, certain=False, guarded=True) for read in effects.reads),
        writes=tuple(replace(write, certain=False) for write in effects.writes),
        inputs=tuple(replace(read, certain=False, guarded=True, each=False) for read in effects.inputs),
        may=effects.ever,
        must=frozenset(),
        merged=(),
        leaves=False,
        returns=None,
    )


# ── statements ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _block(reader: Reader, node: SgNode) -> None:
    for statement in node.named_children():
        if reader.state is None:
            return  # nothing runs after a `return` or `raise`
        _statement(reader, statement)


def _statement(reader: Reader, node: SgNode) -> None:
    handler = _STATEMENTS.get(node.kind())
    if handler is not None:
        handler(reader, node)
    else:
        for child in node.named_children():
            expression.use(reader, child)


def _expression_statement(reader: Reader, node: SgNode) -> None:
    for child in node.named_children():
        kind = child.kind()
        if kind == "assignment":
            _assignment(reader, child)
        elif kind == "augmented_assignment":
            _augmented(reader, child)
        else:
            expression.result(reader, child)  # the value is discarded


def _assignment(reader: Reader, node: SgNode) -> None:
    left, right = node.field("left"), node.field("right")
    if left is None or right is None:
        return
    targets = [left]
    while right.kind() == "assignment":  # a = b = value
        left, inner = right.field("left"), right.field("right")
        if left is None or inner is None:
            return
        targets.append(left)
        right = inner
    parts = _parts(right)
    if parts is not None and all(
        _parts(target) is not None and len(_parts(target) or ()) == len(parts) for target in targets
    ):
        values = [expression.result(reader, part) for part in parts]
        for target in targets:
            for part, value, one in zip(_parts(target) or (), values, parts):
                binding.bind(reader, part, value, one)
        return
    held = expression.result(reader, right)
    if held is not None and held.what == "input":
        held = replace(held, every=False)  # the variable keeps one of them
    for target in targets:
        binding.bind(reader, target, held, right)


def _augmented(reader: Reader, node: SgNode) -> None:
    left, right = node.field("left"), node.field("right")
    if left is None or right is None:
        return
    expression.use(reader, left)
    expression.use(reader, right)
    binding.bind(reader, left, None, None)


def _return_statement(reader: Reader, node: SgNode) -> None:
    for child in node.named_children():
        held = expression.result(reader, child)
        reader.returns = either(reader.returns, held) if reader.exits is not None else held
    if reader.state is not None:
        reader.exits = joined(reader.exits, reader.state)
        reader.state = None
        reader.returned = True  # the next clauses run only if this one did not


def _raise_statement(reader: Reader, node: SgNode) -> None:
    for child in node.named_children():
        expression.use(reader, child)
    reader.state = None


def _break_statement(reader: Reader, _node: SgNode) -> None:
    if reader.loops:
        reader.loops[-1].breaks = joined(reader.loops[-1].breaks, reader.state)
    reader.state = None
    reader.parted = True


def _continue_statement(reader: Reader, _node: SgNode) -> None:
    if reader.loops:
        reader.loops[-1].nexts = joined(reader.loops[-1].nexts, reader.state)
    reader.state = None
    reader.parted = True


def _delete_statement(reader: Reader, node: SgNode) -> None:
    waiting = list(reversed(node.named_children()))
    while waiting:
        target = waiting.pop()
        if target.kind() in ("expression_list", "tuple", "parenthesized_expression", "list"):
            waiting.extend(reversed(target.named_children()))
        else:
            binding.unbind(reader, target)


def _if_statement(reader: Reader, node: SgNode) -> None:
    outer = reader.uncertain
    end: State | None = None
    for clause in (node, *(child for child in node.named_children() if child.kind() in ("elif_clause", "else_clause"))):
        if reader.state is None:
            break
        if clause.kind() == "else_clause":
            _clause(reader, clause)
            break
        condition, body = clause.field("condition"), clause.field("consequence")
        if condition is None or body is None:
            break
        expression.use(reader, condition)
        value = constant(condition)
        other = reader.state.copy()
        if value is not False:
            reader.uncertain += value is None
            expression.refine(reader, condition, True)
            _block(reader, body)
            end = joined(end, reader.state)
            reader.uncertain = outer + 1
        reader.state = None if value is True else other
        expression.refine(reader, condition, False)
    reader.uncertain = outer
    reader.state = joined(end, reader.state)


def _clause(reader: Reader, node: SgNode) -> None:
    """Returns the block of an `else`, `finally` or `except`."""
    for child in node.named_children():
        if child.kind() == "block":
            _block(reader, child)


def _for_statement(reader: Reader, node: SgNode) -> None:
    left, right, body = node.field("left"), node.field("right"), node.field("body")
    if left is None or right is None or body is None:
        return
    value = expression.result(reader, right)
    one = element(value)
    once = one is not None or _has_items(right)

    def enter() -> None:
        binding.bind(reader, left, one, None)
        if one is None:
            binding.iterated(reader, left, right)

    _loop(reader, node, enter, body, once, endless=False)


def _while_statement(reader: Reader, node: SgNode) -> None:
    condition, body = node.field("condition"), node.field("body")
    if condition is None or body is None:
        return
    expression.use(reader, condition)
    value = constant(condition)
    if value is not False:
        _loop(
            reader, node, lambda: expression.refine(reader, condition, True), body, value is True, endless=value is True
        )


def _loop(reader: Reader, node: SgNode, enter: Callable[[], None], body: SgNode, once: bool, endless: bool) -> None:
    """Reads a loop's body; `once`: it runs at least once; `endless`: only `break` leaves it."""
    if reader.state is None:
        return
    outer, parted = reader.uncertain, reader.parted
    before = reader.state.copy()
    mark = Mark(reader)
    for again in (True, False):
        loop = Loop()
        reader.loops.append(loop)
        reader.uncertain += not once
        enter()
        _block(reader, body)
        reader.uncertain, reader.parted = outer, parted
        reader.loops.pop()
        end = joined(reader.state, loop.nexts)
        if not (again and end is not None and _gains(before, end) and reader.may_repeat()):
            break
        reader.forget(mark)  # a variable holds a flow object from the second iteration on, so the body is read again
        reader.state = joined(before.copy(), end)
    reader.in_loop(mark)
    reader.state = None if endless else end if once and end is not None else joined(before, end)
    alternative = next((child for child in node.named_children() if child.kind() == "else_clause"), None)
    if alternative is not None and reader.state is not None:
        reader.uncertain += loop.breaks is not None
        _clause(reader, alternative)
        reader.uncertain = outer
    reader.state = joined(reader.state, loop.breaks)


def _try_statement(reader: Reader, node: SgNode) -> None:
    if reader.state is None:
        return
    clauses = node.named_children()
    handlers = [clause for clause in clauses if clause.kind() in ("except_clause", "except_group_clause")]
    going_on = [handler for handler in handlers if not _raises_again(handler)]
    guards = any(map(_may_catch, going_on))
    outer, before, mark = reader.uncertain, reader.state.copy(), Mark(reader)
    reader.guards += guards
    reader.uncertain += bool(going_on)
    _clause_of(reader, node, "block")
    reader.guards -= guards
    normal = reader.state
    failed = joined(before, normal.copy() if normal is not None else None)
    assert failed is not None
    reader.since(mark, failed)
    if normal is not None:
        _clause_of(reader, node, "else_clause")
        normal = reader.state
    reader.uncertain = outer + 1
    end: State | None = normal
    for handler in handlers:
        reader.state = failed.copy()
        for child in handler.named_children():
            if child.kind() == "as_pattern":
                _pattern(reader, child, None)
            elif child.kind() not in ("block", "comment"):
                expression.use(reader, child)
        _clause(reader, handler)
        end = joined(end, reader.state)
    reader.uncertain = outer
    last = next((clause for clause in clauses if clause.kind() == "finally_clause"), None)
    if last is None:
        reader.state = end
        return
    reader.since(mark, failed)
    after = end.must if end is not None else set()
    inside = Mark(reader)
    reader.state = joined(failed, end.copy() if end is not None else None)
    _clause(reader, last)
    if end is None or reader.state is None:
        reader.state = None
    else:
        reader.state.must |= after - reader.dropped_since(inside)


def _clause_of(reader: Reader, node: SgNode, kind: str) -> None:
    for child in node.named_children():
        if child.kind() == kind:
            if kind == "block":
                _block(reader, child)
            else:
                _clause(reader, child)
            return


def _with_statement(reader: Reader, node: SgNode) -> None:
    if reader.state is None:
        return
    before, mark, outer = reader.state.copy(), Mark(reader), reader.uncertain
    safe = True
    clause = _child(node, "with_clause")
    for item in clause.named_children() if clause is not None else []:
        value = item
        while value.kind() in ("with_item", "parenthesized_expression") and value.named_children():
            value = value.named_children()[0]
        if value.kind() == "as_pattern":
            manager = value.named_children()[0]
            _pattern(reader, value, manager)
        else:
            manager = value
            expression.use(reader, value)
        safe = safe and _lets_through(reader, manager)
    reader.guards += not safe
    reader.uncertain += not safe
    body = node.field("body") or _child(node, "block")
    if body is not None:
        _block(reader, body)
    reader.guards -= not safe
    reader.uncertain = outer
    if not safe:  # the function continues after an exception that it swallows
        reader.since(mark, before)
        reader.state = joined(before, reader.state)


def _lets_through(reader: Reader, manager: SgNode) -> bool:
    """Returns True for a context manager that is known not to swallow exceptions."""
    function = manager.field("function") if manager.kind() == "call" else manager
    if function is None or function.kind() not in ("identifier", "attribute"):
        return False
    name = reader.qualified(function.text())
    top = name.partition(".")[0]
    if top in ("contextlib", "unittest", "doctest", "test") and name not in (
        "contextlib.closing",
        "contextlib.redirect_stdout",
        "contextlib.nullcontext",
    ):
        return False
    return top == "metaflow" or is_standard(name)


def _pattern(reader: Reader, node: SgNode, value: SgNode | None) -> None:
    """Handles `value as target`."""
    children = node.named_children()
    expression.use(reader, children[0])
    for child in children[1:]:
        for target in child.named_children():
            binding.bind(reader, target, None, value)


def _match_statement(reader: Reader, node: SgNode) -> None:
    if reader.state is None:
        return
    outer = reader.uncertain
    block = _child(node, "block")
    for child in node.named_children():
        if child.kind() != "block":
            expression.use(reader, child)
    end: State | None = None
    rest: State | None = reader.state
    for case in block.named_children() if block is not None else []:
        if case.kind() != "case_clause" or rest is None:
            continue
        reader.state = rest.copy()
        reader.uncertain = outer + 1
        guard = _child(case, "if_clause")
        for name in (
            name
            for child in case.named_children()
            if child.kind() == "case_pattern"
            for name in child.find_all(kind="identifier")
        ):
            reader.state.env.pop(name.text(), None)
        if guard is not None:
            for child in guard.named_children():
                expression.use(reader, child)
        body = _child(case, "block")
        if body is not None:
            _block(reader, body)
        end = joined(end, reader.state)
        patterns = [child for child in case.named_children() if child.kind() == "case_pattern"]
        if guard is None and len(patterns) == 1 and patterns[0].text().isidentifier():
            rest = None
    reader.uncertain = outer
    reader.state = joined(end, rest)


# ── definitions inside the function ──────────────────────────────────────────────────────────────────────────────────


def _function_definition(reader: Reader, node: SgNode) -> None:
    name, parameter_list = node.field("name"), node.field("parameters")
    for parameter in parameter_list.named_children() if parameter_list is not None else []:
        default = parameter.field("value")
        if default is not None:
            expression.use(reader, default)
    if name is not None and reader.state is not None:
        reader.state.env[name.text()] = LocalFunction(node)
        reader.variables.add(name.text())


def _decorated_definition(reader: Reader, node: SgNode) -> None:
    definition = node.field("definition")
    for child in node.named_children():
        if child.kind() == "decorator":
            for inner in child.named_children():
                expression.use(reader, inner)
    if definition is None or reader.state is None:
        return
    _statement(reader, definition)
    name = definition.field("name")
    local = reader.state.env.pop(name.text(), None) if name is not None else None
    if isinstance(local, LocalFunction):
        calls.passed_on(reader, local)


def _class_definition(reader: Reader, node: SgNode) -> None:
    body, name = node.field("body"), node.field("name")
    for statement in body.named_children() if body is not None else []:
        definition = statement.field("definition") if statement.kind() == "decorated_definition" else statement
        if definition is not None and definition.kind() == "function_definition":
            calls.passed_on(reader, LocalFunction(definition))
    if name is not None:
        binding.bind(reader, name, None, node)


def _import_statement(reader: Reader, node: SgNode) -> None:
    origin = node.field("module_name")
    base = f"{origin.text()}." if origin is not None else ""
    for child in node.named_children():
        if origin is not None and child.range().start.index == origin.range().start.index:
            continue
        if child.kind() == "aliased_import":
            name, alias = child.field("name"), child.field("alias")
            if name is not None and alias is not None:
                reader.imported(alias.text(), base + name.text())
        elif child.kind() == "dotted_name":
            first = child.text() if base else child.text().partition(".")[0]
            reader.imported(first, base + first)


def _global_statement(reader: Reader, node: SgNode) -> None:
    reader.globals.update(child.text() for child in node.named_children())


def _nothing(_reader: Reader, _node: SgNode) -> None:
    return None


_STATEMENTS: dict[str, Callable[[Reader, SgNode], None]] = {
    "expression_statement": _expression_statement, "return_statement": _return_statement,
    "raise_statement": _raise_statement,
    "break_statement": _break_statement, "continue_statement": _continue_statement,
    "delete_statement": _delete_statement,
    "if_statement": _if_statement, "for_statement": _for_statement, "while_statement": _while_statement,
    "try_statement": _try_statement, "with_statement": _with_statement, "match_statement": _match_statement,
    "function_definition": _function_definition, "decorated_definition": _decorated_definition,
    "class_definition": _class_definition, "import_statement": _import_statement,
    "import_from_statement": _import_statement,
    "global_statement": _global_statement, "nonlocal_statement": _global_statement, "block": _block,
    "pass_statement": _nothing, "comment": _nothing,
}  # fmt: skip


def _child(node: SgNode, kind: str) -> SgNode | None:
    return next((child for child in node.named_children() if child.kind() == kind), None)


def _parts(node: SgNode) -> list[SgNode] | None:
    """Returns the elements of a tuple literal without a starred one, else None."""
    if node.kind() not in ("expression_list", "tuple", "pattern_list", "tuple_pattern"):
        return None
    parts = [child for child in node.named_children() if child.kind() != "comment"]
    return None if any(part.kind() in ("list_splat", "list_splat_pattern") for part in parts) else parts


def _has_items(node: SgNode) -> bool:
    """Returns True for a non-empty list or tuple literal."""
    return node.kind() in ("list", "tuple") and any(
        child.kind() not in ("list_splat", "comment") for child in node.named_children()
    )


def _gains(before: State, end: State) -> bool:
    """Returns True if a variable bound at the beginning holds a flow object or inputs only at the end."""
    return any(
        isinstance(value, Kind) and name in before.env and before.env[name] != value for name, value in end.env.items()
    )


def _raises_again(handler: SgNode) -> bool:
    block = _child(handler, "block")
    statements = [child for child in block.named_children() if child.kind() != "comment"] if block is not None else []
    return bool(statements) and statements[-1].kind() == "raise_statement"


def _may_catch(handler: SgNode) -> bool:
    """Returns True if the handler may catch an AttributeError."""
    types = [child for child in handler.named_children() if child.kind() not in ("block", "comment")]
    if not types:
        return True
    names = [match.text() for match in types[0].find_all(kind="identifier")] or [types[0].text()]
    alias = [
        name.text()
        for match in types[0].find_all(kind="as_pattern_target")
        for name in match.find_all(kind="identifier")
    ]
    return any(name in _CATCHES or name not in _OTHERS for name in names if name not in alias)


def constant(node: SgNode) -> bool | None:
    """Returns the constant value of a condition, or None if it is only known at run time."""
    while node.kind() == "parenthesized_expression" and len(node.named_children()) == 1:
        node = node.named_children()[0]
    text = node.text()
    return True if text in ("True", "1") else False if text in ("False", "0", "None", "TYPE_CHECKING") else None
