"""`python -m tests.differential.record [NAME…]`: runs the flows with Metaflow, and records the artifacts of every task.

With the recordings, the quick tests compare flowc with Metaflow without running it. Review the difference as that of a
golden file.
"""

from __future__ import annotations

import json
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .harness import RECORDED, Case, Outcome, cases, with_metaflow


def main(names: list[str]) -> int:
    chosen = [case for case in cases() if not names or case.path.stem in names]
    if not names:
        for stale in RECORDED.glob("*.json"):
            stale.unlink()
    recorded: dict[str, dict[str, dict[str, object]]] = {}
    with ThreadPoolExecutor(2) as pool:
        for case, outcome in zip(chosen, pool.map(_run, chosen)):
            if outcome.succeeded == case.fails:
                print(
                    f"{case.name}: {'succeeds, but is said to fail' if case.fails else 'fails'}\n{outcome.said}",
                    file=sys.stderr,
                )
                return 1
            one = {"succeeded": outcome.succeeded, "tasks": outcome.without(case.aside)}
            recorded.setdefault(case.path.stem, {})[" ".join(case.arguments)] = one
            print(case.name, "succeeds" if outcome.succeeded else "fails", len(outcome.tasks), flush=True)
    RECORDED.mkdir(exist_ok=True)
    for name, runs in recorded.items():
        (RECORDED / f"{name}.json").write_text(
            json.dumps(runs, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    return 0


def _run(case: Case) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        return with_metaflow(case, Path(folder))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
