"""Times environments: unpacking against `tar`, imports with and without bytecode, locking against uv alone.

Also the cost of a lock to `check`, and of an installed environment to a local run.
"""

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
from flowc.environments.platforms import here, platform
from flowc.environments.pylock import Lock, Wheel, dumps
from tests.support.package_index import PackageIndex, wheel

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
        _locking(folder)
        _running(folder)


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


def _locking(folder: str) -> None:
    """Compares locking, with a warm cache, with the resolver alone."""
    from uv import find_uv_bin

    names = [f"package-{number}" for number in range(30)]
    wheels = [wheel(name, "1.0", requires=tuple(names[at + 1 : at + 4])) for at, name in enumerate(names)]
    flow, requirements = Path(folder, "lock", "flow.py"), Path(folder, "requirements.in")
    flow.parent.mkdir()
    flow.write_text(FLOW.format(packages=dict.fromkeys(names, "")))
    requirements.write_text("".join(f"{name}\n" for name in names))
    with PackageIndex(*wheels) as index:
        env = {**os.environ, "UV_DEFAULT_INDEX": index.url, "UV_CACHE_DIR": f"{folder}/uv", "NO_PROXY": "127.0.0.1"}
        env.update(
            UV_NO_CONFIG="1", UV_PYTHON_DOWNLOADS="never"
        )  # as flowc runs it; it takes five times as long without
        resolve = [find_uv_bin(), "pip", "compile", str(requirements), "-q", "-p", sys.executable, "--python-version"]
        resolve += ["3.12", "--python-platform", "x86_64-manylinux_2_28", "--no-build", "--format", "pylock.toml"]
        lock = [sys.executable, "-m", "flowc", "lock", str(flow), "-q"]
        commands = {
            "uv": ["sh", "-c", 'exec "$@" >/dev/null', "sh", *resolve],
            "again": [*lock, "--upgrade"],
            "same": lock,
        }
        for command in (commands["uv"], commands["again"]):
            subprocess.run(command, env=env, check=True)
    env["UV_OFFLINE"] = "1"  # the cache has everything; an index in this process would be measured otherwise
    best = side_by_side(commands, 2 * ROUNDS, more=env)
    for name, what in (("again", "`lock --upgrade`"), ("same", "`lock` that changes nothing")):
        more = (best[name] - best["uv"]) * 1000
        note = f"{more:.0f} ms more; 30 packages, all in the cache, offline"
        row(f"{what}, against `uv pip compile`", f"{best[name] / best['uv']:.2f} x", note)


def _running(folder: str) -> None:
    """Compares a second run with an installed environment with one that uses this Python."""
    python = "{}.{}".format(*sys.version_info)
    flow = Path(folder, "run", "flow.py")
    flow.parent.mkdir()
    flow.write_text(FLOW.format(packages={"apple": ""}).replace('"3.12"', repr(python)))
    env = {**os.environ, "UV_CACHE_DIR": f"{folder}/uv", "FLOWC_CACHE": f"{folder}/cache", "NO_PROXY": "127.0.0.1"}
    run = [sys.executable, "-m", "flowc", "run", str(flow), "-q", "--store", f"{folder}/runs"]
    with PackageIndex(wheel("apple", "1.0")) as index:
        env["UV_DEFAULT_INDEX"] = index.url
        for command in ([sys.executable, "-m", "flowc", "lock", str(flow), "-q", "--platform", here()], run):
            subprocess.run(command, env=env, check=True)
    best = side_by_side({"off": [*run, "--environments", "off"], "on": run}, 3 * ROUNDS, more=env)
    more = (best["on"] - best["off"]) * 1000
    row("a second local run, with its environment", f"{best['on'] / best['off']:.2f} x", f"{more:.0f} ms more")


if __name__ == "__main__":
    main()
