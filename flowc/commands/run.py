"""`flowc run`: runs a flow on this machine, with the shim that runs its tasks in containers."""

from __future__ import annotations

import os

from flowc.compiler.report.diagnostics import Refused, has_errors, without_hints

from .. import local_run, metaflow_profile, run_parameters
from ..flow_source import load_flow, placed
from ..local_check import local_problems
from ..local_run import LocalRun, new_run_id, tags_given
from ..options import Arguments, Option, Usage, parse
from ..source_options import RUN_OPTIONS, run_inputs, scan
from ..terminal import Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from flowc.compiler.ir.nodes import Flow
    from flowc.runtime_shim.local.reuse import Policy

USAGE = (
    "flowc run FLOW.py [--PARAMETER VALUE…] [OPTIONS]",
    "flowc run FLOW.py --on CONTEXT [--PARAMETER VALUE…] [OPTIONS]",
)
TEXT = """
Runs the flow on this machine. Every task is a process of its own, and runs by the same code as in a container. The
flow's parameters are options. Artifacts and logs go to the datastore. The `--run-id` of a run that was stopped or
failed continues that run. METAFLOW_FLOW_CONFIG and METAFLOW_FLOW_CONFIG_VALUE can give configs too. The flow's mutators
run, in a process of their own. Exits with 0 if the run succeeded, 1 if it failed, 130 if it was interrupted.

With `--on`, it runs once on the orchestrator of a context, from a temporary deployment, and is followed as it is here.
The options are then others (`flowc run --on CONTEXT --help`).
"""
OPTIONS = (
    Option("--on", "run on the orchestrator of this context of pyproject.toml instead", "CONTEXT"),
    Option("--run-id", "the name of the new run, or of a run to continue", "RUN", default="made from the time"),
    Option("--parameter", "a parameter whose name is also an option of flowc", "NAME=VALUE", "-p", repeated=True),
    Option(
        "--trigger",
        "a run whose end this one follows, as `current.trigger` (with `@trigger_on_finish`)",
        "FLOW/RUN",
        repeated=True,
    ),
    Option("--cache", "reuse the tasks of earlier runs that had the same code, inputs and environment"),
    Option("--optimize", "run several tasks per process, as `flowc compile --optimize` divides them among containers"),
    *RUN_OPTIONS,
    *local_run.OPTIONS,
)
EXAMPLES = (
    ("flowc run FLOW.py --alpha 0.5", "with a parameter"),
    ("flowc run FLOW.py --run-id try7", "given again, continues the run where it stopped"),
    ("flowc run FLOW.py --cache", "runs only what changed, as a build system does"),
)

# options that no parameter can replace: flowc needs them to read the command line, or Metaflow has them too
ESSENTIAL = ("--flow", "--on", "--parameter", "--run-id", "--tag", "--with")


def run(argv: list[str], out: Output) -> int:
    metaflow_profile.adopt()
    if any(word == "--on" or word.startswith("--on=") for word in argv):  # before the import, which takes time
        from ..deploying import run_on

        return run_on.run(argv, out)
    path = _flow_file(argv)
    program = load_flow(
        path, "".join(_given(argv, "--flow")[-1:]), _given(argv, "--with"), options=run_inputs(scan(argv, RUN_OPTIONS))
    )
    arguments = _parse(argv, program.flow)
    if len(arguments.positional) > 1:
        unexpected = next(word for word in arguments.positional if word != path)
        raise Usage(f"unexpected argument `{unexpected}`: the flow's file is `{path}`")
    local = local_problems(program.flow, path, arguments.text("--environments"))
    problems, sources = placed(program, path, (*program.diagnostics, *local))
    if has_errors(problems):
        raise Refused(problems, sources)
    if not arguments.flag("--quiet"):
        out.report(without_hints(problems), sources)
    if arguments.flag("--optimize"):
        from ..local_containers import check

        check(program, arguments)
    run = LocalRun(program, path, arguments, out, arguments.text("--run-id") or new_run_id())
    run.prepare_environments()
    texts = run_parameters.given(
        arguments, program.flow, frozenset(ESSENTIAL), {**os.environ, **dict(program.variables)}
    )
    given_values, values = run_parameters.resolved(program, run.folder, run.store, texts)
    extra: dict[str, Any] = {"tags": tags_given(arguments, "METAFLOW_RUN_TAGS")}
    if arguments.all("--trigger"):
        from ..run_trigger import events

        extra["trigger"] = events(arguments.all("--trigger"), program.flow, run.store)
    if arguments.flag("--optimize"):
        run.begin(values, extra)
        return run.run(given_values, extra)
    if not arguments.flag("--cache"):
        return run.run(given_values, extra)
    return run.run(None, extra, _cache(run, values, extra))


def sections(argv: Sequence[str]) -> Iterator[tuple[str, tuple[Option, ...]]]:
    """Yields, for `--help`, the parameters of the flow that the command line names, and the options with `--on`."""
    from ..deploying import run_on

    if run_on.is_meant(argv):
        yield "options with --on", run_on.OPTIONS
    if any(word.endswith((".py", ".json")) and os.path.exists(word) for word in argv):
        flow = load_flow(
            _flow_file(argv), "".join(_given(argv, "--flow")[-1:]), options=run_inputs(scan(argv, RUN_OPTIONS))
        ).flow
        yield f"parameters of {flow.name}", run_parameters.shown_options(flow)


def _flow_file(argv: Sequence[str]) -> str:
    """Returns the flow's file. It is needed before the options can be parsed, because its parameters are options."""
    words = argv[: argv.index("--")] if "--" in argv else argv
    for word in words:
        if word.endswith((".py", ".json")) and not word.startswith("-"):
            return word
    for word in words:
        if not word.startswith("-"):
            return word
    raise Usage("the flow's file is missing")


def _given(argv: Sequence[str], name: str) -> list[str]:
    """Returns the values of an option that is needed to read the flow, before the flow's own options are known."""
    values = []
    for at, word in enumerate(argv):
        if word == "--":
            break
        if word == name and at + 1 < len(argv):
            values.append(argv[at + 1])
        elif word.startswith(f"{name}="):
            values.append(word.partition("=")[2])
    return values


def _parse(argv: list[str], flow: Flow) -> Arguments:
    """Parses the command line. A parameter with the name of an option replaces that option, as in Metaflow.

    `--parameter` gives parameters whose names are essential options.
    """
    parameters = run_parameters.options_of(flow)
    taken = {parameter.name for parameter in parameters}
    options = (
        *(option for option in OPTIONS if option.name not in taken or option.name in ESSENTIAL),
        *(parameter for parameter in parameters if parameter.name not in ESSENTIAL),
    )
    dashed = {option.name.replace("_", "-"): option.name for option in options}
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
            names = ", ".join(f"`--{parameter.name}`" for parameter in flow.parameters)
            raise Usage(
                error.message, f"the flow's parameters are {names}" if names else "the flow has no parameters"
            ) from None
        raise


def _cache(run: LocalRun, values: dict[str, Any], extra: dict[str, Any]) -> Policy:
    """Returns the policy that reuses tasks of earlier runs. Writes run.json, which must exist before any of them."""
    from flowc.compiler.package.fingerprint import fingerprints
    from flowc.runtime_shim.contract.graph import Graph
    from flowc.runtime_shim.local.reuse import Cached
    from flowc.runtime_shim.store import open_store

    run.begin(values, extra)
    packages = {step: environment.packages for step, environment in run.environments.items()}
    return Cached(open_store(run.store), Graph(run.graph()), run.name, fingerprints(run.program), values, packages)
