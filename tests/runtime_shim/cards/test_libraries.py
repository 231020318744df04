"""Components of values of real libraries, compared with Metaflow's: pandas, numpy, PIL, matplotlib and altair.

`python -m tests.runtime_shim.cards.test_libraries` records Metaflow's results again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .libraries import libraries
from .test_components import METAFLOW

HERE = Path(__file__).parent
CASES, RECORDED, SIDE = HERE / "library_cases.txt", HERE / "library_recorded.json", HERE / "library_side.py"
# Metaflow shows "Unsupported type: …" for these columns, raises for this index, and writes the pickle of these numbers.
BETTER = (
    '"Int8"', '"Float32"', 'dtype="boolean"', "pd.Categorical(", "pd.CategoricalIndex(", "int64[pyarrow]", "YAMLViewer(",
)  # fmt: skip
NEWEST = sys.version_info[:2] == (3, 11)  # the libraries' versions are those of the recording

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.skipif(not NEWEST, reason="the recording is of the libraries for Python 3.11"),
]


def run(python: str, code: str, *words: str) -> Any:
    environment = {**os.environ, "PYTHONPATH": str(libraries()), "MPLCONFIGDIR": str(libraries() / "matplotlib-cache")}
    done = subprocess.run(
        [python, "-c", code, *words], env=environment, capture_output=True, text=True, timeout=600, cwd=HERE
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def rendered(python: str, start: str) -> list[dict[str, Any]]:
    code = f"import runpy, sys; {start}; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    blocks: list[dict[str, Any]] = run(python, code, str(SIDE), str(CASES))
    return blocks


MINE = "from flowc.runtime_shim.api import metaflow_alias; metaflow_alias.install()"


def test_values_of_libraries_render_to_what_metaflow_s_do() -> None:
    mine, theirs = rendered(sys.executable, MINE), json.loads(RECORDED.read_text())
    assert len(mine) == len(theirs) > 80
    differ = [own["case"] for own, other in zip(mine, theirs) if json.dumps(own) != json.dumps(other)]
    assert [case for case in differ if not any(word in case for word in BETTER)] == []
    assert all(any(word in case for case in differ) for word in BETTER)
    shown = json.dumps([own for own in mine if own["case"] in differ])
    assert "Unsupported type" not in shown and "Error" not in shown


@pytest.mark.metaflow
def test_the_recording_of_libraries_is_what_metaflow_gives() -> None:
    assert rendered(METAFLOW, "pass") == json.loads(RECORDED.read_text())


FRAMES = """
import json
import pandas as pd
from metaflow.cards import Artifact, Image, Table, VegaChart

frame = pd.DataFrame({
    "n": pd.array([1, None], dtype="Int64"), "d": pd.to_datetime(["2026-01-02", None]), "s": ["x" * 40, None],
    "t": pd.to_timedelta(["1 days", None]), "c": pd.Categorical(["a", None]),
}, index=pd.Index(["k", "l"], name="key"))
before = frame.copy(deep=True)
for truncate in (True, False):
    Table.from_dataframe(frame, truncate=truncate).render()
Artifact(frame).render(), Artifact(frame, compressed=False).render()
pd.testing.assert_frame_equal(frame, before)
print(json.dumps([str(kind) for kind in frame.dtypes]))
"""


def test_a_frame_stays_as_it_is() -> None:
    kinds = run(sys.executable, f"{MINE}\n{FRAMES}")
    assert kinds == ["Int64", "datetime64[ns]", "object", "timedelta64[ns]", "category"]


FUSED = """
import json
import altair
import pandas
from metaflow.cards import VegaChart

chart = altair.Chart(pandas.DataFrame({"a": range(6000), "b": range(6000)})).mark_point().encode(x="a", y="b")
altair.data_transformers.enable("vegafusion")
one = VegaChart.from_altair_chart(chart).render()
two = VegaChart({"mark": "bar"})
two.update(chart)
altair.data_transformers.enable("default")
try:
    VegaChart.from_altair_chart(chart)
    refused = ""
except Exception as error:
    refused = type(error).__name__
print(json.dumps([one["spec"]["$schema"], two.render()["spec"]["$schema"], refused]))
"""


def test_a_chart_whose_data_vegafusion_prepares() -> None:
    *schemas, refused = run(sys.executable, f"{MINE}\n{FUSED}")
    assert all("/vega/v" in schema for schema in schemas) and refused == "MaxRowsError"


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(block, ensure_ascii=False) for block in rendered(METAFLOW, "pass"))
    RECORDED.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
