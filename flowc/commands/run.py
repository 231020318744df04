"""`flowc run`: a flow on this machine, by the shim that runs its tasks in containers."""

from __future__ import annotations

import os

from flowc.compiler.diagnostics import printable
from flowc.compiler.ir import Parallel

from ..flow_source import load_flow, placed_sources
from ..options import Arguments, Option, Usage, parse, unknown
from ..targeting import package_of
from ..terminal import Failure, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from flowc.compiler.ir import Flow
    from flowc.compiler.package import Package
    from flowc.compiler.pipeline import Program
    from flowc.runtime_shim.local import Task

USAGE = ("flowc run FLOW.py [--PARAMETER VALUE…] [OPTIONS]",)
TEXT = """
Runs the flow on this machine: every task in a process of its own, by the same code that runs it in a container. The flow's parameters are
options. Artifacts and logs go to the datastore; the same `--run-id` again goes on with a run that was stopped or failed.
Exits with 0 if the run succeeded, 1 if it failed, 130 if it was interrupted.
"""
OPTIONS = (
    Option("--store", "the datastore: a folder, or s3://BUCKET/PREFIX", "URL", default=".flowc beside the flow"),
    Option("--run-id", "the run's name, or that of a run to go on with", "RUN", default="made from the time"),
    Option("--run-id-file", "write the run's name to this file when it starts", "FILE"),
    Option("--max-workers", "how many tasks run at a time", "N", default="16"),
    Option("--parameter", "another way to give a parameter, for names that are options", "NAME=VALUE", "-p", repeated=True),
    Option("--tag", "a tag of the run, kept in its run.json", "TAG", repeated=True),
    Option("--flow", "the flow to take, where the file defines several", "NAME"),
    Option("--quiet", "print only what the steps print, and problems", short="-q"),
)
EXAMPLES = (("flowc run FLOW.py --alpha 0.5", "with a parameter"), ("flowc run FLOW.py --run-id try7", "the second time, goes on where it stopped"))

MAX_WORKERS = 16


def run(argv: list[str], out: Output) -> int:
    path = _flow_file(argv)
    program = load_flow(path, _flow_name(argv))
    arguments = _parse(argv, program.flow)
    if len(arguments.positional) > 1:
        raise Usage(f"unexpected argument `{next(each for each in arguments.positional if each != path)}`: the flow's file is `{path}`")
    _refuse_parallel(program)
    if program.diagnostics and not arguments.flag("--quiet"):
        out.report(program.diagnostics, placed_sources(program.sources, path))
    return _Run(program, path, arguments, out).run()


def sections(argv: Sequence[str]) -> Iterator[tuple[str, tuple[Option, ...]]]:
    """For `--help`: the parameters of the flow that the command line names."""
    if any(each.endswith((".py", ".json")) and os.path.exists(each) for each in argv):
        flow = load_flow(_flow_file(argv), _flow_name(argv)).flow
        yield f"parameters of {flow.name}", _parameter_options(flow)


class _Run:
    """One run, and what is said of it."""

    def __init__(self, program: Program, path: str, arguments: Arguments, out: Output) -> None:
        self.program, self.path, self.arguments, self.out = program, path, arguments, out
        self.quiet = arguments.flag("--quiet")
        self.store = arguments.text("--store") or os.path.join(os.path.dirname(os.path.abspath(path)), ".flowc")
        self.name = arguments.text("--run-id") or _new_run_id()
        self.failures: list[tuple[Task, str]] = []
        self.counts: dict[str, int] = {}

    def run(self) -> int:
        import json
        import time

        from flowc.compiler.ir_json import to_json
        from flowc.runtime_shim.errors import ShimError
        from flowc.runtime_shim.local import run_flow

        program, arguments = self.program, self.arguments
        given = _parameters(arguments, program.flow)
        workers = arguments.integer("--max-workers", MAX_WORKERS)
        code = package_of(program)
        started = time.monotonic()
        try:
            self._prepare(code)
            self._say(f"{program.flow.name}, run {printable(self.name)}, in {self.store}")
            graph = json.loads(to_json(program.flow, program.scope))
            result = run_flow(
                graph, os.path.dirname(os.path.abspath(self.path)), self.store, self.name, given, code.digest, workers, self._on_event,
                {"tags": sorted(set(arguments.all("--tag")))},
            )  # fmt: skip
        except ShimError as error:
            raise Failure(str(error)) from None
        return self._close(result, time.monotonic() - started)

    def _prepare(self, code: Package) -> None:
        """What must be right before anything runs: parameters, the store, the package in it, the file for the run's name."""
        from flowc.runtime_shim import package, parameters
        from flowc.runtime_shim.store import open_store

        declared: list[dict[str, Any]] = [
            {name: getattr(each, name) for name in each.__match_args__ if name != "span"} for each in self.program.flow.parameters
        ]
        parameters.convert(declared, _parameters(self.arguments, self.program.flow))
        package.put(open_store(self.store), self.program.flow.name, code.digest, code.compressed())
        file = self.arguments.text("--run-id-file")
        if file:
            from .. import files

            files.write(file, self.name.encode())

    def _on_event(self, kind: str, task: Task | None, text: str) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if task is None:
            return
        label = task[0] if task[1] == "-" else f"{task[0]}/{task[1]}"
        if kind == "line":
            self.out.print(f"{_clock()} [{label}] {text}" if not self.quiet else text)
        elif kind == "failed":
            self.failures.append((task, text))
            self.out.print_error(f"{_clock()} [{label}] failed: {printable(text)}")
        elif kind == "retry":
            self._say(f"{_clock()} [{label}] attempt {task[2]} failed, trying again: {printable(text)}")
        elif kind == "done" and task[2]:
            self._say(f"{_clock()} [{label}] done, at attempt {task[2]}")
        elif kind in ("start", "done") and not task[2]:
            self._say(f"{_clock()} [{label}] {'started' if kind == 'start' else 'done'}")

    def _close(self, result: Any, seconds: float) -> int:
        flow = self.program.flow.name
        kept = self.counts.get("kept", 0)
        tasks = f"{self.counts.get('done', 0)} tasks in {seconds:.1f} s" + (f", {kept} kept from before" if kept else "")
        store = "" if self.arguments.text("--store") == "" and os.path.dirname(self.path) == "" else f" --store {self.store}"
        if result.succeeded:
            self._say(f"{flow}, run {printable(self.name)}: succeeded, {tasks}")
            self._say(f"its artifacts: {self._command()} dump {_quoted(self.name)}{store if self.out.program == 'flowc' else ''}")
            return 0
        again = f"{self._command()} run {_quoted(self.path) + ' ' if self.out.program == 'flowc' else ''}… --run-id {_quoted(self.name)}"
        if result.stopped:
            self.out.error(f"run {self.name} was interrupted, {tasks}\nto go on, with the same parameters: {again}")
            return 130
        if result.import_failed:
            raise Failure(f"run {self.name} failed: {self.path} cannot be imported")
        from flowc.runtime_shim import address
        from flowc.runtime_shim.store import open_store

        lines = [f"run {self.name} failed, {tasks}"]
        place = open_store(self.store)
        for (step, path, attempt), text in self.failures:
            log = address.task_name(flow, self.name, step, path, f"{attempt}.log")
            lines.append(f"{step}{'' if path == '-' else '/' + path}: {text}" + (f"\n  its log: {self.store}/{log}" if place.exists(log) else ""))
        lines.append(f"to try again what failed, with the same parameters: {again}")
        raise Failure("\n".join(lines))

    def _command(self) -> str:
        return self.out.program

    def _say(self, text: str) -> None:
        if not self.quiet:
            self.out.print(text)


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


def _flow_name(argv: Sequence[str]) -> str:
    for at, word in enumerate(argv):
        if word == "--flow" and at + 1 < len(argv):
            return argv[at + 1]
        if word.startswith("--flow="):
            return word.partition("=")[2]
    return ""


def _parse(argv: list[str], flow: Flow) -> Arguments:
    own = {each.name for each in OPTIONS}
    options = (*OPTIONS, *(each for each in _parameter_options(flow) if each.name not in own))
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
            raise Usage(error.message, f"the flow's parameters are {names}" if names else "the flow has no parameters") from None
        raise


def _parameter_options(flow: Flow) -> tuple[Option, ...]:
    found = []
    for each in flow.parameters:
        default = repr(each.default) if each.has_default else ""
        found.append(
            Option(
                f"--{each.name}",
                each.help or "a parameter",
                each.type.upper(),
                default=default if len(default) < 60 else default[:57] + "…",
                may_be_empty=True,
            )
        )
    return tuple(found)


def _parameters(arguments: Arguments, flow: Flow) -> dict[str, Any]:
    own = {each.name for each in OPTIONS}
    given: dict[str, Any] = {}
    for each in flow.parameters:
        option = f"--{each.name}"
        if option not in own and option in arguments.given:
            given[each.name] = arguments.text(option)
    known = {each.name for each in flow.parameters}
    for text in arguments.all("--parameter"):
        name, equals, value = text.partition("=")
        if not equals:
            raise Usage(f"`--parameter` takes NAME=VALUE, not `{text}`")
        if name not in known:
            raise unknown(f"--{name}", [f"--{each}" for each in known])
        given[name] = value
    return given


def _refuse_parallel(program: Program) -> None:
    from flowc.compiler.diagnostics import Diagnostic, Refused

    found = [
        Diagnostic(
            "FLOW502", f"`num_parallel` cannot run here yet: step `{step.name}` starts `{step.transition.target}` so", step.transition.span,
            "its tasks must run at the same time and know of each other",
            "use `foreach` over a list of that length, if the tasks do not need each other",
        )
        for step in program.flow.steps if isinstance(step.transition, Parallel)
    ]  # fmt: skip
    if found:
        raise Refused(found, program.sources)


def _new_run_id() -> str:
    import time

    return f"{time.strftime('%Y%m%d-%H%M%S')}-{os.urandom(2).hex()}"


def _clock() -> str:
    import time

    return time.strftime("%H:%M:%S")


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)
