"""A copy of the product's packages, for tests that add a file to it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .environment import environment
from .running import LIMIT, Done

ROOT = Path(__file__).parents[2]
# packages within `flowc`, whose folders stand beside it in the repository
PARTS = ("compiler", "targets", "templates", "runtime_shim")


class ProductCopy:
    """The packages in `folder`, as they are installed: `flowc` and the others below it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "flowc", folder / "flowc", ignore=ignored)
        for part in PARTS:
            shutil.copytree(ROOT / part, folder / "flowc" / part, ignore=ignored)

    def add(self, path: str, text: str) -> None:
        """Adds a file; `path` is that in the repository, such as `compiler/decorators/spot.py`."""
        new = self.folder / "flowc" / path
        assert path.split("/")[0] in PARTS and not new.exists()
        new.write_text(text)

    def python(self, *arguments: str, cwd: Path, code: int = 0) -> Done:
        """Runs Python with the copy in the place of the repository's packages; fails unless it exits with `code`."""
        env = {**environment("FLOWC_", "AWS_"), "PYTHONPATH": os.pathsep.join([str(self.folder), str(ROOT)])}
        done = subprocess.run(
            [sys.executable, *arguments], cwd=cwd, env=env, capture_output=True, text=True, timeout=LIMIT
        )
        assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def flowc(self, *arguments: str, cwd: Path, code: int = 0) -> Done:
        """Runs `flowc ARGUMENTS` of the copy."""
        return self.python("-m", "flowc", *arguments, cwd=cwd, code=code)
