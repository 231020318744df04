"""Returns the compiler's view of a flow before any check runs."""

from __future__ import annotations

from pathlib import Path

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.options.compile_inputs import NOTHING
from flowc.compiler.passes import PASSES, Compile, dataflow
from flowc.compiler.source.sources import Sources


def analysis_of(folder: Path) -> Analysis:
    """Returns the analysis of the first flow in the folder's `flow.py`, even if it has errors."""
    now = Compile(Sources(str(folder), "flow.py"), "", (), {}, NOTHING)
    for run_pass in PASSES[: PASSES.index(dataflow) + 1]:
        now, _ = run_pass(now)
    return now.analysis
