"""`flowc` on a small flow and on flows of up to 2,000 steps.

All numbers are multiples of the processor time of `python -c pass` in the same environment. The command is `python -m
flowc`; for the small flow also the installed script `flowc`, which does not import `runpy`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from .flows import decorated, plain, splits
from .measure import processor_seconds, row

FLOWC = [sys.executable, "-m", "flowc"]
SCRIPT = os.path.join(os.path.dirname(sys.executable), "flowc")
ROUNDS = 7


def main() -> None:
    print("large flows, as multiples of the processor time of `python -c pass`")
    with tempfile.TemporaryDirectory() as folder:
        _side_by_side(folder)
        _growth(folder)


def _side_by_side(folder: str) -> None:
    sources = {
        "a small flow": plain(3),
        "1,000 steps": plain(1000),
        "1,000 steps with two decorators each": decorated(1000),
    }
    limits = {  # what each may take
        ("a small flow", "argo"): "at most 2.5 ×",
        ("1,000 steps", "argo"): "at most 15 ×",
        ("1,000 steps", "step-functions"): "at most 20 ×",
    }
    commands = {"bare": [sys.executable, "-c", "pass"]}
    measured = {}
    for number, (what, source) in enumerate(sources.items()):
        file = Path(folder, f"flow{number}.py")
        file.write_text(source)
        for target in ("argo", "step-functions", "airflow"):
            name = f"compile to {target}: {what}"
            measured[name] = limits.get((what, target), "")
            commands[name] = [
                *FLOWC, "compile", str(file), "--target", target, "--store", "s3://b", "-q", "-o",
                os.path.join(folder, f"out{number}"),
            ]  # fmt: skip
    if os.path.exists(SCRIPT):
        name = "compile to argo: a small flow, by the script"
        measured = {name: limits["a small flow", "argo"], **measured}
        commands[name] = [SCRIPT, *commands["compile to argo: a small flow"][len(FLOWC) :]]
    seconds_of = processor_seconds(commands, ROUNDS, folder)
    for name, limit in measured.items():
        row(name, f"{seconds_of[name] / seconds_of['bare']:.1f} ×", limit)


def _growth(folder: str) -> None:
    """Prints what twice as many lines cost: `check` of flows whose steps have two decorators and assign an artifact.

    It is one artifact for all, or one for each. The steps stand in a line, or in splits that merge their artifacts.
    """
    sizes = (500, 1000, 2000)
    commands = {"bare": [sys.executable, "-c", "pass"], "small": [*FLOWC, "check", "flow0.py"]}
    rows = {}
    for size in sizes:
        for artifacts, what in ((1, "one artifact"), (size, f"{size} artifacts")):
            name = f"check: {size} steps, {what}"
            rows[name] = size
            Path(folder, f"line{size}_{artifacts}.py").write_text(decorated(size, artifacts))
            commands[name] = [*FLOWC, "check", f"line{size}_{artifacts}.py"]
        name = f"check: {size} steps, in splits"
        rows[name] = size
        Path(folder, f"splits{size}.py").write_text(splits(size))
        commands[name] = [*FLOWC, "check", f"splits{size}.py"]
    seconds_of = processor_seconds(commands, ROUNDS, folder)
    for name, size in rows.items():
        each = (seconds_of[name] - seconds_of["small"]) / size
        ratio = f"{seconds_of[name] / seconds_of['bare']:.1f} ×"
        row(name, ratio, f"{1e6 * each:.0f} µs a step beyond a small flow")


if __name__ == "__main__":
    main()
