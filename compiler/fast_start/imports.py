"""Finds the modules of this package, and reads their bytecode, with fewer calls and system calls.

Python's own finder lists each folder, tries five names for each module, and reads bytecode through `io`. A command
imports more than a hundred modules of flowc, each of which is at one of two places: a file, or a folder's `__init__`.
`QuickFinder` looks there. It leaves all else to Python: a module that is at neither place, and bytecode that is
missing, out of date, checked by a digest, or that of another file.

The plain version is Python's own finder. Deleting this file costs 4 ms of processor time a command, where a small
compile takes 30.
"""

from __future__ import annotations

import sys
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import MAGIC_NUMBER, SourceFileLoader
from marshal import loads
from os import O_RDONLY, close, fstat, read, sep, stat
from os import open as open_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import stat_result
    from types import CodeType, ModuleType

_HEAD = MAGIC_NUMBER + b"\0\0\0\0"  # of bytecode that is valid for a source of a certain time and size
_MASK = 0xFFFFFFFF  # bytecode holds the lower bits of its source's time and size


class QuickLoader(SourceFileLoader):
    """Python's own loader, which first looks for valid bytecode at its usual place."""

    def __init__(self, name: str, path: str, bytecode: str, head: bytes) -> None:
        super().__init__(name, path)
        self.bytecode = bytecode
        self.head = head  # of valid bytecode

    def get_code(self, fullname: str) -> CodeType | None:
        try:
            file = open_file(self.bytecode, O_RDONLY)
        except OSError:
            return super().get_code(fullname)
        try:
            data = read(file, fstat(file).st_size)  # a larger buffer would cost more than the file
        except OSError:
            data = b""
        finally:
            close(file)
        if data.startswith(self.head):
            try:
                code: CodeType = loads(memoryview(data)[16:])
                if code.co_filename == self.path:
                    return code
            except (ValueError, EOFError, TypeError, AttributeError):
                pass  # Python's own loader says what is wrong with it
        return super().get_code(fullname)


class QuickFinder:
    """Finds the modules of one package, and of the packages below it."""

    def __init__(self, package: str) -> None:
        self.prefix = f"{package}."
        self.suffix = f".{sys.implementation.cache_tag}.pyc"

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if not name.startswith(self.prefix) or type(path) is not list or len(path) != 1:
            return None
        last = name.rpartition(".")[2]
        folder = path[0]
        file = f"{folder}{sep}{last}.py"
        try:
            status = stat(file)
        except OSError:
            folder = f"{folder}{sep}{last}"
            file = f"{folder}{sep}__init__.py"
            last = "__init__"
            try:
                status = stat(file)
            except OSError:
                return None
        return spec_of(name, file, f"{folder}{sep}__pycache__{sep}{last}{self.suffix}", head_of(status))


def spec_of(name: str, file: str, bytecode: str, head: bytes) -> ModuleSpec:
    """Returns the module's spec. A file called `__init__.py` is a package."""
    spec = ModuleSpec(name, QuickLoader(name, file, bytecode, head), origin=file)
    folder, _, last = file.rpartition(sep)
    spec.submodule_search_locations = [folder] if last == "__init__.py" else None
    spec.has_location = True
    spec.cached = bytecode
    return spec


def head_of(status: stat_result) -> bytes:
    """Returns the beginning of bytecode that is valid for a source of this state."""
    time = (int(status.st_mtime) & _MASK).to_bytes(4, "little")
    return _HEAD + time + (status.st_size & _MASK).to_bytes(4, "little")


def keeps_bytecode() -> bool:
    """Returns True if Python keeps bytecode beside the sources, as usual."""
    return not (sys.flags.optimize or sys.pycache_prefix or sys.implementation.cache_tag is None)


def import_quickly(package: str) -> None:
    """Makes imports of the modules in a package quick, if Python keeps bytecode beside the sources as usual."""
    if keeps_bytecode() and not any(isinstance(finder, QuickFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, QuickFinder(package))
