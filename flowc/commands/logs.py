"""`flowc logs`: what tasks printed."""

from __future__ import annotations

from .. import datastore
from ..options import Option, Usage, one_positional, parse
from ..terminal import Failure, Output, lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.runtime_shim.client.place import Place

    from ..datastore import Found

USAGE = ("flowc logs RUN[/STEP[/PATH]] [OPTIONS]",)
TEXT = """
Prints what the tasks of a run printed, in the order of its lines; of each task its last attempt. A task's log is there when the attempt has
ended: `--follow` waits for those to come, until the run has ended. PATH is the task's place in foreaches: `3`, `3.0`, or `-` outside.
"""
OPTIONS = (
    Option("--stdout", "only what was printed to standard output"),
    Option("--stderr", "only what was printed to standard error"),
    Option("--both", "both, as without it"),
    Option("--attempt", "that of this attempt, counted from 0", "N", default="the last one"),
    Option("--timestamps", "begin each line with its time, in UTC"),
    Option("--follow", "go on with what tasks print that end later", short="-f"),
    *datastore.OPTIONS,
)
EXAMPLES = (("flowc logs try7/train", "of all tasks of a step"), ("flowc logs try7/train/3 --stderr --attempt 0", "of one"))

PAUSE = 0.5  # seconds between two looks


def run(argv: list[str], out: Output) -> int:
    from flowc.runtime_shim.errors import ShimError

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
        if not shown.all(attempt) and not arguments.flag("--follow"):
            _explain(place, found, what, attempt)
        if arguments.flag("--follow"):
            _follow(place, found, shown)
    except ShimError as error:
        raise Failure(str(error)) from None
    return 0


class _Shown:
    """The logs that have been printed."""

    def __init__(self, place: Place, found: Found, streams: list[str], timestamps: bool, out: Output) -> None:
        self.place, self.found, self.streams, self.timestamps, self.out = place, found, streams, timestamps, out
        self.seen: set[str] = set()

    def all(self, attempt: int = -1, every: bool = False) -> int:
        """Prints logs that have not been printed yet; of each task its last attempt, or the one given, or `every` one. Returns how many."""
        names = [each for each in self._names(attempt, every) if each[2] not in self.seen]
        for (step, path, name), data in zip(names, self.place.each(names, lambda each: self.place.store.get(each[2]))):
            self.seen.add(name)
            label = "" if self.found.path else f"[{step}{'' if path == '-' else '/' + path}] "
            self._print(label, data or b"")
        return len(names)

    def _names(self, attempt: int, every: bool) -> Iterator[tuple[str, str, str]]:
        """(step, path, name of the log): steps as they ran, tasks as a person counts."""
        from flowc.runtime_shim import address

        place, found = self.place, self.found
        steps = [found.step] if found.step else place.steps(found.flow, found.run)[::-1]
        for step in steps:
            tasks = place.tasks(found.flow, found.run, step)
            for path in reversed(list(tasks)):
                if found.path and path != found.path:
                    continue
                attempts = sorted(tasks[path].logs)
                for each in attempts if every else [attempt] if attempt >= 0 and attempt in attempts else attempts[-1:] if attempt < 0 else []:
                    yield step, path, address.task_name(found.flow, found.run, step, path, f"{each}.log")

    def _print(self, label: str, data: bytes) -> None:
        from flowc.runtime_shim.logs import Log

        text = []
        for seconds, stream, line in Log(data).entries():
            if stream in self.streams:
                stamp = f"{_clock(seconds)} " if self.timestamps else ""
                text.append(f"{stamp}{label}{lines(line.decode('utf-8', 'replace').rstrip(chr(10)))}")
        if text:
            self.out.print("\n".join(text))


def _follow(place: Place, found: Found, shown: _Shown) -> None:
    import sys
    import time

    from ..run_status import RUNNING, UNFINISHED, status

    while True:
        state, _ = status(place, found.flow, found.run)
        shown.all(every=True)
        sys.stdout.flush()
        if state not in (RUNNING, UNFINISHED):
            return
        time.sleep(PAUSE)


def _explain(place: Place, found: Found, what: str, attempt: int) -> None:
    """Nothing was printed: because there is no such task, or because it said nothing. Raises ShimError for the first."""
    from flowc.runtime_shim.errors import ShimError

    if found.step:
        tasks = place.tasks(found.flow, found.run, found.step)
        if not tasks or (found.path and found.path not in tasks):
            steps = ", ".join(place.steps(found.flow, found.run)[::-1])
            raise ShimError(f"run {found.run!r} has no task {what.partition('/')[2]} that has ended; the steps that it has come to: {steps}")
        if attempt >= 0 and not any(attempt in each.logs for each in tasks.values()):
            raise ShimError(f"there is no log of attempt {attempt} of {what}")


def _clock(seconds: float) -> str:
    import time

    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1000):03d}"
