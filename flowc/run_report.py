"""The output of a local run: plain lines, a status that is redrawn on a terminal, or events as JSON."""

from __future__ import annotations

import os
import sys
import time

from flowc.compiler.report.diagnostics import printable

from .progress import Progress
from .terminal import Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from flowc.runtime_shim.local.running import Task

    class Report(Protocol):
        progress: Progress

        def say(self, text: str) -> None:
            """Prints a line about the whole run."""

        def event(self, kind: str, task: Task | None, text: str) -> None: ...

        def begin(self, text: str, **about: Any) -> None:
            """Reports the start of the run; `text` is for a person, `about` for a program."""

        def end(self, status: str, text: str, **about: Any) -> None:
            """Reports the end of the run: `succeeded`, `failed`, `interrupted`, `terminated` or `detached`."""


FRAME = 0.05  # minimal seconds between drawings of the status
MANY = 1 << 30  # workers, where an orchestrator has no limit that is known here
ROWS = 12  # maximal number of steps in the status


def choose(out: Output, json: bool, quiet: bool, workers: int) -> Report:
    """Returns the report for the options and the kind of standard output."""
    if json:
        return Events(lambda line: _at_once(out, line))
    if quiet or not sys.stdout.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        return Lines(out, quiet)
    return Live(out, workers)


class Lines:
    """Prints a line for each event when it happens. Quiet: only the steps' output, and problems."""

    def __init__(self, out: Output, quiet: bool = False) -> None:
        self.out, self.quiet = out, quiet
        self.progress = Progress()

    def say(self, text: str) -> None:
        if not self.quiet:
            self.out.print(text)

    def begin(self, text: str, **about: Any) -> None:
        self.say(text)

    def event(self, kind: str, task: Task | None, text: str) -> None:
        self.progress.event(kind, task, time.monotonic())
        if kind == "line":
            self.out.print(text if self.quiet else f"{_clock()} [{label(task)}] {text}")
        elif kind == "failed":
            self.out.print_error(f"{_clock()} [{label(task)}] failed: {printable(text)}")
        else:
            line = describe(kind, task, text)
            if line:
                self.say(line)

    def end(self, status: str, text: str, **about: Any) -> None:
        if status in ("succeeded", "detached"):
            self.say(text)
        else:
            self.out.error(text)


class Live(Lines):
    """Prints the steps' output and problems, and below them a status of every step, redrawn up to 20 times a second."""

    def __init__(self, out: Output, workers: int) -> None:
        super().__init__(out)
        self.workers = workers
        self.began = time.monotonic()
        self.pending: list[str] = []
        self.drawn = 0  # lines of the status above the cursor
        self.last = 0.0

    def say(self, text: str) -> None:
        self.pending.append(text)

    def event(self, kind: str, task: Task | None, text: str) -> None:
        self.progress.event(kind, task, time.monotonic())
        if kind == "line":
            self.pending.append(f"[{label(task)}] {text}")
        elif kind == "failed":
            self.pending.append(f"{_clock()} [{label(task)}] failed: {printable(text)}")
        elif kind in ("retry", "isolation", "damaged"):
            self.pending.append(describe(kind, task, text))
        if time.monotonic() - self.last >= FRAME:
            self._draw()

    def end(self, status: str, text: str, **about: Any) -> None:
        self._draw()  # stays on the screen as the run's summary
        super().end(status, text, **about)
        for line in self.pending:
            self.out.print(line)

    def _draw(self) -> None:
        """Erases the old status, prints what is new, and draws the new status below."""
        now = self.last = time.monotonic()
        width = _width()
        lines = status(self.progress, now - self.began, now, self.workers)
        back = f"\x1b[{self.drawn}F\x1b[J" if self.drawn else ""
        sys.stdout.write(back)
        for line in self.pending:
            self.out.print(line)
        self.pending = []
        sys.stdout.write("".join(line[: width - 1] + "\n" for line in lines))
        sys.stdout.flush()
        self.drawn = len(lines)


class Recorded:
    """A report that also writes its events to a file, for processes that follow the run."""

    def __init__(self, report: Report, path: str) -> None:
        from .terminal import Failure

        self.report, self.progress = report, report.progress
        try:
            file = open(path, "w", encoding="utf-8", buffering=1)  # noqa: SIM115 (open as long as the run goes on)
        except OSError as error:
            raise Failure(f"{path} cannot be written: {error.strerror}") from None
        self.events = Events(lambda line: file.write(line + "\n"))
        self._file = file

    def say(self, text: str) -> None:
        self.report.say(text)

    def event(self, kind: str, task: Task | None, text: str) -> None:
        self.report.event(kind, task, text)
        self.events.event(kind, task, text)

    def begin(self, text: str, **about: Any) -> None:
        self.report.begin(text, **about)
        self.events.begin(text, **about)

    def end(self, status: str, text: str, **about: Any) -> None:
        self.events.end(status, text, **about)
        self._file.close()
        self.report.end(status, text, **about)


class Events:
    """One JSON object a line: `event`, `time` (seconds since 1970) and what it is about (docs/cli.md)."""

    def __init__(self, write: Callable[[str], Any]) -> None:
        self.write = write  # takes a line
        self.progress = Progress()

    def say(self, text: str) -> None:
        pass

    def event(self, kind: str, task: Task | None, text: str) -> None:
        if kind == "tick":
            return
        self.progress.event(kind, task, time.monotonic())
        about = {} if task is None else {"step": task[0], "path": task[1], "attempt": task[2]}
        self._write({"event": kind, **about, **({"text": text} if text or kind == "line" else {})})

    def end(self, status: str, text: str, **about: Any) -> None:
        self._write({"event": "end", "status": status, **about})

    def begin(self, text: str, **about: Any) -> None:
        self._write({"event": "begin", **about})

    def _write(self, data: dict[str, Any]) -> None:
        import json

        self.write(json.dumps({**data, "time": round(time.time(), 6)}))


def status(progress: Progress, elapsed: float, now: float, workers: int) -> list[str]:
    """Returns the lines of the status: one for each of the most important steps, and one for the whole run."""
    steps = list(progress.steps.items())
    if len(steps) > ROWS:  # show running steps, then the latest ones
        busy = [entry for entry in steps if entry[1].running or entry[1].waiting][-ROWS:]
        rest = [entry for entry in steps if entry not in busy]
        steps = [entry for entry in steps if entry in busy or entry in rest[len(rest) - (ROWS - len(busy)) :]]
    wide = max((len(name) for name, _ in steps), default=0)
    lines = []
    for name, counts in steps:
        parts = [f"{counts.done + counts.reused}/{counts.known} done"]
        parts += [
            f"{count} {what}"
            for count, what in (
                (len(counts.running), "running"),
                (counts.retried, "retried"),
                (counts.failed, "failed"),
            )
            if count
        ]
        lines.append(f"  {name:<{wide}}  {', '.join(parts)}")
    seconds = progress.rest(now, workers)
    estimate = f", about {duration(seconds)} left for the known tasks" if seconds is not None and seconds >= 1 else ""
    return [*lines, f"  {duration(elapsed)} elapsed{estimate}"]


def describe(kind: str, task: Task | None, text: str) -> str:
    """Returns the line for an event, or "" for an event without one."""
    if kind == "isolation":
        return f"each task runs in a new process, not in a fork: {text}"
    if task is None:
        return ""
    where = f"{_clock()} [{label(task)}]"
    if kind == "retry":
        return f"{where} attempt {task[2]} failed, trying again: {printable(text)}"
    if kind == "damaged":
        return f"{where} runs again: {printable(text)}"
    if kind == "reused":
        return f"{where} reused from run {printable(text)}"
    if kind == "done":
        return f"{where} done" + (f", at attempt {task[2]}" if task[2] else "")
    return f"{where} started" if kind == "start" and not task[2] else ""


def label(task: Task | None) -> str:
    """Returns the task's name in a line: its step, and its path if it has one."""
    if task is None:
        return ""
    return task[0] if task[1] == "-" else f"{task[0]}/{task[1]}"


def duration(seconds: float) -> str:
    """Returns a duration for people: `0.4 s`, `12 s`, `3:07 min`, `1:02:03 h`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}:{rest:02} min"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02} h"


def _clock() -> str:
    return time.strftime("%H:%M:%S")


def _width() -> int:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except OSError:
        return 80


def _at_once(out: Output, line: str) -> None:
    out.print(line)
    sys.stdout.flush()
