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
    from flowc.runtime_shim.local.supervisor import Task


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
        one = self.steps.setdefault(task[0], StepProgress())
        if kind == "queued":
            one.waiting += 1
        elif kind == "start":
            one.waiting -= 1
            one.running[task] = now
        elif kind in ("kept", "reused"):
            one.reused += 1
        else:
            began = one.running.pop(task, now)
            if kind == "done":
                one.done += 1
                one.seconds += now - began
                one.measured += 1
            elif kind == "retry":
                one.retried += 1
                one.waiting += 1
            elif kind == "failed":
                one.failed += 1

    def counts(self) -> dict[str, int]:
        """Returns the sums over all steps."""
        return {
            name: sum(getattr(each, name) for each in self.steps.values())
            for name in ("waiting", "done", "reused", "retried", "failed")
        }

    def rest(self, now: float, workers: int) -> float | None:
        """Estimates the seconds left for the known tasks from the mean of their step's done tasks; None if unknown."""
        work = 0.0
        for one in self.steps.values():
            left = one.waiting + len(one.running)
            if not left:
                continue
            if not one.measured:
                return None
            mean = one.seconds / one.measured
            work += one.waiting * mean + sum(max(0.0, mean - (now - began)) for began in one.running.values())
        return work / max(1, min(workers, sum(one.waiting + len(one.running) for one in self.steps.values()) or 1))
