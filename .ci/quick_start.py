"""Makes Python start faster in an environment with this project as an editable install: `PYTHON quick_start.py`.

`PYTHON` is that environment's. Whenever it starts, it imports the finder that setuptools wrote for the install, and
with it `pathlib` and `importlib.util`. That is half of a start, and the tests make thousands. This script replaces the
finder with a smaller one for the same folders.
"""

import importlib
import os
import py_compile
import sysconfig

FINDER = '''"""Finds the packages of an editable install, like the module by setuptools that it replaces."""

import sys
from importlib.machinery import PathFinder

MAPPING = {mapping!r}


class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return PathFinder.find_spec(name, [MAPPING[name]]) if name in MAPPING else None


def install():
    if Finder not in sys.meta_path:
        sys.meta_path.append(Finder)
'''


def main() -> None:
    folder = sysconfig.get_path("purelib")
    for file in os.listdir(folder):
        if file.startswith("__editable___") and file.endswith("_finder.py"):
            mapping = importlib.import_module(file[:-3]).MAPPING
            parents = {
                name: os.path.dirname(path)
                for name, path in mapping.items()
                if os.path.basename(path) == name.rpartition(".")[2]
            }
            if len(parents) == len(mapping):
                path = os.path.join(folder, file)
                with open(path, "w", encoding="utf-8") as written:
                    written.write(FINDER.format(mapping=parents))
                py_compile.compile(path)


if __name__ == "__main__":
    main()
