"""The interpreters of this machine: this one, those on the PATH, and those installed beside this one (as pyenv and uv lay them out)."""

from __future__ import annotations

import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from shutil import which


@lru_cache(maxsize=1)
def pythons() -> dict[tuple[int, int], str]:
    """Returns (3, minor) → path of an interpreter that starts, from 3.9 on, sorted."""
    beside = sorted(str(each) for each in Path(sys.base_prefix).parent.glob("*/bin/python3"))
    candidates = [sys.executable, *(on_path for minor in range(9, 16) if (on_path := which(f"python3.{minor}"))), *beside]
    found: dict[tuple[int, int], str] = {}
    for each in candidates:
        done = subprocess.run([each, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True)
        if done.returncode == 0:
            major, minor = map(int, done.stdout.split())
            if (major, minor) >= (3, 9):
                found.setdefault((major, minor), each)
    return dict(sorted(found.items()))
