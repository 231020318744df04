"""`flowc pause`: stops the schedule of a deployment."""

from __future__ import annotations

from ..deploying import place
from ..terminal import Output

USAGE = ("flowc pause NAME [--on CONTEXT]",)
TEXT = """
Stops the schedule: no run starts by itself until `flowc unpause`. Deploys leave it paused. Runs can be triggered, and
those under way go on.
"""
OPTIONS = place.FLOW_OPTIONS
EXAMPLES = (("flowc pause train --on prod", "stops the schedule of a deployment"),)


def run(argv: list[str], out: Output) -> int:
    arguments, there = place.parse(argv, OPTIONS)
    name = place.name_of(arguments, there)
    engine = place.connect(there)
    place.owned(engine, there, name)
    changed = place.asked(lambda: engine.pause(name, True))
    out.print(f"the schedule of {name} is paused" if changed else f"nothing to do: the schedule of {name} is paused")
    return 0
