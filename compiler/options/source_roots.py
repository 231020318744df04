"""Source roots that the flow's own file adds to `sys.path`.

An example: `sys.path.append(os.path.join(os.path.dirname(__file__), "..", "src"))`.

A change at the top level of the file counts where its value folds. A relative path is one from the flow's folder, or
else from the current folder, which is Python's meaning of it.
"""

from __future__ import annotations

import os
from pathlib import PurePosixPath

from ..fold.budget import Unfoldable
from ..fold.evaluator import Evaluator
from ..fold.values import Native
from ..source.bindings import statements

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ast_grep_py import SgNode

    from ..source.modules import Module

_INSERTS = {"append": 0, "insert": 1, "extend": 0}  # method of `sys.path` → the argument that holds paths
_WORKING_FOLDER = ("os.getcwd", "pathlib.Path.cwd")


def own_roots(evaluator: Evaluator, module: Module) -> tuple[str, ...]:
    """Returns the folders that the module's top level adds to `sys.path`, in Python's order."""
    first: list[str] = []
    last: list[str] = []
    folder = evaluator.resolver.sources.folder
    here = _Here(
        evaluator.resolver, evaluator.set_values, evaluator.environment, evaluator.natives, here=os.path.abspath(folder)
    )
    for is_first, node in _added(evaluator, module):
        for path in _texts(here, module, node):
            place = next((root for root in (os.path.join(folder, path), path) if os.path.isdir(root)), "")
            if place and is_first:
                first.insert(0, place)
            elif place:
                last.append(place)
    return (*first, *last)


class _Here(Evaluator):
    """The evaluator to which the working folder is known too: what it finds decides where to look, and nothing else."""

    def constant(self, module: Module, dotted: str) -> Any:
        if self.resolver.qualify(module, dotted) in _WORKING_FOLDER:
            return Native(dotted, lambda _folder: PurePosixPath(os.getcwd()))
        return super().constant(module, dotted)


def _added(evaluator: Evaluator, module: Module) -> Iterator[tuple[bool, SgNode]]:
    """Yields (whether it goes to the front, expression) for what is added to `sys.path`."""
    for statement in statements(module.source.root):
        for node in statement.named_children() if statement.kind() == "expression_statement" else ():
            if node.kind() == "augmented_assignment":
                left, right = node.field("left"), node.field("right")
                if left is not None and right is not None and _is_path(evaluator, module, left):
                    yield False, right
            elif node.kind() == "call":
                function, arguments = node.field("function"), node.field("arguments")
                owner = function.field("object") if function is not None else None
                name = function.field("attribute") if function is not None else None
                if owner is None or name is None or arguments is None or name.text() not in _INSERTS:
                    continue
                plain = [child for child in arguments.named_children() if child.kind() != "comment"]
                at = _INSERTS[name.text()]
                if len(plain) > at and _is_path(evaluator, module, owner):
                    yield name.text() == "insert", plain[at]


def _is_path(evaluator: Evaluator, module: Module, node: SgNode) -> bool:
    return evaluator.resolver.qualify(module, node.text()) == "sys.path"


def _texts(here: Evaluator, module: Module, node: SgNode) -> tuple[str, ...]:
    try:
        value = here.fold(node.text(), lambda dotted: here.constant(module, dotted))
    except (Unfoldable, KeyError):
        return ()
    several = value if isinstance(value, (list, tuple)) else [value]
    return tuple(str(item) for item in several if isinstance(item, str) or type(item).__name__ == "PurePosixPath")
