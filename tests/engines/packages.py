"""The packages that flows import, installed once into a folder of the cache, as an image of the flow would hold them.

A flow names them in a `requirements.txt` beside it.
"""

from __future__ import annotations

import fcntl
import hashlib
import marshal
import os
import subprocess
import sys
import tempfile
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from pathlib import Path

DEBIAN_PYTHON = (3, 11)  # of the node's image


def packages_of(flow: Path, version: tuple[int, int] | None = None) -> Path | None:
    """Returns the folder of the flow's packages for a Python of that version, this one's without; None if it needs none."""
    requirements = flow.with_name("requirements.txt")
    if not requirements.exists():
        return None
    target_version = version or sys.version_info[:2]
    root = Path(os.environ.get("FLOWC_ENGINES") or os.path.expanduser("~/.cache/flowc/engines"))
    root.mkdir(parents=True, exist_ok=True)
    folder = (
        root
        / f"packages-{target_version[0]}.{target_version[1]}-{hashlib.sha256(requirements.read_bytes() + b'compiled').hexdigest()[:12]}"
    )
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=root) as unfinished:
                target = Path(unfinished, "made")
                pip = [
                    sys.executable,
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--only-binary=:all:",
                    "--no-compile",
                ]
                for_version = ["--python-version", f"{target_version[0]}.{target_version[1]}", "--implementation", "cp"]
                subprocess.run(
                    [*pip, *for_version, "--target", str(target), "-r", str(requirements)],
                    check=True,
                    capture_output=True,
                )
                if target_version == sys.version_info[:2]:
                    # as pip does, but valid whatever the times of the files in an image: without it, each task compiles what it imports
                    compileall = [
                        sys.executable,
                        "-m",
                        "compileall",
                        "-q",
                        "-j",
                        "0",
                        "--invalidation-mode",
                        "unchecked-hash",
                        str(target),
                    ]
                    # a package may have files that are no Python of this version
                    subprocess.run(compileall, capture_output=True)
                os.rename(target, folder)
    return folder


def with_bytecode(files: dict[str, bytes]) -> dict[str, bytes]:
    """Python files of an image, by path, with what `pip install` would have compiled of them; as they are where this Python is another."""
    if sys.version_info[:2] != DEBIAN_PYTHON:
        return files
    result = dict(files)
    for name, source in files.items():
        if name.endswith(".py"):
            code = marshal.dumps(compile(source, "/" + name, "exec"))
            # a header of "unchecked hash": valid whatever the times of the files (PEP 552)
            result[cache_from_source(name)] = MAGIC_NUMBER + (1).to_bytes(4, "little") + source_hash(source) + code
    return result
