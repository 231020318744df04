"""`flowc terminate`: ends a run."""

from __future__ import annotations

from ..deploying import place, run_state
from ..options import Option, one_positional
from ..terminal import Output

USAGE = ("flowc terminate RUN [--on CONTEXT]",)
TEXT = """
Ends the run and its tasks. What they have recorded stays. With `--graceful`, what the engine runs at the end of a run,
such as exit handlers, still runs.
"""
OPTIONS = (Option("--graceful", "run what is to run at the end of a run"),)
EXAMPLES = (("flowc terminate train-x7k2p-3f9a10 --on prod", "ends a run"),)


def run(argv: list[str], out: Output) -> int:
    arguments, there = place.parse(argv, OPTIONS)
    name = one_positional(arguments, "the run")
    engine = place.connect(there)
    one = run_state.found(engine, name)
    changed = place.asked(lambda: engine.terminate(one, arguments.flag("--graceful")))
    out.print(f"run {one.id} is being terminated" if changed else f"nothing to do: run {one.id} has ended already")
    return 0
