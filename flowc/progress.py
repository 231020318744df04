"""The progress of a run: the tasks of each step, counted from the supervisor's events, and an estimate of the rest.

>>> progress = Progress()
>>> for kind, path, now in [("queued", "0", 0), ("queued", "1", 0), ("start", "0", 0), ("done", "0", 2)]:
...     progress.event(kind, ("a", path, 0), now)
>>> progress.steps["a"].done, progress.steps["a"].waiting, progress.rest(now=2, workers=1)
(1, 1, 2.0)
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.runtime_shim.local.running import Task


class StepProgress:
    """The tasks of one step."""

    def __init__(self) -> None:
        self.waiting = self.done = self.reused = self.retried = self.failed = 0
        self.running: dict[Task, float] = {}  # task → when it started
        self.seconds = 0.0  # sum of the times of the done tasks
        self.measured = 0  # number of tasks in that sum

    @property
    def known(self) -> int:
        """The number of tasks so far, in any state."""
        return self.waiting + len(self.running) + self.done + self.reused + self.failed


class Progress:
    """The steps that have begun, in that order."""

    def __init__(self) -> None:
        self.steps: dict[str, StepProgress] = {}

    def event(self, kind: str, task: Task | None, now: float) -> None:
        """Counts one event; `now` is in seconds, of any monotonic clock."""
        if task is None or kind in ("line", "damaged"):
            return
        progress = self.steps.setdefault(task[0], StepProgress())
        if kind == "queued":
            progress.waiting += 1
        elif kind == "start":
            progress.waiting -= 1
            progress.running[task] = now
        elif kind in ("kept", "reused"):
            progress.reused += 1
        else:
            began = progress.running.pop(task, now)
            if kind == "done":
                progress.done += 1
                progress.seconds += now - began
                progress.measured += 1
            elif kind == "retry":
                progress.retried += 1
                progress.waiting += 1
            elif kind == "failed":
                progress.failed += 1

    def counts(self) -> dict[str, int]:
        """Returns the sums over all steps."""
        return {
            name: sum(getattr(progress, name) for progress in self.steps.values())
            for name in ("waiting", "done", "reused", "retried", "failed")
        }

    def rest(self, now: float, workers: int) -> float | None:
        """Estimates the seconds left for the known tasks from the mean of their step's done tasks; None if unknown."""
        work = 0.0
        for progress in self.steps.values():
            unfinished = progress.waiting + len(progress.running)
            if not unfinished:
                continue
            if not progress.measured:
                return None
            mean = progress.seconds / progress.measured
            work += progress.waiting * mean + sum(max(0.0, mean - (now - began)) for began in progress.running.values())
        return work / max(
            1, min(workers, sum(progress.waiting + len(progress.running) for progress in self.steps.values()) or 1)
        )
