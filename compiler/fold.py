"""Folding: the value of an expression, without running any of the user's code.

`fold` reads an expression with Python's own parser and evaluates the part of the language that has no side effects: literals, arithmetic,
comparisons, f-strings, subscripts, comprehensions, methods of text and collections that change nothing, a few builtins, and names that the
caller can look up. Everything is bounded in steps and size, so that a hostile source can neither hang nor exhaust the compiler.

    >>> fold("[n * 2 for n in range(LIMIT)]", {"LIMIT": 3}.__getitem__)
    [0, 2, 4]
"""

from __future__ import annotations

import _ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Lookup = Callable[[str], Any]

MAX_STEPS = 100_000
MAX_SIZE = 1 << 20  # items of a collection, characters of a text, bits of a number

# `|`, the operators and functions below are safe because their operands are folded values only, never the user's objects.
_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    _ast.Add: lambda a, b: a + b, _ast.Sub: lambda a, b: a - b, _ast.Div: lambda a, b: a / b, _ast.FloorDiv: lambda a, b: a // b,
    _ast.Mod: lambda a, b: a % b, _ast.BitAnd: lambda a, b: a & b, _ast.BitOr: lambda a, b: a | b, _ast.BitXor: lambda a, b: a ^ b,
    _ast.RShift: lambda a, b: a >> b,
}  # fmt: skip
_COMPARISONS: dict[type, Callable[[Any, Any], bool]] = {
    _ast.Eq: lambda a, b: a == b, _ast.NotEq: lambda a, b: a != b, _ast.Lt: lambda a, b: a < b, _ast.LtE: lambda a, b: a <= b,
    _ast.Gt: lambda a, b: a > b, _ast.GtE: lambda a, b: a >= b, _ast.Is: lambda a, b: a is b, _ast.IsNot: lambda a, b: a is not b,
    _ast.In: lambda a, b: a in b, _ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip
_UNARY: dict[type, Callable[[Any], Any]] = {_ast.USub: lambda a: -a, _ast.UAdd: lambda a: +a, _ast.Invert: lambda a: ~a, _ast.Not: lambda a: not a}
_FUNCTIONS: dict[str, Any] = {
    each.__name__: each
    for each in (len, min, max, sum, sorted, range, str, int, float, bool, list, dict, set, frozenset, tuple, abs, round, enumerate, zip, any,
                 all, repr, divmod, ord, chr, reversed)
}  # fmt: skip
_METHODS: dict[type, frozenset[str]] = {
    str: frozenset(
        (
            "capitalize casefold count endswith find index isalnum isalpha isdigit isidentifier islower isspace isupper join lower lstrip "
            "partition removeprefix removesuffix replace rfind rpartition rsplit rstrip split splitlines startswith strip swapcase title upper "
            "zfill encode format"
        ).split()
    ),
    list: frozenset(["copy", "count", "index"]),
    tuple: frozenset(["count", "index"]),
    dict: frozenset(["copy", "get", "items", "keys", "values"]),
    set: frozenset(["copy", "difference", "intersection", "issubset", "issuperset", "symmetric_difference", "union"]),
    bytes: frozenset(["decode", "hex"]),
}


class Unfoldable(Exception):
    """An expression whose value cannot be known here. `args[0]` says what part of it and why."""


class Duration:
    """What `timedelta(…)` folds to: a number of seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def total_seconds(self) -> float:
        return self.seconds


def fold(text: str, lookup: Lookup) -> Any:
    """Returns the value of the expression `text`. `lookup` gives the value of a (dotted) name and raises KeyError for one it doesn't know.

    Raises Unfoldable, naming the part that cannot be known.
    """
    try:
        tree = compile(f"({text}\n)", "<expression>", "eval", 0x400, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Unfoldable(f"Python cannot read it: {error}") from None
    try:
        return _Folder(lookup, text).fold(tree.body)  # type: ignore[attr-defined]
    except RecursionError:
        raise Unfoldable("it is nested too deep") from None


class _Folder:
    def __init__(self, lookup: Lookup, text: str) -> None:
        self.lookup = lookup
        self.text = text
        self.steps = 0
        self.local: dict[str, Any] = {}  # variables of comprehensions

    def fold(self, node: Any) -> Any:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise Unfoldable("it takes too many steps")
        method = getattr(self, "fold_" + type(node).__name__, None)
        if method is None:
            raise Unfoldable(f"{_described(node)} cannot be known before the flow runs")
        try:
            return _bounded(method(node))
        except (Unfoldable, RecursionError):
            raise
        except KeyError as error:
            raise Unfoldable(f"key {error} does not exist") from None
        except Exception as error:  # whatever an operation on folded values raises: division by zero, a wrong type, …
            raise Unfoldable(f"it fails: {type(error).__name__}: {error}") from None

    def fold_Constant(self, node: Any) -> Any:
        if node.value is Ellipsis:
            raise Unfoldable("`...` has no value")
        return node.value

    def fold_Name(self, node: Any) -> Any:
        return self.name(node.id)

    def name(self, name: str) -> Any:
        if name in self.local:
            return self.local[name]
        try:
            return self.lookup(name)
        except KeyError:
            raise Unfoldable(f"the value of `{name}` is not known before the flow runs") from None

    def fold_Attribute(self, node: Any) -> Any:
        dotted = _dotted(node)
        if dotted is None:
            raise Unfoldable("an attribute of a value cannot be known before the flow runs")
        return self.name(dotted)

    def fold_List(self, node: Any) -> Any:
        return list(self.items(node.elts))

    def fold_Tuple(self, node: Any) -> Any:
        return tuple(self.items(node.elts))

    def fold_Set(self, node: Any) -> Any:
        return set(self.items(node.elts))

    def items(self, nodes: list[Any]) -> list[Any]:
        found: list[Any] = []
        for node in nodes:
            if isinstance(node, _ast.Starred):
                found.extend(self.iterate(node.value))
            else:
                found.append(self.fold(node))
        return found

    def iterate(self, node: Any) -> list[Any]:
        value = self.fold(node)
        if isinstance(value, (str, list, tuple, dict, set, frozenset, range)):
            return list(value)
        raise Unfoldable(f"a value of type `{type(value).__name__}` cannot be iterated")

    def fold_Dict(self, node: Any) -> Any:
        found: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values):
            if key is None:
                found.update(self.fold(value))
            else:
                found[self.fold(key)] = self.fold(value)
        return found

    def fold_UnaryOp(self, node: Any) -> Any:
        return _UNARY[type(node.op)](self.fold(node.operand))

    def fold_BinOp(self, node: Any) -> Any:
        left, right = self.fold(node.left), self.fold(node.right)
        kind = type(node.op)
        if kind is _ast.Mult:
            return _multiply(left, right)
        if kind is _ast.Pow:
            if not isinstance(right, (int, float)) or abs(right) > 10_000 or (isinstance(left, int) and left.bit_length() * abs(right) > MAX_SIZE):
                raise Unfoldable("the power is too large")
            return left**right
        if kind is _ast.LShift:
            if not isinstance(right, int) or right > 10_000:
                raise Unfoldable("the shift is too large")
            return left << right
        if kind is _ast.Mod and isinstance(left, (str, bytes)):
            return _percent(left, right)
        return _OPERATORS[kind](left, right)

    def fold_BoolOp(self, node: Any) -> Any:
        value = None
        for each in node.values:
            value = self.fold(each)
            if bool(value) is not isinstance(node.op, _ast.And):
                break
        return value

    def fold_Compare(self, node: Any) -> Any:
        left = self.fold(node.left)
        for operator, each in zip(node.ops, node.comparators):
            right = self.fold(each)
            if not _COMPARISONS[type(operator)](left, right):
                return False
            left = right
        return True

    def fold_IfExp(self, node: Any) -> Any:
        return self.fold(node.body if self.fold(node.test) else node.orelse)

    def fold_Subscript(self, node: Any) -> Any:
        return self.fold(node.value)[self.fold(node.slice)]

    def fold_Slice(self, node: Any) -> Any:
        return slice(*(None if each is None else self.fold(each) for each in (node.lower, node.upper, node.step)))

    def fold_JoinedStr(self, node: Any) -> Any:
        return "".join(self.fold(each) for each in node.values)

    def fold_FormattedValue(self, node: Any) -> Any:
        value = self.fold(node.value)
        if node.conversion != -1:
            value = str(value) if node.conversion == 115 else repr(value) if node.conversion == 114 else ascii(value)
        return _format(value, self.fold(node.format_spec) if node.format_spec else "")

    def fold_Call(self, node: Any) -> Any:
        arguments = self.items(node.args)
        named = {each.arg: self.fold(each.value) for each in node.keywords if each.arg is not None}
        if len(named) != len(node.keywords):
            raise Unfoldable("`**` in a call cannot be known before the flow runs")
        function = node.func
        if isinstance(function, _ast.Attribute) and (dotted := _dotted(function)) not in ("datetime.timedelta", "timedelta"):
            return self.method(function, arguments, named, dotted)
        name = _dotted(function)
        if name in ("timedelta", "datetime.timedelta"):
            return _duration(arguments, named)
        if not isinstance(function, _ast.Name) or name not in _FUNCTIONS or name in self.local:
            raise Unfoldable(f"what `{name or 'this call'}(…)` returns is not known before the flow runs")
        return self.call(name, arguments, named)

    def call(self, name: str, arguments: list[Any], named: dict[str, Any]) -> Any:
        if name == "range":
            made = range(*arguments)
            if len(made) > MAX_SIZE:
                raise Unfoldable("the range is too long")
            return made
        if name in ("sorted", "min", "max") and "key" in named:
            raise Unfoldable(f"`{name}` with a key is not known before the flow runs")
        if name == "repr" or (name == "str" and arguments and isinstance(arguments[0], (set, frozenset))):
            raise Unfoldable("its text is not the same in every run")
        result = _FUNCTIONS[str(name)](*arguments, **named)
        return list(result) if name in ("enumerate", "zip", "reversed") else result

    def method(self, function: Any, arguments: list[Any], named: dict[str, Any], dotted: str | None) -> Any:
        try:
            value = self.fold(function.value)
        except Unfoldable:
            if dotted is not None:
                raise Unfoldable(f"what `{dotted}(…)` returns is not known before the flow runs") from None
            raise
        if isinstance(value, Duration) and function.attr == "total_seconds":
            return value.total_seconds()
        if function.attr not in _METHODS.get(type(value), ()):
            raise Unfoldable(f"what `.{function.attr}(…)` returns is not known before the flow runs")
        if isinstance(value, str):
            if function.attr == "format":
                raise Unfoldable("`str.format` is not folded; use an f-string")
            if function.attr == "zfill" and arguments[0] > MAX_SIZE:
                raise Unfoldable("the text is too long")
            if function.attr == "replace" and len(value) * len(str(arguments[1])) > MAX_SIZE:
                raise Unfoldable("the text is too long")
            if function.attr == "join" and isinstance(arguments[0], (list, tuple)) and len(arguments[0]) * len(value) > MAX_SIZE:
                raise Unfoldable("the text is too long")
        result = getattr(value, function.attr)(*arguments, **named)
        return list(result) if isinstance(value, dict) and function.attr in ("items", "keys", "values") else result

    def comprehension(self, generators: list[Any], make: Callable[[], None]) -> None:
        first, *rest = generators
        if first.is_async:
            raise Unfoldable("an async comprehension cannot be known before the flow runs")
        before = dict(self.local)
        for item in self.iterate(first.iter):
            self.bind(first.target, item)
            if all(self.fold(each) for each in first.ifs):
                if rest:
                    self.comprehension(rest, make)
                else:
                    make()
        self.local = before

    def bind(self, target: Any, value: Any) -> None:
        if isinstance(target, _ast.Name):
            self.local[target.id] = value
        elif isinstance(target, (_ast.Tuple, _ast.List)):
            values = list(value)
            if len(values) != len(target.elts):
                raise Unfoldable("the number of values to unpack is wrong")
            for each, one in zip(target.elts, values):
                self.bind(each, one)
        else:
            raise Unfoldable("this target of a comprehension is not folded")

    def fold_ListComp(self, node: Any) -> Any:
        found: list[Any] = []
        self.comprehension(node.generators, lambda: found.append(self.fold(node.elt)))
        return found

    fold_GeneratorExp = fold_ListComp

    def fold_SetComp(self, node: Any) -> Any:
        return set(self.fold_ListComp(node))

    def fold_DictComp(self, node: Any) -> Any:
        found: dict[Any, Any] = {}
        self.comprehension(node.generators, lambda: found.__setitem__(self.fold(node.key), self.fold(node.value)))
        return found


def _dotted(node: Any) -> str | None:
    parts = []
    while isinstance(node, _ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, _ast.Name):
        return None
    return ".".join([node.id, *reversed(parts)])


def _described(node: Any) -> str:
    names = {"Lambda": "a function", "Await": "an awaited value", "NamedExpr": "an assignment expression", "Yield": "a yielded value"}
    return names.get(type(node).__name__, f"an expression of kind {type(node).__name__}")


def _bounded(value: Any) -> Any:
    if isinstance(value, (str, bytes, list, tuple, dict, set, frozenset)) and len(value) > MAX_SIZE:
        raise Unfoldable("it is too large")
    if isinstance(value, int) and value.bit_length() > MAX_SIZE:
        raise Unfoldable("the number is too large")
    return value


def _multiply(left: Any, right: Any) -> Any:
    for one, times in ((left, right), (right, left)):
        if isinstance(one, (str, bytes, list, tuple)) and isinstance(times, int) and len(one) * times > MAX_SIZE:
            raise Unfoldable("it is too large")
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() + right.bit_length() > MAX_SIZE:
        raise Unfoldable("the number is too large")
    return left * right


def _percent(left: Any, right: Any) -> Any:
    if any(each.isdigit() and int(each) > 10_000 for each in "".join(c if c.isdigit() else " " for c in str(left)).split()) or "*" in str(left):
        raise Unfoldable("the field is too wide")
    return left % right


def _format(value: Any, spec: str) -> str:
    if any(int(each) > 10_000 for each in "".join(c if c.isascii() and c.isdigit() else " " for c in spec).split()):
        raise Unfoldable("the field is too wide")
    if isinstance(value, (set, frozenset)):
        raise Unfoldable("its text is not the same in every run")
    return format(value, spec)


def _duration(arguments: list[Any], named: dict[str, Any]) -> Duration:
    units = {"days": 86400.0, "seconds": 1.0, "microseconds": 1e-6, "milliseconds": 1e-3, "minutes": 60.0, "hours": 3600.0, "weeks": 604800.0}
    given = {**dict(zip(units, arguments)), **named}
    if len(arguments) > len(units) or not set(given) <= set(units):
        raise Unfoldable("these are not the arguments of `timedelta`")
    return Duration(sum(units[unit] * amount for unit, amount in given.items()))
