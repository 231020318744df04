"""`ContentType` (`metaflow.packaging_sys`), and what `add_to_package` of a mutator gives: files for the code package.

The package is unpacked into the folder that the flow is imported from. So files of the user's, and code beside Metaflow's own, come to the same
place; a module is added whole, by its name. Metaflow's folder of other files has nothing like it here.
"""

from __future__ import annotations

import os
from enum import IntEnum
from typing import Any, Iterator, Tuple

from ..exceptions import MetaflowException


class ContentType(IntEnum):
    USER_CONTENT = 1
    CODE_CONTENT = 2
    MODULE_CONTENT = 4
    OTHER_CONTENT = 8
    ALL_CONTENT = 15


def in_package(given: Any) -> Iterator[Tuple[str, str]]:
    """Yields (path in the package, path of the file) for one item of `add_to_package`: (path, name) or (path or module, name, ContentType).

    Raises MetaflowException for an item that is neither, or that no package can hold.
    """
    if not isinstance(given, tuple) or len(given) not in (2, 3):
        raise MetaflowException(f"add_to_package gives tuples (path, name) or (path, name, ContentType), not {given!r}")
    content, name, kind = (*given, ContentType.CODE_CONTENT)[:3]
    if kind == ContentType.MODULE_CONTENT:
        yield from _of_module(content)
    elif kind in (ContentType.USER_CONTENT, ContentType.CODE_CONTENT):
        path = os.path.realpath(content)
        if not os.path.isfile(path):
            raise MetaflowException(f"add_to_package gives {content!r}, which is no file")
        yield os.path.normpath(str(name)).replace(os.sep, "/"), path
    else:
        raise MetaflowException(
            f"add_to_package gives {content!r} as {kind!r}: flowc has no place for it; give it as ContentType.USER_CONTENT"
        )


def _of_module(module: Any) -> Iterator[Tuple[str, str]]:
    if isinstance(module, str):
        import importlib

        module = importlib.import_module(module)
    home = module.__name__.replace(".", "/")
    folders = list(getattr(module, "__path__", ()))
    if not folders:
        yield f"{home}.py", os.path.realpath(module.__file__)
    for folder in folders:
        for place, inner, files in os.walk(folder):
            inner[:] = sorted(each for each in inner if each != "__pycache__")
            for each in sorted(files):
                below = os.path.relpath(os.path.join(place, each), folder).replace(os.sep, "/")
                if not each.endswith(".pyc"):
                    yield f"{home}/{below}", os.path.realpath(os.path.join(place, each))
