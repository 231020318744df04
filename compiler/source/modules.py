"""Modules and classes as written: the names that each binds. `names/resolver.py` finds what a name refers to."""

from __future__ import annotations

from .bindings import bind, statements
from .text import span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ast_grep_py import SgNode

    from ..ir.nodes import Span
    from .text import Source

_IMPORTS = ("import_statement", "import_from_statement", "future_import_statement")


class Module:
    """A module of the flow's folder, with the names that its top level binds."""

    def __init__(self, name: str, source: Source, is_package: bool) -> None:
        self.name = name  # dotted
        self.source = source
        self.is_package = is_package
        self.imports: dict[str, str] = {}  # local name → qualified name
        self.stars: list[str] = []  # modules imported with `*`
        self.assigned: dict[str, list[SgNode]] = {}  # name → its assigned expressions
        self.classes: dict[str, list[SgNode]] = {}
        self.functions: dict[str, list[SgNode]] = {}
        self.everywhere: list[str] = []  # qualified modules imported anywhere, functions included
        self.within: dict[str, str] = {}  # like `imports`, functions included
        self.import_statements: list[SgNode] = []  # anywhere: those of `import`, then those of `from`
        _bind(self)


class Class:
    """A class in a module of the flow's folder."""

    def __init__(self, module: Module, node: SgNode) -> None:
        self.module = module
        self.outer = node  # with its decorators
        definition = node.field("definition") if node.kind() == "decorated_definition" else node
        assert definition is not None
        self.node: SgNode = definition
        name = definition.field("name")
        self.name = name.text() if name is not None else ""
        self.span: Span = span(module.source, name if name is not None else definition)
        self.assigned: dict[str, list[SgNode]] = {}  # names bound in the class body → their assigned expressions
        self.classes: dict[str, list[SgNode]] = {}  # and classes in it
        self.functions: dict[str, list[SgNode]] = {}
        body = definition.field("body")
        for statement in statements(body) if body is not None else []:
            kind = statement.kind()
            inner = statement.field("definition") if kind == "decorated_definition" else statement
            if inner is not None and inner.kind() in ("class_definition", "function_definition"):
                called = inner.field("name")
                home = self.classes if inner.kind() == "class_definition" else self.functions
                home.setdefault(called.text() if called is not None else "", []).append(statement)
            else:
                bind(statement, self.assigned)

    @property
    def key(self) -> tuple[str, str]:
        return self.module.name, self.name


def base_names(candidate: Class) -> list[tuple[str, SgNode]]:
    """Returns the name of each base class, "" for one without a name, and its place."""
    bases = candidate.node.field("superclasses")
    names = []
    for base in bases.named_children() if bases is not None else []:
        if base.kind() == "subscript":  # Generic[T]
            value = base.field("value")
            names.append((value.text() if value is not None else "", base))
        elif base.kind() in ("identifier", "attribute"):
            names.append((base.text(), base))
        elif base.kind() not in ("keyword_argument", "comment"):
            names.append(("", base))
    return names


# ── names that a module binds ────────────────────────────────────────────────────────────────────────────────────────


def _bind(module: Module) -> None:
    imports = []
    for statement in statements(module.source.root):
        kind = statement.kind()
        if kind in _IMPORTS:
            imports.append(statement)
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
            for child in statement.named_children():
                module.assigned.setdefault(child.text(), []).extend([child, child])
    module.import_statements = _all_imports(module.source, imports)
    for statement in module.import_statements:
        _import(module, statement, module.within)


def _all_imports(source: Source, imports: list[SgNode]) -> list[SgNode]:
    """Returns the import statements anywhere in the module; `imports` are those at its top level.

    Searches the whole tree only if the word is elsewhere too.
    """
    if source.text.count("import") > sum(statement.text().count("import") for statement in imports):
        imports = source.root.find_all({"rule": {"any": [{"kind": kind} for kind in _IMPORTS[:2]]}})
    return [statement for kind in _IMPORTS[:2] for statement in imports if statement.kind() == kind]


def _name(definition: SgNode) -> str:
    name = definition.field("name")
    return name.text() if name is not None else ""


def _import(module: Module, statement: SgNode, into: dict[str, str]) -> None:
    if statement.kind() == "import_statement":
        for child in statement.named_children():
            if child.kind() == "aliased_import":
                name, alias = child.field("name"), child.field("alias")
                if name is not None and alias is not None:
                    into[alias.text()] = name.text()
                    module.everywhere.append(name.text())
            elif child.kind() == "dotted_name":
                into[child.text().partition(".")[0]] = child.text().partition(".")[0]
                module.everywhere.append(child.text())
    elif statement.kind() == "import_from_statement":
        origin = statement.field("module_name")
        base = _base(module, origin.text()) if origin is not None else None
        if base is None:
            return
        module.everywhere.append(base)
        for node in statement.named_children()[1:]:
            if node.kind() == "wildcard_import":
                module.stars.append(base)
            elif node.kind() == "aliased_import":
                name, alias = node.field("name"), node.field("alias")
                if name is not None and alias is not None:
                    into[alias.text()] = f"{base}.{name.text()}" if base else name.text()
                    module.everywhere.append(f"{base}.{name.text()}" if base else name.text())
            elif node.kind() == "dotted_name":
                into[node.text()] = f"{base}.{node.text()}" if base else node.text()
                module.everywhere.append(f"{base}.{node.text()}" if base else node.text())


def _base(module: Module, origin: str) -> str | None:
    """Returns the absolute name of `from ORIGIN import …`; None if it leaves the flow's folder."""
    dots = len(origin) - len(origin.lstrip("."))
    if not dots:
        return origin
    parts = module.name.split(".") if module.is_package else module.name.split(".")[:-1]
    if dots - 1 > len(parts):
        return None
    kept = parts[: len(parts) - (dots - 1)]
    rest = origin.lstrip(".")
    return ".".join([*kept, *([rest] if rest else [])])
