"""Times environments: unpacking against `tar`, imports with and without bytecode, and the cost of a lock to `check`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from flowc.runtime_shim.environments.description import archive_name
from flowc.runtime_shim.store import open_store

from flowc.environments.build import pack, put
from flowc.environments.demand import folder_of
from flowc.environments.locks import file_name
from flowc.environments.platforms import platform
from flowc.environments.pylock import Lock, Wheel, dumps

from .measure import row, side_by_side

ROUNDS = 7
FLOW = """from metaflow import FlowSpec, pypi, step

class F(FlowSpec):
    @pypi(packages={packages}, python="3.12")
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
UNPACK = """import sys
from flowc.runtime_shim.environments import description, unpack
from flowc.runtime_shim.store import open_store
store = open_store(sys.argv[1])
unpack.unpack(store, description.read(store, sys.argv[2]), sys.argv[3])
"""
MODULES = "asyncio.events, email.mime.text, http.server, logging.config, unittest.mock, xml.dom.minidom, pydoc, tarfile"


def main() -> None:
    print("environments: Python's own library as the packages of a step")
    with tempfile.TemporaryDirectory() as folder:
        _unpacking(folder)
        _importing(folder)
        _checking(folder)


def _unpacking(folder: str) -> None:
    source = f"{folder}/library"
    shutil.copytree(
        sysconfig.get_path("stdlib"),
        source,
        ignore=shutil.ignore_patterns("site-packages", "dist-packages"),
        symlinks=False,
    )
    for path in Path(source).rglob("*"):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            path.unlink()
    lock = Lock("F", "start", (), "{}.{}".format(*sys.version_info), platform("linux/amd64"), ())
    archive = pack(source, lock)
    store = f"{folder}/store"
    put(open_store(store), archive)
    digest = lock.environment.partition(":")[2]
    target = f"{folder}/unpacked"
    empty = f'rm -rf "{target}" && mkdir "{target}" && '
    shim = f'{empty}"{sys.executable}" -c "$0" "{store}" {digest} "{target}/{digest}"'
    best = side_by_side(
        {
            "empty": ["sh", "-c", empty + "true"],
            "python": [sys.executable, "-c", "import flowc.runtime_shim.store.folder"],
            "tar": ["sh", "-c", f'{empty}tar xzf "{store}/{archive_name(digest)}" -C "{target}"'],
            "shim": ["sh", "-c", shim, UNPACK],
        },
        ROUNDS,
    )
    ours, theirs = best["shim"] - best["python"] - best["empty"], best["tar"] - best["empty"]
    row("unpacking, against `tar xzf`", f"{ours / theirs:.2f} x", f"{archive.description.unpacked / 1e6:.0f} MB")


def _importing(folder: str) -> None:
    """Compares imports from a folder with bytecode and from one without."""
    with_bytecode, without = f"{folder}/with", f"{folder}/without"
    for target in (with_bytecode, without):
        shutil.copytree(
            f"{folder}/library", target, ignore=shutil.ignore_patterns("__pycache__", "test", "lib-dynload", "config-*")
        )
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", "-q", "--invalidation-mode", "unchecked-hash", with_bytecode],
        check=False,
    )
    code = f"import sys; sys.path.insert(0, sys.argv[1]); import {MODULES}"
    best = side_by_side(
        {
            "none": [sys.executable, "-I", "-B", "-c", "pass"],
            "with": [sys.executable, "-I", "-B", "-c", code, with_bytecode],
            "without": [sys.executable, "-I", "-B", "-c", code, without],
        },
        ROUNDS,
    )
    row(
        "imports without bytecode, against with it",
        f"{(best['without'] - best['none']) / (best['with'] - best['none']):.1f} x",
    )


def _checking(folder: str) -> None:
    names = [f"package-{number}" for number in range(100)]
    wheels = tuple(
        Wheel(name, "1.0", f"{name}-1.0-py3-none-any.whl", f"https://host/{name}-1.0-py3-none-any.whl", "ab" * 32)
        for name in names
    )
    plain, locked = Path(folder, "plain.py"), Path(folder, "locked.py")
    plain.write_text(FLOW.format(packages="{}, disabled=True"))
    locked.write_text(FLOW.format(packages={"package-1": "1.0"}))
    lock = Lock(
        "F", "start", (("package-1", "==1.0"),), "3.12", platform("linux/amd64"), wheels, ("https://host/simple",)
    )
    os.makedirs(folder_of(str(locked)))
    Path(folder_of(str(locked)), file_name(lock)).write_text(dumps(lock))
    flowc = [sys.executable, "-m", "flowc", "check"]
    best = side_by_side({"plain": [*flowc, str(plain)], "locked": [*flowc, str(locked)]}, 4 * ROUNDS)
    row(
        "`check` of a flow with a lock of 100 packages",
        f"{best['locked'] / best['plain']:.2f} x",
        "against one whose environment is disabled",
    )


if __name__ == "__main__":
    main()
