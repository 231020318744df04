"""A real browser, without a screen: Debian's Chromium, driven by Playwright.

Chromium is installed by apt, which needs root, and Playwright from PyPI into a folder of its own beside the engines' other parts, once.
`python -m tests.engines.browser` (`make engines`) does it ahead of the tests.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from .kubernetes.build import debian
from .object_stores import installed

PLAYWRIGHT = "1.65.2"


def chromium() -> str:
    """Returns the path of Chromium; installs it if it is missing. Raises CalledProcessError if that fails."""
    if not shutil.which("chromium"):
        debian(["chromium"])
    return shutil.which("chromium") or "/usr/bin/chromium"


def playwright() -> Path:
    """Returns the folder that has the package for this Python."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--quiet",
        "--disable-pip-version-check",
        "install",
        "--target",
        "{}",
        f"playwright=={PLAYWRIGHT}",
    ]
    return installed(f"playwright-{PLAYWRIGHT}-python-{version}", pip)


def run(script: Path, *words: str) -> Any:
    """Runs the script, which imports Playwright and is given Chromium's path and the words; returns what it prints as JSON."""
    environment = {**os.environ, "PYTHONPATH": str(playwright())}
    done = subprocess.run(
        [sys.executable, str(script), chromium(), *words], env=environment, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


if __name__ == "__main__":
    print(chromium(), playwright())
