"""`flowc compile` of a small flow, compared with starting Python and with importing Metaflow."""

from __future__ import annotations

import os
import sys

from .measure import row, side_by_side

HELLO = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "examples", "hello.py")


def main(metaflow: str) -> None:
    """Prints the times. `metaflow` is a Python that has Metaflow installed; "" for none."""
    print("start-up, each the fastest of several processes run in turn")
    flowc = [sys.executable, "-m", "flowc"]
    compile_one = [*flowc, "compile", HELLO, "--store", "s3://b", "-o", "-"]
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "python -I -S -c pass": [sys.executable, "-I", "-S", "-c", "pass"],
        "flowc --version": [*flowc, "--version"],
        "flowc check": [*flowc, "check", HELLO],
        **{
            f"flowc compile --target {target}": [*compile_one, "--target", target]
            for target in ("argo", "step-functions", "airflow")
        },
    }
    if metaflow:
        commands["python -c 'import metaflow'"] = [metaflow, "-c", "import metaflow"]
    seconds_of = side_by_side(commands)
    bare = seconds_of["python -c pass"]
    for name, seconds in seconds_of.items():
        row(name, f"{1000 * seconds:.1f} ms", f"{seconds / bare:.1f} × python -c pass")
    if metaflow:
        ratio = seconds_of["python -c 'import metaflow'"] / seconds_of["flowc compile --target argo"]
        row("importing Metaflow, over compiling to Argo", f"{ratio:.1f} ×")
