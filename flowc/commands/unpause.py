"""`flowc unpause`: resumes the schedule of a deployment."""

from __future__ import annotations

from ..deploying import place
from ..terminal import Output

USAGE = ("flowc unpause NAME [--on CONTEXT]",)
TEXT = """
Resumes a schedule that `flowc pause`, or somebody with the engine's own tools, has stopped.
"""
OPTIONS = place.FLOW_OPTIONS
EXAMPLES = (("flowc unpause train --on prod", "resumes the schedule of a deployment"),)


def run(argv: list[str], out: Output) -> int:
    arguments, there = place.parse(argv, OPTIONS)
    name = place.name_of(arguments, there)
    engine = place.connect(there)
    place.owned(engine, there, name)
    changed = place.asked(lambda: engine.pause(name, False))
    out.print(f"the schedule of {name} is on" if changed else f"nothing to do: the schedule of {name} is on")
    return 0
