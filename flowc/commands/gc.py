"""`flowc gc`: deletes old runs, and artifacts that no run has any more."""

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
Says what could be deleted from a datastore, and deletes it with --delete: runs that no --keep… keeps, artifacts that no run has any more, and
files that writers which were killed never finished. Runs that go on, or failed less than --grace ago, stay, and while there are such, artifacts
stay too. Code packages always stay, since deployed specs name them. Safe while runs begin: they wait for it.
"""
OPTIONS = (
    Option("--keep", "keep the newest so many runs of each flow", "N"),
    Option("--keep-days", "keep runs that began within so many days", "N"),
    Option("--keep-tag", "keep runs with this tag", "TAG", repeated=True),
    Option(
        "--grace",
        "leave alone what changed within so many hours; less than 1 only where no deployed run is retried",
        "HOURS",
        default="24",
    ),
    Option("--delete", "delete it"),
    *datastore.OPTIONS,
)
EXAMPLES = (
    ("flowc gc --keep 10 --keep-tag production", "what would be deleted?"),
    ("flowc gc --keep 10 --keep-tag production --delete", "delete it"),
    ("flowc gc", "what is not reachable from any run?"),
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
            "`--keep-tag` needs `--keep` or `--keep-days`", "`--keep 0 --keep-tag TAG` keeps the tagged runs alone"
        )
    grace = _number(arguments, "--grace") if arguments.text("--grace") else 24.0
    rules = Rules(keep, days, arguments.all("--keep-tag"), grace * 3600)
    act = collect if arguments.flag("--delete") else plan
    try:
        place = datastore.place_of(arguments)
        flow = arguments.text("--flow") or "".join(arguments.positional)
        if flow and not place.has_flow(flow):
            raise Failure(f"there is no run of {flow} in {place.url}")
        for each in [flow] if flow else place.flows():
            _say(act(place, each, rules), arguments.flag("--delete"), out)
    except ShimError as error:
        raise Failure(str(error)) from None
    if not arguments.flag("--delete"):
        out.print("nothing was deleted; --delete does")
    return 0


def _number(arguments: Arguments, name: str) -> float:
    try:
        found = float(arguments.text(name))
    except ValueError:
        found = -1.0
    if not 0 <= found < 1e9:
        raise Usage(f"`{name}` takes a number from 0, not `{arguments.text(name)}`")
    return found


def _say(made: Plan, done: bool, out: Output) -> None:
    verb = "deleted" if done else "to delete"
    unfinished = f", {_count(len(made.leftovers), 'unfinished file')}" if made.leftovers else ""
    what = f"{_count(len(made.runs), 'run')}, {_count(len(made.blobs), 'artifact')}{unfinished}, {_bytes(made.bytes)}"
    out.print(f"{printable(made.flow)}: {verb} {what}; kept {made.kept}")
    for run in made.runs:
        out.print(f"  {printable(run)}")
    if made.going_on:
        runs = ", ".join(map(printable, made.going_on[:3])) + (", …" if len(made.going_on) > 3 else "")
        out.print(f"  artifacts stay for now: {_count(len(made.going_on), 'run')} may go on ({runs})")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _bytes(number: int) -> str:
    size = float(number)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
