"""A run on an engine that this terminal is attached to: followed to its end, with what Ctrl-C means.

On a terminal the first Ctrl-C asks: go on, detach, or terminate the run. A second one terminates it. Without a terminal
nobody could be asked, and a run whose command was stopped is one that nobody wants: it is terminated.
"""

from __future__ import annotations

import os
import signal
import sys

from flowc.compiler.report.diagnostics import printable
from flowc.runtime_shim.contract.errors import ShimError
from flowc.targets.operating import OVER, SUCCEEDED, TERMINATED

from ..local_run import SHOWN, own_lines, quoted
from ..terminal import Failure
from . import run_state
from .place import asked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.targets.operating import Engine, EngineRun

    from ..run_report import Report
    from .live import Followed
    from .place import Place

DETACHED, INTERRUPTED = 0, 130


class Attached:
    """The run, and how it ended. `is_detached`: it goes on without this command."""

    def __init__(self, engine: Engine, followed: Followed, report: Report, there: Place, store: str) -> None:
        self.engine, self.followed, self.report, self.there, self.store = engine, followed, report, there, store
        self.is_detached = self.is_terminated = False

    @property
    def run(self) -> EngineRun:
        return self.followed.last

    def follow(self, detach: bool) -> None:
        """Returns once the run is over or the terminal is detached: at once with `detach`. Raises Failure."""
        if detach:
            self.is_detached = True
            return
        before = signal.signal(signal.SIGTERM, _interrupt)
        try:
            while True:
                try:
                    self.followed.follow()
                    return
                except KeyboardInterrupt:
                    answer = "terminate" if self.is_terminated else _answer()
                if self.is_terminated:  # once more: it does not wait for the end
                    raise KeyboardInterrupt
                if answer == "detach":
                    self.is_detached = True
                    return
                if answer == "terminate":
                    self.is_terminated = True
                    self.report.say(f"run {printable(self.run.id)} is being terminated")
                    asked(lambda: self.engine.terminate(self.run, False))
        finally:
            signal.signal(signal.SIGTERM, before)

    def close(self, seconds: float, again: str) -> int:
        """Reports the end; returns the exit code. `again` is the command that goes on from a failed run."""
        run = self.run
        counts = self.report.progress.counts()
        reused = f", {counts['reused']} reused" if counts["reused"] else ""
        tasks = f"{counts['done']} tasks in {seconds:.1f} s{reused}"
        about: dict[str, Any] = {
            "run": run.id, "done": counts["done"], "reused": counts["reused"], "seconds": round(seconds, 3),
        }  # fmt: skip
        if self.is_detached:
            text = (
                f"detached: run {run.id} goes on\n"
                f"its state: flowc status {run.id} {self.there.option}\n"
                f"its logs:  flowc logs {run.id} --follow --store {quoted(self.store)}\n"
                f"to end it: flowc terminate {run.id} {self.there.option}"
            )
            self.report.end("detached", text, **about)
            return DETACHED
        if run.state == SUCCEEDED:
            text = (
                f"{run.flow}, run {printable(run.id)}: succeeded, {tasks}\n"
                f"its artifacts: flowc dump {quoted(run.id)} --store {quoted(self.store)}"
            )
            self.report.end("succeeded", text, **about)
            return 0
        lines = [f"run {run.id} {run.state.replace('-', ' ')}, {tasks}" + (f": {run.message}" if run.message else "")]
        if not self.is_terminated:
            for failed in self.followed.failed[:SHOWN]:
                lines += self._failure(*failed)
            if len(self.followed.failed) > SHOWN:
                lines.append(f"and {len(self.followed.failed) - SHOWN} more")
        if again:
            lines.append(f"to resume from the failed step (after fixing the code, if needed): {again}")
        status = "interrupted" if self.is_terminated else "terminated" if run.state == TERMINATED else "failed"
        self.report.end(
            status, "\n".join(lines), **about, resume=again,
            failed=[
                {"step": step, "path": path, "attempt": attempt, "why": why}
                for step, path, attempt, why in self.followed.failed
            ],
        )  # fmt: skip
        if self.is_terminated:
            return INTERRUPTED
        return run_state.CODES[run.state] if run.state in OVER else 1

    def _failure(self, step: str, path: str, attempt: int, why: str) -> list[str]:
        """Returns lines about a task that failed: why, where in the user's own code, its last output and its log."""
        from flowc.runtime_shim.contract import address
        from flowc.runtime_shim.task import failure

        name = step if path == "-" else f"{step}/{path}"
        lines = [f"{name}: {why}"]
        store, run = self.followed.place.store, self.run
        try:
            left = failure.read(store, run.flow, run.id, step, path, attempt)
            has_log = store.exists(address.task_name(run.flow, run.id, step, path, f"{attempt}.log"))
        except ShimError:
            return lines
        lines += [f"    {line}" for line in _code(str(left.get("traceback", "")))]
        if left.get("last_lines"):
            lines += ["  its last output:", *(f"    {line}" for line in left["last_lines"])]
        task = quoted(f"{run.id}/{step}/{path}")
        if has_log:
            lines.append(f"  its log: flowc logs {task} --store {quoted(self.store)}")
        else:
            lines.append(f"  it left no log; what the engine has: flowc logs {task} {self.there.option}")
        return lines


def _code(traceback: str) -> list[str]:
    """Returns the traceback's lines in the user's code, which a task unpacks into a folder of its own."""
    for line in traceback.splitlines():
        if line.startswith('  File "') and "/flowc-code-" in line:
            folder = line[len('  File "') :].partition("/flowc-code-")
            own = folder[0] + "/flowc-code-" + folder[2].partition("/")[0]
            return [one.replace(f"{own}/", "") for one in own_lines(traceback, own)]
    return []


def _answer() -> str:
    """Asks what Ctrl-C was meant to do; without a terminal, it ends the run."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return "terminate"
    sys.stdout.flush()
    sys.stderr.write("\nthe run goes on. [c]ontinue to follow it, [d]etach, or [t]erminate it (Ctrl-C again)? ")
    sys.stderr.flush()
    try:
        answer = sys.stdin.readline()
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return "terminate"
    if not answer:  # the terminal has gone
        return "detach"
    return {"d": "detach", "t": "terminate"}.get(answer.strip().lower()[:1], "continue")


def _interrupt(_number: int, _frame: Any) -> None:
    raise KeyboardInterrupt


def ask_to_start(what: str, name: str, place: Place, yes: bool) -> None:
    """Asks before a run in a protected context, which others depend on. Raises Failure unless it may go on."""
    if not place.context.protected:
        return
    from .confirm import confirm

    try:
        confirm(what, name, place.context, yes)
    except Failure as error:
        raise Failure(str(error).replace("nothing was changed", "nothing was started")) from None


def write_run_id(file: str, run: EngineRun) -> None:
    """Writes the run's id to the file of `--run-id-file`, if it is given. Raises Failure."""
    if not file:
        return
    try:
        with open(file, "w", encoding="utf-8") as output:
            output.write(run.id)
    except OSError as error:
        raise Failure(f"{os.path.abspath(file)} cannot be written: {error.strerror}; the run is {run.id}") from None
