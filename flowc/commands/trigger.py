"""`flowc trigger`: starts a run of a deployed flow."""

from __future__ import annotations

from flowc.targets.operating import Start

from ..deploying import attached, place, records, run_state, start
from ..options import Option, Usage
from ..run_parameters import options_of
from ..terminal import Failure, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flowc.targets.operating import Engine, EngineRun

    from ..options import Arguments

USAGE = ("flowc trigger NAME [--PARAMETER VALUE…] [--on CONTEXT] [OPTIONS]",)
TEXT = """
Starts a run of the deployment NAME, or of that of the flow in the file. The flow's parameters are options; their values
are checked before the run starts. Prints the run's id. With `--wait`, it exits with 0 if the run succeeded and with 1
if it failed, was terminated or timed out; with 124 after `--timeout`, while the run goes on.
"""
OPTIONS = (
    Option("--parameter", "a parameter whose name is also an option of flowc", "NAME=VALUE", "-p", repeated=True),
    Option("--parameters", "a file of parameters: a JSON object", "FILE"),
    Option("--run-id", "the same id starts one run only, however often it is asked for", "ID"),
    Option("--run-id-file", "write the run's id to this file", "FILE"),
    Option("--tag", "a tag of the run", "TAG", repeated=True),
    Option("--wait", "wait for the run's end"),
    Option("--follow", "print what its tasks print, and wait for its end", short="-f"),
    Option("--timeout", "wait at most so long", "SECONDS"),
    Option("--json", "print the run as JSON"),
    *place.FLOW_OPTIONS,
)
EXAMPLES = (
    ("flowc trigger train --on prod --alpha 0.5", "starts a run"),
    ("flowc trigger train --on prod --wait --run-id nightly-2026-12-01", "one run, also if CI repeats the command"),
)
ESSENTIAL = frozenset(
    f"--{name}" for name in ("flow", "name", "on", "parameter", "run-id", "store", "target", "wait", "follow")
)


def run(argv: list[str], out: Output) -> int:
    import json

    if not argv or argv[0].startswith("-"):
        raise Usage("the deployment's name comes first", "write `flowc trigger NAME …`")
    known, there = place.scanned(argv, OPTIONS)
    engine = place.connect(there)
    name = place.name_of(known, there, argv[0])
    deployed = place.deployed(engine, there, name)
    if not deployed.flow or not deployed.code:
        raise Failure(f"`{name}` was not deployed by flowc")
    url = known.text("--store") or deployed.store or there.store
    store = place.open_store(url)
    flow = place.asked(lambda: start.flow_of(store, deployed))
    arguments = _parsed(argv, there, flow)
    texts = start.texts(arguments, flow, store, ESSENTIAL)
    timeout = float(arguments.integer("--timeout", 0))
    tags = start.checked_tags(arguments.all("--tag"))
    order = Start(deployed, texts, arguments.text("--run-id"), str(records.author("")["user"]))
    begun = place.asked(lambda: engine.trigger(order))
    if tags:
        add_tags(url, begun, tags)
    attached.write_run_id(arguments.text("--run-id-file"), begun)
    as_json = arguments.flag("--json")
    if not as_json:
        how = f"exists already, {begun.state}" if begun.existed else "started"
        out.print(f"{begun.flow}, run {begun.id}: {how} on {there.target} as {begun.name}")
        if begun.url:
            out.print(begun.url)
        out.print(f"its state: flowc status {begun.id} {there.option}")
        out.print(f"its logs:  flowc logs {begun.id} --store {url}")
    code = 0
    if arguments.flag("--wait") or arguments.flag("--follow"):
        begun, code = _waited(engine, begun, url, timeout, arguments.flag("--follow"), out)
        if not as_json:
            out.print(run_state.text(begun))
    if as_json:
        out.print(json.dumps(run_state.data(begun), indent=2))
    return code


def add_tags(url: str, run: EngineRun, added: set[str]) -> None:
    """Gives tags to a run that has started. Raises Failure."""
    from flowc.runtime_shim.client import tags
    from flowc.runtime_shim.exceptions import MetaflowTaggingError

    datastore = run_state.datastore(url)
    assert datastore is not None
    try:
        place.asked(lambda: tags.change(datastore, run.flow, run.id, added))
    except MetaflowTaggingError as error:
        raise Failure(f"run {run.id} has started, but has no tags: {error}") from None


def sections(argv: Sequence[str]) -> Iterator[tuple[str, tuple[Option, ...]]]:
    """Yields, for `--help`, the options that say where the engine is."""
    yield "options of the place", place.OPTIONS


def _parsed(argv: list[str], there: place.Place, flow: object) -> Arguments:
    from flowc.compiler.ir.nodes import Flow

    from ..options import parse

    assert isinstance(flow, Flow)
    parameters = [option for option in options_of(flow) if option.name not in ESSENTIAL]
    taken = {option.name for option in parameters}
    own = (*OPTIONS, *place.OPTIONS, *place.engine_options(there.target))
    arguments = parse(argv[1:], (*(option for option in own if option.name not in taken), *parameters))
    if arguments.positional:
        raise Usage(f"unexpected argument `{arguments.positional[0]}`", "give parameters as `--NAME VALUE`")
    start.add_parameters_of_file(arguments)
    return arguments


def _waited(
    engine: Engine, begun: EngineRun, url: str, timeout: float, follow: bool, out: Output
) -> tuple[EngineRun, int]:  # fmt: skip
    """Waits for the end of the run; returns it and the exit code."""
    from ..deploying.following import Followed

    datastore = run_state.datastore(url)
    followed = Followed(datastore, begun, out) if follow and datastore is not None else None
    last = begun
    try:
        for last in run_state.looks(engine, begun.name, datastore, timeout):
            if followed is not None:
                followed.more(last)
    except TimeoutError:
        return last, run_state.TIMED_OUT_WAITING
    return last, run_state.CODES[last.state]
