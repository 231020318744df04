"""One run on this machine: what `flowc run` and `flowc resume` share, from the code package to the final report."""

from __future__ import annotations

import os

from flowc.compiler.report.diagnostics import Refused, printable

from .datastore import folder_of, is_found_here
from .flow_source import FLOW, WITH, placed
from .git import Checkout
from .options import Option
from .run_report import Live, Recorded, choose, label
from .targeting import package_of
from .terminal import Failure, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.compiler.pipeline import Program
    from flowc.runtime_shim.local.other_python import Environment
    from flowc.runtime_shim.local.reuse import Policy
    from flowc.runtime_shim.local.running import Task
    from flowc.runtime_shim.local.settings import Result

    from .options import Arguments

OPTIONS = (
    Option(
        "--store", "the datastore: a folder, or s3://BUCKET/PREFIX", "URL",
        default="FLOWC_STORE, else .flowc here or beside the flow",
    ),
    Option("--run-id-file", "write the run's name to this file when it starts", "FILE"),
    Option(
        "--max-workers", "run at most N tasks at a time; fewer if `@resources` asks for more than the machine has", "N",
        default="16",
    ),
    Option("--max-num-splits", "fail the run if a foreach has more items", "N", default="no limit"),
    Option(
        "--isolation", "run each task in a fork of a process that has imported the flow, or in a new process", "HOW",
        default="auto", choices=("auto", "fork", "process"),
    ),
    Option(
        "--environments", "run steps with the packages that are locked for them, or with those of this Python", "HOW",
        default="on where there is a lock", choices=("on", "off"),
    ),
    Option("--tag", "a tag of the run", "TAG", repeated=True, default="those of METAFLOW_RUN_TAGS"),
    Option("--user", "the user that the run belongs to", "NAME", default="METAFLOW_USER, else the login name"),
    Option(
        "--namespace", "steps see only runs with this tag; empty: all runs", "TAG", default="user:NAME",
        may_be_empty=True,
    ),
    FLOW,
    WITH,
    Option("--json", "print one JSON object for each event"),
    Option("--events", "also write the events to this file, as --json prints them", "FILE"),
    Option("--report", "write a page about the run to this file or URL when it ends", "FILE"),
    Option("--quiet", "print only the steps' output, and problems", short="-q"),
)  # fmt: skip

MAX_WORKERS = 16
OWNER = "a local run"  # in run.json, in place of an engine's name for the run
TICK = 0.1  # seconds between updates of the status on a terminal
SHOWN = 5  # failed tasks whose tracebacks are shown at the end


class LocalRun:
    """One run and its report. `name` is the run's id."""

    def __init__(self, program: Program, path: str, arguments: Arguments, out: Output, name: str) -> None:
        self.program, self.path, self.arguments, self.out, self.name = program, path, arguments, out, name
        self.store = store_of(arguments, path)
        self.folder = os.path.dirname(os.path.abspath(path))
        self.checkout = Checkout(self.folder, [program.places.get(name, name) for name in program.files])
        self.failures: list[tuple[Task, str]] = []
        self.environments: dict[str, Environment] = {}  # step → where its tasks run, for those that have an environment
        self.workers = arguments.integer("--max-workers", MAX_WORKERS)
        self.splits = arguments.integer("--max-num-splits", 0)
        if arguments.text("--user"):
            os.environ["METAFLOW_USER"] = arguments.text("--user")
        self.report = choose(out, arguments.flag("--json"), arguments.flag("--quiet"), self.workers)
        self.tick = TICK if isinstance(self.report, Live) else 0
        if arguments.text("--events"):
            self.report = Recorded(self.report, arguments.text("--events"))

    def run(self, parameters: dict[str, Any] | None, extra: dict[str, Any], policy: Policy | None = None) -> int:
        """Runs the flow and returns the exit code.

        `parameters` holds their values, or None if run.json exists already. `extra` holds further fields of run.json.
        Raises Failure, with what failed and how to resume.
        """
        import time

        from flowc.runtime_shim.contract import plugins, source_roots
        from flowc.runtime_shim.contract.errors import DamagedError, ShimError, StoreError
        from flowc.runtime_shim.local import gc_handshake
        from flowc.runtime_shim.local.settings import Settings
        from flowc.runtime_shim.local.supervisor import run_flow
        from flowc.runtime_shim.store import open_store

        from .run_status import write_process

        program = self.program
        source_roots.give(program.roots)
        plugins.give(program.plugins)
        isolation = self.arguments.text("--isolation", "auto")
        settings = Settings(self.workers, self.splits, isolation, policy, self.tick, environments=self.environments)
        started = time.monotonic()
        try:
            digest = self.put_package()
            store = open_store(self.store)
            write_process(store, program.flow.name, self.name)
            gc_handshake.wait(store, program.flow.name)
            self._write_run_id()
            self.report.begin(
                f"{program.flow.name}, run {printable(self.name)}, in {self.store}",
                flow=program.flow.name,
                run=self.name,
                store=self.store,
            )
            extra = {**self._made_by(), **extra}
            if self.arguments.flag("--optimize"):
                result = self._run_containers(parameters, digest)
            else:
                result = run_flow(
                    self.graph(), self.folder, self.store, self.name, parameters, digest, settings, self._on_event,
                    extra,
                )  # fmt: skip
        except DamagedError as error:
            raise Failure(f"{error}: {self._again()}") from None
        except StoreError as error:
            raise Failure(f"{error}\nto resume once the datastore is available again: {self._again()}") from None
        except ShimError as error:
            raise Failure(str(error)) from None
        code = self._close(result, time.monotonic() - started)
        if self.arguments.text("--report"):
            self._write_page(self.arguments.text("--report"))
        return code

    def _run_containers(self, parameters: dict[str, Any] | None, digest: str) -> Result:
        """Runs the flow of containers. run.json must exist. Raises ShimError."""
        from flowc.runtime_shim.local.containers import run_containers
        from flowc.runtime_shim.local.work import Work

        from .local_containers import containers

        plan = containers(self.program, self.path, self.arguments, self.environments, self.workers, self.tick)
        work = Work(self.graph(), self.folder, self.store, self.name, digest, parameters, {})
        return run_containers(work, plan, OWNER, self._on_event)

    def begin(self, values: dict[str, Any], extra: dict[str, Any]) -> None:
        """Writes run.json before the first task would. Raises Failure if a different run has this name."""
        import time

        from flowc.runtime_shim.contract import record
        from flowc.runtime_shim.contract.errors import ShimError
        from flowc.runtime_shim.local import gc_handshake
        from flowc.runtime_shim.store import open_store

        flow = self.program.flow.name
        try:
            code = self.put_package()
            data = {
                "flow": flow,
                "run": self.name,
                "parameters": values,
                "code": code,
                "target": "local",
                "started": time.time(),
            }
            data.update({**self._made_by(), **extra})
            store = open_store(self.store)
            record.start_run(store, flow, self.name, data)
            gc_handshake.wait(store, flow)
        except ShimError as error:
            raise Failure(str(error)) from None

    def prepare_environments(self) -> None:
        """Makes the environments of the steps that have one, unless they are not wanted.

        Raises Failure, and Refused for a lock that does not fit.
        """
        from .environments.demand import concerns
        from .settings import settings_for

        flow, path, how = self.program.flow, self.path, self.arguments.text("--environments")
        if how == "off":
            return
        options = settings_for(path).options
        if not concerns(flow, path, options):
            return
        from .environments import local, locks

        wrong = [
            problem for problem in locks.problems(flow, path, options) if problem.code == locks.STALE or how == "on"
        ]
        if wrong:
            raise Refused(*placed(self.program, path, wrong))
        say = (lambda _: None) if self.arguments.flag("--quiet") else self.out.print_error
        self.environments = local.of_run(flow, path, options, say)

    def _made_by(self) -> dict[str, Any]:
        """Returns the fields of run.json about the run's owner, code and namespace."""
        from flowc.runtime_shim.contract import identity

        flow = self.program.flow
        fields = {"owner": OWNER, "script": flow.file, **identity.of_run(flow.name, "local"), **self.checkout.found()}
        project = next((decorator for decorator in flow.decorators if decorator.name == "project"), None)
        if project is not None:
            from flowc.runtime_shim.contract.project import tags

            fields.update(tags(project.attributes, flow.name, identity.user_name()))
        if "--namespace" in self.arguments.given:
            fields["namespace"] = self.arguments.text("--namespace") or None
        return fields

    def graph(self) -> dict[str, Any]:
        """Returns the IR in its JSON form, as in the code package."""
        import json

        from flowc.compiler.ir.json_form import to_json

        return dict(json.loads(to_json(self.program.flow, self.program.scope)))

    def put_package(self) -> str:
        """Writes the code package to the datastore if it is missing; returns its digest. Raises ShimError."""
        from flowc.runtime_shim.contract import code_package
        from flowc.runtime_shim.store import open_store

        code = package_of(self.program)
        code_package.put(open_store(self.store), self.program.flow.name, code.digest, code.compressed())
        return code.digest

    def _write_run_id(self) -> None:
        file = self.arguments.text("--run-id-file")
        if file:
            from . import files

            files.write(file, self.name.encode())

    def _on_event(self, kind: str, task: Task | None, text: str) -> None:
        if kind == "failed" and task is not None:
            self.failures.append((task, text))
        self.report.event(kind, task, text)

    # ── the final report ─────────────────────────────────────────────────────────────────────────────────────────────

    def _close(self, result: Result, seconds: float) -> int:
        flow, name = self.program.flow.name, self.name
        counts = self.report.progress.counts()
        tasks = f"{counts['done']} tasks in {seconds:.1f} s" + (
            f", {counts['reused']} reused" if counts["reused"] else ""
        )
        about = {"run": name, "done": counts["done"], "reused": counts["reused"], "seconds": round(seconds, 3)}
        if result.succeeded:
            words = self._command("dump", flow_file=False)
            dump = f"{words} {quoted(name)}{self._store_option(words)}"
            text = f"{flow}, run {printable(name)}: succeeded, {tasks}\nits artifacts: {dump}"
            self.report.end("succeeded", text, **about)
            return 0
        again = self._again()
        if result.stopped:
            self.report.end(
                "interrupted", f"run {name} was interrupted, {tasks}\nto resume it: {again}", **about, resume=again
            )
            return 130
        if result.import_failed:
            self.report.end("failed", f"run {name} failed: {self.path} cannot be imported", **about)
            return 1
        failed = [
            {"step": step, "path": path, "attempt": attempt, "why": text}
            for (step, path, attempt), text in self.failures
        ]
        lines = [f"run {name} failed, {tasks}"]
        for task, text in self.failures[:SHOWN]:
            lines += self._failure(task, text)
        if len(self.failures) > SHOWN:
            lines.append(f"and {len(self.failures) - SHOWN} more")
        lines.append(f"to resume from the failed step (after fixing the code, if needed): {again}")
        self.report.end("failed", "\n".join(lines), **about, failed=failed, resume=again)
        return 1

    def _write_page(self, file: str) -> None:
        """Writes the run's page. Raises Failure."""
        from flowc.runtime_shim.client.datastore import Datastore
        from flowc.runtime_shim.contract.errors import ShimError

        from .pages import write

        try:
            size = write.page(Datastore(self.store), self.program.flow.name, self.name, file, is_over=True)
        except ShimError as error:
            raise Failure(f"the page of the run cannot be written to {file}: {error}") from None
        self.report.say(f"its page: {file} ({size} bytes)")

    def _failure(self, task: Task, text: str) -> list[str]:
        """Returns lines that say what failed, where in the user's own code, and how to read the whole log."""
        from flowc.runtime_shim.contract import address
        from flowc.runtime_shim.store import open_store
        from flowc.runtime_shim.task import failure

        store, flow = open_store(self.store), self.program.flow.name
        step, path, attempt = task
        lines = [f"{label(task)}: {text}"]
        last_state = failure.read(store, flow, self.name, step, path, attempt)
        lines += [f"    {line}" for line in own_lines(str(last_state.get("traceback", "")), self.folder)]
        if last_state.get("last_lines"):
            lines += ["  its last output:", *(f"    {line}" for line in last_state["last_lines"])]
        log = address.task_name(flow, self.name, step, path, f"{attempt}.log")
        if store.exists(log):
            words = self._command("logs", flow_file=False)
            task_name = quoted(f"{self.name}/{step}/{path}")
            lines.append(f"  its log: {words} {task_name}{self._store_option(words)}")
        return lines

    def _again(self) -> str:
        words = self._command("resume")
        return f"{words} --origin-run-id {quoted(self.name)}{self._store_option(words)}"

    def _command(self, command: str, flow_file: bool = True) -> str:
        """Returns the first words of a command about the same flow, as the user would type them."""
        file = f" {quoted(self.path)}" if flow_file and self.out.program == "flowc" else ""
        return f"{self.out.program} {command}{file}"

    def _store_option(self, words: str) -> str:
        """Returns `--store …`, or "" if the command finds the datastore by itself."""
        if not self.arguments.text("--store") and (
            self.path in words or self.out.program != "flowc" or is_found_here(self.store)
        ):
            return ""
        return f" --store {quoted(self.store)}"


def store_of(arguments: Arguments, path: str) -> str:
    """Returns the datastore's URL: from `--store`, else FLOWC_STORE, else a folder `.flowc` (`datastore.folder_of`)."""
    return arguments.text("--store") or os.environ.get("FLOWC_STORE") or folder_of(path)


def tags_given(arguments: Arguments, variable: str) -> list[str]:
    """Returns the run's tags: those of the command line, else the environment variable's, as in Metaflow."""
    from flowc.runtime_shim.contract.errors import ShimError
    from flowc.runtime_shim.contract.identity import tags_of_environment

    try:
        return sorted(set(arguments.all("--tag"))) or tags_of_environment(variable)
    except ShimError as error:
        raise Failure(str(error)) from None


def new_run_id() -> str:
    """Returns a unique name that sorts by time."""
    import time

    return f"{time.strftime('%Y%m%d-%H%M%S')}-{os.urandom(2).hex()}"


def own_lines(traceback: str, folder: str) -> list[str]:
    """Returns the traceback's lines without frames outside the flow's folder, or nothing if all frames are outside."""
    kept: list[str] = []
    own = keep = False
    for line in traceback.rstrip("\n").split("\n"):
        if line.startswith('  File "'):
            keep = line[len('  File "') :].startswith(os.path.join(folder, ""))
            own = own or keep
        elif not line.startswith("    "):
            keep = True
        if keep:
            kept.append(line)
    return kept if own else []


def quoted(text: str) -> str:
    """Returns the text as one word of a shell command."""
    import shlex

    return shlex.quote(text)
