"""A run on an engine, shown as a run on this machine is (`run_report.py`): its tasks and their output, as they come.

An engine is asked again and again. The differences between two answers are the events of the report.
"""

from __future__ import annotations

import sys
import time

from flowc.compiler.report.diagnostics import printable
from flowc.runtime_shim.contract.errors import ShimError
from flowc.targets.operating import FAILED, OVER, PENDING, RUNNING, SUCCEEDED, SUSPENDED

from ..commands.logs import Shown
from ..datastore import Pathspec
from . import run_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowc.compiler.ir.nodes import Flow
    from flowc.runtime_shim.client.datastore import Datastore
    from flowc.targets.operating import Engine, EngineRun, EngineTask

    from ..run_report import Report
    from ..terminal import Output

TICK = 0.2  # seconds between two drawings of the status
_UNDER_WAY = (PENDING, RUNNING, SUSPENDED)


class Followed:
    """One run that is followed. `last` is the engine's last answer; `failed` holds (step, path, attempt, reason)."""

    def __init__(
        self, engine: Engine, run: EngineRun, place: Datastore, report: Report, out: Output, flow: Flow | None,
        resumed: bool = False,
    ) -> None:  # fmt: skip
        self.engine, self.last, self.place, self.report, self.resumed = engine, run, place, report, resumed
        self.failed: list[tuple[str, str, int, str]] = []
        self._attempts = _attempts(flow)
        self._seen: dict[tuple[str, str], tuple[int, str]] = {}  # task → attempt and state that were reported
        self._waits: dict[tuple[str, str], str] = {}
        self._logs = _Lines(place, Pathspec(run.flow, run.id, "", ""), report, out)

    def skip_what_is_done(self) -> None:
        """Counts the tasks that are done, and passes over what all have printed so far: the run is about to go on."""
        self._logs.skip()
        for task in self.last.tasks or ():
            if task.state == SUCCEEDED:
                self.report.event("kept", (task.step, task.path, task.attempt), "")
                self._seen[task.step, task.path] = (task.attempt, task.state)

    def follow(self) -> None:
        """Returns once the run is over. Raises Failure if it was deleted; KeyboardInterrupt passes through."""
        for run in run_state.looks(self.engine, self.last.name, self.place, pause=self._pause):
            self.last = run
            self._tasks(run)
            self._lines(run.state in OVER)
            sys.stdout.flush()

    def _pause(self, seconds: float) -> None:
        """Waits, and lets a status on the terminal show that time passes."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.report.event("tick", None, "")
            time.sleep(min(TICK, max(0.0, until - time.monotonic())))

    def _lines(self, is_over: bool) -> None:
        try:
            self._logs.more(is_over)
        except ShimError:  # the run has not begun, or the datastore does not answer: the next look shows it
            return

    # ── tasks ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _tasks(self, run: EngineRun) -> None:
        is_over = run.state in OVER
        done = []
        for task in run.tasks or ():
            place, now = (task.step, task.path), (task.attempt, task.state)
            before = self._seen.get(place)
            self._say_why_it_waits(task)
            if before == now and not is_over:
                continue
            self._up_to(task, before)
            if task.state == SUCCEEDED and (before is None or before[1] != SUCCEEDED):
                done.append(task)
            elif task.state not in (*_UNDER_WAY, SUCCEEDED):
                if not (is_over or task.attempt + 1 >= self._attempts.get(task.step, 1)):
                    continue  # another attempt follows: the next look says that this one has failed
                if before is None or before[1] != FAILED:
                    self._failed(task)
                now = (task.attempt, FAILED)
            self._seen[place] = now
        self._done(run, done)

    def _up_to(self, task: EngineTask, before: tuple[int, str] | None) -> None:
        """Reports the events that must have led to the task's state."""
        place = (task.step, task.path)
        if before is None:
            self.report.event("queued", (*place, 0), "")
            first = task.attempt
            if task.state == PENDING and not first:
                return
            self.report.event("start", (*place, 0), "")
            for attempt in range(first):
                self._retried(place, attempt, "")
            return
        attempt, state = before
        if state == PENDING and (task.state != PENDING or task.attempt > attempt):
            self.report.event("start", (*place, attempt), "")
        for earlier in range(attempt, task.attempt):
            self._retried(place, earlier, "")

    def _retried(self, place: tuple[str, str], attempt: int, text: str) -> None:
        from flowc.runtime_shim.task import failure

        try:
            left = failure.read(self.place.store, self.last.flow, self.last.id, *place, attempt)
        except ShimError:
            left = {}
        self.report.event("retry", (*place, attempt), text or _reason(left) or "no reason is known")
        self.report.event("start", (*place, attempt + 1), "")

    def _failed(self, task: EngineTask) -> None:
        from flowc.runtime_shim.task import failure

        place = (task.step, task.path)
        try:
            left = failure.read(self.place.store, self.last.flow, self.last.id, *place, task.attempt)
        except ShimError:
            left = {}
        text = _reason(left) or " ".join(task.message.split()) or task.state
        self.failed.append((*place, task.attempt, text))
        self.report.event("failed", (*place, task.attempt), text)

    def _done(self, run: EngineRun, tasks: list[EngineTask]) -> None:
        """Reports tasks that are done: in a resumed run, the datastore knows which of them were taken over."""
        origins: Mapping[tuple[str, str], str] = self._origins(run, tasks) if self.resumed else {}
        for task in tasks:
            place = (task.step, task.path)
            origin = origins.get(place, "")
            if origin and self.report.progress.steps.get(task.step) is not None:
                self.report.progress.steps[task.step].running.pop((*place, task.attempt), None)
            self.report.event("reused" if origin else "done", (*place, task.attempt), origin)

    def _origins(self, run: EngineRun, tasks: list[EngineTask]) -> dict[tuple[str, str], str]:
        from flowc.runtime_shim.contract import record

        def origin(task: EngineTask) -> str:
            try:
                done = record.read(self.place.store, run.flow, run.id, task.step, task.path)
            except ShimError:
                return ""
            return str(done.data.get("origin", "")) if done is not None else ""

        return {
            (task.step, task.path): one for task, one in zip(tasks, self.place.each(tasks, origin), strict=True) if one
        }

    def _say_why_it_waits(self, task: EngineTask) -> None:
        """Prints the engine's reason why a task does not begin, such as an image that cannot be pulled."""
        message = " ".join(task.message.split())
        place = (task.step, task.path)
        if task.state == PENDING and " " in message and self._waits.get(place) != message:
            self._waits[place] = message
            self.report.say(f"[{_label(*place)}] waits: {printable(message)}")


class _Lines(Shown):
    """Passes each new line of a log on to the report."""

    def __init__(self, place: Datastore, pathspec: Pathspec, report: Report, out: Output) -> None:
        super().__init__(place, pathspec, ["stdout", "stderr"], False, out)
        self.report = report

    def skip(self) -> None:
        """Passes over what has been printed so far."""
        from flowc.runtime_shim.contract import address

        prefix = address.run_name(self.pathspec.flow, self.pathspec.run)
        self.printed = {
            name: size for name, size, _ in self.place.store.entries(prefix) if name.endswith(".log")
        }  # fmt: skip

    def _print(self, name: str, step: str, path: str, data: bytes) -> None:
        from flowc.runtime_shim.contract import address
        from flowc.runtime_shim.contract.logs import Log

        from ..terminal import harmless

        where = self._task(name[len(address.run_name(self.pathspec.flow, self.pathspec.run)) :])
        attempt = where[2] if where is not None else 0
        text = b"".join(piece for _, _, piece in Log(data).entries()).decode("utf-8", "backslashreplace")
        for line in text.splitlines():
            self.report.event("line", (step, path, attempt), harmless(line) if sys.stdout.isatty() else line)


def _attempts(flow: Flow | None) -> dict[str, int]:
    """Returns how often the engine may start a task of each step."""
    if flow is None:
        return {}
    from flowc.targets.shared.step_settings import retries

    return {step.name: 1 + retries(step) for step in flow.steps}


def _reason(left: Mapping[str, object]) -> str:
    """Returns the reason in a failure that a task has recorded."""
    from flowc.runtime_shim.task.failure import DEATH

    kind, message = str(left.get("type", "")), str(left.get("message", "")).strip().partition("\n")[0]
    if kind == DEATH or kind.startswith(f"{ShimError.__module__}."):  # a message of the shim's own
        return message
    name = kind.rpartition(".")[2] if kind.startswith("flowc.runtime_shim.") else kind
    return f"{name}: {message}" if name and message else name


def _label(step: str, path: str) -> str:
    return step if path == "-" else f"{step}/{path}"
