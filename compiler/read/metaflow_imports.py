"""Imports of what flowc does not have of Metaflow.

They would fail where the flow runs, so it is said when the flow is read (FLOW153).
"""

from __future__ import annotations

from ..names.metaflow_api import MODULES, NAMES
from ..report.diagnostics import WARNING, Diagnostic, nearest
from ..source.text import span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from ..source.modules import Module

_WHY = "flowc has the names of Metaflow's documentation, and none of its internals"


def unknown_imports(module: Module) -> Iterator[Diagnostic]:
    """Yields each import of what flowc does not have of Metaflow:
    an error at the top of the module, a warning where it may never be reached.
    """
    if "metaflow" not in module.source.text:
        return
    for kind in ("import_statement", "import_from_statement"):
        for statement in module.source.root.find_all(kind=kind):
            for what, node in _imported(statement, module.source.root):
                top = statement.parent()
                certain = top is not None and top.kind() == "module"
                yield Diagnostic(
                    "FLOW153", f"`{what}` cannot be imported here", span(module.source, node), _WHY,
                    _how(what), *(() if certain else (WARNING,)),
                )  # fmt: skip


_DOCUMENTED = {  # internals that published flows import, and where the documentation has the same
    "metaflow.plugins.argo.argo_events": "metaflow.integrations",
    "metaflow.user_configs.config_decorators": "metaflow",
}


def _how(what: str) -> str:
    if what in _DOCUMENTED:
        return f"import the name from `{_DOCUMENTED[what]}`, as the documentation does"
    home, _, name = what.rpartition(".")
    close = nearest(name, NAMES) if home == "metaflow" else None
    return f"did you mean `{close}`?" if close else "use what the documentation has in its place, or do without it"


def _imported(statement: SgNode, root: SgNode) -> Iterator[tuple[str, SgNode]]:
    """The names of Metaflow that the statement imports and flowc does not have, each with its place."""
    home = statement.field("module_name")
    if home is None:  # import a.b, c as d
        for each in statement.named_children():
            name = each.field("name") if each.kind() == "aliased_import" else each
            if name is not None and name.text().partition(".")[0] == "metaflow" and name.text() not in MODULES:
                yield name.text(), name
        return
    module = home.text()
    if module.partition(".")[0] != "metaflow":
        return
    if module not in MODULES:
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
                if f"@{local.text()}" not in root.text():  # a decorator that nobody knows is spoken of where it is used
                    yield full, name
