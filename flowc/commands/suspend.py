"""`flowc suspend`: holds back new tasks of a run."""

from __future__ import annotations

from ..deploying import place, run_state
from ..options import Option, one_positional
from ..terminal import Output

USAGE = ("flowc suspend RUN [--on CONTEXT]",)
TEXT = """
Holds back the tasks of a run that have not begun. Those that run go on.
"""
OPTIONS: tuple[Option, ...] = ()
EXAMPLES = (("flowc suspend train-x7k2p-3f9a10 --on prod", "holds back new tasks of a run"),)


def run(argv: list[str], out: Output) -> int:
    arguments, there = place.parse(argv, OPTIONS)
    name = one_positional(arguments, "the run")
    engine = place.connect(there)
    one = run_state.found(engine, name)
    changed = place.asked(lambda: engine.suspend(one, True))
    out.print(f"run {one.id} is suspended" if changed else f"nothing to do: run {one.id} is suspended already")
    return 0
