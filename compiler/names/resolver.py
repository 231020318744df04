"""Names: what an identifier of a module stands for, through imports, aliases and modules of the flow's own folder.

A `World` holds the modules that have been read, starting from the flow's file; a module is read once, when a name first leads to it. A
name resolves to a *qualified name*: `metaflow.step`, whatever it was imported as, or `helpers.base.Base` for something of the flow's own.
flowc's own API resolves to the same names as Metaflow's, since both mean the same.
"""

from __future__ import annotations

import os
import sys

from ..fold.budget import Unfoldable
from ..fold.expressions import Folder, fold, parsed
from ..fold.values import Decorated, Environment, Function, Late, Library, Native
from ..report.diagnostics import Refused
from ..source.modules import Class, Module
from ..source.text import decode, parse, read_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from ast_grep_py import SgNode

    from ..fold.values import Config
    from ..report.diagnostics import Diagnostic

# A module without any of these names none while it runs.
_DYNAMIC = ("import_module", "__import__", "runpy", "sys.executable", "python", "_file_location")


class World:
    """The modules of one flow's folder."""

    def __init__(self, folder: str, given: Mapping[str, Any] | None = None, environment: Environment | None = None) -> None:
        self.folder = folder
        self.given = Values(given or {})  # values that `--set` gives
        self.here = ""  # what stands for the flow's folder in `__file__`, while a path is folded that is read from there
        self.environment = environment or Environment({}, False, set())
        self.sources: dict[str, str] = {}  # path from the folder → text, of every file read
        self.contents: dict[str, bytes] = {}
        self.added: dict[str, bytes] = {}  # what mutators add to the code package; the flow's own files win
        self._found: dict[str, str | None] = {}  # dotted name → path, asked of the disk once
        self._modules: dict[str, Module | None] = {}
        self._folding: set[tuple[str, str]] = set()
        self.configs: dict[str, Config] = {}  # of the flow, by name; from `configs.py`, before anything is folded that may use them

    def load(self, path: str, name: str, is_package: bool = False) -> Module:
        """Reads and parses the file. Raises Refused."""
        data = read_bytes(self.folder, path)
        text = decode(path, data)
        self.contents[path] = data
        self.sources[path] = text
        module = Module(name, parse(path, text), is_package)
        self._modules[name] = module
        return module

    def module(self, name: str) -> Module | None:
        """Returns the module of that dotted name if it is a file of the flow's folder, else None. Raises Refused if that file is broken."""
        if name not in self._modules:
            self._modules[name] = None
            found = self.find(name)
            if found is not None:
                self.load(found, name, found.endswith("/__init__.py"))
        return self._modules[name]

    def find(self, name: str) -> str | None:
        """Returns the path of the module's file below the flow's folder, or None."""
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def _find(self, name: str) -> str | None:
        if not name or not all(part.isidentifier() for part in name.split(".")):
            return None
        base = name.replace(".", "/")
        for path in (f"{base}/__init__.py", f"{base}.py"):
            if os.path.isfile(os.path.join(self.folder, *path.split("/"))):
                return path
        return None

    def is_folder(self, name: str) -> bool:
        """True for a package without `__init__.py`."""
        return bool(name) and os.path.isdir(os.path.join(self.folder, *name.split(".")))

    def qualify(self, module: Module, dotted: str) -> str:
        """Returns what the dotted name of the module stands for; a name that nothing binds stands for itself, as a builtin."""
        first, _, rest = dotted.partition(".")
        return self._follow(self._resolve(module, first, frozenset()), rest, frozenset())

    def _resolve(self, module: Module, name: str, seen: frozenset[tuple[str, str]]) -> str:
        if (module.name, name) in seen:
            return name
        seen = seen | {(module.name, name)}
        if name in module.imports:
            return _canonical(self._through(module.imports[name], seen))
        if name in module.classes or name in module.functions:
            return f"{module.name}.{name}"
        if name in module.assigned:
            values = module.assigned[name]
            if len(values) == 1 and values[0].kind() in ("identifier", "attribute") and _is_dotted(values[0].text()):
                first, _, rest = values[0].text().partition(".")
                return self._follow(self._resolve(module, first, seen), rest, seen)
            return f"{module.name}.{name}"
        for star in module.stars:
            if star.partition(".")[0] in ("metaflow", "flowc") and name in _star():
                return f"metaflow.{name}"
            other = self.module(star)
            if other is not None and _exports(other, name):
                return self._resolve(other, name, seen)
        return name

    def _follow(self, qualified: str, rest: str, seen: frozenset[tuple[str, str]]) -> str:
        if not rest:
            return qualified
        return _canonical(self._through(f"{qualified}.{rest}", seen))

    def _through(self, qualified: str, seen: frozenset[tuple[str, str]]) -> str:
        """Follows `package.module.name` into a module of the flow's folder, where `name` may itself be imported."""
        prefix, _, name = qualified.rpartition(".")
        if not prefix or self.find(qualified) is not None:
            return qualified
        other = self.module(prefix)
        return self._resolve(other, name, seen) if other is not None and _binds(other, name) else qualified

    def split(self, qualified: str) -> tuple[Module, str] | None:
        """Returns the module of the flow's folder and the name in it that a qualified name leads to, or None."""
        prefix, _, name = qualified.rpartition(".")
        module = self._modules.get(prefix) if prefix in self._modules else self.module(prefix)
        return (module, name) if module is not None else None

    def fold(self, text: str, lookup: Callable[[str], Any]) -> Any:
        """Folds an expression with what `--set` gave. Raises Unfoldable."""
        return fold(text, lookup, self.given)

    def constant(self, module: Module, dotted: str) -> Any:
        """Returns the folded value of a name that is bound exactly once at a module's top level, or in a class there.

        Raises KeyError for a name that nothing binds, Unfoldable for one whose value cannot be known.
        """
        first = dotted.partition(".")[0]
        if dotted == "__file__":
            if not self.here:
                raise Unfoldable("where the flow's file is differs from machine to machine")
            return f"{self.here}/{module.source.name}"
        if not _binds(module, first):
            if dotted in self.given:
                return self.given[dotted]
            raise KeyError(dotted)
        qualified = self.qualify(module, dotted)
        found = self.library(qualified)
        if found is not None:
            return found
        if qualified == "metaflow.config_expr":
            return Native("config_expr", lambda folder, text: self._config_expression(module, folder, text))
        if qualified == "functools.partial":
            return Native("partial", _partial)
        if qualified == "functools.wraps":
            return Native("wraps", _wraps)
        if qualified.startswith("metaflow."):
            from ..read.helper_declarations import native

            found = native(qualified)
            if found is not None:
                return found
        home, names = self._home(qualified)
        if home is None:
            raise KeyError(dotted)
        if len(names) > 1 and names[0] in home.classes:
            return self._class_constant(home, names, dotted)
        if len(names) != 1:
            raise KeyError(dotted)
        return self._bound(home, names[0], dotted)

    def function(self, module: Module, definition: SgNode, lookup: Callable[[str], Any]) -> Function:
        """Returns what folding calls for a function of the module, which is read and not run. `definition` is its whole statement, or a lambda.

        Raises Unfoldable.
        """
        if definition.kind() == "lambda":
            return Function("lambda", parsed(definition.text()).body, lookup, {}, self.given)
        import textwrap

        column = definition.range().start.column
        tree = parsed(textwrap.dedent(" " * column + definition.text()), "exec")
        return Function(tree.body[0].name, tree.body[0], lookup, {}, self.given)

    def _config_expression(self, module: Module, folder: Folder, text: Any) -> Late:
        """`config_expr('…')`: an expression over the flow's configs by their names, then the names of the module that it is written in."""
        if not isinstance(text, str):
            raise Unfoldable("`config_expr` takes an expression as text")

        def lookup(name: str) -> Any:
            first, _, rest = name.partition(".")
            if first not in self.configs:
                return self.constant(module, name)
            if rest:
                raise KeyError(name)
            return self.configs[first].known()

        inner = Folder(lookup, folder.budget, {}, self.given, folder.depth)
        return Late(inner.usable(inner.fold(parsed(text).body)), text)

    def config_of(self, owner: Class, attribute: str) -> Late | None:
        """What the attribute of a class stands for in its body when it is a `Config`, else None. Raises Unfoldable if that could not be read."""
        for config in self.configs.values():
            if config.attribute == attribute and config.owner == owner.key:
                return Late(config.known(), attribute, is_config=True)
        return None

    def library(self, qualified: str) -> Any:
        """What folding knows of Python's own library, or None."""
        if "." not in qualified:
            return Library(qualified) if qualified in ("os", "json", "math", "datetime", "textwrap", "string") else None
        if qualified == "os.environ":
            return self.environment
        from ..fold.library import LIBRARY, VALUES, value_of

        if qualified not in LIBRARY:
            return None
        return value_of(qualified) if qualified in VALUES else Library(qualified)

    def _home(self, qualified: str) -> tuple[Module | None, list[str]]:
        """The module of the flow's folder that a qualified name leads to, and the rest of the name."""
        parts = qualified.split(".")
        for end in range(len(parts) - 1, 0, -1):
            prefix = ".".join(parts[:end])
            home = self._modules.get(prefix) if prefix in self._modules else self.module(prefix)
            if home is not None:
                return home, parts[end:]
        return None, []

    def _bound(self, home: Module, name: str, dotted: str) -> Any:
        if name in home.functions and name not in home.assigned and name not in home.classes:
            if len(home.functions[name]) != 1:
                raise Unfoldable(f"`{dotted}` is defined several times in `{home.source.name}`")
            found = self.function(home, home.functions[name][0], lambda each: self.constant(home, each))
            found.qualified = f"{home.name}.{name}"
            return found
        values = home.assigned.get(name, [])
        if not values or name in home.classes or name in home.functions or name in home.imports:
            raise KeyError(dotted)
        return self._once(home, name, values, lambda each: self.constant(home, each), dotted)

    def _once(self, home: Module, name: str, values: list[SgNode], lookup: Callable[[str], Any], dotted: str) -> Any:
        try:
            if len(values) != 1:
                raise Unfoldable(f"`{dotted}` is bound or changed more than once in `{home.source.name}`")
            if (home.name, name) in self._folding:
                raise Unfoldable(f"`{dotted}` is defined by itself")
            self._folding.add((home.name, name))
            try:
                return self.fold(values[0].text(), lookup)
            finally:
                self._folding.discard((home.name, name))
        except Unfoldable:
            for each in (dotted, name, f"{home.name}.{name}"):
                if each in self.given:
                    return self.given[each]
            raise

    def _class_constant(self, home: Module, names: list[str], dotted: str) -> Any:
        """`Limits.CPU`, also in a class within a class, and the members of an enumeration."""
        from ..source.modules import Class
        from .classes import is_enumeration

        owner = Class(home, home.classes[names[0]][-1])
        for name in names[1:-1]:
            if name in owner.classes:
                owner = Class(home, owner.classes[name][-1])
            elif name == names[-2] and names[-1] in ("value", "name") and is_enumeration(self, owner):
                return name if names[-1] == "name" else self._in_class(owner, name, dotted)
            else:
                raise KeyError(dotted)
        value = self._in_class(owner, names[-1], dotted)
        if is_enumeration(self, owner):
            raise Unfoldable(f"`{dotted}` is a member of an enumeration; write `{dotted}.value`")
        return value

    def _in_class(self, owner: Any, name: str, dotted: str) -> Any:
        if name not in owner.assigned:
            raise KeyError(dotted)

        def lookup(each: str) -> Any:
            first, _, rest = each.partition(".")
            return self._in_class(owner, first, each) if first in owner.assigned and not rest else self.constant(owner.module, each)

        return self._once(owner.module, f"{owner.name}.{name}", owner.assigned[name], lookup, dotted)

    def closure(self, start: Module, problems: list[Diagnostic] | None = None) -> dict[str, bytes]:
        """Returns the files that the flow can import or start from its own folder: path → content. A package comes with its whole tree.

        Adds FLOW157 to `problems` for a module whose name is computed, and which may be one that is missing here.
        Raises Refused for a module of the folder that Python could not read.
        """
        waiting, seen = [(start, "")], {start.name}
        unknown = []

        def follow(name: str, is_certain: bool = True) -> None:
            parts = name.split(".")
            for end in range(1, len(parts) + 1):
                prefix = ".".join(parts[:end])
                if prefix in seen:
                    continue
                seen.add(prefix)
                try:
                    other = self.module(prefix)
                except Refused:
                    if is_certain:
                        raise
                    continue  # one of several that may be imported: it travels as it is
                if other is not None:
                    waiting.append((other, ""))
                    if other.is_package:
                        self._package(other.source.name.rpartition("/")[0])

        while waiting:
            module, beside = waiting.pop()
            for name in module.everywhere:
                follow(name)
                if beside:  # a script's own folder is where Python looks first
                    follow(f"{beside}.{name}")
            if not any(each in module.source.text for each in _DYNAMIC):
                continue
            from .dynamic_imports import modules_of, named_while_running  # rarely needed

            for named in named_while_running(self, module):
                for name in named.modules:
                    follow(name)
                for path in named.files:
                    script = self._script(path)
                    if script is not None and script.name not in seen:
                        seen.add(script.name)
                        waiting.append((script, script.name.rpartition(".")[0]))
                if named.beginning is not None:
                    possible = modules_of(self.folder, named.beginning)
                    for name, path in possible.items():
                        follow(name, is_certain=False)
                        if path not in self.contents:
                            self.contents[path] = read_bytes(self.folder, path)
                    if not possible:
                        unknown.append((module, named))
        if problems is not None and unknown:
            from .dynamic_imports import unknown_names

            problems += unknown_names(self, unknown)
        return dict(sorted({**self.added, **self.contents}.items()))

    def _script(self, path: str) -> Module | None:
        """The module of a file that is started by its path, or None if the flow's folder has no such file. Raises Refused if it is broken."""
        name = path.removesuffix(".py").replace("/", ".")
        if name in self._modules and self._modules[name] is not None:
            return self._modules[name]
        return self.load(path, name) if os.path.isfile(os.path.join(self.folder, *path.split("/"))) else None

    def _package(self, folder: str) -> None:
        for path in python_files(self.folder, folder):
            if path not in self.contents:
                self.contents[path] = read_bytes(self.folder, path)


def _star() -> frozenset[str]:
    from .metaflow_api import NAMES

    return NAMES


class Values(dict):  # type: ignore[type-arg]
    """What `--set` gives: values by the text of a name or a call. `used` are those that were asked for."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.used: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.used.add(name)
        return super().__getitem__(name)


def _canonical(qualified: str) -> str:
    """One name for the API, from wherever it comes: flowc, Metaflow, or a module of either that re-exports it."""
    top, _, rest = qualified.partition(".")
    return f"metaflow.{rest.rpartition('.')[2]}" if top in ("metaflow", "flowc") and rest else qualified


def is_standard(qualified: str) -> bool:
    """True for a name of Python's builtins or standard library, which no flow class is in."""
    import builtins

    top = qualified.partition(".")[0]
    return top in sys.stdlib_module_names or hasattr(builtins, top)


def _is_dotted(text: str) -> bool:
    """False for an attribute of a value, as in `Path(__file__).parent`, which is no name."""
    return all(each.strip().isidentifier() for each in text.split("."))


def _binds(module: Module, name: str) -> bool:
    return name in module.imports or name in module.classes or name in module.functions or name in module.assigned or bool(module.stars)


def _exports(module: Module, name: str) -> bool:
    """Whether `from module import *` brings the name: those of `__all__` if it is there, else all that do not begin with `_`."""
    if not _binds(module, name):
        return False
    listed = module.assigned.get("__all__")
    if listed is None:
        return not name.startswith("_")
    return any(name == each.text().strip("'\"") for one in listed for each in one.find_all(kind="string"))


def python_files(root: str, folder: str) -> Iterator[str]:
    for entry in sorted(os.listdir(os.path.join(root, *folder.split("/")))):
        path = f"{folder}/{entry}"
        full = os.path.join(root, *path.split("/"))
        if os.path.isdir(full) and not os.path.islink(full) and entry != "__pycache__" and not entry.startswith("."):
            yield from python_files(root, path)
        elif entry.endswith(".py") and os.path.isfile(full):
            yield path


def _wraps(_folder: Folder, wrapped: Any, *_names: Any, **_named: Any) -> Native:
    """`functools.wraps`: what wraps a step is a step, with the decorators of that."""
    return Native("wraps", lambda _, function: wrapped if isinstance(wrapped, Decorated) else function)


def _partial(_folder: Folder, function: Any, *before: Any, **fixed: Any) -> Native:
    """`functools.partial`."""
    return Native("partial", lambda folder, *arguments, **named: folder.call(function, [*before, *arguments], {**fixed, **named}))
