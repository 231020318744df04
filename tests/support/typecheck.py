"""Runs `mypy --strict` over the project: the packages under the names they are installed by, then the tests.

The folders of the repository are packages of `flowc` only once installed (pyproject.toml, package-dir), so mypy is given a folder of links
that has them in their places.
"""

from __future__ import annotations

import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LINKS = os.path.join(ROOT, ".mypy_path")
BELOW = ("compiler", "targets", "templates", "runtime_shim")


def link() -> None:
    package = os.path.join(LINKS, "flowc")
    os.makedirs(package, exist_ok=True)
    for name in os.listdir(package):
        os.unlink(os.path.join(package, name))
    for name in os.listdir(os.path.join(ROOT, "flowc")):
        if name != "__pycache__":
            os.symlink(os.path.join(ROOT, "flowc", name), os.path.join(package, name))
    for name in BELOW:
        os.symlink(os.path.join(ROOT, name), os.path.join(package, name))


def main() -> int:
    link()
    environment = {**os.environ, "MYPYPATH": LINKS}
    packages = [
        argument
        for name in ("cli", "commands", "__main__", *BELOW)
        for argument in ("-p" if name != "cli" else "-p", f"flowc.{name}")
    ]
    first = subprocess.run([sys.executable, "-m", "mypy", *packages], cwd=ROOT, env=environment).returncode
    second = subprocess.run(
        [sys.executable, "-m", "mypy", "tests", "benchmarks", "examples/demo.py"], cwd=ROOT, env=environment
    ).returncode
    return first or second


if __name__ == "__main__":
    sys.exit(main())
