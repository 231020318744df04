"""`@package_sources(sources, arcname=None, suffixes=None)`: files and folders for the code package.

It stands above a flow; paths start from the flow's file.

In Metaflow it is a mutator, but its arguments say everything, so flowc reads it like a decorator, and no code runs. A
source is a path, or a pair of a path and a name in the package. Of a folder, the files with one of the suffixes are
included, except hidden ones (Metaflow's documentation).
"""

from __future__ import annotations

import os

from ..fold.budget import Reported, Unfoldable
from ..ir import nodes
from ..read.arguments import bind, folded
from ..report.diagnostics import Diagnostic
from ..source.text import span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ast_grep_py import SgNode

    from ..fold.evaluator import Evaluator
    from ..source.modules import Class

ARGUMENTS = ("sources", "arcname", "suffixes")
SUFFIXES = (".py", ".R", ".RDS")  # Metaflow's own default


class Wrong(Exception):
    """Raised for an invalid source; `args` are the reason and the remedy."""


def added_sources(
    evaluator: Evaluator, owner: Class, call: SgNode
) -> tuple[dict[str, bytes], list[nodes.Input], list[Diagnostic]]:  # fmt: skip
    """Returns the files that the call names (name in the package → content), and each as an input of the compile.

    The diagnostics are FLOW113, FLOW120 and FLOW121.
    """
    place = span(owner.module.source, call)
    bound = bind(owner, call, ARGUMENTS, ARGUMENTS, "@package_sources")
    problems = bound.diagnostics
    values: dict[str, Any] = {}
    for name, node in bound.nodes.items():
        try:
            values[name] = folded(evaluator, owner, node)
        except Reported:
            return {}, [], problems
        except Unfoldable as error:
            what = f"the value of `{name}` in `@package_sources` is not known when compiling"
            how = "write a literal or a constant of the flow's own modules"
            problems.append(Diagnostic("FLOW120", what, span(owner.module.source, node), str(error.args[0]), how))
    if problems:
        return {}, [], problems
    from .archive import Unfit, added

    try:
        return *added(dict(_files(evaluator.resolver.sources.folder, values))), []
    except Unfit as unfit:
        wrong = Wrong(f"`{os.path.basename(unfit.path)}` {unfit}", unfit.how)
    except Wrong as error:
        wrong = error
    what, why = f"`@package_sources`: {wrong.args[0]}", "these files must go into the code package"
    return {}, [], [Diagnostic("FLOW121", what, place, why, wrong.args[1])]


def _files(folder: str, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yields (name in the package, path)."""
    sources = values.get("sources", ())
    if isinstance(sources, str) or _is_pair(sources):
        sources = (sources,)
    pairs = (
        [source if _is_pair(source) else (source, None) for source in sources]
        if isinstance(sources, (list, tuple))
        else []
    )
    if not pairs or not all(isinstance(path, str) and isinstance(name, (str, type(None))) for path, name in pairs):
        raise Wrong("it names no files", "write paths, or pairs of a path and a name in the package")
    if values.get("arcname") is not None:
        if len(pairs) != 1:
            raise Wrong("`arcname` can name only one source", "write pairs of a path and a name in the package")
        pairs = [(pairs[0][0], values["arcname"])]
    suffixes = _suffixes(values.get("suffixes"))
    for source, name in pairs:
        path = os.path.normpath(os.path.join(folder or ".", source))
        root = os.path.normpath(str(name)) if name is not None else os.path.basename(os.path.abspath(path))
        if root == "." or os.path.isabs(root) or ".." in root.split(os.sep):
            raise Wrong(f"`{name}` is not a path in the code package", "write a relative path")
        if os.path.isfile(path):
            yield from [(root, path)] if path.endswith(suffixes) else []
        elif os.path.isdir(path):
            for inner in _below(path, suffixes):
                yield f"{root}/{inner}".replace(os.sep, "/"), os.path.join(path, inner)
        else:
            raise Wrong(
                f"there is no `{source}`", "correct the path, which is relative to the folder of the flow's file"
            )


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(isinstance(item, str) for item in value)


def _suffixes(value: Any) -> tuple[str, ...]:
    several = SUFFIXES if value is None else value.split(",") if isinstance(value, str) else value
    if not isinstance(several, (list, tuple)) or not all(isinstance(item, str) for item in several):
        raise Wrong("`suffixes` must be texts", "write `suffixes=['.py', '.json']`")
    return tuple(
        suffix if suffix.startswith(".") else f".{suffix}" for suffix in (item.strip() for item in several) if suffix
    )


def _below(folder: str, suffixes: tuple[str, ...]) -> Iterator[str]:
    for place, inner, files in os.walk(folder):
        inner[:] = sorted(entry for entry in inner if not entry.startswith(".") and entry != "__pycache__")
        for file in sorted(files):
            if not file.startswith(".") and file.endswith(suffixes):
                yield os.path.relpath(os.path.join(place, file), folder)
