"""The progress of a run, and the lines that report it."""

from __future__ import annotations

from flowc.progress import Progress
from flowc.run_report import duration, status


def events(progress: Progress, *several: tuple[str, str, str, float]) -> None:
    for kind, step, path, now in several:
        progress.event(kind, (step, path, 0), now)


def test_counts_and_estimate() -> None:
    progress = Progress()
    events(progress, *(("queued", "body", str(index), 0.0) for index in range(4)))
    events(
        progress,
        ("start", "body", "0", 0),
        ("start", "body", "1", 0),
        ("done", "body", "0", 4),
        ("retry", "body", "1", 4),
    )
    body = progress.steps["body"]
    assert (body.done, body.waiting, body.retried, len(body.running), body.known) == (1, 3, 1, 0, 4)
    assert progress.rest(now=4, workers=1) == 12 and progress.rest(now=4, workers=2) == 6
    events(progress, ("start", "body", "1", 4), ("failed", "body", "1", 5), ("kept", "body", "2", 5))
    assert progress.counts() == {"waiting": 2, "done": 1, "reused": 1, "retried": 1, "failed": 1}


def test_nobody_knows_how_long_a_new_step_takes() -> None:
    progress = Progress()
    events(progress, ("queued", "a", "-", 0), ("start", "a", "-", 0))
    assert progress.rest(now=9, workers=1) is None


def test_status_lines() -> None:
    progress = Progress()
    for index in range(30):
        events(
            progress,
            ("queued", f"s{index}", "-", 0),
            ("start", f"s{index}", "-", 0),
            *([("done", f"s{index}", "-", 1)] if index else []),
        )
    lines = status(progress, 75, 75, 4)
    assert len(lines) == 13 and lines[0] == "  s0   0/1 done, 1 running" and lines[-1].startswith("  1:15 min elapsed")


def test_durations() -> None:
    assert [duration(seconds) for seconds in (0.04, 12.9, 187, 3723)] == ["0.0 s", "12 s", "3:07 min", "1:02:03 h"]
