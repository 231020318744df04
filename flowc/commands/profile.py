"""`flowc profile`: writes what past runs of a flow cost, for the optimizer and for `flowc estimate`."""

from __future__ import annotations

import os

from .. import datastore
from ..options import Option, Usage, one_positional, parse
from ..terminal import Failure, Output

USAGE = ("flowc profile FLOW.py [OPTIONS]", "flowc profile FLOW -o FILE [OPTIONS]")
TEXT = """
Reads the records of the flow's newest runs, and writes FLOW.profile.json beside FLOW.py. The profile has percentiles of
what attempts of each step took, of the memory that its tasks used, of the items of each foreach and the visits of each
loop, and of the seconds until a container had started. It has none of the flow's values. Commit it: with it, `flowc
compile --optimize` chooses which tasks share a container, and `flowc estimate` says what a run will take.
"""
OPTIONS = (
    Option("--runs", "read at most the newest N runs", "N", default="20"),
    Option("--target", "read only runs on this target; `local` for runs on this machine", "TARGET", "-t"),
    Option(
        "--output", "the file or folder to write to; `-` prints the profile", "FILE", "-o",
        default="the setting `profile`, else FLOW.profile.json beside the flow",
    ),
    Option("--check", "write nothing; exit with 1 if the file differs from what would be written"),
    *datastore.OPTIONS,
)  # fmt: skip
EXAMPLES = (
    ("flowc profile FLOW.py --store s3://models/flowc", "writes FLOW.profile.json"),
    ("flowc profile FLOW.py -t argo --runs 5 -o -", "prints that of the five newest runs on Argo"),
)
RUNS = 20


def run(argv: list[str], out: Output) -> int:
    from flowc.compiler.optimize.profile import dumps
    from flowc.runtime_shim.contract.errors import ShimError

    from .. import files
    from ..run_profile import run_profile

    arguments = parse(argv, OPTIONS)
    name = one_positional(arguments, "the flow, or its file,")
    is_file = name.endswith(".py")
    if not is_file and not arguments.flag("--output"):
        raise Usage("`--output` is missing", "name the flow's file instead of the flow, or the file to write")
    if is_file and not arguments.flag("--flow-file"):
        arguments.given["--flow-file"] = (name,)
    target = _target(arguments.text("--target"))
    limit = arguments.integer("--runs", RUNS)
    try:
        place = datastore.place_of(arguments)
        flow = arguments.text("--flow") or (_flow_in(name, place.has_flow) if is_file else name)
        profile = run_profile(place, flow, limit, target)
    except ShimError as error:
        raise Failure(str(error)) from None
    if not profile.runs:
        on_target = f" on {target}" if target else ""
        raise Failure(f"flow {flow} has no run{on_target} with a finished task in {place.url}")
    text = dumps(profile)
    output = arguments.text("--output")
    if is_file and output != "-":
        from ..flow_profile import file_of
        from ..settings import settings_for

        output = file_of(name, output or settings_for(name).options.get("profile", ""))
    if output == "-":
        out.verbatim(text.encode())
    elif arguments.flag("--check"):
        if files.read(output) != text.encode():
            raise Failure(f"{output} is out of date; run the same command without `--check`")
        out.print(f"{output} is up to date")
    else:
        is_new = files.read(output) != text.encode()
        if is_new:
            files.write(output, text.encode())
        steps = len(profile.steps)
        runs = f"{profile.runs} run{'' if profile.runs == 1 else 's'}"
        out.print(f"{output}: {steps} step{'' if steps == 1 else 's'}, from {runs}{'' if is_new else ' (unchanged)'}")
    return 0


def _target(name: str) -> str:
    if not name:
        return ""
    from flowc.compiler.report.diagnostics import nearest
    from flowc.targets.target import names

    choices = (*names(), "local")
    if name not in choices:
        close = nearest(name, choices)
        hint = f"did you mean `{close}`?" if close else "the targets are " + ", ".join(choices)
        raise Usage(f"unknown target `{name}`", hint)
    return name


def _flow_in(file: str, has_flow) -> str:  # type: ignore[no-untyped-def]
    """Returns the only flow of the file that has runs. Raises Failure if none has, Usage if several have."""
    from .runs import flows_in

    if not os.path.exists(file):
        raise Failure(f"{file} cannot be read: {os.strerror(2)}")
    names = [name for name in flows_in(file) if has_flow(name)]
    if len(names) > 1:
        raise Usage(f"several flows of `{file}` have runs: {', '.join(names)}", "choose one with `--flow`")
    if not names:
        raise Failure(f"no flow of {file} has a run in the datastore; name its datastore with `--store`")
    return names[0]
