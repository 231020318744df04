"""Folding: the value of an expression, without running any of the user's code.

`fold` reads an expression with Python's own parser and evaluates the part of the language that has no side effects:
literals, arithmetic, comparisons, conditional expressions, f-strings, subscripts, comprehensions, lambdas, methods of
text and collections, some of Python's own functions (`library.py`), pure functions of the flow's own modules
(`function_calls.py`), and names that the caller can look up. Everything is bounded (`budget.py`), so that a hostile
source can neither hang nor exhaust the compiler.

    >>> fold("[n * 2 for n in range(LIMIT)]", {"LIMIT": 3}.__getitem__)
    [0, 2, 4]
"""

from __future__ import annotations

import _ast

from ..source.text import syntax_tree
from .budget import MAX_BITS, MAX_WEIGHT, Budget, Failing, Unfoldable, Unknown, is_ordered, keys, numbers_in, width
from .values import (
    Declared,
    Elsewhere,
    Environment,
    Function,
    Late,
    Library,
    Native,
    NotGiven,
    Settings,
    TooEarly,
    Unset,
    applied,
    has_place,
    is_function,
    usable,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .values import Lookup


# The operators are safe because their operands are folded values only, never the user's objects.
_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    _ast.Add: lambda a, b: a + b, _ast.Sub: lambda a, b: a - b, _ast.Div: lambda a, b: a / b,
    _ast.FloorDiv: lambda a, b: a // b,
    _ast.Mod: lambda a, b: a % b, _ast.BitAnd: lambda a, b: a & b, _ast.BitOr: lambda a, b: a | b,
    _ast.BitXor: lambda a, b: a ^ b,
    _ast.RShift: lambda a, b: a >> b,
}  # fmt: skip
_COMPARISONS: dict[type, Callable[[Any, Any], bool]] = {
    _ast.Eq: lambda a, b: a == b, _ast.NotEq: lambda a, b: a != b, _ast.Lt: lambda a, b: a < b, _ast.LtE: lambda a,
    b: a <= b,
    _ast.Gt: lambda a, b: a > b, _ast.GtE: lambda a, b: a >= b, _ast.Is: lambda a, b: a is b, _ast.IsNot: lambda a,
    b: a is not b,
    _ast.In: lambda a, b: a in b, _ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip
# in calls whose value `--set` may replace, although it can be found: of the environment, or of a folder of this machine
_OUTSIDE = ("getenv(", "environ.get(", "getcwd(", "cwd(", "home(", "expanduser(", "abspath(", "realpath(", "resolve(")
_GIVEN = (_ast.Name, _ast.Attribute, _ast.Call, _ast.Subscript, _ast.BinOp, _ast.JoinedStr, _ast.BoolOp)
_UNARY: dict[type, Callable[[Any], Any]] = {
    _ast.USub: lambda a: -a,
    _ast.UAdd: lambda a: +a,
    _ast.Invert: lambda a: ~a,
    _ast.Not: lambda a: not a,
}


def fold(text: str, lookup: Lookup, set_values: Mapping[str, Any] | None = None) -> Any:
    """Returns the value of the expression `text`.

    `lookup` returns the value of a (dotted) name. It raises KeyError for an unbound name, and Unfoldable for one whose
    value cannot be known. `set_values` holds values, by their text, for names and calls that cannot be known otherwise.
    Raises Unfoldable, naming the part that cannot be known.
    """
    if (value := _literal(text)) is not None:
        return value
    return Folder(lookup, Budget(), {}, set_values or {}).of(parsed(text).body)


def _literal(text: str) -> int | str | None:
    """Returns the value of a plain number or text, as most arguments are, without Python's parser; else None."""
    if text.isdecimal() and text.isascii() and len(text) < 10 and (text[0] != "0" or text == "0"):
        return int(text)
    inside = text[1:-1]
    if len(text) < 1000 and text[:1] == text[-1:] and text[:1] in ("'", '"') and len(text) > 1:
        return inside if inside.isprintable() and text[0] not in inside and "\\" not in inside else None
    return None


def called(function: Any, arguments: list[Any], set_values: Mapping[str, Any] | None = None) -> Any:
    """Calls a function that is a folded value, and returns its result. Raises Unfoldable."""
    try:
        return Folder(_unbound, Budget(), {}, set_values or {}).call(function, arguments, {})
    except Unfoldable:
        raise
    except RecursionError:
        raise Unfoldable("it is nested too deeply") from None
    except KeyError as error:
        raise Unfoldable(f"key {error} does not exist") from None
    except Exception as error:  # an exception that Python would raise, such as for wrong arguments
        raise Unfoldable(f"it fails: {type(error).__name__}: {error}") from None


def _is_read(node: Any) -> bool:
    """True for an expression that is None if a variable of the environment is not set."""
    function = node.func if isinstance(node, _ast.Call) else None
    return isinstance(node, _ast.Name) or getattr(function, "attr", getattr(function, "id", "")) in ("get", "getenv")


def _unbound(name: str) -> Any:
    raise KeyError(name)


def parsed(text: str, mode: str = "eval") -> Any:
    """Returns the syntax tree. Raises Unfoldable."""
    try:
        return syntax_tree(f"({text}\n)" if mode == "eval" else text, "<expression>", mode)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Unfoldable(f"Python cannot read it: {error}") from None


class Folder:
    """Folds nodes. `local` are the variables of comprehensions and functions."""

    def __init__(
        self, lookup: Lookup, budget: Budget, local: dict[str, Any], set_values: Mapping[str, Any], depth: int = 0
    ) -> None:
        self.lookup, self.budget, self.local, self.set_values, self.depth = lookup, budget, local, set_values, depth

    def of(self, node: Any) -> Any:
        """Returns the value of a whole expression."""
        try:
            return self.fold(node)
        except RecursionError:
            raise Unfoldable("it is nested too deeply") from None

    def fold(self, node: Any) -> Any:
        self.budget.step()
        method = getattr(self, "fold_" + type(node).__name__, None)
        if self.set_values and isinstance(node, _ast.Call):
            import ast

            text = ast.unparse(node)
            if text in self.set_values and any(word in text for word in _OUTSIDE):
                return self.set_values[text]  # before what the call finds outside the source
        try:
            if method is None:
                raise Unfoldable(f"{_described(node)} cannot be known before the flow runs")
            return self.budget.made(method(node))
        except Unfoldable:
            if self.set_values and isinstance(node, _GIVEN):
                import ast

                text = ast.unparse(node)
                if text in self.set_values:
                    return self.set_values[text]
            raise
        except RecursionError:
            raise
        except KeyError as error:
            raise Failing(f"key {error} does not exist", error) from None
        except Exception as error:  # an exception from an operation on folded values: division by zero, a wrong type, …
            raise Failing(f"it fails: {type(error).__name__}: {error}", error) from None

    def plain(self, node: Any) -> Any:
        """Returns the value of an operand, which must be usable in a computation."""
        return self.usable(self.fold(node))

    def usable(self, value: Any) -> Any:
        """Raises Unfoldable for a value that cannot be used in a computation."""
        return usable(value)

    # ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def fold_Constant(self, node: Any) -> Any:
        if node.value is Ellipsis:
            raise Unfoldable("`...` has no value")
        return node.value

    def fold_Name(self, node: Any) -> Any:
        return self.name(node.id)

    def name(self, name: str) -> Any:
        if name in self.local:
            if isinstance(self.local[name], NotGiven):
                raise self.local[name].unset
            return self.local[name]
        try:
            return self.lookup(name)
        except KeyError:
            if name in _builtins():
                return Library(name)
            raise Unknown(f"the value of `{name}` is not known before the flow runs", name) from None

    def fold_Attribute(self, node: Any) -> Any:
        dotted = _dotted(node)
        if dotted is not None and dotted.partition(".")[0] not in self.local:
            try:
                return self.lookup(dotted)
            except KeyError:
                pass
        try:
            value = self.fold(node.value)
        except Unknown:
            if dotted is None:
                raise
            raise Unknown(f"the value of `{dotted}` is not known before the flow runs", dotted) from None
        if value is None:
            shown = dotted.rpartition(".")[0] if dotted is not None else "it"
            raise Failing(
                f"`{shown}` is None, which has no `{node.attr}`; a `Config` without a value is None",
                AttributeError(node.attr),
            )
        return self.attribute(value, node.attr)

    def attribute(self, value: Any, name: str) -> Any:
        """Returns the attribute; for a method, the value that `fold_Call` then calls."""
        if isinstance(value, Settings):
            if name in value:
                return value[name]
            if name not in ("get", "keys", "values", "items", "copy", "to_dict"):
                raise Unfoldable(f"the configuration has no `{name}`")
        if hasattr(value, "is_object"):  # an object of the flow's own
            return value.attribute(self, name)
        if isinstance(value, Late):
            if name == "get" and isinstance(value.value, dict) and name not in value.value:
                return Native("get", lambda folder, key, _default=None: self.known_part(value, key))
            return self.part(value, name, f"{value.name}.{name}")
        if isinstance(value, Library):
            from .library import VALUES, value_of

            full = f"{value.name}.{name}"
            return value_of(full) if full in VALUES and full != "os.environ" else Library(full)
        from .library import attribute

        return attribute(value, name)

    def known_part(self, value: Late, key: Any) -> Late:
        """Returns a part that `get` names. Raises TooEarly without one, as Metaflow ignores the default there."""
        name = f"{value.name}.get({key!r:.40})"
        if key not in value.value:
            raise TooEarly(f"the configuration has no `{name}`, and its default does not count here, as with Metaflow")
        return self.part(value, key, name)

    def part(self, value: Late, key: Any, name: str) -> Late:
        if value.value is not None and isinstance(key, str) and hasattr(type(value.value), key):
            if not (isinstance(value.value, dict) and key in value.value):
                raise TooEarly(f"`{value.name}` has no value yet while Python makes the class, as with Metaflow")
        if not isinstance(value.value, (dict, list, tuple)):
            raise Unfoldable(f"`{value.name}` is {value.value!r:.40}, which has no parts")
        try:
            return Late(value.value[key], name)
        except (KeyError, TypeError, IndexError):
            raise Unfoldable(f"the configuration has no `{name}`") from None

    # ── displays and operators ───────────────────────────────────────────────────────────────────────────────────────

    def fold_List(self, node: Any) -> Any:
        return self.items(node.elts)

    def fold_Tuple(self, node: Any) -> Any:
        return tuple(self.items(node.elts))

    def fold_Set(self, node: Any) -> Any:
        return self.set_of([self.usable(item) for item in self.items(node.elts)])

    def set_of(self, items: list[Any]) -> Any:
        keys(items)
        return set(items)

    def items(self, nodes: list[Any], are_arguments: bool = False) -> list[Any]:
        items: list[Any] = []
        for node in nodes:
            if isinstance(node, _ast.Starred):
                items.extend(self.iterate(self.plain(node.value)))
            else:
                items.append(self.argument(node) if are_arguments else self.fold(node))
        return items

    def iterate(self, value: Any) -> list[Any]:
        """Returns the items of a value in order. Raises Unfoldable for a set, whose order differs from run to run."""
        if isinstance(value, (set, frozenset)) and len(value) > 1:
            raise Unfoldable("the order of a set differs from run to run; write `sorted(…)` around it")
        if hasattr(value, "listed") and value.kind == "enumeration":
            return list(value.listed(self))
        if hasattr(value, "encoding"):  # an open file
            value = value.lines()
        if isinstance(value, (str, bytes, list, tuple, dict, set, frozenset, range)):
            self.budget.spend(len(value) // 4 + 1)
            return list(value)
        raise Unfoldable(f"a value of type `{type(value).__name__}` cannot be iterated")

    def fold_Dict(self, node: Any) -> Any:
        result: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values):
            if key is None:
                result.update(self.mapping(value))
            else:
                result[self.plain(key)] = self.fold(value)
        keys(result)
        return result

    def mapping(self, node: Any) -> dict[Any, Any]:
        """Returns the mapping that `**` unpacks, which may be a `Config` or a part of one, even in a class body."""
        value = self.fold(node)
        if isinstance(value, Late):
            value = value.value
        if not isinstance(value, dict):
            raise Unfoldable(f"`**` must unpack a mapping, not a value of type `{type(value).__name__}`")
        return value

    def fold_UnaryOp(self, node: Any) -> Any:
        if isinstance(node.op, _ast.Not):
            return not self.truth(node.operand)
        return _UNARY[type(node.op)](self.plain(node.operand))

    def fold_BinOp(self, node: Any) -> Any:
        left, right = self.plain(node.left), self.plain(node.right)
        self.budget.spend((self.budget.weight(left) + self.budget.weight(right)) // 16)
        return self.operate(type(node.op), left, right)

    def operate(self, kind: type, left: Any, right: Any) -> Any:
        if kind is _ast.Mult:
            return self.multiply(left, right)
        if kind is _ast.Pow:
            if (
                not isinstance(right, (int, float))
                or abs(right) > 10_000
                or (isinstance(left, int) and left.bit_length() * abs(right) > MAX_BITS)
            ):
                raise Unfoldable("the power is too large")
            return left**right
        if kind is _ast.LShift:
            if not isinstance(right, int) or right > MAX_BITS:
                raise Unfoldable("the shift is too large")
            return left << right
        if kind is _ast.Mod and isinstance(left, (str, bytes)):
            return self.percent(left, right)
        if kind not in _OPERATORS:
            raise Unfoldable("this operator is not known before the flow runs")
        return _OPERATORS[kind](left, right)

    def multiply(self, left: Any, right: Any) -> Any:
        for one, times in ((left, right), (right, left)):
            if (
                isinstance(one, (str, bytes, list, tuple))
                and isinstance(times, int)
                and self.budget.weight(one) * times > MAX_WEIGHT
            ):
                raise Unfoldable("it is too large")
        return left * right

    def percent(self, left: Any, right: Any) -> Any:
        template = left if isinstance(left, str) else left.decode("latin-1")
        if "*" in template:
            raise Unfoldable("a width from an argument is not supported")
        width(template)
        if self.budget.weight(right) * max(1, template.count("%")) + numbers_in(template) + len(left) > MAX_WEIGHT:
            raise Unfoldable("the text is too long")
        if not is_ordered(right):
            raise Unfoldable("its text differs from run to run")
        return left % right

    def fold_BoolOp(self, node: Any) -> Any:
        value = None
        unset: Unset | None = None
        for operand in node.values:
            try:
                value = self.plain(operand)
            except Unset as error:  # `os.getenv("A") or 3`: what follows is its default
                if operand is node.values[-1] or not _is_read(operand):
                    raise
                if isinstance(node.op, _ast.And):
                    self.argument(operand)  # raises if more than the variable is unknown
                    error.environment.choose(error)
                    return None
                unset = error
                continue
            if unset is not None:
                value, unset = unset.environment.default(unset, value), None
            if bool(value) is not isinstance(node.op, _ast.And):
                break
        return value

    def fold_Compare(self, node: Any) -> Any:
        left = self.condition(node.left)
        for operator, operand in zip(node.ops, node.comparators):
            right = self.fold(operand)
            if isinstance(right, Environment):
                holds: Any = right.has(left) is isinstance(operator, _ast.In)
            elif isinstance(operator, (_ast.Is, _ast.IsNot)) and right is None and is_function(left):
                holds = isinstance(operator, _ast.IsNot)
            else:
                left, right = self.usable(left), self.usable(right)
                if has_place(left) or has_place(right):
                    raise Elsewhere("the path of the flow's file differs from machine to machine")
                self.budget.spend((self.budget.weight(left) + self.budget.weight(right)) // 4)
                holds = _COMPARISONS[type(operator)](left, right)
            if not holds:
                return holds
            left = right
        return True

    def fold_IfExp(self, node: Any) -> Any:
        return self.fold(node.body if self.truth(node.test) else node.orelse)

    def truth(self, node: Any) -> Any:
        """Returns the value of a condition, or True for a function, which counts as true."""
        value = self.condition(node)
        return True if is_function(value) else self.usable(value)

    def condition(self, node: Any) -> Any:
        """Returns the value of a condition, or of its left side: None for a variable that is not given.

        A spec needs its value there only to choose, so `if os.getenv("DEBUG"):` counts it as not set.
        """
        value = self.argument(node)
        if isinstance(value, NotGiven):
            value.unset.environment.choose(value.unset)
            return None
        return value

    def argument(self, node: Any) -> Any:
        """Returns the value of an expression, and `NotGiven` for a variable that is not given and has no default."""
        if isinstance(node, _ast.Name) and isinstance(self.local.get(node.id), NotGiven):
            return self.local[node.id]
        try:
            return self.fold(node)
        except Unset as unset:
            if not isinstance(node, _ast.Call) or not _is_read(node):
                raise
            return NotGiven(unset)

    def fold_Subscript(self, node: Any) -> Any:
        value = self.fold(node.value)
        key = self.fold(node.slice)
        if isinstance(value, Late):
            if isinstance(key, Late):  # config[other.selector]
                return self.part(value, key.value, f"{value.name}[{key.name}]")
            return self.part(value, self.usable(key), f"{value.name}[{key!r:.40}]")
        if isinstance(value, Environment):
            item = value.get(key)
            if item is None:
                raise Unfoldable(f"the environment has no variable {key!r:.60}")
            return item
        if hasattr(value, "listed") and value.kind == "enumeration":
            return value.attribute(self, "__members__")[key]
        value, key = self.usable(value), self.usable(key)
        if isinstance(key, slice):
            self.budget.spend(len(value) // 16)
        return value[key]

    def fold_Slice(self, node: Any) -> Any:
        return slice(*(None if bound is None else self.plain(bound) for bound in (node.lower, node.upper, node.step)))

    def fold_JoinedStr(self, node: Any) -> Any:
        parts = [self.fold(value) for value in node.values]
        if sum(map(len, parts)) > MAX_WEIGHT:
            raise Unfoldable("the text is too long")
        return "".join(parts)

    def fold_FormattedValue(self, node: Any) -> Any:
        return self.formatted(
            self.plain(node.value), node.conversion, self.fold(node.format_spec) if node.format_spec else ""
        )

    def formatted(self, value: Any, conversion: int, spec: str) -> str:
        """Returns a formatted value. `conversion` is the syntax tree's: -1, or the number of the character."""
        width(spec)
        if hasattr(value, "is_object"):
            from .objects import text_of

            value = text_of(self, value)
        if not is_ordered(self.usable(value)):
            raise Unfoldable("its text differs from run to run")
        self.budget.spend(self.budget.weight(value) // 2)
        if conversion != -1:
            value = str(value) if conversion == 115 else repr(value) if conversion == 114 else ascii(value)
        return format(value, spec)

    # ── calls ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def fold_Lambda(self, node: Any) -> Any:
        return Function("lambda", node, self.lookup, self.local, self.set_values)

    def fold_Call(self, node: Any) -> Any:
        try:
            function = self.fold(node.func)
        except Unknown:
            dotted = _dotted(node.func)
            if dotted is None:
                raise
            raise Unfoldable(f"what `{dotted}(…)` returns is not known before the flow runs") from None
        is_own = isinstance(function, Function)
        arguments = self.items(node.args, is_own)
        named: dict[str, Any] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                named.update(self.mapping(keyword.value))
            else:
                named[keyword.arg] = self.argument(keyword.value) if is_own else self.fold(keyword.value)
        return self.call(function, arguments, named)

    def within(self, lookup: Lookup) -> Folder:
        """Returns a folder for an expression elsewhere, which counts against the same budget."""
        return Folder(lookup, self.budget, {}, self.set_values, self.depth + 1)

    def call(self, function: Any, arguments: list[Any], named: dict[str, Any]) -> Any:
        """Calls a folded function."""
        if hasattr(function, "make"):  # a class of the flow's own
            return function.make(self, arguments, named)
        if hasattr(function, "is_object"):  # an object with `__call__`
            function = function.attribute(self, "__call__")
        if isinstance(function, Function):
            from .function_calls import Scope, run

            inner = Folder(
                Scope(function).lookup, self.budget, dict(function.local), function.set_values, self.depth + 1
            )
            return run(inner, function, arguments, named)
        if isinstance(function, Native):
            return function.run(self, *arguments, **named)
        if isinstance(function, Declared) and len(arguments) == 1 and not named:
            return applied(function, arguments[0])
        from .library import call

        return call(self, function, arguments, named)

    # ── comprehensions ───────────────────────────────────────────────────────────────────────────────────────────────

    def comprehension(self, generators: list[Any], make: Callable[[], None], nested: bool = False) -> None:
        first, *rest = generators
        if first.is_async:
            raise Unfoldable("an async comprehension cannot be known before the flow runs")
        before = self.local
        items = self.iterate(self.plain(first.iter))
        if not nested:
            self.local = dict(before)
        for item in items:
            self.bind(first.target, item)
            if all(self.plain(condition) for condition in first.ifs):
                if rest:
                    self.comprehension(rest, make, nested=True)
                else:
                    make()
        if not nested:
            self.local = before

    def bind(self, target: Any, value: Any) -> None:
        """Binds the variables in the target of an assignment."""
        if isinstance(target, _ast.Name):
            self.local[target.id] = value
        elif isinstance(target, (_ast.Tuple, _ast.List)):
            values = self.iterate(self.usable(value))
            starred = [index for index, element in enumerate(target.elts) if isinstance(element, _ast.Starred)]
            if starred:
                after = len(target.elts) - starred[0] - 1
                if len(values) < len(target.elts) - 1:
                    raise Unfoldable("the number of values to unpack is wrong")
                middle = values[starred[0] : len(values) - after]
                values = [*values[: starred[0]], middle, *values[len(values) - after :]]
            if len(values) != len(target.elts):
                raise Unfoldable("the number of values to unpack is wrong")
            for element, one in zip(target.elts, values):
                self.bind(element.value if isinstance(element, _ast.Starred) else element, one)
        else:
            raise Unfoldable("this target of an assignment is not supported")

    def fold_ListComp(self, node: Any) -> Any:
        items: list[Any] = []
        self.comprehension(node.generators, lambda: items.append(self.fold(node.elt)))
        return items

    fold_GeneratorExp = fold_ListComp

    def fold_SetComp(self, node: Any) -> Any:
        return self.set_of([self.usable(item) for item in self.fold_ListComp(node)])

    def fold_DictComp(self, node: Any) -> Any:
        pairs: list[tuple[Any, Any]] = []
        self.comprehension(node.generators, lambda: pairs.append((self.plain(node.key), self.fold(node.value))))
        keys(key for key, _ in pairs)
        return dict(pairs)


def _builtins() -> Any:
    from .library import FUNCTIONS

    return FUNCTIONS


def _dotted(node: Any) -> str | None:
    parts = []
    while isinstance(node, _ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, _ast.Name):
        return None
    return ".".join([node.id, *reversed(parts)])


def _described(node: Any) -> str:
    names = {
        "Lambda": "a function",
        "Await": "an awaited value",
        "NamedExpr": "an assignment expression",
        "Yield": "a yielded value",
    }
    return names.get(type(node).__name__, f"an expression of kind {type(node).__name__}")
