"""`flowc check`: reports every problem of flows, and of compiling them for the chosen targets."""

from __future__ import annotations

import os

from flowc.compiler.fast_start.record import record
from flowc.compiler.report.diagnostics import Diagnostic, Refused, has_errors, in_order, summary

from ..flow_source import load_flow, placed, with_project
from ..options import Option, Usage
from ..source_options import OPTIONS as SOURCE_OPTIONS
from ..source_options import compile_inputs
from ..targeting import (
    FORMAT,
    asked_format,
    check_package,
    compilations,
    package_of,
    parse,
    problems,
    sections,
    settings_of,
)
from ..targeting import OPTIONS as TARGETING
from ..terminal import Failure, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flowc.compiler.pipeline import Program
    from flowc.targets.target import Emitter

    from ..options import Arguments

__all__ = ["EXAMPLES", "OPTIONS", "TEXT", "USAGE", "run", "sections"]

USAGE = ("flowc check FLOW.py|NOTEBOOK.ipynb... [--target TARGET] [OPTIONS]",)
TEXT = """
Reads flows, without importing or running them, and prints every problem: where it is, why it matters and what to write
instead. With `--target`, it also reports what those targets cannot run. For a folder, it checks every file in or below
it that holds a flow. Exits with 1 if there is an error, and with 0 if there are only warnings and hints.
"""
OPTIONS = (
    *TARGETING,
    *SOURCE_OPTIONS,
    FORMAT,
    Option("--only-flows", "skip files that hold no flow, as in a folder"),
    Option("--watch", "check again whenever one of the files changes, until interrupted"),
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
    """The result of checking one flow, or one file without a flow."""

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

        return watch(lambda: _round(arguments, argv, out), out)
    return _round(arguments, argv, out)[0]


def _round(arguments: Arguments, argv: list[str], out: Output) -> tuple[int, list[str]]:
    """Checks everything once. Returns the exit code, and every file that the result depends on."""
    checked = [result for path, by_itself in _files(arguments.positional) for result in _check(path, by_itself, argv)]
    diagnostics = in_order(diagnostic for result in checked for diagnostic in result.diagnostics)
    out.report(diagnostics, {name: text for result in checked for name, text in result.sources.items()})
    if not (arguments.flag("--quiet") or out.for_a_program):
        several = len(checked) > 1
        for result in checked:
            if result.what:
                out.print(
                    f"{f'{result.path}: ' if several else ''}"
                    f"{summary(result.diagnostics) or 'no problems'} ({result.what})"
                )
        if not checked:
            out.print("no flows")
    return int(has_errors(diagnostics)), sorted(
        {
            *arguments.positional,
            *(
                name
                for result in checked
                for name in (result.path, os.path.dirname(result.path) or ".", *result.sources)
            ),
        }
    )


def _files(paths: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Yields each file, and whether the user named it. Raises Failure for an unreadable folder."""
    for path in paths:
        if path.endswith(".ipynb"):
            yield from ((cell, True) for cell in _flow_cells(path))
            continue
        if not os.path.isdir(path):
            yield path, True
            continue
        for folder, below, names in os.walk(path, onerror=_unreadable):
            below[:] = sorted(
                name
                for name in below
                if not name.startswith(".") and name not in _LEFT_OUT and not name.endswith(".egg-info")
            )
            yield from ((os.path.join(folder, name), False) for name in sorted(names) if name.endswith(".py"))


def _flow_cells(path: str) -> list[str]:
    """Returns the cells of the notebook that may define a flow, each as `NOTEBOOK.ipynb:cell N`. Raises Refused."""
    from flowc.compiler.source.notebooks import flow_cells
    from flowc.compiler.source.text import notebook_bytes, syntax_tree

    return flow_cells(path, notebook_bytes(path), syntax_tree)


def _unreadable(error: OSError) -> None:
    raise Failure(f"cannot read `{error.filename}`: {error.strerror}")


def _check(path: str, by_itself: bool, argv: list[str]) -> list[Checked]:
    """Checks the flows in one file. Returns nothing for a file without a flow if such files are skipped."""
    try:
        arguments, emitters = parse(argv, OPTIONS, path)
    except Refused as refused:
        return [Checked(path, refused.diagnostics, dict(refused.sources), "")]
    lenient = not by_itself or arguments.flag("--only-flows")
    flow_name = arguments.text("--flow")
    names: tuple[str, ...] = (flow_name,)
    if lenient and not flow_name:
        names = _flows(path, arguments) if _may_hold_a_flow(path) else ()
    return [_check_flow(path, name, arguments, emitters) for name in names]


def _may_hold_a_flow(path: str) -> bool:
    """Returns True if the file's text mentions flows: most files of a folder do not, and need not be parsed."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return True  # checking it will report the error
    return b"FlowSpec" in data or b"step" in data or b"Flow" in data


def _flows(path: str, arguments: Arguments) -> tuple[str, ...]:
    """Returns the names of the file's flows, or one empty name for an unreadable file, so that checking it says why."""
    from flowc.compiler.pipeline import flow_names

    try:
        return flow_names(path, with_project(compile_inputs(arguments), path, arguments.flag("--isolated")))
    except Refused:
        return ("",)


def _check_flow(path: str, name: str, arguments: Arguments, emitters: tuple[Emitter, ...]) -> Checked:
    try:
        program = load_flow(
            path, name, arguments.all("--with"), arguments.flag("--isolated"), compile_inputs(arguments)
        )
        digest = ""
        if emitters:
            digest = package_of(program).digest
        else:
            check_package(program)
        diagnostics = problems(program, path, compilations(program, emitters, arguments, digest, path), arguments)
    except Refused as refused:
        return Checked(path, refused.diagnostics, dict(refused.sources), "")
    diagnostics, sources = placed(program, path, diagnostics)
    file = settings_of(arguments, path).file
    if file:
        sources[file] = ""
    return Checked(path, diagnostics, sources, _described(program, emitters))


def _described(program: Program, emitters: tuple[Emitter, ...]) -> str:
    count = len(program.flow.steps)
    steps = f"{count} step{'s' if count != 1 else ''}"
    return f"{program.flow.name}, {steps}" + (
        f", for {', '.join(target.NAME for target in emitters)}" if emitters else ""
    )
