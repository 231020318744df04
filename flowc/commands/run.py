"""`flowc run`: a flow on this machine, by the shim that runs its tasks in containers."""

from __future__ import annotations

import os

from flowc.compiler.report.diagnostics import Refused, has_errors, without_hints

from .. import local_run, run_parameters
from ..flow_source import load_flow, placed, placed_sources
from ..given import RUN_OPTIONS, given_to_run, scan
from ..local_check import local_problems
from ..local_run import LocalRun, new_run_id, tags_given
from ..options import Arguments, Option, Usage, parse
from ..terminal import Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from flowc.compiler.ir.nodes import Flow
    from flowc.runtime_shim.local.reuse import Policy

USAGE = ("flowc run FLOW.py [--PARAMETER VALUE…] [OPTIONS]",)
TEXT = """
Runs the flow on this machine: every task in a process of its own, by the same code that runs it in a container. The flow's parameters are
options. Artifacts and logs go to the datastore; the same `--run-id` again goes on with a run that was stopped or failed.
Configs may also be given by METAFLOW_FLOW_CONFIG and METAFLOW_FLOW_CONFIG_VALUE; mutators of the flow run, in a process of their own.
Exits with 0 if the run succeeded, 1 if it failed, 130 if it was interrupted.
"""
OPTIONS = (
    Option("--run-id", "the run's name, or that of a run to go on with", "RUN", default="made from the time"),
    Option(
        "--parameter", "another way to give a parameter, for names that are options", "NAME=VALUE", "-p", repeated=True
    ),
    Option("--cache", "take over steps whose code, inputs and environment are those of an earlier run"),
    *RUN_OPTIONS,
    *local_run.OPTIONS,
)
EXAMPLES = (
    ("flowc run FLOW.py --alpha 0.5", "with a parameter"),
    ("flowc run FLOW.py --run-id try7", "the second time, goes on where it stopped"),
    ("flowc run FLOW.py --cache", "as a build system would: only what changed"),
)

ESSENTIAL = (
    "--flow",
    "--parameter",
    "--run-id",
    "--tag",
    "--with",
)  # the command line could not be read without them, or Metaflow has them too


def run(argv: list[str], out: Output) -> int:
    path = _flow_file(argv)
    program = load_flow(
        path, "".join(_given(argv, "--flow")[-1:]), _given(argv, "--with"), given=given_to_run(scan(argv, RUN_OPTIONS))
    )
    arguments = _parse(argv, program.flow)
    if len(arguments.positional) > 1:
        raise Usage(
            f"unexpected argument `{next(each for each in arguments.positional if each != path)}`: the flow's file is `{path}`"
        )
    problems = placed((*program.diagnostics, *local_problems(program.flow)), path, program.places)
    if has_errors(problems):
        raise Refused(problems, placed_sources(program.sources, path, program.places))
    if not arguments.flag("--quiet"):
        out.report(without_hints(problems), placed_sources(program.sources, path, program.places))
    run = LocalRun(program, path, arguments, out, arguments.text("--run-id") or new_run_id())
    texts = run_parameters.given(
        arguments, program.flow, frozenset(ESSENTIAL), {**os.environ, **dict(program.variables)}
    )
    given, values = run_parameters.resolved(program, run.folder, run.store, texts)
    extra = {"tags": tags_given(arguments, "METAFLOW_RUN_TAGS")}
    if not arguments.flag("--cache"):
        return run.run(given, extra)
    return run.run(None, extra, _cache(run, values, extra))


def sections(argv: Sequence[str]) -> Iterator[tuple[str, tuple[Option, ...]]]:
    """For `--help`: the parameters of the flow that the command line names."""
    if any(each.endswith((".py", ".json")) and os.path.exists(each) for each in argv):
        flow = load_flow(
            _flow_file(argv), "".join(_given(argv, "--flow")[-1:]), given=given_to_run(scan(argv, RUN_OPTIONS))
        ).flow
        yield f"parameters of {flow.name}", run_parameters.options_of(flow)


def _flow_file(argv: Sequence[str]) -> str:
    """The flow's file must be known before the options are, some of which are its parameters."""
    words = argv[: argv.index("--")] if "--" in argv else argv
    for word in words:
        if word.endswith((".py", ".json")) and not word.startswith("-"):
            return word
    for word in words:
        if not word.startswith("-"):
            return word
    raise Usage("the flow's file is missing")


def _given(argv: Sequence[str], name: str) -> list[str]:
    """The values of an option that says how to read the flow, before the options of the flow are known."""
    found = []
    for at, word in enumerate(argv):
        if word == "--":
            break
        if word == name and at + 1 < len(argv):
            found.append(argv[at + 1])
        elif word.startswith(f"{name}="):
            found.append(word.partition("=")[2])
    return found


def _parse(argv: list[str], flow: Flow) -> Arguments:
    """A parameter of the flow that is called like an option takes its place, as in Metaflow; `--parameter` gives the others of its kind."""
    parameters = run_parameters.options_of(flow)
    taken = {each.name for each in parameters}
    options = (
        *(each for each in OPTIONS if each.name not in taken or each.name in ESSENTIAL),
        *(each for each in parameters if each.name not in ESSENTIAL),
    )
    dashed = {each.name.replace("_", "-"): each.name for each in options}
    words = []
    for at, word in enumerate(argv):
        if word == "--":
            words += argv[at:]
            break
        name, equals, value = word.partition("=")
        words.append(dashed.get(name, name) + equals + value if word.startswith("--") else word)
    try:
        return parse(words, options)
    except Usage as error:
        if error.message.startswith("unknown option `--") and not error.hint:
            names = ", ".join(f"`--{each.name}`" for each in flow.parameters)
            raise Usage(
                error.message, f"the flow's parameters are {names}" if names else "the flow has no parameters"
            ) from None
        raise


def _cache(run: LocalRun, values: dict[str, Any], extra: dict[str, Any]) -> Policy:
    """What takes over the tasks that an earlier run has done: run.json must be there before the first of them is."""
    from flowc.compiler.package.fingerprint import fingerprints
    from flowc.runtime_shim.contract.graph import Graph
    from flowc.runtime_shim.local.reuse import Cached
    from flowc.runtime_shim.store import open_store

    run.begin(values, extra)
    return Cached(open_store(run.store), Graph(run.graph()), run.name, fingerprints(run.program), values)
