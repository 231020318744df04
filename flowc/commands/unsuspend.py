"""`flowc unsuspend`: lets a suspended run go on."""

from __future__ import annotations

from ..deploying import place, run_state
from ..options import Option, one_positional
from ..terminal import Output

USAGE = ("flowc unsuspend RUN [--on CONTEXT]",)
TEXT = """
Lets the tasks of a suspended run begin.
"""
OPTIONS: tuple[Option, ...] = ()
EXAMPLES = (("flowc unsuspend train-x7k2p-3f9a10 --on prod", "lets a suspended run go on"),)


def run(argv: list[str], out: Output) -> int:
    arguments, there = place.parse(argv, OPTIONS)
    name = one_positional(arguments, "the run")
    engine = place.connect(there)
    one = run_state.found(engine, name)
    changed = place.asked(lambda: engine.suspend(one, False))
    out.print(f"run {one.id} goes on" if changed else f"nothing to do: run {one.id} is not suspended")
    return 0
