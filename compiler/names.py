"""Names: what an identifier of a module stands for, through imports, aliases and modules of the flow's own folder.

A `World` holds the modules that have been read, starting from the flow's file; a module is read once, when a name first leads to it. A
name resolves to a *qualified name*: `metaflow.step`, whatever it was imported as, or `helpers.base.Base` for something of the flow's own.
flowc's own API resolves to the same names as Metaflow's, since both mean the same.
"""

from __future__ import annotations

import os
import sys

from .fold import Unfoldable, fold
from .source import Source, decode, parse, read_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ast_grep_py import SgNode

_IMPORTS = ("import_statement", "import_from_statement", "future_import_statement")
_COMPOUND = ("if_statement", "else_clause", "elif_clause", "try_statement", "except_clause", "finally_clause", "with_statement", "block")


class Module:
    """One module of the flow's folder: what its top level binds."""

    def __init__(self, name: str, source: Source, is_package: bool) -> None:
        self.name = name  # dotted
        self.source = source
        self.is_package = is_package
        self.imports: dict[str, str] = {}  # local name → qualified name
        self.stars: list[str] = []  # modules imported with `*`
        self.assigned: dict[str, list[SgNode]] = {}  # name → what is assigned to it, each time
        self.classes: dict[str, list[SgNode]] = {}
        self.functions: dict[str, list[SgNode]] = {}
        self.everywhere: list[str] = []  # qualified modules imported anywhere, functions included
        _bind(self)


class World:
    """The modules of one flow's folder."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.sources: dict[str, str] = {}  # path from the folder → text, of every file read
        self.contents: dict[str, bytes] = {}
        self._modules: dict[str, Module | None] = {}
        self._folding: set[tuple[str, str]] = set()

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
            if len(values) == 1 and values[0].kind() in ("identifier", "attribute"):
                first, _, rest = values[0].text().partition(".")
                return self._follow(self._resolve(module, first, seen), rest, seen)
            return f"{module.name}.{name}"
        for star in module.stars:
            if star.partition(".")[0] in ("metaflow", "flowc") and name in _star():
                return f"metaflow.{name}"
            other = self.module(star)
            if other is not None and _binds(other, name):
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

    def constant(self, module: Module, dotted: str) -> Any:
        """Returns the folded value of a name that is bound exactly once at a module's top level. Raises KeyError otherwise."""
        found = self.split(self.qualify(module, dotted))
        if found is None:
            raise KeyError(dotted)
        home, name = found
        values = home.assigned.get(name, [])
        if len(values) != 1 or name in home.classes or name in home.functions or name in home.imports:
            raise KeyError(dotted)
        if (home.name, name) in self._folding:
            raise KeyError(dotted)
        self._folding.add((home.name, name))
        try:
            return fold(values[0].text(), lambda each: self.constant(home, each))
        except Unfoldable:
            raise KeyError(dotted) from None
        finally:
            self._folding.discard((home.name, name))

    def closure(self, start: Module) -> dict[str, bytes]:
        """Returns the files that the flow can import from its own folder: path → content. A package comes with its whole tree.

        Raises Refused for a module of the folder that Python could not read.
        """
        waiting, seen = [start], {start.name}
        while waiting:
            module = waiting.pop()
            for name in module.everywhere:
                parts = name.split(".")
                for end in range(1, len(parts) + 1):
                    prefix = ".".join(parts[:end])
                    if prefix in seen:
                        continue
                    seen.add(prefix)
                    other = self.module(prefix)
                    if other is not None:
                        waiting.append(other)
                        if other.is_package:
                            self._package(other.source.name.rpartition("/")[0])
        return dict(sorted(self.contents.items()))

    def _package(self, folder: str) -> None:
        for path in _python_files(self.folder, folder):
            if path not in self.contents:
                self.contents[path] = read_bytes(self.folder, path)


def _star() -> frozenset[str]:
    from .metaflow_names import NAMES

    return NAMES


def _canonical(qualified: str) -> str:
    """One name for the API, from wherever it comes: flowc, Metaflow, or a module of either that re-exports it."""
    top, _, rest = qualified.partition(".")
    return f"metaflow.{rest.rpartition('.')[2]}" if top in ("metaflow", "flowc") and rest else qualified


def is_standard(qualified: str) -> bool:
    """True for a name of Python's builtins or standard library, which no flow class is in."""
    import builtins

    top = qualified.partition(".")[0]
    return top in sys.stdlib_module_names or hasattr(builtins, top)


def _binds(module: Module, name: str) -> bool:
    return name in module.imports or name in module.classes or name in module.functions or name in module.assigned or bool(module.stars)


def _python_files(root: str, folder: str) -> Iterator[str]:
    for entry in sorted(os.listdir(os.path.join(root, *folder.split("/")))):
        path = f"{folder}/{entry}"
        full = os.path.join(root, *path.split("/"))
        if os.path.isdir(full) and not os.path.islink(full) and entry != "__pycache__" and not entry.startswith("."):
            yield from _python_files(root, path)
        elif entry.endswith(".py") and os.path.isfile(full):
            yield path


# ── the top level of a module ────────────────────────────────────────────────────────────────────────────────────────────────────


def _bind(module: Module) -> None:
    for statement in _statements(module.source.root):
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
        elif kind == "expression_statement":
            for node in statement.named_children():
                if node.kind() == "assignment":
                    _assignment(node, module.assigned)
                elif node.kind() == "augmented_assignment":
                    left = node.field("left")
                    if left is not None:
                        module.assigned.setdefault(left.text(), []).extend([node, node])  # bound again: its value is not known
    everywhere: dict[str, str] = {}
    if "import" in module.source.text:
        for kind in _IMPORTS[:2]:
            for statement in module.source.root.find_all(kind=kind):
                _import(module, statement, everywhere)


def _statements(block: SgNode) -> Iterator[SgNode]:
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


def _assignment(node: SgNode, into: dict[str, list[SgNode]]) -> None:
    left, right = node.field("left"), node.field("right")
    if left is None or right is None:
        return
    if left.kind() == "identifier":
        into.setdefault(left.text(), []).append(right)
        if right.kind() == "assignment":  # a = b = 1
            _assignment(right, into)
    else:
        for each in left.find_all(kind="identifier"):
            into.setdefault(each.text(), []).extend([right, right])  # a tuple's part: not followed


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
