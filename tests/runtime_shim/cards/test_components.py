"""Components compared with Metaflow's: the results, refusals and messages of `component_cases.txt`.

`python -m tests.runtime_shim.cards.test_components` records Metaflow's results again.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim import cards

HERE = Path(__file__).parent
CASES, RECORDED, SIDE = HERE / "component_cases.txt", HERE / "component_recorded.json", HERE / "component_side.py"
METAFLOW = os.environ.get("FLOWC_METAFLOW_PYTHON") or str(HERE.parents[2] / ".venvs" / "metaflow" / "bin" / "python")
# Metaflow prints `NoneType: None` in the place of the exception.
BETTER = ["Image.from_matplotlib(5)", 'Image.from_matplotlib(None, "label")']


def rendered(python: str, *start: str) -> list[dict[str, Any]]:
    done = subprocess.run([python, *start, str(SIDE), str(CASES)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    blocks: list[dict[str, Any]] = json.loads(done.stdout)
    return blocks


def recorded() -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = json.loads(RECORDED.read_text())
    return blocks


def test_components_render_to_what_metaflow_s_do() -> None:
    run = "import runpy, sys; from flowc.runtime_shim.api import metaflow_alias as m; m.install(); sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    mine = rendered(sys.executable, "-c", run)
    assert len(mine) == len(recorded()) > 290
    for own, theirs in zip(mine, recorded()):
        if own["case"] not in BETTER:
            assert json.dumps(own) == json.dumps(theirs)  # the order of keys too
        else:
            assert own != theirs and "ModuleNotFoundError" in json.dumps(own)


@pytest.mark.slow
@pytest.mark.metaflow
def test_the_recording_is_what_metaflow_gives() -> None:
    assert rendered(METAFLOW) == recorded()


@pytest.mark.parametrize(
    "component", [cards.PythonCode(code_string="x"), cards.Error(ValueError("x"))], ids=["PythonCode", "Error"]
)
def test_an_update_that_is_none_warns(component: Any) -> None:
    """Metaflow raises an exception here, by mistake."""
    messages: list[str] = []
    component._logger = messages.append
    component.update("y")
    component.update("y")
    name = type(component).__name__
    assert messages == [
        f"[@card-component WARNING] {name} doesn't have an `update` method implemented and is not compatible with realtime updates."
    ]


def test_what_users_give_stays_as_it_is() -> None:
    """A chart's specification, which Metaflow changes."""
    spec = {"mark": "bar"}
    assert cards.VegaChart(spec).render()["spec"] == {"mark": "bar", "width": "container"}
    assert cards.Table([[cards.VegaChart(spec)]]).render()["data"][0][0]["spec"] == {"mark": "bar", "autosize": "fit-x"}
    assert spec == {"mark": "bar"}


def test_a_component_can_be_pickled() -> None:
    """Also while it is on a card; under the name that flows import it by."""
    component = cards.Markdown("# x")
    component._logger = print
    copied = pickle.loads(pickle.dumps(component))
    assert copied.render()["source"] == "# x" and copied._logger is None
    assert b"flowc.runtime_shim.cards\x94\x8c\x08Markdown" in pickle.dumps(component)


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(block, ensure_ascii=False) for block in rendered(METAFLOW))
    RECORDED.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
