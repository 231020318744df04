"""`flowc status`: shows how a run on an orchestrator goes."""

from __future__ import annotations

from ..deploying import place, run_state
from ..options import Option, one_positional
from ..terminal import Output

USAGE = ("flowc status RUN [--on CONTEXT] [OPTIONS]",)
TEXT = """
Shows the state of a run and of its tasks, as the engine has it, held against the records in the datastore. RUN is
flowc's id of the run, or the engine's name of it. The states are the same for all engines: `pending`, `running`,
`suspended`, `succeeded`, `failed`, `terminated`, `timed-out`. Exits with 0; with `--watch` as `trigger --wait` does.
"""
OPTIONS = (
    Option("--watch", "print changes until the run has ended", short="-w"),
    Option("--json", "print the run as JSON"),
)
EXAMPLES = (("flowc status train-x7k2p-3f9a10 --on prod", "the run and its tasks"),)


def run(argv: list[str], out: Output) -> int:
    import json

    arguments, there = place.parse(argv, OPTIONS)
    name = one_positional(arguments, "the run")
    engine = place.connect(there)
    one = run_state.found(engine, name)
    datastore = run_state.datastore(run_state.store_of(engine, one, arguments.text("--store") or there.store))
    if not arguments.flag("--watch"):
        one = run_state.checked(one, datastore)
        out.print(json.dumps(run_state.data(one), indent=2) if arguments.flag("--json") else run_state.text(one))
        return 0
    before = ""
    for one in run_state.looks(engine, name, datastore):
        shown = json.dumps(run_state.data(one)) if arguments.flag("--json") else _without_times(one)
        if shown != before:
            out.print(shown if arguments.flag("--json") else run_state.text(one))
            before = shown
    return run_state.CODES[one.state]


def _without_times(run: object) -> str:
    from flowc.targets.operating import EngineRun

    assert isinstance(run, EngineRun)
    return repr((run.state, run.message, [(task.step, task.path, task.state) for task in run.tasks or ()]))
