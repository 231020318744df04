"""`flowc delete`: removes a deployment from its orchestrator."""

from __future__ import annotations

from ..deploying import history, place, temporary
from ..deploying.confirm import confirm
from ..deploying.records import DELETE, author
from ..options import Option
from ..terminal import Failure, Output

USAGE = ("flowc delete NAME [--on CONTEXT] [OPTIONS]",)
TEXT = """
Removes the deployment from the engine: its schedule first, then what runs are started from. Runs, their artifacts and
the records of deployments stay. It refuses while runs are under way, unless `--force`; those then go on.
"""
OPTIONS = (
    Option("--yes", "ask nothing", short="-y"),
    Option("--force", "also while runs are under way"),
    *place.FLOW_OPTIONS,
)
EXAMPLES = (("flowc delete train --on staging", "asks, and deletes it"),)


def run(argv: list[str], out: Output) -> int:
    arguments, there = place.parse(argv, OPTIONS)
    name = place.name_of(arguments, there)
    engine = place.connect(there)
    deployed = place.asked(lambda: engine.deployed(name))
    if deployed is not None and not deployed.records:
        raise Failure(f"`{name}` was not deployed with `flowc deploy`: delete it with the engine's own tools")
    records = history.of_name(there, name, deployed, arguments.text("--store"))
    if deployed is not None and records.key not in (there.key(name), temporary.key_of(name)):
        raise Failure(f"`{name}` is the deployment `{records.key}`, not `{there.key(name)}`: give its context")
    changes = place.asked(lambda: engine.removal(name, records.url))
    newest, _ = place.asked(records.last)
    if not changes and newest is not None and newest.done and newest.data.get("action") == DELETE:
        out.print(f"{name} is deleted already (deployment {newest.n})")
        return 0
    running = place.asked(lambda: engine.runs(name, True))
    if running and not arguments.flag("--force"):
        shown = ", ".join(run.id for run in running[:3])
        raise Failure(f"{len(running)} runs of {name} are under way ({shown}): wait for them, or give `--force`")
    for change in changes:
        out.print(f"  - {change.kind}/{change.name}  {change.note}")
    confirm(f"Delete {name}", name, there.context, arguments.flag("--yes"))
    number = (newest.n if newest is not None else 0) + 1
    if newest is not None and not newest.done and newest.data.get("action") == DELETE:
        number = newest.n
    else:
        about = {
            "action": DELETE, "name": name, "context": there.context.name, "target": there.target,
            "by": author(place.asked(engine.user)), "code": deployed.code if deployed is not None else "",
            "where": dict(engine.where),
        }  # fmt: skip
        place.asked(lambda: records.claim(number, about, ()))
    for change in changes:
        place.applied(engine, change)
        out.print(f"deleted {change.kind} {change.name}")
    place.asked(lambda: records.finish(number))
    out.print(f"{name} is deleted (deployment {number}); its runs and records stay")
    return 0
