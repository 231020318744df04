"""Calling a function that is read, not run: one of the flow's own modules, or a lambda.

Only code without effects outside the function is supported: assignments to its own variables, `if`, `for`, `while`,
`return`, `assert`, and changes to collections that it made itself. All of it counts against the budget of the folding
that calls it.
"""

from __future__ import annotations

import _ast

from .budget import MAX_ITEMS, MAX_KEYS, Failing, Unfoldable, keys
from .values import PARAMETERS, Declared, Decorated, Function, Library, NotGiven, is_function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .values import Folding

MAX_DEPTH = 30  # of calls

_CHANGES: dict[type, frozenset[str]] = {
    list: frozenset(["append", "extend", "insert", "pop", "remove", "reverse", "sort", "clear"]),
    dict: frozenset(["update", "setdefault", "pop", "clear"]),
    set: frozenset(["add", "update", "discard", "remove"]),
}


_LOGS = frozenset("debug info warning error critical".split())
_REGISTERS = frozenset("append add insert register setdefault".split())


class _Returned(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


def run(folder: Folding, function: Function, arguments: list[Any], named: dict[str, Any]) -> Any:
    """Returns the function's result. `folder` folds its body, with `Scope.lookup`. Raises Unfoldable."""
    if folder.depth > MAX_DEPTH:
        raise Unfoldable(f"`{function.name}` nests calls too deeply")
    node = function.node
    if isinstance(node, (_ast.AsyncFunctionDef,)) or getattr(node, "decorator_list", None):
        raise Unfoldable(f"what `{function.name}(…)` returns is not known before the flow runs")
    folder.local.update(_bound(folder, function, arguments, named))
    if isinstance(node, _ast.Lambda):
        return folder.fold(node.body)
    try:
        _Body(folder, function.name).run(node.body)
    except _Returned as returned:
        return returned.value
    return None


class Scope:
    """The names that a function's body sees. As in Python, a name that the body binds anywhere is local everywhere."""

    def __init__(self, function: Function) -> None:
        self.function = function
        waiting = list(function.node.body) if isinstance(function.node.body, list) else []
        self.own: set[str] = set()
        while waiting:
            node = waiting.pop()
            if isinstance(node, _ast.Name) and isinstance(node.ctx, _ast.Store):
                self.own.add(node.id)
            if not isinstance(node, (_ast.ListComp, _ast.SetComp, _ast.DictComp, _ast.GeneratorExp, _ast.Lambda)):
                for name in node._fields:
                    value = getattr(node, name, None)
                    waiting += [
                        child
                        for child in (value if isinstance(value, list) else [value])
                        if isinstance(child, _ast.AST)
                    ]

    def lookup(self, name: str) -> Any:
        if name.partition(".")[0] in self.own:
            raise Unfoldable(f"`{name}` is read in `{self.function.name}` before it is set")
        return self.function.lookup(name)


def _bound(folder: Folding, function: Function, arguments: list[Any], named: dict[str, Any]) -> dict[str, Any]:
    """Returns the values of the parameters, bound as in Python."""
    signature = function.node.args
    positional = [posonlyarg.arg for posonlyarg in (*signature.posonlyargs, *signature.args)]
    if len(arguments) > len(positional) and not signature.vararg:
        raise TypeError(
            f"{function.name}() takes {len(positional)} positional arguments but {len(arguments)} were given"
        )
    bound = dict(zip(positional, arguments))
    names = {*(argument.arg for argument in (*signature.args, *signature.kwonlyargs))}
    others: dict[str, Any] = {}
    for name, value in named.items():
        if name in names and name in bound:
            raise TypeError(f"{function.name}() got multiple values for argument '{name}'")
        if name not in names and not signature.kwarg:
            raise TypeError(f"{function.name}() got an unexpected argument '{name}'")
        (bound if name in names else others)[name] = value
    defaults = dict(zip(positional[len(positional) - len(signature.defaults) :], signature.defaults))
    defaults.update(
        {
            argument.arg: value
            for argument, value in zip(signature.kwonlyargs, signature.kw_defaults)
            if value is not None
        }
    )
    for name in (*positional, *(kwonlyarg.arg for kwonlyarg in signature.kwonlyargs)):
        if name not in bound:
            if name not in defaults:
                raise TypeError(f"{function.name}() missing 1 required argument: '{name}'")
            bound[name] = folder.argument(defaults[name])
    for value in (*arguments[len(positional) :], *others.values()):
        if isinstance(value, NotGiven):
            raise value.unset
    if signature.vararg:
        bound[signature.vararg.arg] = tuple(arguments[len(positional) :])
    if signature.kwarg:
        bound[signature.kwarg.arg] = others
    return bound


class _Body:
    """Runs statements with a folder. `mine` are the collections that the function made itself, by identity."""

    def __init__(self, folder: Folding, name: str) -> None:
        self.folder, self.name = folder, name
        self.mine: dict[int, Any] = {}

    def run(self, statements: list[Any]) -> None:
        for statement in statements:
            self.folder.budget.step()
            kind = type(statement).__name__
            method = getattr(self, "run_" + kind, None)
            if method is None:
                raise Unfoldable(
                    f"`{self.name}` has a `{kind.lower()}` statement, so its result is only known at run time"
                )
            method(statement)

    def run_FunctionDef(self, node: Any) -> None:
        function: Any = Function(node.name, node, self.folder.lookup, self.folder.local, self.folder.set_values)
        try:  # `@wraps(step)` makes it a step
            for decorator in reversed(node.decorator_list):
                wrapped = self.folder.call(self.folder.fold(decorator), [function], {})
                function = wrapped if isinstance(wrapped, Decorated) else function
        except Unfoldable:
            pass  # its value is unknown: whoever calls it reports that
        self.folder.local[node.name] = function

    def run_Return(self, node: Any) -> None:
        raise _Returned(None if node.value is None else self.folder.fold(node.value))

    def run_Pass(self, node: Any) -> None:
        pass

    def run_Break(self, node: Any) -> None:
        raise _Break

    def run_Continue(self, node: Any) -> None:
        raise _Continue

    def run_Assert(self, node: Any) -> None:
        if not self.folder.plain(node.test):
            raise Unfoldable(f"an assertion of `{self.name}` fails")

    def run_Raise(self, node: Any) -> None:
        raise Unfoldable(f"`{self.name}` raises an exception")

    def run_Import(self, node: Any) -> None:
        for name in node.names:
            if name.asname:
                self.folder.local[name.asname] = Library(name.name)
            else:
                top = name.name.partition(".")[0]
                self.folder.local[top] = Library(top)

    def run_ImportFrom(self, node: Any) -> None:
        if node.level:
            raise Unfoldable(f"`{self.name}` imports from a relative module")
        for name in node.names:
            self.folder.local[name.asname or name.name] = Library(f"{node.module}.{name.name}")

    def run_Try(self, node: Any) -> None:
        """Runs a `try`. It catches the exceptions of operations on known values; unknown values stay unknown."""
        try:
            try:
                self.run(node.body)
            except Failing as failing:
                handler = next((handler for handler in node.handlers if _catches(handler.type, failing.error)), None)
                if handler is None or (
                    handler.name
                    and any(isinstance(name, _ast.Name) and name.id == handler.name for name in _below(handler.body))
                ):
                    raise
                self.run(handler.body)
            else:
                self.run(node.orelse)
        finally:
            self.run(node.finalbody)

    def run_If(self, node: Any) -> None:
        self.run(node.body if self.folder.truth(node.test) else node.orelse)

    def run_With(self, node: Any) -> None:
        """Runs a `with` statement that opens files to read them."""
        for item in node.items:
            opened = self.folder.fold(item.context_expr)
            if not hasattr(opened, "encoding"):
                raise Unfoldable(f"`{self.name}` has a `with` statement, so its result is only known at run time")
            if item.optional_vars is not None:
                self.folder.bind(item.optional_vars, opened)
        self.run(node.body)

    def run_For(self, node: Any) -> None:
        for item in self.folder.iterate(self.folder.plain(node.iter)):
            self.folder.bind(node.target, item)
            try:
                self.run(node.body)
            except _Break:
                return
            except _Continue:
                continue
        self.run(node.orelse)

    def run_While(self, node: Any) -> None:
        while self.folder.plain(node.test):
            try:
                self.run(node.body)
            except _Break:
                return
            except _Continue:
                continue
        self.run(node.orelse)

    def run_Assign(self, node: Any) -> None:
        value = self.folder.fold(node.value)
        self.made(node.value, value)
        for target in node.targets:
            self.assign(target, value)

    def run_AnnAssign(self, node: Any) -> None:
        if node.value is not None:
            value = self.folder.fold(node.value)
            self.made(node.value, value)
            self.assign(node.target, value)

    def run_AugAssign(self, node: Any) -> None:
        before = self.folder.plain(_loaded(node.target))
        if isinstance(before, (list, set, dict)):
            raise Unfoldable(f"`{self.name}` changes a collection in place")
        self.assign(
            node.target,
            self.folder.budget.made(self.folder.operate(type(node.op), before, self.folder.plain(node.value))),
        )

    def assign(self, target: Any, value: Any) -> None:
        if isinstance(value, Decorated) and isinstance(target, _ast.Subscript) and self.is_elsewhere(target.value):
            return  # a registry of steps or flows, from which no value of the flow comes
        if isinstance(target, _ast.Subscript):
            changed = self.own(target.value)
            changed[self.folder.plain(target.slice)] = value
            self.changed(changed)
        elif isinstance(target, _ast.Attribute):
            owner = self.folder.fold(target.value)
            if isinstance(value, Declared) and value.name in PARAMETERS and isinstance(owner, Decorated):
                raise Unfoldable(f"`{self.name}` adds a `{value.name}` to a class")
            if not isinstance(owner, (Decorated, Function)):  # an attribute of a step means nothing to its decorators
                self.set(self.folder.usable(owner), target.attr, value)
        else:
            self.folder.bind(target, value)

    def set(self, owner: Any, name: str, value: Any) -> None:
        """Sets an attribute of an object that is being made."""
        if not getattr(owner, "is_open", False):
            raise Unfoldable(f"`{self.name}` changes something that it did not make itself")
        self.folder.budget.forget()
        owner.fields[name] = value if is_function(value) else self.folder.usable(value)

    def run_effect(self, call: Any) -> bool:
        """Runs a call that sets an attribute of an object, or a method of one. Returns False for any other call."""
        function = call.func
        if isinstance(function, _ast.Name):
            if function.id == "setattr" and len(call.args) == 3:
                if isinstance(self.folder.fold(call.args[0]), (Decorated, Function)):
                    value = self.folder.fold(call.args[2])
                    return not (isinstance(value, Declared) and value.name in PARAMETERS)
                self.set(*(self.folder.plain(argument) for argument in call.args))
                return True
            return function.id == "print" and function.id not in self.folder.local
        owner = function.value if isinstance(function, _ast.Attribute) else None
        if owner is not None and self.notes(function.attr, call):
            return True
        if isinstance(owner, _ast.Name) and (owner.id, function.attr) == ("object", "__setattr__"):
            self.set(*(self.folder.plain(argument) for argument in call.args))
            return True
        if owner is None or (isinstance(owner, _ast.Name) and owner.id not in self.folder.local):
            return False
        if not hasattr(self.folder.fold(owner), "is_object"):
            return False
        self.folder.fold(call)
        return True

    def notes(self, method: str, call: Any) -> bool:
        """Returns True for a call that writes to a log, or that puts a step or a flow into a registry."""
        import ast

        if method in _LOGS:
            inner = [node for argument in (*call.args, *call.keywords) for node in ast.walk(argument)]
            return not any(isinstance(node, (_ast.Call, _ast.NamedExpr)) for node in inner)
        names = [argument for argument in call.args if isinstance(argument, _ast.Name)]
        is_step = any(isinstance(self.folder.local.get(argument.id), Decorated) for argument in names)
        return is_step and method in _REGISTERS and self.is_elsewhere(call.func.value)

    def is_elsewhere(self, node: Any) -> bool:
        """Returns True for a value of the module, not of this call."""
        while isinstance(node, (_ast.Attribute, _ast.Subscript)):
            node = node.value
        return isinstance(node, _ast.Name) and node.id not in self.folder.local

    def run_Expr(self, node: Any) -> None:
        call = node.value
        if isinstance(call, _ast.Call) and self.run_effect(call):
            return
        if isinstance(call, _ast.Constant):
            return  # a docstring
        if not isinstance(call, _ast.Call):
            self.folder.fold(call)
            return
        if not isinstance(call.func, _ast.Attribute):
            raise Unfoldable(f"`{self.name}` calls something for its effect")
        kind = type(self.folder.plain(call.func.value))
        if call.func.attr not in _CHANGES.get(kind, frozenset()):
            raise Unfoldable(f"`{self.name}` calls something for its effect")
        arguments = [self.folder.usable(item) for item in self.folder.items(call.args)]
        if any(isinstance(argument, (set, frozenset)) for argument in arguments) and kind is list:
            raise Unfoldable("the order of a set differs from run to run")
        if call.keywords or (call.func.attr == "sort" and arguments):
            raise Unfoldable(f"`{self.name}` changes a collection in a way that is not supported")
        for argument in arguments:
            self.folder.budget.spend(self.folder.budget.weight(argument))
        changed = self.own(call.func.value)
        getattr(changed, call.func.attr)(*arguments)
        self.changed(changed)

    def changed(self, value: Any) -> None:
        self.folder.budget.forget()
        if len(value) > MAX_ITEMS:
            raise Unfoldable("it is too large")
        if not isinstance(value, list):
            keys(value if len(value) <= MAX_KEYS or len(value) % MAX_KEYS == 0 else ())

    def own(self, node: Any) -> Any:
        """Returns the collection to change, which must be one that this call of the function made."""
        collection = self.folder.plain(node)
        if id(collection) not in self.mine:
            raise Unfoldable(f"`{self.name}` changes something that it did not make itself")
        return collection

    def made(self, node: Any, value: Any) -> None:
        """Records the collections that an expression makes."""
        is_call = isinstance(node, _ast.Call) and (
            (isinstance(node.func, _ast.Name) and node.func.id in ("list", "dict", "set", "sorted"))
            or (isinstance(node.func, _ast.Attribute) and node.func.attr in ("copy", "split", "splitlines"))
        )
        if is_call or isinstance(node, (_ast.List, _ast.Dict, _ast.Set, _ast.ListComp, _ast.DictComp, _ast.SetComp)):
            self.mine[id(value)] = value
        if isinstance(node, (_ast.List, _ast.Tuple)) and not any(isinstance(elt, _ast.Starred) for elt in node.elts):
            for element, one in zip(node.elts, value):
                self.made(element, one)
        if isinstance(node, _ast.Dict) and None not in node.keys and len(value) == len(node.values):
            for element, one in zip(node.values, value.values()):
                self.made(element, one)


def _catches(kind: Any, error: Exception) -> bool:
    """Returns True if `except KIND` catches the exception; KIND is built in."""
    names = [
        name.id
        for name in ([kind] if isinstance(kind, _ast.Name) else getattr(kind, "elts", []))
        if isinstance(name, _ast.Name)
    ]
    return kind is None or any(base.__name__ in names for base in type(error).__mro__)


def _below(nodes: list[Any]) -> Iterator[Any]:
    import ast

    for node in nodes:
        yield from ast.walk(node)


def _loaded(target: Any) -> Any:
    if isinstance(target, _ast.Name):
        return _ast.Name(target.id, _ast.Load())
    if isinstance(target, _ast.Subscript):
        return _ast.Subscript(target.value, target.slice, _ast.Load())
    return target
