"""`flowc check`: every problem of flows, and of compiling them for the targets that are named."""

from __future__ import annotations

import os

from flowc.compiler.fast_start.record import record
from flowc.compiler.report.diagnostics import Diagnostic, Refused, has_errors, in_order, summary

from ..flow_source import load_flow, placed_sources, with_project
from ..given import OPTIONS as GIVEN
from ..given import given
from ..options import Option, Usage
from ..settings import NONE, settings_for
from ..targeting import FORMAT, asked_format, compilations, package_of, parse, problems, sections
from ..targeting import OPTIONS as TARGETING
from ..terminal import Failure, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from flowc.compiler.pipeline import Program
    from flowc.targets.target import Emitter

    from ..options import Arguments

__all__ = ["EXAMPLES", "OPTIONS", "TEXT", "USAGE", "run", "sections"]

USAGE = ("flowc check FLOW.py... [--target TARGET] [OPTIONS]",)
TEXT = """
Reads flows, without importing or running them, and prints every problem with its place, the reason and the remedy. With targets, what
those cannot do of a flow is a problem too. Of a folder, every file in it and below that holds a flow is checked. Exits with 1 when there is an
error; warnings and hints alone exit with 0.
"""
OPTIONS = (
    *TARGETING,
    *GIVEN,
    FORMAT,
    Option("--only-flows", "pass over files that hold no flow, as in a folder"),
    Option("--watch", "check again whenever a file that was read changes, until interrupted"),
    Option("--quiet", "print only problems", short="-q"),
)
EXAMPLES = (
    ("flowc check FLOW.py", "before a commit"),
    ("flowc check FLOW.py --target airflow,argo", "can both run it?"),
    ("flowc check flows --format github", "every flow of a folder, as annotations of a pull request"),
)

_LEFT_OUT = ("__pycache__", "node_modules", "site-packages", "build", "dist")


@record
class Checked:
    """What was found of one flow, or of one file that holds none."""

    path: str
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str]  # every file that was read, as a user can open it
    what: str  # the flow in a few words; "" if it was refused


def run(argv: list[str], out: Output) -> int:
    out.format = asked_format(argv)
    arguments, _ = parse(argv, OPTIONS)
    if not arguments.positional:
        raise Usage("the flow's file is missing")
    if arguments.flag("--flow") and (len(arguments.positional) > 1 or os.path.isdir(arguments.positional[0])):
        raise Usage("`--flow` goes with one file", "leave it out: every flow of a folder is checked")
    if arguments.flag("--watch"):
        from ..watch import watch

        return watch(lambda: _round(arguments.positional, argv, out), out)
    return _round(arguments.positional, argv, out)[0]


def _round(paths: Sequence[str], argv: list[str], out: Output) -> tuple[int, list[str]]:
    """Checks everything once; returns the exit code, and every file that had a say in it."""
    checked = [each for path, by_itself in _files(paths) for each in _check(path, by_itself, argv)]
    found = in_order(diagnostic for each in checked for diagnostic in each.diagnostics)
    out.report(found, {name: text for each in checked for name, text in each.sources.items()})
    arguments, _ = parse(argv, OPTIONS)
    if not (arguments.flag("--quiet") or out.for_a_program):
        several = len(checked) > 1
        for each in checked:
            if each.what:
                out.print(
                    f"{f'{each.path}: ' if several else ''}{summary(each.diagnostics) or 'no problems'} ({each.what})"
                )
        if not checked:
            out.print("no flows")
    return int(has_errors(found)), sorted(
        {*paths, *(name for each in checked for name in (each.path, os.path.dirname(each.path) or ".", *each.sources))}
    )


def _files(paths: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Yields each file, and whether it was named itself, the folders' in order. Raises Failure for a folder that cannot be read."""
    for path in paths:
        if not os.path.isdir(path):
            yield path, True
            continue
        for folder, below, here in os.walk(path, onerror=_unreadable):
            below[:] = sorted(
                each
                for each in below
                if not each.startswith(".") and each not in _LEFT_OUT and not each.endswith(".egg-info")
            )
            yield from ((os.path.join(folder, each), False) for each in sorted(here) if each.endswith(".py"))


def _unreadable(error: OSError) -> None:
    raise Failure(f"cannot read `{error.filename}`: {error.strerror}")


def _check(path: str, by_itself: bool, argv: list[str]) -> list[Checked]:
    """What is found of the flows in one file; nothing for a file that holds none, where such are passed over."""
    try:
        arguments, emitters = parse(argv, OPTIONS, path)
    except Refused as refused:
        return [Checked(path, refused.diagnostics, dict(refused.sources), "")]
    lenient = not by_itself or arguments.flag("--only-flows")
    wanted = arguments.text("--flow")
    names: tuple[str, ...] = (wanted,)
    if lenient and not wanted:
        names = _flows(path, arguments) if _may_hold_a_flow(path) else ()
    return [_check_flow(path, name, argv, emitters) for name in names]


def _may_hold_a_flow(path: str) -> bool:
    """Whether the file's text speaks of flows at all: a folder is full of files that do not."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return True  # what is wrong is said when it is checked
    return b"FlowSpec" in data or b"step" in data or b"Flow" in data


def _flows(path: str, arguments: Arguments) -> tuple[str, ...]:
    """The names of the file's flows; one that is empty where the file cannot be read, so that checking it says why."""
    from flowc.compiler.pipeline import flow_names

    try:
        return flow_names(path, with_project(given(arguments), path, arguments.flag("--isolated")))
    except Refused:
        return ("",)


def _check_flow(path: str, name: str, argv: list[str], emitters: tuple[Emitter, ...]) -> Checked:
    arguments, _ = parse(argv, OPTIONS, path)
    try:
        program = load_flow(path, name, arguments.all("--with"), arguments.flag("--isolated"), given(arguments))
        found = problems(
            program, path, compilations(program, emitters, arguments, package_of(program).digest), arguments
        )
    except Refused as refused:
        return Checked(path, refused.diagnostics, dict(refused.sources), "")
    sources = placed_sources(program.sources, path, program.places)
    settings = NONE if arguments.flag("--isolated") else settings_for(path)
    if settings.file:
        sources[settings.file] = ""
    return Checked(path, found, sources, _described(program, emitters))


def _described(program: Program, emitters: tuple[Emitter, ...]) -> str:
    count = len(program.flow.steps)
    steps = f"{count} step{'s' if count != 1 else ''}"
    return f"{program.flow.name}, {steps}" + (f", for {', '.join(each.NAME for each in emitters)}" if emitters else "")
