"""Objects of the flow's own classes, made by reading their code: dataclasses, named tuples, enumerations and others.

A class is supported if Python makes its objects in the ordinary way: with the `__init__` that it defines, or the one
that `dataclass` or `NamedTuple` gives it. Methods and properties are folded when they are used. Everything counts
against the budget of the folding that uses it.
"""

from __future__ import annotations

import _ast
import operator

from .budget import MAX_ITEMS, Compound, Failing, Unfoldable
from .values import PARAMETERS, Declared, Function, Native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, Protocol

    from ..names.resolver import Resolver
    from ..source.modules import Module
    from .values import Folding

    class Evaluator(Protocol):
        """The evaluator, as far as objects need it."""

        resolver: Resolver
        set_values: Any
        classes: dict[tuple[str, str], OwnClass]

        def constant(self, module: Module, dotted: str) -> Any: ...


_DEEPEST = 30
_NOTHING = object()
_HARMLESS = frozenset("object abc.ABC typing.Protocol typing.Generic typing_extensions.Protocol".split())
_ENUMERATIONS = {"enum.Enum": "", "enum.IntEnum": "int", "enum.StrEnum": "str"}
# decorators that give a class an `__init__` by its annotations
_DATACLASSES = frozenset(
    "dataclasses.dataclass attrs.define attrs.frozen attrs.mutable attr.define attr.frozen attr.mutable".split()
)
_MODELS = ("pydantic.BaseModel", "pydantic.main.BaseModel")
_CHECKED = {"str": str, "int": int, "float": float, "bool": bool}
_CUSTOM = frozenset("__new__ __getattr__ __getattribute__ __set_name__ __init_subclass__ __class_getitem__".split())
_READING = frozenset("print pprint".split())  # functions that change nothing
_CACHES = frozenset("functools.lru_cache functools.cache".split())


class _Auto:
    """The value of `auto()`, which depends on the members before it."""

    is_auto = True


_AUTO = _Auto()


class Instance(Compound):
    """An object. Only its own constructor changes `fields`."""

    is_object = True

    def __init__(self, owner: OwnClass | None, fields: dict[str, Any]) -> None:
        self.owner, self.fields = owner, fields
        self.is_open = False  # while its constructor runs
        self.declared: Declared | None = None  # what a subclass of `Parameter` passes on to it

    @property
    def name(self) -> str:
        return self.owner.name if self.owner is not None else "SimpleNamespace"

    def attribute(self, folder: Folding, name: str) -> Any:
        if name in self.fields:
            return self.fields[name]
        if name == "__dict__":
            return dict(self.fields)
        if self.owner is not None and self.owner.is_model and name in ("model_dump", "dict"):
            return Native(name, lambda folder: _asdict(folder, self))
        if self.owner is None:
            raise Failing(f"the object has no `{name}`", AttributeError(name))
        if name == "__class__":
            return self.owner
        return self.owner.member(folder, name, self)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if self.owner is not None and self.owner.finds("__eq__"):
            raise Unfoldable(f"`{self.name}` defines its own `==`")
        is_compared = self.owner is None or self.owner.kind == "dataclass"
        same = isinstance(other, Instance) and other.owner is self.owner
        return is_compared and same and self.fields == other.fields  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        raise Unfoldable(f"an object of class `{self.name}` is not supported as a key")

    def __bool__(self) -> bool:
        if self.owner is not None and (self.owner.finds("__bool__") or self.owner.finds("__len__")):
            raise Unfoldable(f"`{self.name}` defines what is true of it")
        return True


class Row(tuple):  # type: ignore[type-arg]
    """A named tuple."""

    is_object = True
    owner: OwnClass

    def attribute(self, folder: Folding, name: str) -> Any:
        names = self.owner.field_names
        if name in names:
            return self[names.index(name)]
        if name == "_fields":
            return names
        if name == "_asdict":
            return Native(name, lambda _: dict(zip(names, self)))
        if name == "_replace":
            return Native(name, lambda inner, **new: self.owner.make(inner, [], {**dict(zip(names, self)), **new}))
        if name in ("count", "index"):
            from .values import Method

            return Method(tuple(self), name)
        return self.owner.member(folder, name, self)


class Member:
    """A member of an enumeration. One with a type is also a value of this type."""

    is_object = True
    owner: OwnClass
    label: str
    content: Any

    def attribute(self, folder: Folding, name: str) -> Any:
        if name in ("value", "_value_"):
            return self.content
        if name in ("name", "_name_"):
            return self.label
        if name in self.owner.methods():
            return self.owner.member(folder, name, self)
        if isinstance(self, (str, int)):
            return folder.attribute(self.content, name)
        raise Failing(f"`{self.owner.name}.{self.label}` has no `{name}`", AttributeError(name))


class PlainMember(Member):
    """A member that equals nothing but itself."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PlainMember) and (self.owner, self.label) == (other.owner, other.label)

    def __hash__(self) -> int:
        return hash(self.label)


class TextMember(Member, str):
    pass


class NumberMember(Member, int):
    pass


class Super:
    """The result of `super()` in a method: the classes after the one that defines the method."""

    is_object = True

    def __init__(self, bound: Any, after: list[OwnClass], foreign: str) -> None:
        self.bound, self.after, self.foreign = bound, after, foreign

    def attribute(self, folder: Folding, name: str) -> Any:
        for owner in self.after:
            if name in owner.members:
                return owner.of(folder, name, self.bound)
            if name == "__init__" and owner.kind == "dataclass":
                return _filler(owner, self.bound)
        if name == "__init__" and self.foreign in PARAMETERS:
            return Native(name, lambda _, *arguments, **named: self._declare(arguments, named))
        if name in ("__init__", "__post_init__", "__init_subclass__"):
            return Native(name, lambda _, *__, **___: None)
        raise Failing(f"`super()` has no `{name}`", AttributeError(name))

    def _declare(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        self.bound.declared = Declared(self.foreign, arguments, named)


def _filler(owner: OwnClass, bound: Any) -> Native:
    return Native("__init__", lambda folder, *arguments, **named: owner.fill(folder, bound, list(arguments), named))


# what a field of pydantic says for readers, and the limits of a number
_DESCRIBING = frozenset("description title examples json_schema_extra deprecated repr kw_only compare hash".split())
_LIMITS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le,
}  # fmt: skip


class Field:
    """`field(default=…, default_factory=…)` of a dataclass."""

    def __init__(
        self, default: Any = _NOTHING, default_factory: Any = _NOTHING, init: bool = True, factory: Any = _NOTHING,
        **named: Any,
    ) -> None:  # fmt: skip
        if not {"converter", "validator", "alias", "validation_alias", "on_setattr"}.isdisjoint(named):
            raise Unfoldable("a converter, validator or alias of a field is not supported")
        self.default, self.init = default, init
        self.factory = default_factory if default_factory is not _NOTHING else factory
        self.rules = {name: rule for name, rule in named.items() if name not in _DESCRIBING}

    def check(self, value: Any) -> None:
        """Raises Unfoldable for a given value that pydantic may refuse or convert."""
        for name, rule in self.rules.items():
            holds = _LIMITS.get(name)
            if holds is None or isinstance(value, (bool, str)) or not holds(value, rule):
                raise Unfoldable(f"whether pydantic allows {value!r:.40} for a field with `{name}` is not known")

    def value(self, folder: Folding, name: str) -> Any:
        if self.default is not _NOTHING:
            return self.default
        if self.factory is not _NOTHING:
            return folder.call(self.factory, [], {})
        raise TypeError(f"missing argument '{name}'")


class OwnClass:
    """A class of the flow's own modules, or one that `namedtuple` makes, which has no `node`."""

    is_object = True

    def __init__(self, evaluator: Evaluator | None, home: Module | None, name: str, node: Any) -> None:
        self.evaluator, self.home, self.name, self.node = evaluator, home, name, node
        self.kind = "plain"  # or "dataclass", "namedtuple", "enumeration", "foreign" for one that is not supported
        self.is_model = False  # of pydantic, which checks what it is given, but no defaults
        self.mixin = ""  # of an enumeration: "int" or "str"
        self.foreign = ""  # of Metaflow's: which of PARAMETERS it is derived from
        self.bases: list[OwnClass] = []
        self.members: dict[str, Any] = {}
        self.field_names: tuple[str, ...] = ()
        self.defaults: tuple[Any, ...] = ()  # of one that `namedtuple` makes
        self.is_frozen = False
        if node is not None:
            self._read()

    # ── the class ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _read(self) -> None:
        if self.node.keywords:
            self.kind = "foreign"
        for decorator in self.node.decorator_list:
            called = decorator.func if isinstance(decorator, _ast.Call) else decorator
            if self._qualified(called) not in _DATACLASSES:
                self.kind = "foreign"
            elif self.kind == "plain":
                self.kind = "dataclass"
                self.is_frozen = any(
                    keyword.arg == "frozen" and isinstance(keyword.value, _ast.Constant) and keyword.value.value is True
                    for keyword in getattr(decorator, "keywords", ())
                )
        for base in self.node.bases:
            self._derive(self._qualified(base.value if isinstance(base, _ast.Subscript) else base))
        for statement in self.node.body:
            self._bind(statement)
        if _CUSTOM & self.members.keys():
            self.kind = "foreign"
        if self.kind == "enumeration" and {"__init__", "_generate_next_value_", "_missing_"} & self.members.keys():
            self.kind = "foreign"
        if self.is_model and any(getattr(member, "decorator_list", None) for member in self.members.values()):
            self.kind = "foreign"  # validators
        if self.kind == "namedtuple":
            self.field_names = tuple(name for name, _ in self._annotated())

    def _derive(self, qualified: str) -> None:
        if qualified in _HARMLESS:
            return
        if qualified.removeprefix("metaflow.") in PARAMETERS:
            self.foreign = qualified.removeprefix("metaflow.")
        elif qualified in _MODELS:
            self.kind, self.is_model = "dataclass", True
        elif qualified == "typing.NamedTuple":
            self.kind = "namedtuple"
        elif qualified in _ENUMERATIONS:
            self.kind, self.mixin = "enumeration", self.mixin or _ENUMERATIONS[qualified]
        elif qualified in ("str", "int"):
            self.mixin = qualified
        else:
            base = self._base(qualified)
            if base is None or base.kind == "foreign":
                self.kind = "foreign"
                return
            self.bases.append(base)
            self.foreign = self.foreign or base.foreign
            self.is_model = self.is_model or base.is_model
            if base.kind != "plain" and self.kind != "foreign" and not (base.kind == self.kind == "dataclass"):
                self.kind, self.mixin = base.kind, base.mixin
                self.field_names = base.field_names

    def _base(self, qualified: str) -> OwnClass | None:
        assert self.evaluator is not None
        place = self.evaluator.resolver.split(qualified)
        if place is None or place[1] not in place[0].classes or place == (self.home, self.name):
            return None
        return own_class(self.evaluator, *place)

    def _qualified(self, node: Any) -> str:
        import ast

        assert self.evaluator is not None and self.home is not None
        return self.evaluator.resolver.qualify(self.home, ast.unparse(node)).removeprefix("builtins.")

    def _bind(self, statement: Any) -> None:
        name = getattr(statement, "name", "")
        if isinstance(statement, (_ast.FunctionDef, _ast.AsyncFunctionDef, _ast.ClassDef)):
            self.members[name] = _TWICE if name in self.members else statement
            return
        targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
        value = getattr(statement, "value", None)
        if isinstance(statement, (_ast.Assign, _ast.AnnAssign)):
            for target in targets:
                if isinstance(target, _ast.Name):
                    if value is not None:
                        self.members[target.id] = _TWICE if target.id in self.members else value
                else:
                    self._lose(target)
        elif not isinstance(statement, (_ast.Pass, _ast.Expr)):
            self._lose(statement)

    def _lose(self, node: Any) -> None:
        """Marks the names that a statement binds in a way that is not followed."""
        import ast

        for child in ast.walk(node):
            if isinstance(child, _ast.Name):
                self.members[child.id] = _TWICE

    def _annotated(self) -> Iterator[tuple[str, Any]]:
        """Yields the fields of a dataclass or a named tuple, and their values or None."""
        import ast

        for statement in self.node.body if self.node is not None else ():
            if isinstance(statement, _ast.AnnAssign) and isinstance(statement.target, _ast.Name):
                text = ast.unparse(statement.annotation)
                if "InitVar" in text or "KW_ONLY" in text:
                    raise Unfoldable(f"`{text}` in class `{self.name}` is not supported")
                if "ClassVar" not in text:
                    yield statement.target.id, statement.value

    def mro(self) -> list[OwnClass]:
        """Returns the class and its bases, in an order that is Python's for classes with one base each."""
        order = [self]
        for base in self.bases:
            order += [owner for owner in base.mro() if owner not in order]
        if len(self.bases) > 1 and len({id(owner) for base in self.bases for owner in base.mro()}) != sum(
            len(base.mro()) for base in self.bases
        ):
            raise Unfoldable(f"the bases of class `{self.name}` have a base in common")
        return order

    def finds(self, name: str) -> bool:
        return any(name in owner.members for owner in self.mro())

    def methods(self) -> set[str]:
        return {
            name for owner in self.mro() for name, node in owner.members.items() if isinstance(node, _ast.FunctionDef)
        }

    # ── attributes ───────────────────────────────────────────────────────────────────────────────────────────────────

    def attribute(self, folder: Folding, name: str) -> Any:
        if name == "__name__":
            return self.name
        if self.kind == "enumeration":
            if name == "__members__":
                return {member.label: member for member in self.listed(folder)}
            for member in self.listed(folder, name):
                return member
        if name == "_fields" and self.kind == "namedtuple":
            return self.field_names
        if self.is_model and name in ("model_validate", "parse_obj") and not self.finds(name):
            return Native(name, self._validated)
        result = self.member(folder, name, None)
        return result.value(folder, name) if isinstance(result, Field) else result

    def member(self, folder: Folding, name: str, bound: Any) -> Any:
        """Returns the attribute of the class, or of its object `bound`."""
        if self.kind == "foreign":
            raise Unfoldable(f"`{self.name}.{name}` is not known before the flow runs")
        for owner in self.mro():
            if name in owner.members:
                return owner.of(folder, name, self if bound is None else bound)
        raise Failing(f"`{self.name}` has no `{name}`", AttributeError(name))

    def of(self, folder: Folding, name: str, bound: Any) -> Any:
        """Returns the member that this class itself defines, as an attribute of `bound`, which may be a class."""
        node = self.members[name]
        if node is _TWICE:
            raise Unfoldable(f"`{name}` is bound or changed more than once in class `{self.name}`")
        if isinstance(node, _ast.ClassDef):
            return OwnClass(self.evaluator, self.home, node.name, node)
        if not isinstance(node, (_ast.FunctionDef, _ast.AsyncFunctionDef)):
            return self._folder(folder).fold(node)
        kinds = [
            self._qualified(decorator.func if isinstance(decorator, _ast.Call) else decorator)
            for decorator in node.decorator_list
        ]
        function = self._function(node, bound)
        is_class = isinstance(bound, OwnClass)
        if kinds in (["property"], ["functools.cached_property"]) and not is_class:
            return folder.call(function, [bound], {})
        if kinds == ["staticmethod"]:
            return function
        if kinds == ["classmethod"]:
            owner = bound if is_class else bound.owner
            return Native(name, lambda inner, *arguments, **named: inner.call(function, [owner, *arguments], named))
        if kinds and not set(kinds) <= _CACHES:
            raise Unfoldable(f"`{self.name}.{name}` is not known before the flow runs")
        if is_class:
            return function
        return Native(name, lambda inner, *arguments, **named: inner.call(function, [bound, *arguments], named))

    def _function(self, node: Any, bound: Any) -> Function:
        import copy

        plain = copy.copy(node)
        plain.decorator_list = []
        owner = bound if isinstance(bound, OwnClass) else bound.owner
        after = owner.mro()
        after = after[after.index(self) + 1 :]
        local = {"super": Native("super", lambda _, *__: Super(bound, after, owner.foreign)), "__class__": self}
        return Function(f"{self.name}.{node.name}", plain, self._lookup, local, self._set_values())

    def _set_values(self) -> Any:
        return self.evaluator.set_values if self.evaluator is not None else {}

    def _lookup(self, name: str) -> Any:
        assert self.evaluator is not None and self.home is not None
        return self.evaluator.constant(self.home, name)

    def _folder(self, folder: Folding) -> Folding:
        """Returns a folder for an expression in the body of the class."""
        if folder.depth > _DEEPEST:
            raise Unfoldable(f"class `{self.name}` is nested too deeply")

        def lookup(name: str) -> Any:
            first, _, rest = name.partition(".")
            if first not in self.members:
                return self._lookup(name)
            if rest:
                raise KeyError(name)
            return self.of(inner, first, self)

        inner: Folding = folder.within(lookup)
        return inner

    def listed(self, folder: Folding, only: str = "") -> list[Member]:
        """Returns the members of an enumeration, or the one that is named `only`."""
        members: list[Member] = []
        values: list[Any] = []
        for name, node in self.members.items():
            if name.startswith("_") or isinstance(node, (_ast.FunctionDef, _ast.ClassDef)):
                continue
            value = self.of(folder, name, self)
            if value is _AUTO:
                value = name.lower() if self.mixin == "str" else max(values, default=0) + 1
            values.append(value)
            if only and name != only:
                continue
            kind = {"str": TextMember, "int": NumberMember}.get(self.mixin)
            if kind is not None and type(value) is not (str if self.mixin == "str" else int):
                raise Unfoldable(f"`{self.name}.{name}` is not of type `{self.mixin}`")
            member: Any = PlainMember() if kind is None else kind(value)
            member.owner, member.label, member.content = self, name, value
            members.append(member)
        return members

    # ── making objects ───────────────────────────────────────────────────────────────────────────────────────────────

    def make(self, folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Any:
        """Returns what a call of the class returns. Raises Unfoldable."""
        if self.kind == "foreign":
            raise Unfoldable(f"what `{self.name}(…)` returns is not known before the flow runs")
        if self.kind == "enumeration":
            value = folder.usable(arguments[0])
            for member in self.listed(folder):
                if member is value or member.content == value or member == value:
                    return member
            raise ValueError(f"{value!r:.40} is not a valid {self.name}")
        if self.kind == "namedtuple":
            return self._row(folder, arguments, named)
        instance = Instance(self, {})
        instance.is_open = True
        if self.finds("__init__"):
            folder.call(self.member(folder, "__init__", instance), arguments, named)
        elif self.kind == "dataclass":
            self.fill(folder, instance, arguments, named)
        elif self.foreign:
            return Declared(self.foreign, tuple(arguments), named)
        elif arguments or named:
            raise TypeError(f"{self.name}() takes no arguments")
        instance.is_open = False
        if self.foreign:
            if instance.declared is None:
                raise Unfoldable(f"`{self.name}` does not call `super().__init__`")
            return instance.declared
        folder.budget.forget()
        folder.budget.spend(folder.budget.weight(instance) // 16 + 1)
        return instance

    def _validated(self, folder: Folding, data: Any) -> Any:
        """Does what `model_validate` does for a mapping: it ignores what the model lacks. Raises Unfoldable."""
        if not isinstance(data, dict) or self.finds("model_config") or self.finds("Config"):
            raise Unfoldable(f"what `{self.name}.model_validate(…)` returns is not known before the flow runs")
        names = {name for owner in self.mro() for name, _ in owner._annotated()}
        return self.make(folder, [], {name: value for name, value in data.items() if name in names})

    def fill(self, folder: Folding, instance: Instance, arguments: list[Any], named: dict[str, Any]) -> None:
        """Does what the `__init__` of a dataclass does."""
        fields: dict[str, tuple[OwnClass, Any]] = {}
        for owner in reversed(self.mro()):
            if owner.kind == "dataclass" and (owner.node.decorator_list or owner.is_model):
                for name, node in owner._annotated():
                    fields[name] = (owner, node)
        values: dict[str, Any] = {}
        waiting, rest = list(arguments), dict(named)
        if self.is_model:
            self._check(rest, waiting)
        for name, (owner, node) in fields.items():
            default = _NOTHING if node is None else owner._folder(folder).fold(node)
            field = default if isinstance(default, Field) else Field(default)
            if field.init and waiting:
                values[name] = waiting.pop(0)
                if name in rest:
                    raise TypeError(f"{self.name}() got multiple values for argument '{name}'")
            elif field.init and name in rest:
                values[name] = rest.pop(name)
                if self.is_model:
                    field.check(values[name])
            elif field.init or field.default is not _NOTHING or field.factory is not _NOTHING:
                values[name] = field.value(folder, name)
        if waiting or rest:
            raise TypeError(f"{self.name}() got unexpected arguments")
        instance.fields.update(values)
        for name in ("__post_init__", "__attrs_post_init__"):
            if self.finds(name):
                folder.call(self.member(folder, name, instance), [], {})

    def _check(self, named: dict[str, Any], arguments: list[Any]) -> None:
        """Raises Unfoldable for an argument that pydantic may convert."""
        import ast

        if arguments or self.finds("model_post_init"):
            raise Unfoldable(f"what `{self.name}(…)` returns is not known before the flow runs")
        annotations: dict[str, str] = {}
        for owner in reversed(self.mro()):
            for statement in owner.node.body:
                if isinstance(statement, _ast.AnnAssign) and isinstance(statement.target, _ast.Name):
                    annotations[statement.target.id] = ast.unparse(statement.annotation)
        for name, value in named.items():
            if type(value) is not _CHECKED.get(annotations.get(name, "")):
                raise Unfoldable(f"pydantic may convert `{name}` of `{self.name}`")

    def _row(self, folder: Folding, arguments: list[Any], named: dict[str, Any]) -> Row:
        names = self.field_names
        if self.node is not None:
            defaults = {name: node for owner in self.mro() for name, node in owner._annotated() if node is not None}
        if len(arguments) > len(names) or not set(named) <= set(names[len(arguments) :]):
            raise TypeError(f"{self.name}() got unexpected arguments")
        values = list(arguments)
        for at, name in enumerate(names[len(arguments) :], len(arguments)):
            if name in named:
                values.append(named[name])
            elif self.node is None and len(names) - at <= len(self.defaults):
                values.append(self.defaults[len(self.defaults) - (len(names) - at)])
            elif self.node is not None and name in defaults:
                values.append(self._folder(folder).fold(defaults[name]))
            else:
                raise TypeError(f"{self.name}() missing argument '{name}'")
        row = Row(values)
        row.owner = self
        return row


_TWICE = object()


def own_class(evaluator: Evaluator, home: Module, name: str) -> OwnClass:
    """Returns a class that is defined at the top level of a module. Raises Unfoldable."""
    nodes = home.classes[name]
    if len(nodes) != 1 or name in home.assigned or name in home.functions or name in home.imports:
        raise Unfoldable(f"`{name}` is bound or changed more than once in `{home.source.name}`")
    kept = evaluator.classes.get((home.name, name))
    if kept is None:
        import textwrap

        from ..source.text import syntax_tree

        evaluator.classes[home.name, name] = ends = OwnClass(None, None, name, None)  # for one derived from itself
        ends.kind = "foreign"
        try:
            text = textwrap.dedent(" " * nodes[0].range().start.column + nodes[0].text())
            tree = syntax_tree(text, "<class>", "exec")
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise Unfoldable(f"Python cannot read class `{name}`: {error}") from None
        evaluator.classes[home.name, name] = kept = OwnClass(evaluator, home, name, tree.body[0])
    return kept


def untouched(value: Any, home: Module, name: str) -> Any:
    """Returns the value of a name of a module. Raises Unfoldable for an object that a call of the module may change."""
    if not isinstance(value, Instance) or (value.owner is not None and value.owner.is_frozen):
        return value
    from ..source.bindings import statements

    for statement in statements(home.source.root):
        call = statement.named_children()[0] if statement.kind() == "expression_statement" else statement
        function = call.field("function") if call.kind() == "call" else None
        if function is None or function.text() in _READING:
            continue
        if any(identifier.text() == name for identifier in call.find_all(kind="identifier")):
            shown = " ".join(call.text().split())[:60]
            raise Unfoldable(f"`{shown}` may change `{name}` when the module is imported")
    return value


def text_of(folder: Folding, value: Any) -> str:
    """Returns `str(value)` of an object. Raises Unfoldable if it depends on more than the object."""
    if isinstance(value, Instance) and value.owner is not None and value.owner.finds("__str__"):
        text = folder.call(value.owner.member(folder, "__str__", value), [], {})
        if isinstance(text, str):
            return text
    if isinstance(value, Member) and value.owner.finds("__str__"):
        return str(folder.call(value.owner.member(folder, "__str__", value), [], {}))
    if isinstance(value, PlainMember):
        return f"{value.owner.name}.{value.label}"
    raise Unfoldable("the text of an object is not known before the flow runs; name one of its attributes")


# ── functions of the standard library ────────────────────────────────────────────────────────────────────────────────


def native(qualified: str) -> Native | None:
    """Returns the function of the standard library that makes or takes objects, or None."""
    run = _NATIVES.get(qualified)
    return Native(qualified.rpartition(".")[2], run) if run is not None else None


def _namespace(folder: Folding, *arguments: Any, **named: Any) -> Instance:
    if arguments:
        named = {**_mapping(arguments[0]), **named}
    return Instance(None, named)


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("it takes a mapping")
    return value


def _asdict(folder: Folding, value: Any) -> Any:
    folder.budget.spend(folder.budget.weight(value))
    return _plain(value, dict)


def _astuple(folder: Folding, value: Any) -> Any:
    folder.budget.spend(folder.budget.weight(value))
    return _plain(value, tuple)


def _plain(value: Any, form: Any) -> Any:
    if isinstance(value, Instance):
        items = {name: _plain(item, form) for name, item in value.fields.items()}
        return items if form is dict else tuple(items.values())
    if isinstance(value, dict):
        return {key: _plain(item, form) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and not isinstance(value, Row):
        return type(value)(_plain(item, form) for item in value)
    return value


def _replace(folder: Folding, value: Any, **named: Any) -> Any:
    if not isinstance(value, Instance) or value.owner is None or value.owner.kind != "dataclass":
        raise TypeError("`replace` takes an object of a dataclass")
    return value.owner.make(folder, [], {**value.fields, **named})


def _namedtuple(folder: Folding, name: Any, fields: Any, *, defaults: Any = (), **_: Any) -> OwnClass:
    row_class = OwnClass(None, None, str(name), None)
    row_class.kind = "namedtuple"
    names = fields.replace(",", " ").split() if isinstance(fields, str) else folder.iterate(fields)
    if len(names) > MAX_ITEMS or not all(isinstance(text, str) for text in names):
        raise Unfoldable("the names of its fields must be text")
    row_class.field_names, row_class.defaults = tuple(names), tuple(folder.iterate(defaults or ()))
    return row_class


_NATIVES: dict[str, Callable[..., Any]] = {
    "types.SimpleNamespace": _namespace,
    "argparse.Namespace": _namespace,
    "types.MappingProxyType": lambda _folder, value: _mapping(value),
    "dataclasses.asdict": _asdict,
    "dataclasses.astuple": _astuple,
    "dataclasses.replace": _replace,
    "copy.replace": _replace,
    "dataclasses.field": lambda _folder, **named: Field(**named),
    "attrs.field": lambda _folder, **named: Field(**named),
    "attr.field": lambda _folder, **named: Field(**named),
    "attr.ib": lambda _folder, **named: Field(**named),
    "attrs.asdict": _asdict,
    "attr.asdict": _asdict,
    "attrs.evolve": _replace,
    "attr.evolve": _replace,
    "pydantic.Field": lambda _folder, *default, **named: Field(*default, **named),
    "enum.auto": lambda _folder: _AUTO,
    "collections.namedtuple": _namedtuple,
}


def is_kind(value: Any, kind: Any) -> bool:
    """Returns the result of `isinstance(value, kind)` for one of the flow's own classes."""
    owner = getattr(value, "owner", None)
    return isinstance(kind, OwnClass) and owner is not None and kind in owner.mro()
