"""Measures the time from a task's launch to the user's first line, against a Python that does nothing."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
import venv
from pathlib import Path

from flowc.compiler.package.archive import build
from flowc.compiler.pipeline import load
from flowc.runtime_shim.contract import code_package
from flowc.runtime_shim.store import open_store

from flowc.runtime_bundle import write_folder

from .measure import row
from .null_s3 import null_s3

FLOW = """from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.x = 1
        self.next(self.middle)

    @step
    def middle(self):
        import time
        print(time.time(), flush=True)
        self.y = self.x
        self.next(self.end)

    @step
    def end(self):
        pass
"""
ROUNDS = 25


def main() -> None:
    print(
        "the shim: launch to the user's first line of a step that continues another; the package and the records are "
        "fetched"
    )
    with tempfile.TemporaryDirectory() as folder, null_s3() as environment:
        python = _plain(folder)
        write_folder(f"{folder}/runtime")
        # as in the runtime image
        subprocess.run([python, "-m", "flowc.runtime_shim.fast_start.one_file"], cwd=f"{folder}/runtime", check=True)
        (Path(folder) / "flow.py").write_text(FLOW)
        best = {"bare": float("inf")}
        stores = {"a folder": f"{folder}/store", "S3 over HTTP": "s3://bucket/p"}
        os.environ.update(environment)
        command = [python, "-S", f"{folder}/runtime/__main__.py", "task", "--path", "-", "--step"]
        settings = {}
        for name, url in stores.items():
            code = _package(folder, url)
            settings[name] = {**os.environ, "FLOWC_STORE": url, "FLOWC_FLOW": "F", "FLOWC_CODE": code}
            best[name] = best[f"all of it, {name}"] = float("inf")
        for number in range(ROUNDS):
            began = time.time()
            subprocess.run([python, "-I", "-S", "-c", "pass"], check=True)
            best["bare"] = min(best["bare"], time.time() - began)
            for name, setting in settings.items():
                run = {**setting, "FLOWC_RUN": f"r{number}"}
                subprocess.run([*command, "start"], env=run, check=True)
                began = time.time()
                done = subprocess.run([*command, "middle"], env=run, check=True, capture_output=True, text=True)
                best[f"all of it, {name}"] = min(best[f"all of it, {name}"], time.time() - began)
                best[name] = min(best[name], float(done.stdout) - began)
    for name, seconds in best.items():
        limit = {"a folder": " (to reach: 2)", "S3 over HTTP": " (to reach: 4)"}.get(name, "")
        row(
            name if name != "bare" else "python -I -S -c pass",
            f"{1000 * seconds:.1f} ms",
            f"{seconds / best['bare']:.2f} ×{limit}",
        )


def _plain(folder: str) -> str:
    """Returns a Python with nothing installed, as in a container, so that hooks of other packages are not measured."""
    venv.create(f"{folder}/python", with_pip=False, symlinks=True)
    return f"{folder}/python/bin/python"


def _package(folder: str, url: str) -> str:
    """Builds the flow's code package, puts it into the store, and returns its digest."""
    program = load(f"{folder}/flow.py")
    package = build(program.flow, program.scope, program.files)
    code_package.put(open_store(url), "F", package.digest, package.compressed())
    return package.digest
