"""`flowc report`: the page of a run, one HTML file."""

from __future__ import annotations

from .. import datastore
from ..options import Option, Usage, one_positional, parse
from ..terminal import Failure, Output, lines

USAGE = ("flowc report [FLOW/]RUN [OPTIONS]",)
TEXT = """
Writes a page about a run: its graph, a timeline, every task with its attempts, logs, failures, artifacts and cards. It
is one HTML file that needs no network. Its header can be read without scripts. The same run gives the same bytes. What
has no room is left out, and the page says so.
"""
OPTIONS = (
    Option("--output", "write the page to this file or URL", "FILE", short="-o", default="FLOW-RUN.html"),
    Option("--logs", "which logs the page holds", "WHICH", default="all", choices=("all", "failed", "none")),
    Option("--cards", "which cards the page holds: all, none, or those with this `id`", "all|none|ID", default="all"),
    Option("--max-size", "the most MB of logs and cards", "MB", default="20"),
    *datastore.OPTIONS,
)
EXAMPLES = (
    ("flowc report try7", "write MyFlow-try7.html"),
    ("flowc report try7 -o s3://bucket/reports/try7.html", "write it to a bucket"),
)


def run(argv: list[str], out: Output) -> int:
    from flowc.runtime_shim.contract.errors import ShimError

    from ..pages import write
    from ..pages.run_data import Limits

    arguments = parse(argv, OPTIONS)
    what = one_positional(arguments, "the run")
    limits = Limits(
        arguments.text("--logs") or "all",
        arguments.text("--cards") or "all",
        arguments.integer("--max-size", 20, least=0) << 20,
    )
    try:
        place = datastore.place_of(arguments)
        pathspec = datastore.find(place, what, arguments.text("--flow"))
        if pathspec.step:
            raise Usage(f"`{what}` names a task; a report is about a run", f"`flowc report {pathspec.run}`")
        file = arguments.text("--output") or f"{pathspec.flow}-{pathspec.run}.html"
        size = write.page(place, pathspec.flow, pathspec.run, file, limits)
    except ShimError as error:
        raise Failure(str(error)) from None
    out.print(lines(f"{file}: {size} bytes"))
    return 0
