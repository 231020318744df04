"""`flowc check`: every problem of a flow, and of compiling it for the targets that are named."""

from __future__ import annotations

from flowc.compiler.diagnostics import Refused, summary

from ..flow_source import load_flow, placed_sources
from ..options import Option, one_positional
from ..targeting import OPTIONS as TARGETING
from ..targeting import package_of, parse, problems, sections
from ..terminal import Output

__all__ = ["EXAMPLES", "OPTIONS", "TEXT", "USAGE", "run", "sections"]

USAGE = ("flowc check FLOW.py [--target TARGET] [OPTIONS]",)
TEXT = """
Reads the flow, without importing or running it, and prints every problem with its place, the reason and the remedy. With targets, what
those cannot do of the flow is a problem too. Exits with 1 when there is an error; warnings alone exit with 0.
"""
OPTIONS = (
    *TARGETING,
    Option("--concise", "print one line a problem: FILE:LINE:COLUMN CODE TEXT"),
    Option("--quiet", "print only problems", short="-q"),
)
EXAMPLES = (
    ("flowc check FLOW.py", "before a commit"),
    ("flowc check FLOW.py --target airflow,argo", "can both run it?"),
)


def run(argv: list[str], out: Output) -> int:
    arguments, emitters = parse(argv, OPTIONS)
    path = one_positional(arguments, "the flow's file")
    one_line = arguments.flag("--concise")
    try:
        program = load_flow(path, arguments.text("--flow"), arguments.all("--with"))
        warnings = problems(program, path, emitters, arguments, package_of(program).digest)
    except Refused as refused:
        out.report(refused.diagnostics, refused.sources, one_line)
        return 1
    if warnings:
        out.report(warnings, placed_sources(program.sources, path), one_line)
    if not arguments.flag("--quiet"):
        flow = program.flow
        steps = f"{len(flow.steps)} step{'s' if len(flow.steps) != 1 else ''}"
        what = f"{flow.name}, {steps}" + (f", for {', '.join(each.NAME for each in emitters)}" if emitters else "")
        out.print(f"{summary(warnings) or 'no problems'} ({what})")
    return 0
