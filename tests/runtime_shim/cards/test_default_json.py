"""The default card compared with Metaflow's, in the form of its type `default_json`.

`python -m tests.runtime_shim.cards.test_default_json` records Metaflow's results again.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.support.environment import environment
from tests.support.running import flowc, run

from .test_components import METAFLOW

HERE = Path(__file__).parent
FLOW, RECORDED = HERE / "default_json_flow.py", HERE / "default_json_recorded.json"
STEPS = ("start", "body", "left")


def of_metaflow(folder: Path) -> dict[str, Any]:
    shutil.copy(FLOW, folder)
    variables = {**environment("METAFLOW_", "FLOWC_"), "HOME": str(folder), "METAFLOW_USER": "tester"}

    def command(*words: str) -> None:
        done = subprocess.run([METAFLOW, FLOW.name, *words], cwd=folder, env=variables, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    command("run")
    for step in STEPS:
        command("--quiet", "card", "get", step, f"{step}.json")
    return {step: page(json.loads((folder / f"{step}.json").read_text())) for step in STEPS}


def page(card: dict[str, Any]) -> dict[str, Any]:
    """Returns the card without the parts that differ between runs, with artifacts sorted by name."""
    whole = card["components"][1]
    sections = {section["title"]: section["contents"] for section in whole["contents"]}
    for name in ("Artifacts", "Flow Parameters"):
        sections[name][0]["data"].sort(key=lambda entry: entry["name"])
    about = sections["Task Metadata"][0]
    sections["Task Metadata"] = [about["type"], about["columns"], about["vertical"]]
    # of Metaflow's own releases only
    metadata = [entry for entry in card["metadata"] if entry != "metaflow_version"]
    # Metaflow calls a split unknown
    steps = {
        name: {**step, "type": "split" if step["type"] == "unknown" else step["type"]}
        for name, step in sections["DAG"][0]["data"]["steps"].items()
    }
    sections["DAG"][0]["data"]["steps"] = steps
    return {
        "metadata": metadata,
        "title": card["components"][0]["type"],
        "page": whole["title"],
        "order": list(sections),
        "sections": sections,
    }


def test_the_default_card_says_what_metaflow_s_says(tmp_path: Path) -> None:
    run(FLOW, tmp_path / "store")
    recorded = json.loads(RECORDED.read_text())
    for step in STEPS:
        own = page(json.loads(flowc("card", "get", f"r/{step}", "--store", str(tmp_path / "store"), check=True).stdout))
        assert own == recorded[step], step


@pytest.mark.slow
@pytest.mark.metaflow
def test_the_recording_is_what_metaflow_gives(tmp_path: Path) -> None:
    assert of_metaflow(tmp_path) == json.loads(RECORDED.read_text())


if __name__ == "__main__":
    RECORDED.write_text(json.dumps(of_metaflow(Path(tempfile.mkdtemp())), indent=1, ensure_ascii=False) + "\n")
