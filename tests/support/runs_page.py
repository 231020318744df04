"""The sessions of docs/runs.md: recorded by `python -m tests.support.runs_page`, and compared with what flowc prints now."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.golden.regenerate import ROOT
from tests.support.environment import environment

PAGE = ROOT / "docs" / "runs.md"
FLOW = """from metaflow import FlowSpec, retry, step


def rows(item):
    return 100 // (item - 5)


class Train(FlowSpec):
    @step
    def start(self):
        self.items = list(range(8))
        self.next(self.fit, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @step
    def fit(self):
        print("fitting", self.input)
        self.score = rows(self.input)
        self.next(self.best)

    @step
    def best(self, inputs):
        self.score = max(each.score for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        print("best score", self.score)
"""
COMMANDS = (
    "flowc run train.py --run-id monday --max-workers 1",
    "flowc runs",
    "flowc logs monday/fit/5",
    "sed -i 's/item - 5/item - 5 or 1/' train.py",
    "flowc resume train.py --origin-run-id monday --run-id tuesday --max-workers 1",
    "flowc dump tuesday/end score",
    "rm .flowc/Train/runs/tuesday/fit/3.json; : > .flowc/Train/runs/tuesday/fit/5.json  # as a power failure might",
    "flowc resume train.py --origin-run-id tuesday --run-id wednesday --max-workers 1 | grep -v 'reused from'",
)


def session() -> str:
    """Returns the output as a user sees it, with fixed times and folders."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        (folder / "train.py").write_text(FLOW)
        (folder / "bin").mkdir()
        (folder / "bin" / "flowc").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m flowc "$@"\n')
        (folder / "bin" / "flowc").chmod(0o755)
        env = {
            **environment("FLOWC_", "AWS_", "METAFLOW_"),
            "PATH": f"{folder}/bin:{os.environ['PATH']}",
            "METAFLOW_USER": "ada",
            "TERM": "dumb",
        }
        parts = []
        for command in COMMANDS:
            done = subprocess.run(
                ["sh", "-c", command], cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            parts.append(f"$ {command}\n{_steady(done.stdout, str(folder))}")
        return "\n".join(parts)


def _steady(text: str, folder: str) -> str:
    text = text.replace(folder, "/home/ada")
    text = re.sub(r"\d\d\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ", "2026-11-02 09:00:00Z", text)
    text = re.sub(r"^\d\d:\d\d:\d\d", "09:00:00", text, flags=re.MULTILINE)
    text = re.sub(r"\b\d+\.\d s", "0.3 s", text)
    # of newer Pythons
    return "".join(
        line for line in text.splitlines(keepends=True) if not re.fullmatch(r"(?:[\d:]+ \[[^]]+\])?[ ~^]+\n", line)
    )


def shown() -> str:
    return PAGE.read_text().partition("```text\n")[2].partition("```")[0]


def main() -> None:
    head, _, rest = PAGE.read_text().partition("```text\n")
    PAGE.write_text(f"{head}```text\n{session()}```{rest.partition('```')[2]}")


if __name__ == "__main__":
    main()
