"""The settings of Metaflow that a flow's code reads, and that a container's environment must have."""

from __future__ import annotations

from flowc.compiler.source.text import syntax_tree
from flowc.runtime_shim.api import metaflow_config

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

_MODULE = "metaflow_config"


def needed(texts: Iterable[str], store: str, defined: Collection[str]) -> list[str]:
    """Returns the variables that the code in `texts` needs for its settings, sorted.

    Leaves out those of the names in `defined`, and settings that have a value where the datastore is `store`.
    """
    names = {name for text in texts if _MODULE in text for name in _read(text)}
    variables = {f"METAFLOW_{name}" for name in names if not metaflow_config.has_default(name, store)}
    return sorted(variables.difference(defined))


def _read(text: str) -> Iterator[str]:
    """Yields the settings that the code imports from `metaflow.metaflow_config`, or reads as attributes of it."""
    import ast

    for node in ast.walk(syntax_tree(text, "flow")):
        if isinstance(node, ast.ImportFrom) and node.module == f"metaflow.{_MODULE}":
            yield from (alias.name for alias in node.names if alias.name.isupper())
        elif isinstance(node, ast.Attribute) and node.attr.isupper() and ast.unparse(node.value).endswith(_MODULE):
            yield node.attr
