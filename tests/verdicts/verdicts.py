"""Flows whose graph is right or wrong, and what Metaflow's `check` and flowc's say of each.

`flows.txt` holds cases: a title, the source (the imports are put before it and the start of the flow after it), and `>>> accepted` or `>>> refused`, which is
Metaflow's verdict as it was recorded. `python -m tests.verdicts.verdicts` asks Metaflow again and writes the file anew. Where flowc is to say
otherwise, a line `# flowc: accepts, because …` or `# flowc: refuses, because …` follows the title.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from flowc.compiler.pipeline import load
from flowc.compiler.report.diagnostics import ERROR, Refused, concise
from flowc.compiler.report.ignores import is_uncertain

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
IMPORTS = "from metaflow import FlowSpec, batch, kubernetes, parallel, resources, retry, step\n\n\n"
START = "\n\nif __name__ == '__main__':\n    F()\n"


class Case(NamedTuple):
    title: str
    source: str
    accepted: bool  # by Metaflow
    differs: bool  # flowc says otherwise, for a reason that the case gives

    @property
    def flow(self) -> str:
        return IMPORTS + self.source + START


def cases() -> list[Case]:
    all_cases = []
    for text in (HERE / "flows.txt").read_text(encoding="utf-8").strip("\n").split("\n---\n"):
        source, _, verdict = text.partition("\n>>> ")
        title, _, source = source.partition("\n")
        all_cases.append(
            Case(
                title.removeprefix("# "),
                source.strip("\n") + "\n",
                verdict.strip() == "accepted",
                source.startswith("# flowc: "),
            )
        )
    return all_cases


def by_metaflow(flows: list[str]) -> list[bool]:
    """Returns True for each flow that Metaflow's `check` accepts. One process checks all."""
    python = os.environ.get("FLOWC_METAFLOW_PYTHON") or str(ROOT / ".venvs/metaflow/bin/python")
    assert os.path.exists(python), f"{python} is not there: make .venvs/metaflow/ready"
    with tempfile.TemporaryDirectory() as folder:
        for at, flow in enumerate(flows):
            Path(folder, f"f{at:05}.py").write_text(flow, encoding="utf-8")
        environment = {
            **os.environ,
            "METAFLOW_HOME": folder,
            "METAFLOW_USER": "tester",
            "METAFLOW_DEFAULT_METADATA": "local",
        }
        command = [python, str(HERE / "metaflow_side.py"), folder]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stderr
        answers: dict[str, tuple[int, str]] = json.loads(done.stdout.splitlines()[-1])
    return [code == 0 for code, _ in (answers[name] for name in sorted(answers))]


def by_flowc(flow: str, folder: Path) -> tuple[bool, str]:
    """Returns True if flowc accepts the graph, and its diagnostics, one a line.

    Artifacts are left out, as in Metaflow.
    """
    path = folder / "flow.py"
    path.write_text(flow, encoding="utf-8")
    try:
        diagnostics = load(str(path)).diagnostics
    except Refused as refused:
        diagnostics = refused.diagnostics
    diagnostics = tuple(diagnostic for diagnostic in diagnostics if not is_uncertain(diagnostic.code))
    return not any(diagnostic.severity == ERROR for diagnostic in diagnostics), "\n".join(map(concise, diagnostics))


def main() -> None:
    all_cases = cases()
    parts = []
    for case, accepted in zip(all_cases, by_metaflow([case.flow for case in all_cases])):
        parts.append(f"# {case.title}\n{case.source}>>> {'accepted' if accepted else 'refused'}")
    (HERE / "flows.txt").write_text("\n---\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
