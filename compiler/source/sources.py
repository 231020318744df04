"""The flow's folder and its source roots: their Python files, each read and parsed once, when a name first leads to it.

A file of a root has the path that it has below that root, which is also its place in the code package: the module
`common.base` is `common/base.py`, wherever its root is. The flow's folder comes first, and no root gives a module of
Python's own library, or of the API.
"""

from __future__ import annotations

import os
import sys

from ..report.diagnostics import Refused
from .modules import Module
from .text import decode, parse, read_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MAX_DATA = 64 << 20  # bytes of a file that the flow's code reads
_NEVER_FROM_ROOTS = ("metaflow", "flowc", "__main__")


class Sources:
    """The modules of one flow. `file` is its own, in `folder`; `roots` are further folders, in Python's order."""

    def __init__(self, folder: str, file: str, roots: Iterable[str] = ()) -> None:
        self.folder = folder
        self.file = file
        self.texts: dict[str, str] = {}  # path from the folder or root → text, of every file read
        self.contents: dict[str, bytes] = {}
        self._given = [root for root in roots if os.path.isdir(root)]
        self.roots_added = 0  # how often roots were added, or packages opened: names may mean more since
        self._roots: tuple[str, ...] | None = None  # with those that the repository declares, once they are needed
        self._tops: dict[str, tuple[str, ...]] = {}  # first part of a module's name → the roots that have it
        self._elsewhere: dict[str, str] = {}  # path → root, of every file that is not in the flow's folder
        self._found: dict[str, str | None] = {}  # dotted name → path, asked of the disk once
        self._modules: dict[str, Module | None] = {}
        self._installed: dict[str, tuple[str, ...]] = {}  # top-level name → the folders that have it, once opened
        self._closed: dict[str, str] = {}  # top-level name of a package that cannot be read → why not
        self._foreign: dict[str, str] = {}  # path → folder, of files of installed packages
        self.read: dict[str, bytes] = {}  # path → content, of files that the flow's own code reads
        self.used: dict[str, str] = {}  # path → folder, of those that the flow's meaning depends on

    def main(self) -> Module:
        """Returns the module of the flow's own file. Raises Refused."""
        name = self.file.removesuffix(".py").replace(".", "_") or "flow"
        if "/" not in self.file and _imports_relatively(read_bytes(self.folder, self.file)):
            from . import packages  # rare, so imported only then

            inside = packages.around(self.folder)
            if inside is not None:  # as `python -m PACKAGE.FLOW` finds it: below the folder that holds the package
                root, package = inside
                self._given.append(root)
                self.file = f"{package.replace('.', '/')}/{self.file}"
                self._elsewhere[self.file] = root
                return self.load(self.file, f"{package}.{name}")
        return self.load(self.file, name)

    def load(self, path: str, name: str, is_package: bool = False) -> Module:
        """Reads and parses the file. Raises Refused."""
        data = read_bytes(self._elsewhere.get(path, self.folder), path)
        text = decode(path, data)
        if path not in self._foreign:
            self.contents[path] = data
        self.texts[path] = text
        module = Module(name, parse(path, text), is_package)
        self._modules[name] = module
        return module

    def module(self, name: str) -> Module | None:
        """Returns the module of that dotted name if it is a file of the folder or a root, else None.

        Raises Refused if that file is broken. A broken file of an installed package is like none (`why_closed`).
        """
        if name not in self._modules:
            self._modules[name] = None
            path = self.find(name)
            if path is not None:
                try:
                    self.load(path, name, path.endswith("/__init__.py"))
                except Refused as refused:
                    if path not in self._foreign:
                        raise
                    self._closed[name.partition(".")[0]] = f"`{path}` cannot be read: {refused.diagnostics[0].what}"
        return self._modules[name]

    def find(self, name: str) -> str | None:
        """Returns the path of the module's file below the flow's folder or a root, or None."""
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def _find(self, name: str) -> str | None:
        if not name or not all(part.isidentifier() for part in name.split(".")):
            return None
        base = name.replace(".", "/")
        paths = (f"{base}/__init__.py", f"{base}.py")
        for path in paths:
            if _is_file(self.folder, path):
                return path
        top = name.partition(".")[0]
        if top in _NEVER_FROM_ROOTS or top in sys.stdlib_module_names:
            return None
        for root in self._with(top):
            for path in paths:
                if _is_file(root, path) and self._is_inside(root, path):
                    self._elsewhere[path] = root
                    return path
        for root in self._installed.get(top, ()):
            for path in paths:
                if _is_file(root, path):
                    self._elsewhere[path] = self._foreign[path] = root
                    return path
        return None

    # ── installed packages ────────────────────────────────────────────────────────────────────────────────────────────

    def open(self, name: str) -> bool:
        """Makes the installed package that a dotted name begins with readable. Returns False if it cannot be."""
        top = name.partition(".")[0]
        if top in self._installed:
            return True
        if not top.isidentifier() or top in self._closed or top in _NEVER_FROM_ROOTS or top in sys.stdlib_module_names:
            return False
        if self.find(top) is not None:  # beside the flow, or in a root
            return False
        from .installed import locate

        place = locate(top, self.folder)
        if not place.folders:
            self._closed[top] = place.why
            return False
        self._installed[top] = () if place.is_in_place else place.folders
        self.add_roots(place.folders if place.is_in_place else (), last=True)
        return True

    def why_closed(self, name: str) -> str:
        """Returns why the installed package that a dotted name begins with cannot be read; "" if it is not there."""
        return self._closed.get(name.partition(".")[0], "")

    def is_foreign(self, name: str) -> bool:
        """Returns True for a module of an installed package, which is no part of the code package."""
        return self.find(name) in self._foreign

    def use(self, path: str) -> None:
        """Records that the flow's meaning depends on a file, if it is one of an installed package."""
        if path in self._foreign:
            self.used[path] = self._foreign[path]

    def script(self, path: str) -> Module | None:
        """Returns the module of a file that is started by its path, or None if the file does not exist.

        Raises Refused if it is broken.
        """
        name = path.removesuffix(".py").replace("/", ".")
        if name in self._modules and self._modules[name] is not None:
            return self._modules[name]
        return self.load(path, name) if os.path.isfile(os.path.join(self.folder, *path.split("/"))) else None

    def data(self, path: str) -> bytes | None:
        """Returns the content of a file that the flow's code reads, or None if there is none; tasks get it too.

        It is beside the flow, in a root, or else in the current folder. A link that leads out of these counts as none.
        """
        if path not in self.read:
            full = next((place for place in (self.path_of(path), path) if os.path.isfile(place)), None)
            if full is None or not os.access(full, os.R_OK):
                return None
            bases = (self.folder, *self.roots(), *(["."] if full == path else []))
            real = os.path.realpath(full)
            if not any(real.startswith(os.path.join(os.path.realpath(base), "")) for base in bases):
                return None
            with open(full, "rb") as file:
                self.read[path] = self.contents[path] = file.read(_MAX_DATA)
        return self.read[path]

    def has_roots(self) -> bool:
        """Returns True if roots gave files."""
        return len(self._elsewhere) > len(self._foreign)

    def is_beside(self, path: str) -> bool:
        """Returns True for a file of the flow's folder, False for one of a root."""
        return path not in self._elsewhere

    def content(self, path: str) -> bytes:
        """Returns the content of a file, which may be invalid Python. Raises Refused."""
        if path not in self.contents:
            self.contents[path] = read_bytes(self._elsewhere.get(path, self.folder), path)
        return self.contents[path]

    def package_files(self, folder: str) -> Iterator[str]:
        """Yields the paths of the Python files of a package that was found, wherever it is."""
        root = self._elsewhere.get(f"{folder}/__init__.py")
        if root is None:
            yield from python_files(self.folder, folder)
            return
        for path in python_files(root, folder):
            if self._is_inside(root, path):
                self._elsewhere[path] = root
                yield path

    def takes(self, path: str, root: str) -> bool:
        """Takes a file that no module's name leads to from the folder or a root, unless a link leads out of it."""
        if not self._is_inside(root, path):
            return False
        if root != self.folder:
            self._elsewhere[path] = root
        return True

    # ── source roots ──────────────────────────────────────────────────────────────────────────────────────────────────

    def add_roots(self, roots: Iterable[str], last: bool = False) -> None:
        """Puts roots before those that are known, or after them. Names that led nowhere are looked for again."""
        new = [root for root in roots if os.path.isdir(root)]
        self._given = [*self._given, *new] if last else [*new, *self._given]
        self.roots_added += 1
        self._roots = None
        self._tops.clear()
        self._found = {name: path for name, path in self._found.items() if path is not None}
        self._modules = {name: module for name, module in self._modules.items() if module is not None}

    def roots(self) -> tuple[str, ...]:
        """Returns the absolute paths of all roots, in the order in which they are searched."""
        if self._roots is None:
            from . import roots  # only for a name that the flow's folder does not have

            own = os.path.abspath(self.folder)
            given_roots = [
                root for root in map(os.path.abspath, self._given) if not roots.holds_installed_packages(root)
            ]
            ordered = dict.fromkeys([*given_roots, *roots.declared(self.folder)])
            self._roots = tuple(root for root in ordered if root != own)
        return self._roots

    def places(self) -> dict[str, str]:
        """Returns path → path from the flow's folder, of the files that roots gave."""
        return {
            path: os.path.relpath(os.path.join(root, *path.split("/")), self.folder).replace(os.sep, "/")
            for path, root in self._elsewhere.items()
        }

    def path_of(self, path: str) -> str:
        """Returns where a file is that code names by its own place, `__file__`: beside the flow, or else in a root."""
        parts = path.split("/")
        for root in (self.folder, *(dict.fromkeys(self._elsewhere.values()) if ".." not in parts else ())):
            if _is_file(root, path) and (root == self.folder or self._is_inside(root, path)):
                return os.path.join(root, *parts)
        return os.path.join(self.folder, *parts)

    def _with(self, top: str) -> tuple[str, ...]:
        """Returns the roots where Python finds a package or module: the first that has it, or all with its folder."""
        if top not in self._tops:
            folders: list[str] = []
            for root in self.roots():
                if _is_file(root, f"{top}/__init__.py") or _is_file(root, f"{top}.py"):
                    folders = [root]
                    break
                if os.path.isdir(os.path.join(root, top)):
                    folders.append(root)
            self._tops[top] = tuple(folders)
        return self._tops[top]

    def _is_inside(self, root: str, path: str) -> bool:
        """Returns False for a link that leads out of all roots."""
        real = os.path.realpath(os.path.join(root, *path.split("/")))
        return any(
            real.startswith(os.path.join(os.path.realpath(base), "")) for base in (root, self.folder, *self.roots())
        )


def python_files(root: str, folder: str) -> Iterator[str]:
    """Yields the paths of the Python files below a folder, from the root."""
    for entry in sorted(os.listdir(os.path.join(root, *folder.split("/")))):
        path = f"{folder}/{entry}"
        full = os.path.join(root, *path.split("/"))
        if os.path.isdir(full) and not os.path.islink(full) and entry != "__pycache__" and not entry.startswith("."):
            yield from python_files(root, path)
        elif entry.endswith(".py") and os.path.isfile(full):
            yield path


def _imports_relatively(data: bytes) -> bool:
    """Returns True if a line of the text begins with `from .`."""
    at = data.find(b"from .")
    while at > 0 and data[at - 1 : at] != b"\n":
        at = data.find(b"from .", at + 1)
    return at >= 0


def _is_file(root: str, path: str) -> bool:
    return os.path.isfile(os.path.join(root, *path.split("/")))
