"""Compile time and size of the spec for flows of 10, 100 and 1,000 steps."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from .flows import chain
from .measure import row, side_by_side

SIZES = (10, 100, 1000)
TARGETS = ("argo", "step-functions", "airflow")


def main() -> None:
    print(
        "growth: a whole `flowc compile` process, and the spec's bytes per step (the smallest flow's fixed part is in "
        "its number)"
    )
    with tempfile.TemporaryDirectory() as folder:
        steps = {}
        for size in SIZES:
            source = chain(size)
            steps[size] = source.count("@step")
            Path(folder, f"flow{size}.py").write_text(source)
        for target in TARGETS:
            commands = {
                str(size): [
                    sys.executable,
                    "-m",
                    "flowc",
                    "compile",
                    f"flow{size}.py",
                    "--target",
                    target,
                    "--store",
                    "s3://b",
                    "-q",
                    "-o",
                    f"out-{target}-{size}",
                ]
                for size in SIZES
            }
            bare = {"bare": [sys.executable, "-c", "pass"]}
            seconds_of = side_by_side({**bare, **commands}, rounds=5, cwd=folder)
            for size in SIZES:
                seconds = seconds_of[str(size)]
                written = sum(os.path.getsize(path) for path in Path(folder, f"out-{target}-{size}", target).iterdir())
                row(
                    f"{target}, {steps[size]} steps",
                    f"{1000 * seconds:.0f} ms",
                    f"{seconds / seconds_of['bare']:.1f} × python -c pass, {written / steps[size]:,.0f} bytes a step",
                )
            grown = (seconds_of["1000"] - seconds_of["bare"]) / (seconds_of["100"] - seconds_of["bare"])
            row(
                f"{target}: {steps[1000]} steps over {steps[100]}",
                f"{grown:.1f} ×",
                f"{steps[1000] / steps[100]:.1f} × the steps",
            )
