"""`flowc runs`: lists runs with their status and tags."""

from __future__ import annotations

import os

from flowc.compiler.report.diagnostics import printable

from .. import datastore
from ..options import Option, Usage, parse
from ..terminal import Failure, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from flowc.runtime_shim.client.datastore import Datastore

USAGE = ("flowc runs [FLOW.py | FLOW] [OPTIONS]",)
TEXT = """
Lists the runs of a datastore, newest first: of the flow in the file, of the flow of that name, or of all flows. A run
has `succeeded`, has `failed`, is `running` on this machine, was `stopped`, or is `unfinished`. Only the orchestrator
knows whether an unfinished run is still going: with `--on`, it is asked, and runs that have not begun are listed too.
"""
OPTIONS = (
    Option("--tag", "list only runs with this tag; system tags count too", "TAG", repeated=True),
    Option("--user", "list only runs of this user", "NAME"),
    Option("--status", "list only runs of this status", "STATUS", repeated=True),
    Option("--limit", "list at most N runs of each flow", "N", default="20; with --json all"),
    Option(
        "--json",
        "print [{flow, run, status, started, ended, seconds, user, target, owner, origin, parameters, tags, "
        "system_tags}]",
    ),
    Option("--on", "a context of pyproject.toml: its datastore, and its orchestrator's states", "CONTEXT"),
    *datastore.OPTIONS,
)
EXAMPLES = (("flowc runs FLOW.py", "the flow's latest runs"), ("flowc runs --tag nightly --json", "for a program"))

LIMIT = 20


def run(argv: list[str], out: Output) -> int:
    from flowc.runtime_shim.contract.errors import ShimError

    arguments = parse(argv, OPTIONS)
    if len(arguments.positional) > 1:
        raise Usage(f"unexpected argument `{arguments.positional[1]}`")
    named = "".join(arguments.positional)
    is_file = named.endswith(".py")
    if is_file and not arguments.text("--flow-file"):
        arguments.given["--flow-file"] = (named,)
    there = datastore.on_context(arguments)
    tags = [*arguments.all("--tag"), *(f"user:{user}" for user in arguments.all("--user"))]
    limit = arguments.integer("--limit", 0 if arguments.flag("--json") else LIMIT)
    try:
        place = datastore.place_of(arguments)
        flows = (
            [arguments.text("--flow")]
            if arguments.text("--flow")
            else flows_in(named)
            if is_file
            else [named]
            if named
            else place.flows()
        )
        states = arguments.all("--status")
        most = 0 if states else limit
        runs = [about for flow in flows for about in about_runs(place, flow, tags, most)]
    except ShimError as error:
        raise Failure(str(error)) from None
    if there is not None and not tags:
        from ..deploying.engine_runs import with_states

        runs = with_states(there, runs, flows if named or arguments.text("--flow") else [], most)
    if states:
        runs = [row for row in runs if row["status"] in states][: limit or None]
    if arguments.flag("--json"):
        import json

        out.verbatim((json.dumps(runs, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass"))
    else:
        out.print("\n".join(_table(runs)) if runs else f"no runs{' with these tags' if tags else ''} in {place.url}")
    return 0


def flows_in(file: str) -> list[str]:
    """Returns the classes that the file defines. It is parsed, not compiled, so that a flow with mistakes works too."""
    import ast

    try:
        with open(file, "rb") as opened:
            tree = ast.parse(opened.read(), file)
    except OSError as error:
        raise Failure(f"{file} cannot be read: {os.strerror(error.errno or 0)}") from None
    except (SyntaxError, ValueError) as error:
        raise Failure(f"{file} is not valid Python: {error}") from None
    return [node.name for node in tree.body if isinstance(node, ast.ClassDef)]


def about_runs(place: Datastore, flow: str, tags: list[str], limit: int) -> Iterator[dict[str, Any]]:
    from flowc.runtime_shim.client.flow import Flow

    runs = Flow._made(place, (flow,)).runs(*tags)
    names = [run_object.id for _, run_object in zip(range(limit or 1 << 60), runs)]
    yield from place.each(names, lambda name: _about(place, flow, name))


def _about(place: Datastore, flow: str, name: str) -> dict[str, Any]:
    from flowc.runtime_shim.client import tags

    from ..run_status import status

    data = place.run(flow, name) or {}
    state, ended = status(place, flow, name)
    return {
        "flow": flow, "run": name, "status": state, "started": _iso(data.get("started")), "ended": _iso(ended),
        "seconds": round(ended - data["started"], 3) if ended and data.get("started") else None,
        "user": data.get("user"), "target": data.get("target"), "owner": data.get("owner"),
        "origin": data.get("origin"), "parameters": data.get("parameters"),
        "tags": sorted(tags.user(place, flow, name)), "system_tags": sorted(tags.system(place, flow, name)),
    }  # fmt: skip


def _iso(seconds: float | None) -> str | None:
    """Returns seconds since the epoch as ISO 8601, in UTC."""
    import time

    return None if not seconds else time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + "Z"


def _table(runs: list[dict[str, Any]]) -> Iterator[str]:
    rows = [("FLOW", "RUN", "STATUS", "STARTED", "TOOK", "USER", "TAGS")]
    for about in runs:
        took = "" if about["seconds"] is None else _took(about["seconds"])
        started = (about["started"] or "").replace("T", " ")
        rows.append(
            (about["flow"], about["run"], about["status"], started, took, about["user"] or "", " ".join(about["tags"]))
        )
    texts = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in texts) for column in range(len(rows[0]))]
    for row in texts:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()


def _took(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
