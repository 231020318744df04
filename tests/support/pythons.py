"""The interpreters of this machine: this one, those on the PATH, and those installed beside one of these (as pyenv and uv lay them out)."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from shutil import which


@lru_cache(maxsize=1)
def pythons() -> dict[tuple[int, int], str]:
    """Returns (3, minor) → path of an interpreter that starts, from 3.9 on, sorted."""
    candidates = [sys.executable, *(on_path for minor in range(9, 16) if (on_path := which(f"python3.{minor}")))]
    for home in (sys.base_prefix, *_home_of("python3")):
        candidates += sorted(str(path) for path in Path(home).parent.glob("*/bin/python3"))
    executables: dict[tuple[int, int], str] = {}
    for candidate in candidates:
        done = subprocess.run(
            [candidate, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True
        )
        if done.returncode == 0:
            major, minor = map(int, done.stdout.split())
            if (major, minor) >= (3, 9):
                executables.setdefault((major, minor), candidate)
    return dict(sorted(executables.items()))


def _home_of(python: str) -> list[str]:
    """Yields the folder of the interpreter that the PATH finds outside this environment, if there is one."""
    path = os.pathsep.join(
        word for word in os.environ.get("PATH", "").split(os.pathsep) if Path(word) != Path(sys.prefix, "bin")
    )
    executable = which(python, path=path)
    done = (
        subprocess.run([executable, "-c", "import sys; print(sys.base_prefix)"], capture_output=True, text=True)
        if executable
        else None
    )
    return [done.stdout.strip()] if done and done.returncode == 0 else []
