"""`flowc logs`: what tasks printed."""

from __future__ import annotations

from .. import datastore
from ..options import Option, Usage, one_positional, parse
from ..terminal import Failure, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.runtime_shim.client.datastore import Datastore

    from ..datastore import Found

USAGE = ("flowc logs RUN[/STEP[/PATH]] [OPTIONS]",)
TEXT = """
Prints what the tasks of a run printed, in the order of its lines; of each task its last attempt. Of one task it prints the same bytes, except to
a terminal, where control characters other than colours are shown as escapes. `--follow` shows every line as it is printed,
until the run has ended: of a run on this machine at once, of one in an object store or on a cluster after some seconds. PATH is the task's
place in foreaches: `3`, `3.0`, or `-` outside.
"""
OPTIONS = (
    Option("--stdout", "only what was printed to standard output"),
    Option("--stderr", "only what was printed to standard error"),
    Option("--both", "both, as without it"),
    Option("--attempt", "that of this attempt, counted from 0", "N", default="the last one"),
    Option("--timestamps", "begin each line with its time, in UTC"),
    Option("--follow", "go on with what tasks print from now on, of every attempt", short="-f"),
    *datastore.OPTIONS,
)
EXAMPLES = (
    ("flowc logs try7/train", "of all tasks of a step"),
    ("flowc logs try7/train/3 --stderr --attempt 0", "of one"),
)

PAUSE, PAUSE_REMOTE = 0.2, 2.0  # seconds between two looks at a folder, and at an object store


def run(argv: list[str], out: Output) -> int:
    from flowc.runtime_shim.contract.errors import ShimError

    arguments = parse(argv, OPTIONS)
    what = one_positional(arguments, "the run")
    attempt = arguments.integer("--attempt", -1, least=0)
    only = [each for each in ("stdout", "stderr") if arguments.flag(f"--{each}")]
    streams = only if only and not arguments.flag("--both") else ["stdout", "stderr"]
    if arguments.flag("--follow") and attempt >= 0:
        raise Usage("`--follow` and `--attempt` do not go together", "an attempt that has ended prints no more")
    try:
        place = datastore.place_of(arguments)
        found = datastore.find(place, what, arguments.text("--flow"))
        shown = _Shown(place, found, streams, arguments.flag("--timestamps"), out)
        if arguments.flag("--follow"):
            _follow(place, found, shown)
        elif not shown.all(attempt):
            _explain(place, found, what, attempt)
    except ShimError as error:
        raise Failure(str(error)) from None
    return 0


class _Shown:
    """The logs that have been printed, as far as they were there."""

    def __init__(self, place: Datastore, found: Found, streams: list[str], timestamps: bool, out: Output) -> None:
        self.place, self.found, self.streams, self.timestamps, self.out = place, found, streams, timestamps, out
        self.printed: dict[str, int] = {}  # name of a log → bytes of it that have been printed
        self.last = ""  # the name of the log that was printed last
        self.is_open = False  # the last line that was printed has not ended
        self.steps: list[str] = []

    def all(self, attempt: int = -1) -> int:
        """Prints the logs that there are; of each task its last attempt, or the one given. Returns how many."""
        names = list(self._names(attempt))
        for (step, path, name), data in zip(names, self.place.each(names, lambda each: self.place.store.get(each[2]))):
            self._print(name, step, path, data or b"")
        return len(names)

    def more(self, ended: bool) -> None:
        """Prints what has come since, of all attempts; lines that are not whole yet only when the run has `ended`."""
        from flowc.runtime_shim.contract import address

        place, found = self.place, self.found
        prefix = address.run_name(found.flow, found.run)
        inside = f"{prefix}{address.encoded(found.step)}/" if found.step else prefix
        grown = [
            (name, size)
            for name, size, _ in place.store.entries(inside)
            if name.endswith(".log") and size > self.printed.get(name, 0)
        ]
        grown.sort(key=lambda each: self._order(each[0][len(prefix) :]))
        for (name, size), data in zip(grown, place.each(grown, lambda each: place.store.get(each[0]))):
            where = self._task(name[len(prefix) :])
            if data is None or where is None or (found.path and where[1] != found.path):
                self.printed[name] = size
                continue
            at = self.printed.get(name, 0)
            until = len(data) if ended else data.rfind(b"\n") + 1
            self._print(name, where[0], where[1], data[at:until])
            self.printed[name] = max(at, until)

    def _order(self, name: str) -> tuple[int, object, int]:
        """Steps as they ran, tasks and attempts as a person counts."""
        from flowc.runtime_shim.contract import address

        where = self._task(name)
        if where is None:
            return len(self.steps), ((), 0), 0
        if where[0] not in self.steps:
            self.steps = self.place.steps(self.found.flow, self.found.run)[::-1]
        return (
            self.steps.index(where[0]) if where[0] in self.steps else len(self.steps),
            address.order(where[1]),
            where[2],
        )

    @staticmethod
    def _task(name: str) -> tuple[str, str, int] | None:
        """(step, path, attempt) of `STEP/PATH.ATTEMPT.log`; None for another name."""
        from flowc.runtime_shim.contract import address

        step, _, rest = name.partition("/")
        path, _, attempt = rest[: -len(".log")].rpartition(".")
        try:
            return address.decoded(step), address.checked(address.decoded(path)), int(attempt)
        except ValueError:  # BadPath too
            return None

    def _names(self, attempt: int) -> Iterator[tuple[str, str, str]]:
        """(step, path, name of the log): steps as they ran, tasks as a person counts."""
        from flowc.runtime_shim.contract import address

        place, found = self.place, self.found
        steps = [found.step] if found.step else place.steps(found.flow, found.run)[::-1]
        for step in steps:
            tasks = place.tasks(found.flow, found.run, step)
            for path in reversed(list(tasks)):
                if found.path and path != found.path:
                    continue
                attempts = sorted(tasks[path].logs)
                for each in [attempt] if attempt >= 0 and attempt in attempts else attempts[-1:] if attempt < 0 else []:
                    yield step, path, address.task_name(found.flow, found.run, step, path, f"{each}.log")

    def _print(self, name: str, step: str, path: str, data: bytes) -> None:
        """Prints a part of the log of that name. Of one task it is what the task printed, byte for byte; else each line begins with its task."""
        from flowc.runtime_shim.contract.logs import Log

        label = b"" if self.found.path else f"[{step}{'' if path == '-' else '/' + path}] ".encode()
        printed = []
        for seconds, stream, text in Log(data).entries():
            if stream not in self.streams:
                continue
            head = (f"{_clock(seconds)} ".encode() if self.timestamps else b"") + label
            if self.is_open and (head or name != self.last):
                printed.append(b"\n")
            printed += [head, text]
            self.is_open, self.last = not text.endswith(b"\n"), name
        if printed:
            self.out.printed_by_task(b"".join(printed))


def _follow(place: Datastore, found: Found, shown: _Shown) -> None:
    import sys
    import time

    from ..run_status import RUNNING, UNFINISHED, status

    pause = PAUSE_REMOTE if place.is_remote else PAUSE
    looked = 0.0
    state = RUNNING
    while True:
        if time.monotonic() - looked >= 5 * pause or state != RUNNING:
            state, _ = status(place, found.flow, found.run)
            looked = time.monotonic()
        shown.more(ended=state not in (RUNNING, UNFINISHED))
        sys.stdout.flush()
        if state not in (RUNNING, UNFINISHED):
            return
        time.sleep(pause)


def _explain(place: Datastore, found: Found, what: str, attempt: int) -> None:
    """Nothing was printed: because there is no such task, or because it said nothing. Raises ShimError for the first."""
    from flowc.runtime_shim.contract.errors import ShimError

    if found.step:
        tasks = place.tasks(found.flow, found.run, found.step)
        if not tasks or (found.path and found.path not in tasks):
            steps = ", ".join(place.steps(found.flow, found.run)[::-1])
            raise ShimError(
                f"run {found.run!r} has no task {what.partition('/')[2]} that has ended; the steps that it has come to: {steps}"
            )
        if attempt >= 0 and not any(attempt in each.logs for each in tasks.values()):
            raise ShimError(f"there is no log of attempt {attempt} of {what}")


def _clock(seconds: float) -> str:
    import time

    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1000):03d}"
