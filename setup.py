"""The part of the build that `pyproject.toml` cannot express: the list of packages, and a hook beside them."""

from __future__ import annotations

import os

from setuptools import setup
from setuptools.command.install_scripts import install_scripts

PACKAGES = {  # package: its folder, as in pyproject.toml's package-dir
    "flowc": "flowc",
    "flowc.compiler": "compiler",
    "flowc.targets": "targets",
    "flowc.templates": "templates",
    "flowc.runtime_shim": "runtime_shim",
}
HOOK = "flowc_metaflow_hook"


def packages() -> list[str]:
    """Returns every package: each folder below those of PACKAGES that has an `__init__.py`."""
    names = []
    for package, root in PACKAGES.items():
        for folder, below, files in os.walk(root):
            below[:] = sorted(name for name in below if name != "__pycache__")
            if "__init__.py" in files:
                path = os.path.relpath(folder, root)
                names.append(package if path == "." else ".".join([package, *path.split(os.sep)]))
    return names


class install_scripts_and_hook(install_scripts):  # setuptools names a command by its class
    """Installs `flowc_metaflow.pth` and the module it imports at the top of site-packages.

    They must be real files there, in an editable install as in a wheel: Python reads `.pth` files from site-packages
    only. Both kinds of build install the scripts into the tree that becomes the wheel, so this command adds the two
    files to it and to its RECORD.
    """

    def run(self) -> None:
        super().run()
        folder = self.get_finalized_command("install").install_lib
        os.makedirs(folder, exist_ok=True)
        module = os.path.join(folder, HOOK + ".py")
        line = os.path.join(folder, "flowc_metaflow.pth")
        self.copy_file(os.path.join("flowc", "metaflow_hook.py"), module)
        with open(line, "w", encoding="ascii") as file:
            file.write(f"import {HOOK}\n")
        self.outfiles += [module, line]


setup(packages=packages(), cmdclass={"install_scripts": install_scripts_and_hook})
