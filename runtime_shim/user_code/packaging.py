"""`ContentType` (`metaflow.packaging_sys`), and `add_to_package` of mutators: files for the code package.

The package is unpacked into the folder that the flow is imported from. So user files, and code that Metaflow would put
beside its own, go to the same place. A module is added as a whole, by its name. Metaflow's folder for other files has
no equivalent here.
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


def in_package(item: Any) -> Iterator[Tuple[str, str]]:
    """Yields (path in the package, path of the file) for one item of `add_to_package`.

    An item is (path, name) or (path or module, name, ContentType). Raises MetaflowException for any other item, and for
    one that no package can hold.
    """
    if not isinstance(item, tuple) or len(item) not in (2, 3):
        raise MetaflowException(
            f"add_to_package must return tuples (path, name) or (path, name, ContentType), not {item!r}"
        )
    content, name, kind = (*item, ContentType.CODE_CONTENT)[:3]
    if kind == ContentType.MODULE_CONTENT:
        yield from _of_module(content)
    elif kind in (ContentType.USER_CONTENT, ContentType.CODE_CONTENT):
        path = os.path.realpath(content)
        if not os.path.isfile(path):
            raise MetaflowException(f"add_to_package returned {content!r}, which is not a file")
        yield os.path.normpath(str(name)).replace(os.sep, "/"), path
    else:
        raise MetaflowException(
            f"add_to_package returned {content!r} as {kind!r}, which flowc does not support: return it as "
            "ContentType.USER_CONTENT"
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
            inner[:] = sorted(name for name in inner if name != "__pycache__")
            for file in sorted(files):
                below = os.path.relpath(os.path.join(place, file), folder).replace(os.sep, "/")
                if not file.endswith(".pyc"):
                    yield f"{home}/{below}", os.path.realpath(os.path.join(place, file))
