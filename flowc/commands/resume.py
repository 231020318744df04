"""`flowc resume`: starts a run that reuses what an earlier run has done, with the current code."""

from __future__ import annotations

import os

from flowc.compiler.fast_start.record import replace
from flowc.compiler.options.compile_inputs import NOTHING, CompileOptions
from flowc.compiler.pipeline import flow_names
from flowc.compiler.report.diagnostics import without_hints

from .. import local_run, metaflow_profile
from ..flow_source import load_flow, placed, with_project
from ..local_run import LocalRun, new_run_id, store_of, tags_given
from ..options import Option, Usage, parse
from ..resume_checks import check_steps, met_with_damage
from ..source_options import ROOTS, resume_inputs, roots_of
from ..terminal import Failure, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from flowc.runtime_shim.store import Store

    from ..options import Arguments

USAGE = (
    "flowc resume FLOW.py [STEP] [--origin-run-id RUN] [OPTIONS]",
    "flowc resume RUN [STEP] --on CONTEXT [OPTIONS]",
    "flowc resume FLOW.py [STEP] --on CONTEXT [--origin-run-id RUN] [OPTIONS]",
)
TEXT = """
Starts a run that reuses every task that an earlier run has done. It runs the rest with the current code: tasks that
failed or were never reached, tasks whose records are damaged or deleted, and everything after them. With STEP, that
step and everything after it run again, even if they had succeeded. Parameters and configs are the earlier run's. The
earlier run does not change. Exits with 0 if the run succeeded, 1 if it failed, 130 if it was interrupted.

With `--on`, the runs are on the orchestrator of a context. The new one has the code that is deployed now, or that of
the file, if it is given. The options are then others (`flowc resume --on CONTEXT --help`).
"""
OPTIONS = (
    Option("--on", "resume a run on the orchestrator of this context of pyproject.toml", "CONTEXT"),
    Option("--origin-run-id", "the earlier run", "RUN", default="the flow's latest run"),
    Option("--run", "the same as --origin-run-id", "RUN"),
    Option("--from", "the same as STEP", "STEP"),
    Option("--run-id", "the new run's name", "RUN", default="made from the time"),
    Option(
        "--verify",
        "read every byte of the reused tasks, and run damaged ones again; automatic if a task failed because of damage",
    ),
    *ROOTS,
    *local_run.OPTIONS,
)
EXAMPLES = (
    ("flowc resume FLOW.py", "resumes the latest run from the step that failed"),
    ("flowc resume FLOW.py train --run try7", "resumes run try7 from step `train`"),
)


def run(argv: list[str], out: Output) -> int:
    metaflow_profile.adopt()
    if any(word == "--on" or word.startswith("--on=") for word in argv):
        from ..deploying import resume_on

        return resume_on.run(argv, out)
    arguments = parse(argv, OPTIONS)
    if not arguments.positional:
        raise Usage("the flow's file is missing")
    path, *steps = arguments.positional
    steps += arguments.all("--from")
    if len(set(steps)) > 1:
        raise Usage(f"unexpected argument `{steps[1]}`: a run is resumed from one step, `{steps[0]}`")
    program = load_flow(path, arguments.text("--flow"), arguments.all("--with"), options=_given(path, arguments))
    check_steps(steps, [step.name for step in program.flow.steps])
    if not arguments.flag("--quiet"):
        out.report(*placed(program, path, without_hints(program.diagnostics)))
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
    resumed.prepare_environments()
    resumed.begin(before["parameters"], extra)

    from flowc.runtime_shim.contract.graph import Graph
    from flowc.runtime_shim.local.reuse import Resumed

    store = open_store(resumed.store)
    verify = arguments.flag("--verify") or met_with_damage(store, program.flow.name, origin)
    if verify:
        os.environ["FLOWC_VERIFY"] = "1"  # tasks inherit it, and write damaged blobs again
    return resumed.run(None, extra, Resumed(store, Graph(resumed.graph()), origin, frozenset(steps), verify))


def sections(argv: Sequence[str]) -> Iterator[tuple[str, tuple[Option, ...]]]:
    """Yields, for `--help`, the options with `--on`."""
    from ..deploying import resume_on, run_on

    if run_on.is_meant(argv):
        yield "options with --on", resume_on.OPTIONS


def _is_free(store: Store, flow: str, name: str, origin: str) -> None:
    """Raises Failure if run `name` exists and does not resume `origin`: the records of two runs must not mix."""
    from flowc.runtime_shim.contract import record
    from flowc.runtime_shim.contract.errors import DamagedError, ShimError

    try:
        existing = record.read_run(store, flow, name)
    except DamagedError:  # a power failure interrupted a resumed run: its record is written again
        return
    except ShimError as error:
        raise Failure(str(error)) from None
    if existing is None or (existing.get("origin") == origin and name != origin):
        return
    remedy = f"To resume run {name}, write --origin-run-id {name}; to name the new run, give --run-id a different name"
    if name == origin:
        raise Failure(f"run {name} cannot be resumed into itself: resuming starts a new run. {remedy}")
    raise Failure(f"run {name} exists, and does not resume {origin}: the records of the two would mix. {remedy}")


def _has_configs(store: Store, flow: str, code: str) -> None:
    """Raises Failure if the configs of the earlier run cannot be read."""
    from flowc.runtime_shim.contract import address, code_package
    from flowc.runtime_shim.contract.errors import ShimError

    name = address.code_name(flow, code)
    try:
        data = store.get(name)
        if data is None:
            raise ShimError(f"the code package {name} is not in the datastore")
        code_package.expand(data, code)
    except ShimError as error:
        raise Failure(
            f"{error}: it held the configs of the earlier run; start a new run and give the configs"
        ) from None


def _given(path: str, arguments: Arguments) -> CompileOptions:
    """Returns the configs of the earlier run: a resumed run cannot have different ones (as in Metaflow)."""
    if path.endswith(".json"):
        return NOTHING  # an IR holds its configs
    options = CompileOptions(roots=roots_of(arguments))
    names = (arguments.text("--flow"),) if arguments.text("--flow") else flow_names(path, with_project(options, path))
    if len(names) != 1:
        return options  # reading the flow says why
    from flowc.runtime_shim.store import open_store

    store = store_of(arguments, path)
    _, before = _origin(names[0], arguments.text("--origin-run-id") or arguments.text("--run"), store)
    return replace(resume_inputs(open_store(store), names[0], str(before.get("code", ""))), roots=options.roots)


def _origin(flow: str, run_id: str, url: str) -> tuple[str, dict[str, Any]]:
    """Returns the name and the run.json of the earlier run. Raises Failure if there is none."""
    from flowc.runtime_shim.client.datastore import Datastore
    from flowc.runtime_shim.contract import record
    from flowc.runtime_shim.contract.errors import ShimError
    from flowc.runtime_shim.store import open_store

    try:
        store = open_store(url)
        name = run_id or next(iter(Datastore(url).runs(flow)), "")
        data = record.read_run(store, flow, name) if name else None
    except ShimError as error:
        raise Failure(str(error)) from None
    if data is None:
        raise Failure(
            f"there is no run {name} of {flow} in {url}" if name else f"there is no run of {flow} to resume in {url}"
        )
    return name, data
