"""The flow's folder: its Python files, each read and parsed once, when a name first refers to it."""

from __future__ import annotations

import os

from .modules import Module
from .text import decode, parse, read_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Sources:
    """The modules of one flow's folder. `file` is the flow's own."""

    def __init__(self, folder: str, file: str) -> None:
        self.folder = folder
        self.file = file
        self.texts: dict[str, str] = {}  # path from the folder → text, of every file read
        self.contents: dict[str, bytes] = {}
        self._found: dict[str, str | None] = {}  # dotted name → path, looked up once
        self._modules: dict[str, Module | None] = {}

    def main(self) -> Module:
        """Returns the module of the flow's own file. Raises Refused."""
        return self.load(self.file, self.file.removesuffix(".py").replace(".", "_") or "flow")

    def load(self, path: str, name: str, is_package: bool = False) -> Module:
        """Reads and parses the file. Raises Refused."""
        data = read_bytes(self.folder, path)
        text = decode(path, data)
        self.contents[path] = data
        self.texts[path] = text
        module = Module(name, parse(path, text), is_package)
        self._modules[name] = module
        return module

    def module(self, name: str) -> Module | None:
        """Returns the module of that dotted name if it is a file in the flow's folder, else None.

        Raises Refused if that file is broken.
        """
        if name not in self._modules:
            self._modules[name] = None
            found = self.find(name)
            if found is not None:
                self.load(found, name, found.endswith("/__init__.py"))
        return self._modules[name]

    def find(self, name: str) -> str | None:
        """Returns the path of the module's file below the flow's folder, or None."""
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def _find(self, name: str) -> str | None:
        if not name or not all(part.isidentifier() for part in name.split(".")):
            return None
        base = name.replace(".", "/")
        for path in (f"{base}/__init__.py", f"{base}.py"):
            if os.path.isfile(os.path.join(self.folder, *path.split("/"))):
                return path
        return None

    def is_folder(self, name: str) -> bool:
        """Returns True for a package without `__init__.py`."""
        return bool(name) and os.path.isdir(os.path.join(self.folder, *name.split(".")))

    def script(self, path: str) -> Module | None:
        """Returns the module of a file that is started by its path, or None if the file does not exist.

        Raises Refused if it is broken.
        """
        name = path.removesuffix(".py").replace("/", ".")
        if name in self._modules and self._modules[name] is not None:
            return self._modules[name]
        return self.load(path, name) if os.path.isfile(os.path.join(self.folder, *path.split("/"))) else None

    def content(self, path: str) -> bytes:
        """Returns the content of a file, which may be invalid Python. Raises Refused."""
        if path not in self.contents:
            self.contents[path] = read_bytes(self.folder, path)
        return self.contents[path]


def python_files(root: str, folder: str) -> Iterator[str]:
    """Yields the paths of the Python files below a folder, from the root."""
    for entry in sorted(os.listdir(os.path.join(root, *folder.split("/")))):
        path = f"{folder}/{entry}"
        full = os.path.join(root, *path.split("/"))
        if os.path.isdir(full) and not os.path.islink(full) and entry != "__pycache__" and not entry.startswith("."):
            yield from python_files(root, path)
        elif entry.endswith(".py") and os.path.isfile(full):
            yield path
