"""`flowc resume`: a new run that goes on from what an earlier one has done, with the code as it is now."""

from __future__ import annotations

import os

from flowc.compiler.fast_start.record import replace
from flowc.compiler.options.compile_inputs import NOTHING, Given
from flowc.compiler.pipeline import flow_names
from flowc.compiler.report.diagnostics import nearest, without_hints

from .. import local_run
from ..flow_source import load_flow, placed, placed_sources, with_project
from ..given import ROOTS, given_to_resume, roots_of
from ..local_run import LocalRun, new_run_id, store_of, tags_given
from ..options import Option, Usage, parse
from ..terminal import Failure, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.runtime_shim.store import Store

    from ..options import Arguments

USAGE = ("flowc resume FLOW.py [STEP] [--origin-run-id RUN] [OPTIONS]",)
TEXT = """
Starts a run that takes over every task that an earlier one has done, and runs the rest with the code as it is now: what failed or was never
reached, what a power failure has torn or somebody deleted, and all that follows it. With STEP, that step and all that follows it run again,
whether they had succeeded or not. The parameters and configs are the earlier run's. The earlier run is not changed.
Exits with 0 if the run succeeded, 1 if it failed, 130 if it was interrupted.
"""
OPTIONS = (
    Option("--origin-run-id", "the run to go on from", "RUN", default="the flow's latest run"),
    Option("--run", "the same as --origin-run-id", "RUN"),
    Option("--from", "the same as STEP", "STEP"),
    Option("--run-id", "the new run's name", "RUN", default="made from the time"),
    Option(
        "--verify",
        "read all that is taken over, every byte, and make again what is damaged; of itself where a task has met with damage",
    ),
    *ROOTS,
    *local_run.OPTIONS,
)
EXAMPLES = (
    ("flowc resume FLOW.py", "the latest run, from what failed"),
    ("flowc resume FLOW.py train --run try7", "run try7, from step `train` on"),
)


def run(argv: list[str], out: Output) -> int:
    arguments = parse(argv, OPTIONS)
    if not arguments.positional:
        raise Usage("the flow's file is missing")
    path, *steps = arguments.positional
    steps += arguments.all("--from")
    if len(set(steps)) > 1:
        raise Usage(f"unexpected argument `{steps[1]}`: a run is resumed from one step, `{steps[0]}`")
    program = load_flow(path, arguments.text("--flow"), arguments.all("--with"), given=_given(path, arguments))
    _known(steps, [each.name for each in program.flow.steps])
    if not arguments.flag("--quiet"):
        out.report(
            placed(without_hints(program.diagnostics), path, program.places),
            placed_sources(program.sources, path, program.places),
        )
    resumed = LocalRun(program, path, arguments, out, arguments.text("--run-id") or new_run_id())
    origin, before = _origin(
        program.flow.name, arguments.text("--origin-run-id") or arguments.text("--run"), store_of(arguments, path)
    )
    from flowc.runtime_shim.store import open_store

    extra = {
        "tags": sorted({*before.get("tags", []), *tags_given(arguments, "METAFLOW_RESUME_TAGS")}),
        "origin": origin,
    }
    _is_free(open_store(resumed.store), program.flow.name, resumed.name, origin)
    if program.flow.configs:
        _has_configs(open_store(resumed.store), program.flow.name, str(before.get("code", "")))
    resumed.begin(before["parameters"], extra)

    from flowc.runtime_shim.contract.graph import Graph
    from flowc.runtime_shim.local.reuse import Resumed

    store = open_store(resumed.store)
    verify = arguments.flag("--verify") or _met_with_damage(store, program.flow.name, origin)
    if verify:
        os.environ["FLOWC_VERIFY"] = "1"  # for tasks that make again what is there, damaged
    return resumed.run(None, extra, Resumed(store, Graph(resumed.graph()), origin, frozenset(steps), verify))


def _is_free(store: Store, flow: str, name: str, origin: str) -> None:
    """Raises Failure if a run called `name` exists, unless it is a resumed run of `origin`: the records of two runs must not mix."""
    from flowc.runtime_shim.contract import record
    from flowc.runtime_shim.contract.errors import DamagedError, ShimError

    try:
        existing = record.read_run(store, flow, name)
    except DamagedError:  # of a resumed run that a power failure has torn: it is written again
        return
    except ShimError as error:
        raise Failure(str(error)) from None
    if existing is None or (existing.get("origin") == origin and name != origin):
        return
    meant = f"To go on from run {name}, say --origin-run-id {name}; for a new run, leave --run-id out or choose another name."
    if name == origin:
        raise Failure(f"run {name} cannot be resumed into itself: a resumed run is a new one. {meant}")
    raise Failure(f"run {name} exists already, and is no resumed run of {origin}: the two would mix. {meant}")


def _has_configs(store: Store, flow: str, code: str) -> None:
    """Raises Failure if the configs that the earlier run had cannot be known any more."""
    from flowc.runtime_shim.contract import address, code_package
    from flowc.runtime_shim.contract.errors import ShimError

    name = address.code_name(flow, code)
    try:
        data = store.get(name)
        if data is None:
            raise ShimError(f"the code package {name} is not in the datastore")
        code_package.expand(data, code)
    except ShimError as error:
        raise Failure(f"{error}: it had the configs of the run to go on from; start a new run with them") from None


def _met_with_damage(store: Store, flow: str, run: str) -> bool:
    """Whether a task of the run failed because of something that is missing in the datastore, or damaged."""
    from flowc.runtime_shim.contract import record
    from flowc.runtime_shim.contract.errors import DamagedError, ShimError
    from flowc.runtime_shim.task import failure

    kind = f"{DamagedError.__module__}.{DamagedError.__qualname__}"
    try:
        found = [
            record.loads(data, name)
            for name in failure.names(store, flow, run)
            if (data := store.get(name)) is not None
        ]
    except DamagedError:
        return True
    except ShimError as error:
        raise Failure(str(error)) from None
    return any(each.get("type") == kind for each in found)


def _given(path: str, arguments: Arguments) -> Given:
    """The configs of the run to go on from: it was started with them, and may not be with others (as in Metaflow)."""
    if path.endswith(".json"):
        return NOTHING  # an IR holds its configs
    given = Given(roots=roots_of(arguments))
    names = (arguments.text("--flow"),) if arguments.text("--flow") else flow_names(path, with_project(given, path))
    if len(names) != 1:
        return given  # reading the flow says why
    from flowc.runtime_shim.store import open_store

    store = store_of(arguments, path)
    _, before = _origin(names[0], arguments.text("--origin-run-id") or arguments.text("--run"), store)
    return replace(given_to_resume(open_store(store), names[0], str(before.get("code", ""))), roots=given.roots)


def _known(steps: list[str], known: list[str]) -> None:
    for each in steps:
        if each not in known:
            close = nearest(each, known)
            raise Usage(
                f"the flow has no step `{each}`",
                f"did you mean `{close}`?" if close else "its steps are " + ", ".join(known),
            )


def _origin(flow: str, wanted: str, url: str) -> tuple[str, dict[str, Any]]:
    """The name and the run.json of the run to go on from. Raises Failure when there is none."""
    from flowc.runtime_shim.client.datastore import Datastore
    from flowc.runtime_shim.contract import record
    from flowc.runtime_shim.contract.errors import ShimError
    from flowc.runtime_shim.store import open_store

    try:
        store = open_store(url)
        name = wanted or next(iter(Datastore(url).runs(flow)), "")
        found = record.read_run(store, flow, name) if name else None
    except ShimError as error:
        raise Failure(str(error)) from None
    if found is None:
        raise Failure(
            f"there is no run {name} of {flow} in {url}" if name else f"there is no run of {flow} to resume in {url}"
        )
    return name, found
