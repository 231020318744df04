"""`flowc resume --on`: a run on an orchestrator goes on where an earlier one failed.

By default it is a new run of the deployment as it is now, which takes over what the earlier run has done. With a flow's
file, it is one of that code, from a temporary deployment; with `--same-code`, of the code that the earlier run had.
`--in-place` lets the engine go on with the run itself.
"""

from __future__ import annotations

import os
import time

from flowc.compiler.fast_start.record import replace
from flowc.runtime_shim.contract.errors import ShimError
from flowc.targets.operating import SUCCEEDED

from ..flow_source import load_flow
from ..options import Option, Usage
from ..source_options import OPTIONS as SOURCE_OPTIONS
from ..targeting import OPTIONS as TARGETING
from ..targeting import parse as parse_targets
from ..terminal import Failure, Output
from . import attached, live, place, resuming, run_state, start, temporary
from .place import asked, connect, context_of, engine_options, flow_file, open_store, place_of
from .run_on import refuse_local_options, report_of, where

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.compiler.ir.nodes import Flow
    from flowc.runtime_shim.client.datastore import Datastore
    from flowc.runtime_shim.store import Store
    from flowc.targets.operating import Deployed, Engine, EngineRun

    from ..options import Arguments
    from .order import Order
    from .place import Place
    from .records import Records

OPTIONS = (
    Option("--on", "the context of pyproject.toml in which the earlier run was", "CONTEXT"),
    Option("--origin-run-id", "the earlier run", "RUN", default="the newest run of the deployment"),
    Option("--run", "the same as --origin-run-id", "RUN"),
    Option("--from", "the same as STEP", "STEP"),
    Option("--in-place", "let the engine itself go on with the run, with the code that it has"),
    Option("--same-code", "with the code of the earlier run, whatever is deployed now"),
    Option("--run-id", "the same id starts one run only, however often it is asked for", "ID"),
    Option("--verify", "read every byte of what is taken over, and run damaged tasks again"),
    Option("--run-id-file", "write the new run's id to this file when it starts", "FILE"),
    Option("--tag", "a tag of the new run, beside those of the earlier one", "TAG", repeated=True),
    Option("--detach", "start the run, and do not wait for it"),
    Option("--yes", "do not ask, in a protected context", short="-y"),
    Option("--json", "print one JSON object for each event"),
    Option("--events", "also write the events to this file, as --json prints them", "FILE"),
    Option("--quiet", "print only the steps' output, and problems", short="-q"),
)


class Origin:
    """The earlier run: as the engine has it, if it still does, and as the datastore has it."""

    def __init__(self, run: EngineRun | None, flow: str, name: str, before: dict[str, Any], deployment: str) -> None:
        self.run, self.flow, self.name, self.before, self.deployment = run, flow, name, before, deployment

    @property
    def code(self) -> str:
        return str(self.before.get("code", ""))


def run(argv: list[str], out: Output) -> int:
    began = time.monotonic()
    refuse_local_options([word for word in argv if word.partition("=")[0] != "--run-id"])
    path, arguments, there = _parsed(argv)
    run_name, steps = _words(path, arguments)
    engine = connect(there)
    origin, store = _origin(engine, there, path, arguments, run_name)
    report = report_of(arguments, out)
    datastore = run_state.datastore(store.url)
    assert datastore is not None
    in_place = arguments.flag("--in-place")
    if in_place and (path or steps or arguments.flag("--same-code")):
        raise Usage("`--in-place` goes on with the run as it is", "leave out the flow's file, STEP or --same-code")
    attached.ask_to_start(f"Resume {origin.name}", origin.flow, there, arguments.flag("--yes"))
    if in_place:
        return _in_place(engine, origin, datastore, there, arguments, report, out, began)
    run, flow, records, name = _begun(engine, store, datastore, there, path, arguments, origin, steps, out)
    attached.write_run_id(arguments.text("--run-id-file"), run)
    report.begin(
        f"{run.flow}, run {run.id}, resumes {origin.name} on {where(there)} as {run.name}", flow=run.flow, run=run.id,
        origin=origin.name, store=store.url, engine_name=run.name, url=run.url,
    )  # fmt: skip
    followed = live.Followed(engine, run, datastore, report, out, flow, resumed=True)
    ended = attached.Attached(engine, followed, report, there, store.url)
    try:
        ended.follow(arguments.flag("--detach"))
    finally:
        temporary.clean_up(engine, records, name, ended, report)
    return ended.close(time.monotonic() - began, _again(path, run.id, there.option))


def _again(path: str, run: str, on: str) -> str:
    return f"flowc resume {path} --origin-run-id {run} {on}" if path else f"flowc resume {run} {on}"


def _parsed(argv: list[str]) -> tuple[str, Arguments, Place]:
    """Returns the flow's file or "", the arguments and the place. Raises Usage."""
    path = flow_file(argv)
    context = context_of(argv, path)
    own = {option.name: option for option in (*TARGETING, *SOURCE_OPTIONS, *OPTIONS, *engine_options(context.target))}
    arguments, _ = parse_targets(argv, tuple(own.values()), path, context)
    defaults = {name[2:]: values[-1] for name, values in arguments.given.items()}
    return path, arguments, place_of(context.target, context, arguments, defaults)


def _words(path: str, arguments: Arguments) -> tuple[str, list[str]]:
    """Returns the name of the earlier run or "", and the steps from which it is run again. Raises Usage."""
    words = [word for word in arguments.positional if word != path]
    name = arguments.text("--origin-run-id") or arguments.text("--run")
    if not path and not name and words:
        name = words.pop(0)
    steps = [*words, *arguments.all("--from")]
    if len(set(steps)) > 1:
        raise Usage(f"unexpected argument `{steps[1]}`: a run is resumed from one step, `{steps[0]}`")
    if not path and not name:
        raise Usage("the run is missing", "write `flowc resume RUN --on CONTEXT`, or name the flow's file")
    return name, steps[:1]


def _origin(
    engine: Engine, there: Place, path: str, arguments: Arguments, name: str
) -> tuple[Origin, Store]:  # fmt: skip
    """Finds the earlier run, in the engine and in the datastore. Raises Failure."""
    from .. import datastore

    if not name:
        deployment = place.name_of(arguments, there, path)
        runs = asked(lambda: engine.runs(deployment))
        if not runs:
            raise Failure(f"there is no run of {deployment} {place.shown(engine)}; name one with `--origin-run-id RUN`")
        name = runs[0].id
    live_run = asked(lambda: engine.run(name))
    if not arguments.flag("--in-place"):
        resuming.must_be_over(live_run)
    url = run_state.store_of(engine, live_run, there.store)
    if not url:
        raise Failure("the datastore of the run is not known: give `--store URL`")
    store = open_store(url)
    readable = run_state.datastore(url)
    assert readable is not None
    if live_run is not None:
        flow, name = live_run.flow, live_run.id
    else:
        try:
            found = datastore.find(readable, name, arguments.text("--flow"))
        except ShimError as error:
            raise Failure(f"{error}; and the engine has no such run {place.shown(engine)}") from None
        flow, name = found.flow, found.run
    name, before = resuming.origin_of(readable, flow, name)
    deployment = live_run.deployment if live_run is not None else ""
    return Origin(live_run, flow, name, before, arguments.text("--name") or deployment), store


def _begun(
    engine: Engine, store: Store, datastore: Datastore, there: Place, path: str, arguments: Arguments, origin: Origin,
    steps: list[str], out: Output,
) -> tuple[EngineRun, Flow, Records | None, str]:  # fmt: skip
    """Starts the new run. Returns it, its flow, and the temporary deployment that must be removed after it."""
    from ..resume_checks import check_steps, met_with_damage
    from .order import check_git

    tags = {
        *origin.before.get("tags", []),
        *arguments.all("--tag"),
        *os.environ.get("METAFLOW_RESUME_TAGS", "").split(),
    }
    verify = arguments.flag("--verify") or met_with_damage(store, origin.flow, origin.name)

    request = arguments.text("--run-id")
    deployed = _deployed(engine, origin) if not path and not arguments.flag("--same-code") else None
    if deployed is not None:
        if deployed.code != origin.code:
            out.print_error(f"run {origin.name} goes on with the code that is deployed by now ({deployed.code[:15]}…)")
        run, flow = resuming.of_deployed(
            engine, store, deployed, there.target, origin.name, origin.before, steps, verify, sorted(tags), request
        )
        return run, flow, None, ""
    made, flow = _order(store, there, path, arguments, origin, out)
    if path:
        check_git(made)
    check_steps(steps, [step.name for step in flow.steps])
    if made.flow != origin.flow:
        raise Failure(f"run {origin.name} is one of flow {origin.flow}, not of {made.flow}")

    def write(run: EngineRun) -> None:
        resuming.write_run(
            store, origin.flow, run.id, run.owner, there.target, made.code, origin.name, origin.before, steps, verify,
            sorted(tags),
        )  # fmt: skip

    run, records = temporary.begin(
        made, engine, store, resuming.texts(flow, origin.before), write, request
    )  # fmt: skip
    return run, flow, records, made.name


def _deployed(engine: Engine, origin: Origin) -> Deployed | None:
    """Returns the deployment of the earlier run as it is now; None if it is no longer there. Raises Failure."""
    if origin.deployment:
        found = asked(lambda: engine.deployed(origin.deployment))
        return found if found is not None and found.flow == origin.flow else None
    own = [one for one in asked(engine.deployments) if one.flow == origin.flow and not temporary.is_temporary(one)]
    if len(own) > 1:
        names = ", ".join(one.name for one in own)
        raise Failure(f"the engine no longer has run {origin.name}: choose the deployment with `--name` ({names})")
    return own[0] if own else None


def _order(
    store: Store, there: Place, path: str, arguments: Arguments, origin: Origin, out: Output
) -> tuple[Order, Flow]:
    """Returns the temporary deployment: of the file, or of the code that the earlier run had."""
    from tempfile import TemporaryDirectory

    from flowc.runtime_shim.contract import code_package
    from flowc.runtime_shim.contract.graph import IR_NAME

    from .order import loaded, of_program

    def renamed(real: str) -> str:
        return temporary.name_of(real, arguments.text("--run-id"))

    if path:
        program = _with_configs(path, arguments, store, origin) or loaded(path, arguments)
        return of_program(program, path, arguments, there, out, renamed), program.flow
    with TemporaryDirectory(prefix="flowc-resume-") as folder:
        code = os.path.join(folder, "code")
        os.mkdir(code)
        try:
            code_package.fetch(store, origin.flow, origin.code, code)
        except ShimError as error:
            raise Failure(f"{error}; give the flow's file") from None
        file = os.path.join(code, IR_NAME)
        program = load_flow(file)
        return of_program(program, file, arguments, there, out, renamed), program.flow


def _with_configs(path: str, arguments: Arguments, store: Store, origin: Origin) -> Any:
    """Returns the program with the configs of the earlier run, which a resumed run keeps; None for one without."""
    from ..source_options import compile_inputs, resume_inputs

    earlier = resume_inputs(store, origin.flow, origin.code).earlier
    if not earlier or path.endswith(".json"):
        return None
    inputs = replace(compile_inputs(arguments), earlier=earlier)
    return load_flow(path, arguments.text("--flow"), arguments.all("--with"), arguments.flag("--isolated"), inputs)


def _in_place(
    engine: Engine, origin: Origin, datastore: Datastore, there: Place, arguments: Arguments,
    report: Any, out: Output, began: float,
) -> int:  # fmt: skip
    run = origin.run
    if run is None:
        hint = "leave out `--in-place` to start a new run that takes over what it has done"
        raise Failure(f"the engine no longer has run {origin.name}: {hint}")
    if run.state == SUCCEEDED:
        raise Failure(f"run {run.id} has succeeded: there is nothing to go on with")
    flow = None
    try:
        deployed = replace_code(engine, run, origin)
        flow = start.flow_of(open_store(datastore.url), deployed) if deployed is not None else None
    except ShimError:
        pass
    followed = live.Followed(engine, run, datastore, report, out, flow)
    followed.skip_what_is_done()
    asked(lambda: engine.retry(run))
    attached.write_run_id(arguments.text("--run-id-file"), run)
    report.begin(
        f"{run.flow}, run {run.id}, goes on, on {where(there)}", flow=run.flow, run=run.id, store=datastore.url,
        engine_name=run.name, url=run.url,
    )  # fmt: skip
    ended = attached.Attached(engine, followed, report, there, datastore.url)
    ended.follow(arguments.flag("--detach"))
    return ended.close(time.monotonic() - began, f"flowc resume {run.id} {there.option}")


def replace_code(engine: Engine, run: EngineRun, origin: Origin) -> Deployed | None:
    """Returns the deployment of the run with the code that the run has."""
    deployed = asked(lambda: engine.deployed(run.deployment))
    return replace(deployed, code=origin.code) if deployed is not None else None
