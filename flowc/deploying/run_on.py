"""`flowc run --on`: one run on an orchestrator, from a temporary deployment of the flow as it is here."""

from __future__ import annotations

import time

from flowc.runtime_shim.contract import address, identity, record
from flowc.targets.target import emitter

from .. import run_report
from ..local_run import tags_given
from ..options import Arguments, Option, Usage
from ..run_parameters import options_of
from ..source_options import OPTIONS as SOURCE_OPTIONS
from ..source_options import scan
from ..targeting import OPTIONS as TARGETING
from ..targeting import parse as parse_targets
from ..terminal import Output
from . import attached, live, run_state, start, temporary
from .order import check_git, loaded, of_program, only_target
from .place import Place, connect, context_of, engine_options, flow_file, open_store, place_of
from .records import author

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from flowc.compiler.pipeline import Program
    from flowc.runtime_shim.store import Store
    from flowc.targets.operating import EngineRun

    from .order import Order

OPTIONS = (
    Option("--on", "run on the orchestrator of this context of pyproject.toml", "CONTEXT"),
    Option("--parameter", "a parameter whose name is also an option of flowc", "NAME=VALUE", "-p", repeated=True),
    Option("--parameters", "a file of parameters: a JSON object", "FILE"),
    Option("--run-id-file", "write the run's id to this file when it starts", "FILE"),
    Option("--tag", "a tag of the run", "TAG", repeated=True, default="those of METAFLOW_RUN_TAGS"),
    Option("--detach", "start the run, and do not wait for it"),
    Option("--yes", "do not ask, in a protected context", short="-y"),
    Option("--json", "print one JSON object for each event"),
    Option("--events", "also write the events to this file, as --json prints them", "FILE"),
    Option("--quiet", "print only the steps' output, and problems", short="-q"),
)
ESSENTIAL = frozenset(f"--{name}" for name in ("flow", "on", "parameter", "with", "store", "target"))
REFUSED = {  # options of a run on this machine → why an orchestrator has no use for them
    "--run-id": "the engine names the run: `--run-id-file` writes its id to a file",
    "--cache": "tasks of other runs are reused only on this machine; `flowc resume --on` takes over those of one run",
    "--isolation": "every task has a container of its own",
    "--max-num-splits": "the engine has its own limits",
    "--report": "write the page when the run is over: `flowc report RUN --store URL`",
    "--user": "set METAFLOW_USER",
    "--trigger": "on an orchestrator, events start the runs of what is deployed",
}


def is_meant(argv: Sequence[str]) -> bool:
    """Returns True if the words of `flowc run` or `flowc resume` name a context."""
    words = argv[: argv.index("--")] if "--" in argv else argv
    return any(word == "--on" or word.startswith("--on=") for word in words)


def run(argv: list[str], out: Output) -> int:
    began = time.monotonic()
    refuse_local_options(argv)
    path = flow_file(argv)
    if not path:
        raise Usage("the flow's file is missing", "write `flowc run FLOW.py --on CONTEXT`")
    program = loaded(path, scan(argv, (*SOURCE_OPTIONS, *TARGETING)))
    arguments, there = _parsed(argv, path, program)
    if len(arguments.positional) > 1:
        raise Usage(f"unexpected argument `{arguments.positional[1]}`: the flow's file is `{path}`")
    tags = sorted(start.checked_tags(tags_given(arguments, "METAFLOW_RUN_TAGS")))
    report = report_of(arguments, out)
    if "announce" in [option.name for option in emitter(there.target).OPTIONS] and not _says(argv, "--announce"):
        arguments.given["--announce"] = ("nothing",)  # no other flow shall follow a run that somebody tries
    order = of_program(program, path, arguments, there, out, temporary.name_of)
    check_git(order)
    attached.ask_to_start(f"Run {order.flow}", order.flow, there, arguments.flag("--yes"))
    engine, store = connect(there), open_store(there.store)
    for name in temporary.sweep(engine):
        report.say(f"removed {name}, which an earlier command had left")
    if not engine.keeps_runs:  # where a deploy may take minutes
        report.say(f"deploys {order.name}, for this run alone")
    texts = start.texts(arguments, program.flow, store, ESSENTIAL)
    run, records = temporary.begin(
        order, engine, store, texts, lambda run: _write_ahead(store, order, there.target, run, tags)
    )
    attached.write_run_id(arguments.text("--run-id-file"), run)
    report.begin(
        f"{run.flow}, run {run.id}, on {where(there)} as {run.name}", flow=run.flow, run=run.id, store=there.store,
        engine_name=run.name, url=run.url,
    )  # fmt: skip
    if run.url:
        report.say(run.url)
    datastore = run_state.datastore(there.store)
    assert datastore is not None
    ended = attached.Attached(
        engine, live.Followed(engine, run, datastore, report, out, program.flow), report, there, there.store
    )
    try:
        ended.follow(arguments.flag("--detach"))
    finally:
        temporary.clean_up(engine, records, order.name, ended, report)
    return ended.close(time.monotonic() - began, f"flowc resume {path} --origin-run-id {run.id} {there.option}")


def _says(argv: Sequence[str], name: str) -> bool:
    return any(word.partition("=")[0] == name for word in argv)


def refuse_local_options(argv: Sequence[str]) -> None:
    """Raises Usage for an option that means something only on this machine."""
    words = argv[: argv.index("--")] if "--" in argv else argv
    for word in words:
        if word.partition("=")[0] in REFUSED:
            raise Usage(f"`{word.partition('=')[0]}` cannot be used with `--on`", REFUSED[word.partition("=")[0]])


def where(there: Place) -> str:
    """Returns the place for people: `dev (argo)`."""
    return f"{there.context.name} ({there.target})" if there.context.name else there.target


def report_of(arguments: Arguments, out: Output) -> run_report.Report:
    report = run_report.choose(out, arguments.flag("--json"), arguments.flag("--quiet"), run_report.MANY)
    if arguments.text("--events"):
        return run_report.Recorded(report, arguments.text("--events"))
    return report


def _parsed(argv: list[str], path: str, program: Program) -> tuple[Arguments, Place]:
    context = context_of(argv, path)
    target = context.target or only_target(argv, path)
    parameters = [option for option in options_of(program.flow) if option.name not in ESSENTIAL]
    taken = {option.name for option in parameters}
    own = (*TARGETING, *SOURCE_OPTIONS, *OPTIONS, *engine_options(target))
    unique = {option.name: option for option in own if option.name not in taken}
    words = _dashed(argv, [*unique, *taken])
    try:
        arguments, _ = parse_targets(words, (*unique.values(), *parameters), path, context)
    except Usage as error:
        if error.message.startswith("unknown option `--") and not error.hint:
            names = ", ".join(f"`--{parameter.name}`" for parameter in program.flow.parameters)
            raise Usage(error.message, f"the flow's parameters are {names}" if names else "") from None
        raise
    start.add_parameters_of_file(arguments)
    defaults = {name[2:]: values[-1] for name, values in arguments.given.items() if name not in taken}
    return arguments, place_of(target, context, arguments, defaults)


def _dashed(argv: Sequence[str], names: Sequence[str]) -> list[str]:
    """Returns the words with a parameter's underscores where the user wrote dashes."""
    by_dashes = {name.replace("_", "-"): name for name in names}
    words: list[str] = []
    for at, word in enumerate(argv):
        if word == "--":
            return [*words, *argv[at:]]
        name, equals, value = word.partition("=")
        words.append(by_dashes.get(name, name) + equals + value if word.startswith("--") else word)
    return words


def _write_ahead(store: Store, order: Order, target: str, run: EngineRun, tags: list[str]) -> None:
    """Writes what only this command knows of run.json: whose run it is. The first task completes it."""
    user = str(author("")["user"])
    ahead: dict[str, Any] = {"namespace": f"user:{user}", "user": user, **({"tags": tags} if tags else {})}
    data = {
        "version": record.VERSION, "flow": order.flow, "run": run.id, "code": order.code, "target": target,
        "started": time.time(), "parameters": {}, **identity.of_run(order.flow, target), **ahead, "ahead": ahead,
        **({"owner": run.owner} if run.owner else {}),
    }  # fmt: skip
    store.put_if_absent(address.run_record_name(order.flow, run.id), record.dumps(data))
