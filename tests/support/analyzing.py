"""What the compiler knows of a flow before anything judges it."""

from __future__ import annotations

from pathlib import Path

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.options.compile_inputs import NOTHING
from flowc.compiler.passes import PASSES, Compile, dataflow
from flowc.compiler.source.sources import Sources


def analysis_of(folder: Path) -> Analysis:
    """Returns what the passes up to `dataflow` find of the first flow in the folder's `flow.py`, whatever is wrong with it."""
    now = Compile(Sources(str(folder), "flow.py"), "", (), {}, NOTHING)
    for run_pass in PASSES[: PASSES.index(dataflow) + 1]:
        now, _ = run_pass(now)
    return now.analysis
