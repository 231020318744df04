"""`flowc history`: lists the deployments of one name."""

from __future__ import annotations

from flowc.compiler.report.diagnostics import printable

from ..deploying import history, place
from ..deploying.records import ago
from ..options import Option
from ..terminal import Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

USAGE = ("flowc history NAME [--on CONTEXT] [OPTIONS]", "flowc history FLOW.py [--on CONTEXT] [OPTIONS]")
TEXT = """
Lists every deployment of a name, newest first, from its records in the datastore: who deployed what, when, from which
commit. The one that the engine has is marked. If the engine has something else, the last line says so.
"""
OPTIONS = (Option("--json", "print the records"), *place.FLOW_OPTIONS)
EXAMPLES = (("flowc history train --on prod", "what was deployed when?"),)


def run(argv: list[str], out: Output) -> int:
    import json

    arguments, there = place.parse(argv, OPTIONS)
    name = place.name_of(arguments, there)
    engine = place.connect(there)
    deployed = place.asked(lambda: engine.deployed(name))
    records = history.of_name(there, name, deployed, arguments.text("--store"))
    entries = place.asked(records.history)
    current = history.live(records, deployed)
    rows = [
        {**entry.data, "done": entry.done, "live": current is not None and entry.n == current.n} for entry in entries
    ]
    if arguments.flag("--json"):
        out.print(json.dumps(rows, indent=2))
        return 0
    out.print("\n".join(table(list(_rows(rows)))))
    if deployed is not None and current is None:
        out.print(f"the engine has code {deployed.code[:15]}…, which is not what was deployed last")
    if deployed is None:
        out.print("the engine has nothing of that name")
    return 0


def _rows(entries: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    yield ("N", "ACTION", "BY", "WHEN", "CODE", "COMMIT", "")
    for entry in entries:
        git = entry.get("git", {})
        commit = git.get("git", "")[:7] + ("+" if git.get("dirty") else "")
        note = "live" if entry["live"] else "" if entry["done"] else "cut off"
        action = entry["action"] + (f" to {entry['to']}" if entry.get("to") else "")
        yield (
            str(entry["n"]), action, entry["by"].get("user", ""), ago(float(entry["at"])), entry.get("code", "")[7:15],
            commit, note,
        )  # fmt: skip


def table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Yields the rows in columns."""
    texts = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in texts) for column in range(len(rows[0]))]
    for row in texts:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
