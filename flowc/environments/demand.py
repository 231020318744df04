"""Tells whether a flow concerns environments at all.

Every compile asks that, so this module imports next to nothing.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.ir.nodes import Flow

KINDS = ("conda", "pypi")
ARCHIVE, IMAGE, NONE = "archive", "image", "none"  # how the steps of a deployed flow get their packages
_DECORATORS = frozenset(kind + end for kind in KINDS for end in ("", "_base"))


def asks(flow: Flow) -> bool:
    """Returns True if any decorator of the flow asks for packages."""
    lists = (flow.decorators, *(step.decorators for step in flow.steps))
    return any(decorator.name in _DECORATORS for decorators in lists for decorator in decorators)


def is_of_packages(decorator: str) -> bool:
    """Returns True for the name of a decorator that asks for packages."""
    return decorator in _DECORATORS


def folder_of(path: str) -> str:
    """Returns the folder of the locks of the flow in the file `path`."""
    return os.path.splitext(path)[0] + ".lock"


def concerns(flow: Flow, path: str, options: dict[str, str] | None = None) -> bool:
    """Returns True if the flow or its project asks for packages, or has locks that may be stale.

    `options` are the settings of the project, if they are known already.
    """
    return asks(flow) or os.path.isdir(folder_of(path)) or bool(options and options.get("dependencies"))
