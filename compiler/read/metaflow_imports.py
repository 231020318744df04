"""Imports of what flowc does not have of Metaflow (FLOW153).

What is part of Metaflow can be imported, and fails where it is used: an error if that is while the flow is imported,
else a warning. Any other name fails where it is imported.
"""

from __future__ import annotations

from ..decorators.decorator import plugin_named
from ..names.metaflow_api import INTERNAL, MODULES, NAMES
from ..report.diagnostics import WARNING, Diagnostic, nearest
from ..source.text import span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from ..source.modules import Module

_WHY = "flowc has the names of Metaflow's documentation, and none of its internals"


def unknown_imports(module: Module) -> Iterator[Diagnostic]:
    """Yields each import of what flowc does not have of Metaflow: an error where it must fail, else a warning."""
    if "metaflow" not in module.source.text:
        return
    said: set[str] = set()  # modules that fail only where they are used, each told once
    for statement in module.import_statements:
        top = statement.parent()
        is_certain = top is not None and top.kind() == "module"
        for what, node in _imported(statement, module.source.root):
            if what in said:
                continue
            text = f"`{what}` cannot be imported here"
            if what.split(".")[1] in INTERNAL:
                text = f"`{what}` is not supported: it fails where it is used"
                if is_certain and not _is_used_at_once(statement, module.source.root):
                    is_certain = False
                    said.add(what)
            yield Diagnostic(
                "FLOW153", text, span(module.source, node), _WHY,
                _how(what), *(() if is_certain else (WARNING,)),
            )  # fmt: skip


def _is_used_at_once(statement: SgNode, root: SgNode) -> bool:
    """Returns True if code outside functions uses a name that the statement binds, other than as a decorator."""
    home = statement.field("module_name")
    named = [child for child in statement.named_children() if home is None or child.range() != home.range()]
    names = {(node.field("alias") or node).text().partition(".")[0] for node in named}
    for node in root.find_all(kind="identifier"):
        if node.text() in names:
            kinds = [ancestor.kind() for ancestor in node.ancestors()]
            if not {"function_definition", "lambda", "decorator", *_IMPORTS} & set(kinds):
                return True
    return False


_IMPORTS = ("import_statement", "import_from_statement")


def _how(what: str) -> str:
    home, _, name = what.rpartition(".")
    close = nearest(name, NAMES) if home == "metaflow" else None
    return f"did you mean `{close}`?" if close else "use what the documentation has in its place, or do without it"


def _imported(statement: SgNode, root: SgNode) -> Iterator[tuple[str, SgNode]]:
    """The names of Metaflow that the statement imports and flowc does not have, each with its place."""
    home = statement.field("module_name")
    if home is None:  # import a.b, c as d
        for child in statement.named_children():
            name = child.field("name") if child.kind() == "aliased_import" else child
            if name is not None and name.text().partition(".")[0] == "metaflow" and not _is_there(name.text()):
                yield name.text(), name
        return
    module = home.text()
    if module.partition(".")[0] != "metaflow":
        return
    if not _is_there(module):
        yield module, home
        return
    for child in statement.named_children():
        name = child.field("name") if child.kind() == "aliased_import" else child
        if child.range() != home.range() and name is not None and name.kind() == "dotted_name":
            full = f"{module}.{name.text()}"
            if (
                module == "metaflow"
                and name.text() not in NAMES
                and full not in MODULES
                and not name.text().startswith("__")
            ):
                local = child.field("alias") or name
                # an unknown decorator is reported where it is used
                if f"@{local.text()}" not in root.text() and not plugin_named(full):
                    yield full, name


def _is_there(module: str) -> bool:
    """Returns True for a module of Metaflow's that flowc has. Below `_vendor` are other projects' modules."""
    return module in MODULES or module.startswith("metaflow._vendor.")
