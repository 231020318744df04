"""`flowc logs`: prints the logs of tasks."""

from __future__ import annotations

from .. import datastore
from ..options import Option, Usage, one_positional, parse
from ..terminal import Failure, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.runtime_shim.client.datastore import Datastore

    from ..datastore import Pathspec
    from ..deploying.place import Place

USAGE = ("flowc logs RUN[/STEP[/PATH]] [OPTIONS]",)
TEXT = """
Prints what the tasks of a run printed: of each task its last attempt, line by line. The log of a single task is printed
byte for byte; on a terminal, control characters other than colours are shown as escapes. `--follow` prints new lines
until the run has ended: immediately for a run on this machine, after some seconds for one in an object store or on a
cluster. PATH is the task's place in foreaches: `3`, `3.0`, or `-` outside a foreach.
"""
OPTIONS = (
    Option("--stdout", "print only standard output"),
    Option("--stderr", "print only standard error"),
    Option("--both", "print both, as by default"),
    Option("--attempt", "print this attempt, counted from 0", "N", default="the last one"),
    Option("--timestamps", "begin each line with its time, in UTC"),
    Option("--follow", "keep printing new lines of every attempt until the run ends", short="-f"),
    Option("--on", "a context of pyproject.toml: its datastore, and its orchestrator for what left no log", "CONTEXT"),
    *datastore.OPTIONS,
)
EXAMPLES = (
    ("flowc logs try7/train", "the logs of all tasks of a step"),
    ("flowc logs try7/train/3 --stderr --attempt 0", "what the first attempt of one task printed to standard error"),
)

PAUSE, PAUSE_REMOTE = 0.2, 2.0  # seconds between polls of a folder, and of an object store


def run(argv: list[str], out: Output) -> int:
    from flowc.runtime_shim.contract.errors import ShimError

    arguments = parse(argv, OPTIONS)
    what = one_positional(arguments, "the run")
    attempt = arguments.integer("--attempt", -1, least=0)
    only = [stream for stream in ("stdout", "stderr") if arguments.flag(f"--{stream}")]
    streams = only if only and not arguments.flag("--both") else ["stdout", "stderr"]
    if arguments.flag("--follow") and attempt >= 0:
        raise Usage("`--follow` and `--attempt` cannot be combined", "leave out `--attempt` to follow every attempt")
    there = datastore.on_context(arguments)
    try:
        place = datastore.place_of(arguments)
        pathspec = _found(place, what, arguments.text("--flow"), there)
        shown = Shown(place, pathspec, streams, arguments.flag("--timestamps"), out)
        if arguments.flag("--follow"):
            _follow(place, pathspec, shown)
        elif there is not None:
            from ..deploying.engine_runs import print_missing

            shown.all(attempt)
            print_missing(there, place, pathspec, out)
        elif not shown.all(attempt):
            _explain(place, pathspec, what, attempt)
    except ShimError as error:
        raise Failure(str(error)) from None
    return 0


def _found(place: Datastore, what: str, flow: str, there: Place | None) -> Pathspec:
    """Returns what the text names in the datastore or, for a run that has left nothing there, on the engine."""
    from flowc.runtime_shim.contract.errors import ShimError

    try:
        return datastore.find(place, what, flow)
    except ShimError:
        if there is None:
            raise
        from ..deploying.place import asked, connect

        name, _, rest = what.partition("/")
        run = asked(lambda: connect(there).run(name))
        if run is None:
            raise
        step, _, path = rest.partition("/")
        return datastore.Pathspec(run.flow, run.id, step, path)


class Shown:
    """Prints logs, and remembers how much of each has been printed."""

    def __init__(self, place: Datastore, pathspec: Pathspec, streams: list[str], timestamps: bool, out: Output) -> None:
        self.place, self.pathspec, self.streams, self.timestamps, self.out = place, pathspec, streams, timestamps, out
        self.printed: dict[str, int] = {}  # name of a log → bytes of it that have been printed
        self.last = ""  # the name of the log that was printed last
        self.is_open = False  # the last printed line has no newline yet
        self.steps: list[str] = []

    def all(self, attempt: int = -1) -> int:
        """Prints the existing logs: of each task its last attempt, or the given one. Returns the number of logs."""
        names = list(self._names(attempt))
        for (step, path, name), data in zip(names, self.place.each(names, lambda log: self.place.store.get(log[2]))):
            self._print(name, step, path, data or b"")
        return len(names)

    def more(self, ended: bool) -> None:
        """Prints what is new, of all attempts. Prints incomplete lines only when the run has `ended`."""
        from flowc.runtime_shim.contract import address

        place, pathspec = self.place, self.pathspec
        prefix = address.run_name(pathspec.flow, pathspec.run)
        inside = f"{prefix}{address.encoded(pathspec.step)}/" if pathspec.step else prefix
        grown = [
            (name, size)
            for name, size, _ in place.store.entries(inside)
            if name.endswith(".log") and size > self.printed.get(name, 0)
        ]
        grown.sort(key=lambda log: self._order(log[0][len(prefix) :]))
        for (name, size), data in zip(grown, place.each(grown, lambda log: place.store.get(log[0]))):
            where = self._task(name[len(prefix) :])
            if data is None or where is None or (pathspec.path and where[1] != pathspec.path):
                self.printed[name] = size
                continue
            at = self.printed.get(name, 0)
            until = len(data) if ended else data.rfind(b"\n") + 1
            self._print(name, where[0], where[1], data[at:until])
            self.printed[name] = max(at, until)

    def _order(self, name: str) -> tuple[int, object, int]:
        """Returns a sort key: steps in the order in which they ran, then tasks and attempts by number."""
        from flowc.runtime_shim.contract import address

        where = self._task(name)
        if where is None:
            return len(self.steps), ((), 0), 0
        if where[0] not in self.steps:
            self.steps = self.place.steps(self.pathspec.flow, self.pathspec.run)[::-1]
        return (
            self.steps.index(where[0]) if where[0] in self.steps else len(self.steps),
            address.order(where[1]),
            where[2],
        )

    @staticmethod
    def _task(name: str) -> tuple[str, str, int] | None:
        """Returns (step, path, attempt) of `STEP/PATH.ATTEMPT.log`, or None for a different name."""
        from flowc.runtime_shim.contract import address

        step, _, rest = name.partition("/")
        path, _, attempt = rest[: -len(".log")].rpartition(".")
        try:
            return address.decoded(step), address.checked(address.decoded(path)), int(attempt)
        except ValueError:  # BadPath too
            return None

    def _names(self, attempt: int) -> Iterator[tuple[str, str, str]]:
        """Yields (step, path, name of the log): steps in the order in which they ran, tasks by number."""
        from flowc.runtime_shim.contract import address

        place, pathspec = self.place, self.pathspec
        steps = [pathspec.step] if pathspec.step else place.steps(pathspec.flow, pathspec.run)[::-1]
        for step in steps:
            tasks = place.tasks(pathspec.flow, pathspec.run, step)
            for path in reversed(list(tasks)):
                if pathspec.path and path != pathspec.path:
                    continue
                attempts = sorted(tasks[path].logs)
                for number in (
                    [attempt] if attempt >= 0 and attempt in attempts else attempts[-1:] if attempt < 0 else []
                ):
                    yield step, path, address.task_name(pathspec.flow, pathspec.run, step, path, f"{number}.log")

    def _print(self, name: str, step: str, path: str, data: bytes) -> None:
        """Prints a part of a log: for a single task byte for byte, otherwise with the task before each line."""
        from flowc.runtime_shim.contract.logs import Log

        label = b"" if self.pathspec.path else f"[{step}{'' if path == '-' else '/' + path}] ".encode()
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


def _follow(place: Datastore, pathspec: Pathspec, shown: Shown) -> None:
    import sys
    import time

    from ..run_status import RUNNING, UNFINISHED, status

    pause = PAUSE_REMOTE if place.is_remote else PAUSE
    looked = 0.0
    state = RUNNING
    while True:
        if time.monotonic() - looked >= 5 * pause or state != RUNNING:
            state, _ = status(place, pathspec.flow, pathspec.run)
            looked = time.monotonic()
        shown.more(ended=state not in (RUNNING, UNFINISHED))
        sys.stdout.flush()
        if state not in (RUNNING, UNFINISHED):
            return
        time.sleep(pause)


def _explain(place: Datastore, pathspec: Pathspec, what: str, attempt: int) -> None:
    """Raises ShimError if nothing was printed because the task or attempt does not exist, not because it is silent."""
    from flowc.runtime_shim.contract.errors import ShimError

    if pathspec.step:
        tasks = place.tasks(pathspec.flow, pathspec.run, pathspec.step)
        if not tasks or (pathspec.path and pathspec.path not in tasks):
            steps = ", ".join(place.steps(pathspec.flow, pathspec.run)[::-1])
            raise ShimError(
                f"run {pathspec.run!r} has no finished task {what.partition('/')[2]}; "
                f"it has reached these steps: {steps}"
            )
        if attempt >= 0 and not any(attempt in task.logs for task in tasks.values()):
            raise ShimError(f"there is no log of attempt {attempt} of {what}")


def _clock(seconds: float) -> str:
    import time

    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1000):03d}"
