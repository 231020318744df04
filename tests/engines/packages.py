"""What the wine example imports, installed once into a folder of the cache: what an image of the flow would hold."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

REQUIREMENTS = Path(__file__).parents[2] / "examples" / "wine" / "requirements.txt"
DEBIAN_PYTHON = (3, 11)  # of the node's image


def wine(version: tuple[int, int] | None = None) -> Path:
    """Returns the folder of the packages for a Python of that version, this one's without."""
    wanted = version or sys.version_info[:2]
    root = Path(os.environ.get("FLOWC_ENGINES") or os.path.expanduser("~/.cache/flowc/engines"))
    folder = root / f"wine-{wanted[0]}.{wanted[1]}-{hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]}"
    if not folder.exists():
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root) as unfinished:
            target = Path(unfinished, "made")
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:", "--no-compile"]
            for_version = ["--python-version", f"{wanted[0]}.{wanted[1]}", "--implementation", "cp"]
            subprocess.run([*pip, *for_version, "--target", str(target), "-r", str(REQUIREMENTS)], check=True, capture_output=True)
            os.rename(target, folder)
    return folder
