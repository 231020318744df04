"""The evaluator: computes the constants of the flow's modules and classes without running their code.

It holds everything besides the source that a value may depend on: the values from `--set` and `--env`, the flow's
configs, and the meaning of Metaflow's names. An evaluator never changes; `with_configs` and `at` return a new one.
"""

from __future__ import annotations

import os

from ..names.metaflow_api import NAMES
from ..names.resolver import binds
from ..source.bindings import opened_as
from ..source.modules import Class
from .budget import Budget, Unfoldable
from .values import (
    CLICK_TYPES,
    CURRENT,
    HERE,
    PLACE,
    Decorated,
    Elsewhere,
    Environment,
    Function,
    Late,
    Library,
    Native,
    has_place,
)  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ast_grep_py import SgNode

    from ..names.resolver import Resolver
    from ..source.modules import Module
    from .expressions import Folder
    from .objects import OwnClass
    from .values import Config, Folding


def no_natives(qualified: str) -> None:
    """Returns None: the meaning of Metaflow's names for callers that do not need them."""


class Evaluator:
    """The constants of one flow's modules."""

    def __init__(
        self, resolver: Resolver, set_values: Values | None = None, environment: Environment | None = None,
        natives: Callable[[str], Any] = no_natives, configs: Mapping[str, Config] | None = None, here: str = "",
        opens: bool = False,
    ) -> None:  # fmt: skip
        self.resolver = resolver
        self.set_values = set_values if set_values is not None else Values({})  # values from `--set`
        self.environment = environment or Environment({}, False, set())
        self.natives = natives  # the function that folding uses for one of Metaflow's names, or None
        self.configs = configs or {}  # of the flow, by name
        self.here = here  # the flow's folder in `__file__`; "" if a path may not depend on it
        self.opens = opens  # names of installed packages are looked up in their sources
        self.read: set[str] | None = None  # files that values came from, if the caller wants to know
        self.classes: dict[tuple[str, str], OwnClass] = {}  # of the flow's own modules, by module and name
        self._folding: set[tuple[str, str]] = set()
        self._again = False  # in a second attempt, which knows the flow's folder

    def with_configs(self, configs: Mapping[str, Config]) -> Evaluator:
        """Returns an evaluator that knows the flow's configs."""
        return Evaluator(self.resolver, self.set_values, self.environment, self.natives, configs, self.here)

    def opening(self, natives: Callable[[str], Any] | None = None, opens: bool = True) -> Evaluator:
        """Returns an evaluator that reads installed packages too, and to which other names have a meaning."""
        natives = natives or self.natives
        return Evaluator(self.resolver, self.set_values, self.environment, natives, self.configs, self.here, opens)

    def at(self, here: str) -> Evaluator:
        """Returns an evaluator that knows the flow's folder, for a path that is read from there."""
        return Evaluator(self.resolver, self.set_values, self.environment, self.natives, self.configs, here)

    def fold(self, text: str, lookup: Callable[[str], Any]) -> Any:
        """Folds an expression with the values from `--set`. Raises Unfoldable.

        A value that needs the folder of the code, but is the same wherever that is, is found in a second attempt: the
        content of a file, or the name of one.
        """
        from .expressions import fold

        try:
            return fold(text, lookup, self.set_values)
        except Elsewhere as elsewhere:
            if self.here or self.environment.is_complete:
                raise
            self.here, self._again = HERE, True
            try:
                value = fold(text, lookup, self.set_values)
            except Elsewhere:
                raise elsewhere from None
            finally:
                self.here, self._again = "", False
            if has_place(value):
                raise
            return value

    def constant(self, module: Module, dotted: str) -> Any:
        """Returns the folded value of a name that is bound exactly once at a module's top level, or in a class there.

        Raises KeyError for an unbound name, Unfoldable for one whose value cannot be known.
        """
        first = dotted.partition(".")[0]
        if dotted == "__file__":
            if not self.here and self.environment.is_complete:
                return os.path.abspath(self.resolver.sources.path_of(module.source.name))
            if not self.here:
                raise Elsewhere("the path of the flow's file differs from machine to machine")
            return f"{self.here}/{module.source.name}"
        if dotted == f"{PLACE}environment":
            return self.environment
        if dotted.startswith(PLACE):
            return self._place(dotted.removeprefix(PLACE))
        if not binds(module, first):
            if dotted in self.set_values:
                return self.set_values[dotted]
            raise KeyError(dotted)
        qualified = self.resolver.qualify(module, dotted)
        result = self.library(qualified)
        if result is not None:
            return result
        if qualified.partition(".")[0] in _OBJECTS and (result := _maker(qualified)) is not None:
            return result
        if qualified == "metaflow.config_expr":
            return Native("config_expr", lambda folder, text: self._config_expression(module, folder, text))
        if qualified == "functools.partial":
            return Native("partial", _partial)
        if qualified == "functools.wraps":
            return Native("wraps", _wraps)
        if qualified.startswith(("metaflow.", "click.")) and (last := qualified.rpartition(".")[2]) in CLICK_TYPES:
            return self.natives(f"metaflow.{last}")
        if qualified.startswith("metaflow.") and qualified[9:].isupper() and qualified[9:] not in NAMES:
            return self.environment.get(f"METAFLOW_{qualified[9:]}")  # of `metaflow.metaflow_config`
        if qualified.startswith("metaflow."):
            value = self.natives(qualified)
            if value is not None:
                return value
        home, names = self.resolver.home(qualified)
        if home is None:
            result = self.natives(qualified) if not qualified.startswith("metaflow.") else None
            if result is not None:
                return result
            if self.opens and "." in qualified and self.resolver.sources.open(qualified):
                qualified = self.resolver.qualify(module, dotted)
                home, names = self.resolver.home(qualified)
                if qualified.startswith("metaflow."):
                    return self.constant(module, dotted)
        if home is None:
            raise KeyError(dotted)
        if self.read is not None:
            self.read.add(home.source.name)
        else:
            self.resolver.sources.use(home.source.name)
        if len(names) > 1 and names[0] in home.classes:
            try:
                return self._class_constant(home, names, dotted)
            except KeyError:
                if "." in dotted:
                    raise
        if len(names) != 1:
            if "." in dotted:
                raise KeyError(dotted)
            return self._part(home, names)  # of `CPU = SETTINGS.cpu`
        return self._bound(home, names[0], dotted)

    def _part(self, home: Module, names: list[str]) -> Any:
        """Returns an attribute of a value that a module binds."""
        from .expressions import Folder

        folder = Folder(lambda inner_name: self.constant(home, inner_name), Budget(), {}, self.set_values)
        value = self.constant(home, names[0])
        for name in names[1:]:
            value = folder.attribute(value, name)
        return value

    def _place(self, name: str) -> Any:
        """Returns the "current" folder or the user's "home". Raises Unfoldable where a spec would depend on it."""
        if name == "files":
            return self.resolver.sources
        if name == "run":
            return self.environment.is_complete
        if self.here and not self._again:
            return CURRENT if name == "current" else "~"
        if self.environment.is_complete:
            return os.getcwd() if name == "current" else os.path.expanduser("~")
        which = "the current folder" if name == "current" else "the user's home"
        raise Elsewhere(f"{which} differs from machine to machine")

    def function(self, module: Module, definition: SgNode, lookup: Callable[[str], Any]) -> Function:
        """Returns the value that folding calls for a function of the module, whose code is read but not run.

        `definition` is its whole statement, or a lambda. Raises Unfoldable.
        """
        from .expressions import parsed

        if definition.kind() == "lambda":
            return Function("lambda", parsed(definition.text()).body, lookup, {}, self.set_values)
        import textwrap

        column = definition.range().start.column
        tree = parsed(textwrap.dedent(" " * column + definition.text()), "exec")
        return Function(tree.body[0].name, tree.body[0], lookup, {}, self.set_values)

    def _config_expression(self, module: Module, folder: Folder, text: Any) -> Late:
        """Folds `config_expr('…')`: an expression over the flow's configs by name, and then the names of its module."""
        if not isinstance(text, str):
            raise Unfoldable("`config_expr` takes an expression as text")
        from .expressions import Folder, parsed

        def lookup(name: str) -> Any:
            first, _, rest = name.partition(".")
            if first not in self.configs:
                return self.constant(module, name)
            if rest:
                raise KeyError(name)
            return self.configs[first].known()

        inner = Folder(lookup, folder.budget, {}, self.set_values, folder.depth)
        return Late(inner.usable(inner.fold(parsed(text).body)), text)

    def config_of(self, owner: Class, attribute: str) -> Late | None:
        """Returns the value in the class body of an attribute that is a `Config`, else None.

        Raises Unfoldable if the config could not be read.
        """
        for config in self.configs.values():
            if config.attribute == attribute and config.owner == owner.key:
                return Late(config.known(), attribute, is_config=True)
        return None

    def library(self, qualified: str) -> Any:
        """Returns the folded value of a name in Python's standard library, or None."""
        if "." not in qualified:
            return Library(qualified) if qualified in ("os", "json", "math", "datetime", "textwrap", "string") else None
        if qualified == "os.environ":
            return self.environment
        from .library import LIBRARY, VALUES, value_of

        if qualified not in LIBRARY:
            return None
        return value_of(qualified) if qualified in VALUES else Library(qualified)

    def _bound(self, home: Module, name: str, dotted: str) -> Any:
        if name in home.functions and name not in home.assigned and name not in home.classes:
            if len(home.functions[name]) != 1:
                raise Unfoldable(f"`{dotted}` is defined several times in `{home.source.name}`")
            function = self.function(home, home.functions[name][0], lambda inner_name: self.constant(home, inner_name))
            function.qualified = f"{home.name}.{name}"
            return function
        if name in home.classes:
            from .objects import own_class

            return own_class(self, home, name)
        values = home.assigned.get(name, [])
        if not values or name in home.classes or name in home.functions or name in home.imports:
            raise KeyError(dotted)
        value = self._once(home, name, values, lambda inner_name: self.constant(home, inner_name), dotted)
        if hasattr(value, "is_object"):
            from .objects import untouched

            return untouched(value, home, name)
        return value

    def _once(self, home: Module, name: str, values: list[SgNode], lookup: Callable[[str], Any], dotted: str) -> Any:
        try:
            if len(values) != 1:
                raise Unfoldable(f"`{dotted}` is bound or changed more than once in `{home.source.name}`")
            if (home.name, name) in self._folding:
                raise Unfoldable(f"`{dotted}` is defined by itself")
            self._folding.add((home.name, name))
            try:
                return self.fold(values[0].text(), _within_with(values[0], lookup))
            finally:
                self._folding.discard((home.name, name))
        except Unfoldable:
            for spelling in (dotted, name, f"{home.name}.{name}"):
                if spelling in self.set_values:
                    return self.set_values[spelling]
            raise

    def _class_constant(self, home: Module, names: list[str], dotted: str) -> Any:
        """Returns the value of `Limits.CPU`, also in a nested class, and of members of an enumeration."""
        from ..names.classes import is_enumeration
        from ..source.modules import Class

        owner = Class(home, home.classes[names[0]][-1])
        if {names[0], names[1]} <= home.assigned.keys():  # by `Limits.CPU = 3`
            raise Unfoldable(f"`{dotted}` is bound or changed more than once in `{home.source.name}`")
        for name in names[1:-1]:
            if name in owner.classes:
                owner = Class(home, owner.classes[name][-1])
            elif name == names[-2] and names[-1] in ("value", "name") and is_enumeration(self.resolver, owner):
                value = name if names[-1] == "name" else self._in_class(owner, name, dotted)
                if hasattr(value, "is_auto"):
                    raise KeyError(dotted)  # the class counts its members
                return value
            else:
                raise KeyError(dotted)
        if is_enumeration(self.resolver, owner):
            raise KeyError(dotted)  # the class gives its members
        return self._in_class(owner, names[-1], dotted)

    def _in_class(self, owner: Any, name: str, dotted: str) -> Any:
        if name not in owner.assigned:
            raise KeyError(dotted)

        def lookup(dotted: str) -> Any:
            first, _, rest = dotted.partition(".")
            return (
                self._in_class(owner, first, dotted)
                if first in owner.assigned and not rest
                else self.constant(owner.module, dotted)
            )

        return self._once(owner.module, f"{owner.name}.{name}", owner.assigned[name], lookup, dotted)


def _within_with(value: SgNode, lookup: Callable[[str], Any]) -> Callable[[str], Any]:
    """Returns a lookup that also knows the files that `with` statements around the expression open."""

    def inner(name: str) -> Any:
        try:
            return lookup(name)
        except KeyError:
            opening = None if "." in name else opened_as(value, name)
            if opening is None:
                raise
            from .expressions import fold

            return fold(opening.text(), inner)

    return inner


_OBJECTS = frozenset("argparse attr attrs collections copy dataclasses enum pydantic types".split())


def _maker(qualified: str) -> Native | None:
    """Returns a function of the standard library that makes or takes objects, or None."""
    from .objects import native

    return native(qualified)


class Values(dict):  # type: ignore[type-arg]
    """The values from `--set`, by the text of a name or a call. `used` are those that were looked up."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.used: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.used.add(name)
        return super().__getitem__(name)


def _wraps(_folder: Folding, wrapped: Any, *_names: Any, **_named: Any) -> Native:
    """Folds `functools.wraps`: a wrapper of a step is a step with the same decorators."""
    return Native("wraps", lambda _, function: wrapped if isinstance(wrapped, Decorated) else function)


def _partial(_folder: Folding, function: Any, *before: Any, **fixed: Any) -> Native:
    """Folds `functools.partial`."""
    return Native(
        "partial", lambda folder, *arguments, **named: folder.call(function, [*before, *arguments], {**fixed, **named})
    )
