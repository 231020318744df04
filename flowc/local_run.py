"""One run on this machine: what `flowc run` and `flowc resume` have in common, from the code package to what is said at the end."""

from __future__ import annotations

import os

from flowc.compiler.report.diagnostics import printable

from .datastore import folder_of, is_found_here
from .flow_source import WITH
from .git import Checkout
from .options import Option
from .run_report import Live, Recorded, choose, label
from .targeting import package_of
from .terminal import Failure, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.compiler.pipeline import Program
    from flowc.runtime_shim.local.reuse import Policy
    from flowc.runtime_shim.local.supervisor import Result, Task

    from .options import Arguments

OPTIONS = (
    Option("--store", "the datastore: a folder, or s3://BUCKET/PREFIX", "URL", default="FLOWC_STORE, else .flowc here or beside the flow"),
    Option("--run-id-file", "write the run's name to this file when it starts", "FILE"),
    Option("--max-workers", "how many tasks run at a time; fewer where `@resources` ask for more than the machine has", "N", default="16"),
    Option("--max-num-splits", "fail a run whose foreach has more items", "N", default="no limit"),
    Option(
        "--isolation", "how a task gets its process: a fork of one that has imported the flow, or a new one", "HOW", default="auto",
        choices=("auto", "fork", "process"),
    ),
    Option("--tag", "a tag of the run", "TAG", repeated=True, default="those of METAFLOW_RUN_TAGS"),
    Option("--user", "who the run belongs to", "NAME", default="METAFLOW_USER, else the one who is logged in"),
    Option(
        "--namespace", "the tag that runs must have for a step to find them; empty: all runs", "TAG", default="user:NAME", may_be_empty=True
    ),
    Option("--flow", "the flow to take, where the file defines several", "NAME"),
    WITH,
    Option("--json", "print one JSON object for each thing that happens"),
    Option("--events", "write what --json prints to this file, beside what is printed", "FILE"),
    Option("--quiet", "print only what the steps print, and problems", short="-q"),
)  # fmt: skip

MAX_WORKERS = 16
OWNER = "a local run"  # in run.json, where engines have what they call the run
TICK = 0.1  # seconds between two looks at the clock, where a status is drawn
SHOWN = 5  # failed tasks whose tracebacks are shown at the end


class LocalRun:
    """One run, and what is said of it. `name` is the run's id."""

    def __init__(self, program: Program, path: str, arguments: Arguments, out: Output, name: str) -> None:
        self.program, self.path, self.arguments, self.out, self.name = program, path, arguments, out, name
        self.store = store_of(arguments, path)
        self.folder = os.path.dirname(os.path.abspath(path))
        self.checkout = Checkout(self.folder, [program.places.get(each, each) for each in program.files])
        self.failures: list[tuple[Task, str]] = []
        self.workers = arguments.integer("--max-workers", MAX_WORKERS)
        self.splits = arguments.integer("--max-num-splits", 0)
        if arguments.text("--user"):
            os.environ["METAFLOW_USER"] = arguments.text("--user")
        self.report = choose(out, arguments.flag("--json"), arguments.flag("--quiet"), self.workers)
        self.tick = TICK if isinstance(self.report, Live) else 0
        if arguments.text("--events"):
            self.report = Recorded(self.report, arguments.text("--events"))

    def run(self, given: dict[str, Any] | None, extra: dict[str, Any], policy: Policy | None = None) -> int:
        """Runs it, and returns the exit code. `given` are its parameters, None if run.json is written; `extra` is more of run.json.

        Raises Failure, saying what failed and how to go on.
        """
        import time

        from flowc.runtime_shim.contract import source_roots
        from flowc.runtime_shim.contract.errors import DamagedError, ShimError, StoreError
        from flowc.runtime_shim.local import gc_handshake
        from flowc.runtime_shim.local.supervisor import Settings, run_flow
        from flowc.runtime_shim.store import open_store

        from .run_status import write_process

        program = self.program
        source_roots.give(program.roots)
        settings = Settings(self.workers, self.splits, self.arguments.text("--isolation", "auto"), policy, self.tick)
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
            result = run_flow(
                self.graph(), self.folder, self.store, self.name, given, digest, settings, self._on_event, extra
            )
        except DamagedError as error:
            raise Failure(f"{error}: {self._again()}") from None
        except StoreError as error:
            raise Failure(f"{error}\nwhen the datastore can be reached and written to again: {self._again()}") from None
        except ShimError as error:
            raise Failure(str(error)) from None
        return self._close(result, time.monotonic() - started)

    def begin(self, values: dict[str, Any], extra: dict[str, Any]) -> None:
        """Writes run.json, which the first task writes otherwise. Raises Failure if the run's name stands for something else."""
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

    def _made_by(self) -> dict[str, Any]:
        """What run.json says of who runs it, where, and in which namespace."""
        from flowc.runtime_shim.contract import identity

        flow = self.program.flow
        found = {"owner": OWNER, "script": flow.file, **identity.of_run(flow.name, "local"), **self.checkout.found()}
        project = next((each for each in flow.decorators if each.name == "project"), None)
        if project is not None:
            from flowc.runtime_shim.contract.project import tags

            found.update(tags(project.attributes, flow.name, identity.user_name()))
        if "--namespace" in self.arguments.given:
            found["namespace"] = self.arguments.text("--namespace") or None
        return found

    def graph(self) -> dict[str, Any]:
        """The IR's JSON form, as the code package has it."""
        import json

        from flowc.compiler.ir.json_form import to_json

        return dict(json.loads(to_json(self.program.flow, self.program.scope)))

    def put_package(self) -> str:
        """Writes the code package to the datastore, if it is not there; returns its digest. Raises ShimError."""
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

    # ── what is said at the end ──────────────────────────────────────────────────────────────────────────────────────────────

    def _close(self, result: Result, seconds: float) -> int:
        flow, name = self.program.flow.name, self.name
        counts = self.report.progress.counts()
        tasks = f"{counts['done']} tasks in {seconds:.1f} s" + (
            f", {counts['reused']} done before" if counts["reused"] else ""
        )
        about = {"run": name, "done": counts["done"], "reused": counts["reused"], "seconds": round(seconds, 3)}
        if result.succeeded:
            words = self._command("dump", flow_file=False)
            text = f"{flow}, run {printable(name)}: succeeded, {tasks}\nits artifacts: {words} {quoted(name)}{self._store_option(words)}"
            self.report.end("succeeded", text, **about)
            return 0
        again = self._again()
        if result.stopped:
            self.report.end(
                "interrupted", f"run {name} was interrupted, {tasks}\nto go on: {again}", **about, resume=again
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
        lines.append(f"to go on from what failed, with mended code if you like: {again}")
        self.report.end("failed", "\n".join(lines), **about, failed=failed, resume=again)
        return 1

    def _failure(self, task: Task, text: str) -> list[str]:
        """What failed, where in the user's own lines, and where the whole log is."""
        from flowc.runtime_shim.contract import address
        from flowc.runtime_shim.store import open_store
        from flowc.runtime_shim.task import failure

        store, flow = open_store(self.store), self.program.flow.name
        step, path, attempt = task
        lines = [f"{label(task)}: {text}"]
        left = failure.read(store, flow, self.name, step, path, attempt)
        lines += [f"    {line}" for line in own_lines(str(left.get("traceback", "")), self.folder)]
        if left.get("last_lines"):
            lines += ["  the last it printed:", *(f"    {line}" for line in left["last_lines"])]
        log = address.task_name(flow, self.name, step, path, f"{attempt}.log")
        if store.exists(log):
            words = self._command("logs", flow_file=False)
            lines.append(f"  its log: {words} {quoted(f'{self.name}/{step}/{path}')}{self._store_option(words)}")
        return lines

    def _again(self) -> str:
        words = self._command("resume")
        return f"{words} --origin-run-id {quoted(self.name)}{self._store_option(words)}"

    def _command(self, command: str, flow_file: bool = True) -> str:
        """The words of another command about the same flow, as the user would type them."""
        file = f" {quoted(self.path)}" if flow_file and self.out.program == "flowc" else ""
        return f"{self.out.program} {command}{file}"

    def _store_option(self, words: str) -> str:
        """`--store …`, unless the command finds the datastore by itself."""
        if not self.arguments.text("--store") and (
            self.path in words or self.out.program != "flowc" or is_found_here(self.store)
        ):
            return ""
        return f" --store {quoted(self.store)}"


def store_of(arguments: Arguments, path: str) -> str:
    """Returns the datastore's URL: the one that was given, that of FLOWC_STORE, else a folder `.flowc` (`datastore.folder_of`)."""
    return arguments.text("--store") or os.environ.get("FLOWC_STORE") or folder_of(path)


def tags_given(arguments: Arguments, variable: str) -> list[str]:
    """Returns the tags that the command line gives the run, else those of the environment's variable, as in Metaflow. Raises Failure."""
    from flowc.runtime_shim.contract.errors import ShimError
    from flowc.runtime_shim.contract.identity import tags_of_environment

    try:
        return sorted(set(arguments.all("--tag"))) or tags_of_environment(variable)
    except ShimError as error:
        raise Failure(str(error)) from None


def new_run_id() -> str:
    """A name that sorts by time and that no other run has."""
    import time

    return f"{time.strftime('%Y%m%d-%H%M%S')}-{os.urandom(2).hex()}"


def own_lines(traceback: str, folder: str) -> list[str]:
    """Returns the traceback's lines without the frames outside the flow's folder; none at all where no frame is inside."""
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
    """The text as one word of a shell's command line."""
    import shlex

    return shlex.quote(text)
