"""`flowc deployments`: lists what is deployed."""

from __future__ import annotations

from ..deploying import history, place
from ..deploying.records import ago
from ..options import Option, Usage
from ..terminal import Failure, Output
from .history import table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.targets.operating import Deployed, Engine

USAGE = ("flowc deployments [FLOW.py | FLOW] [--on CONTEXT] [OPTIONS]",)
TEXT = """
Lists what flowc has deployed in the place, all or only of one flow, as the engine has it: the number, time and author
of the deployment, its code, its schedule and whether that is paused, and the last run.
"""
OPTIONS = (
    Option("--flow", "the flow, if the file defines several", "NAME"),
    Option("--json", "print [{name, flow, n, by, at, code, schedule, paused, last_run, …}]"),
)
EXAMPLES = (("flowc deployments --on prod", "what runs in production?"),)


def run(argv: list[str], out: Output) -> int:
    import json

    arguments, there = place.parse(argv, OPTIONS)
    if len(arguments.positional) > 1:
        raise Usage(f"unexpected argument `{arguments.positional[1]}`", "`flowc history NAME` is about one deployment")
    flows = _flows("".join(arguments.positional), arguments.text("--flow"))
    engine = place.connect(there)
    listed = [
        _about(engine, one) for one in place.asked(engine.deployments) if flows is None or one.flow in flows
    ]  # fmt: skip
    if arguments.flag("--json"):
        out.print(json.dumps(listed, indent=2))
    elif not listed:
        out.print(f"flowc has deployed nothing {place.shown(engine)}")
    else:
        head = ("NAME", "FLOW", "N", "BY", "WHEN", "CODE", "SCHEDULE", "LAST RUN")
        out.print("\n".join(table([head, *map(_row, listed)])))
    return 0


def _flows(word: str, flow: str) -> list[str] | None:
    """Returns the flows that are meant; None for all."""
    if flow or not word:
        return [flow] if flow else None
    from .runs import flows_in

    return flows_in(word) if word.endswith(".py") else [word]


def _about(engine: Engine, deployed: Deployed) -> dict[str, Any]:
    about: dict[str, Any] = {
        "name": deployed.name, "flow": deployed.flow, "code": deployed.code, "schedule": deployed.schedule,
        "paused": deployed.paused, "store": deployed.store, "url": deployed.url, "n": None, "by": "", "at": None,
        "agrees": None,
    }  # fmt: skip
    try:
        records = history.of_mark(deployed.records)
        entry = history.live(records, deployed) if records is not None else None
        if entry is not None:
            about |= {"n": entry.n, "by": entry.by, "at": entry.at}
        about["agrees"] = entry is not None
    except Failure as error:  # its datastore cannot be read from here; the engine is the truth
        about["problem"] = str(error)
    runs = place.asked(lambda: engine.runs(deployed.name))
    last = place.asked(lambda: engine.run(runs[0].id)) if runs else None
    runs = (last,) if last is not None else ()
    about["last_run"] = {"run": runs[0].id, "state": runs[0].state, "started": runs[0].started} if runs else None
    return about


def _row(about: dict[str, Any]) -> tuple[str, ...]:
    schedule = about["schedule"] + (" (paused)" if about["paused"] else "")
    last = about["last_run"]
    number = str(about["n"]) if about["n"] is not None else "?"
    run = f"{last['state']}, {ago(last['started'])}" if last else ""
    when = ago(about["at"]) if about["at"] else ""
    return about["name"], about["flow"], number, about["by"], when, about["code"][7:15], schedule, run
