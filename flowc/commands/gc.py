"""`flowc gc`: deletes old runs, and artifacts that no run uses."""

from __future__ import annotations

from flowc.compiler.report.diagnostics import printable

from .. import datastore
from ..options import Option, Usage, parse
from ..terminal import Failure, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..garbage_collection import Plan
    from ..options import Arguments

USAGE = ("flowc gc [FLOW] --keep N [OPTIONS]",)
TEXT = """
Lists what can be deleted from a datastore, and deletes it with --delete: runs that no --keep… option keeps, artifacts
that no run uses, and unfinished files of writers that were killed. Runs that are still going, or that failed less than
--grace ago, stay. While there are such runs, artifacts stay too. Code packages always stay, because deployed specs name
them. It is safe to start runs meanwhile: they wait for it to end.
"""
OPTIONS = (
    Option("--keep", "keep the N newest runs of each flow", "N"),
    Option("--keep-days", "keep runs that began in the last N days", "N"),
    Option("--keep-tag", "keep runs with this tag", "TAG", repeated=True),
    Option(
        "--grace",
        "delete nothing that changed in the last HOURS hours; less than 1 is safe only if no deployed run is retried",
        "HOURS",
        default="24",
    ),
    Option("--delete", "delete what is listed"),
    *datastore.OPTIONS,
)
EXAMPLES = (
    ("flowc gc --keep 10 --keep-tag production", "list what would be deleted"),
    ("flowc gc --keep 10 --keep-tag production --delete", "delete it"),
    ("flowc gc", "list what no run uses"),
)


def run(argv: list[str], out: Output) -> int:
    from flowc.runtime_shim.contract.errors import ShimError

    from ..garbage_collection import Rules, collect, plan

    arguments = parse(argv, OPTIONS)
    if len(arguments.positional) > 1:
        raise Usage(f"unexpected argument `{arguments.positional[1]}`")
    keep = arguments.integer("--keep", 0, least=0) if arguments.text("--keep") else None
    days = _number(arguments, "--keep-days") if arguments.text("--keep-days") else None
    if arguments.all("--keep-tag") and keep is None and days is None:
        raise Usage(
            "`--keep-tag` needs `--keep` or `--keep-days`", "`--keep 0 --keep-tag TAG` keeps only the tagged runs"
        )
    grace = _number(arguments, "--grace") if arguments.text("--grace") else 24.0
    rules = Rules(keep, days, arguments.all("--keep-tag"), grace * 3600)
    act = collect if arguments.flag("--delete") else plan
    try:
        place = datastore.place_of(arguments)
        flow = arguments.text("--flow") or "".join(arguments.positional)
        if flow and not place.has_flow(flow):
            raise Failure(f"there is no run of {flow} in {place.url}")
        for flow_name in [flow] if flow else place.flows():
            _say(act(place, flow_name, rules), arguments.flag("--delete"), out)
    except ShimError as error:
        raise Failure(str(error)) from None
    if not arguments.flag("--delete"):
        out.print("nothing was deleted; add --delete to delete it")
    return 0


def _number(arguments: Arguments, name: str) -> float:
    try:
        number = float(arguments.text(name))
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e9:
        raise Usage(f"`{name}` must be a number of at least 0, not `{arguments.text(name)}`")
    return number


def _say(plan: Plan, done: bool, out: Output) -> None:
    verb = "deleted" if done else "to delete"
    unfinished = f", {_count(len(plan.leftovers), 'unfinished file')}" if plan.leftovers else ""
    what = f"{_count(len(plan.runs), 'run')}, {_count(len(plan.blobs), 'artifact')}{unfinished}, {_bytes(plan.bytes)}"
    out.print(f"{printable(plan.flow)}: {verb} {what}; kept {plan.kept}")
    for run in plan.runs:
        out.print(f"  {printable(run)}")
    if plan.going_on:
        runs = ", ".join(map(printable, plan.going_on[:3])) + (", …" if len(plan.going_on) > 3 else "")
        out.print(f"  artifacts stay for now: {_count(len(plan.going_on), 'run')} may still be going ({runs})")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _bytes(number: int) -> str:
    size = float(number)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
