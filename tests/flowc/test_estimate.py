"""`flowc estimate`: its table, its JSON, prices and widths."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.running import flowc

FLOW = """from metaflow import FlowSpec, Parameter, step

class F(FlowSpec):
    many = Parameter("many", default=3)

    @step
    def start(self):
        self.items = list(range(self.many))
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def spread(value: float, count: int = 1) -> dict[str, float]:
    return {"count": count, "p50": value, "p90": value, "p99": value}


PROFILE = {
    "version": 1, "flow": "F", "runs": 1, "starts": {"argo": spread(4)}, "inside": {"argo": spread(0.02)}, "chosen": {},
    "steps": {
        "start": {"succeeded": spread(1), "width": spread(1000)}, "work": {"succeeded": spread(6)},
        "join": {"succeeded": spread(1)}, "end": {"succeeded": spread(1)},
    },
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "flow.py").write_text(FLOW)
    (tmp_path / "flow.profile.json").write_text(json.dumps(PROFILE))
    return tmp_path


def numbers(folder: Path, *words: str) -> dict[str, Any]:
    return json.loads(flowc("estimate", "flow.py", "--json", *words, cwd=folder, check=True).stdout)["targets"]  # type: ignore[no-any-return]


def test_the_table(folder: Path) -> None:
    done = flowc("estimate", "flow.py", "-t", "argo", cwd=folder, check=True)
    assert (
        done.stdout
        == """\
F on Argo Workflows     as written   optimized
containers                   1,003          18
tasks                        1,003       1,003
duration                1 min 55 s  6 min 34 s
container-seconds           10,015       6,143
requested core-seconds      10,015       6,143
requested GiB-seconds       40,060      24,573

chosen
  the 1,000 items of `start` run in 16 containers: the run then takes about 6 min 34 s, and 12 min 48 s in 8 containers

assumed
  a container of `start`, `work`, `join`, `end`, which requests nothing, counts as 1 core and 4 GiB
"""
    )


def test_the_json_has_the_same_numbers_and_more(folder: Path) -> None:
    both = numbers(folder, "-t", "argo,step-functions")
    assert list(both) == ["argo", "step-functions"]
    argo = both["argo"]
    assert (argo["written"]["containers"], argo["optimized"]["containers"]) == (1003, 18)
    assert argo["written"]["seconds"] == 115 and argo["written"]["gib_seconds"] == 4 * argo["written"]["core_seconds"]
    assert not any("starts" in sentence for sentence in argo["assumed"])
    states = both["step-functions"]
    assert any(sentence.startswith("a container starts 40 s after") for sentence in states["assumed"])
    assert argo["written"]["transitions"] == 0 < states["optimized"]["transitions"] < states["written"]["transitions"]


def test_widths_come_from_the_command_line_first(folder: Path) -> None:
    assert numbers(folder, "-t", "argo", "--width", "start=50")["argo"]["written"]["tasks"] == 53
    assert numbers(folder, "-t", "argo", "--max-workers", "10")["argo"]["written"]["seconds"] == 1015
    (folder / "flow.profile.json").unlink()
    assumed = numbers(folder, "-t", "argo")["argo"]
    assert assumed["written"]["tasks"] == 13 and "the foreach of `start` has 10 items" in assumed["assumed"]
    assert assumed["chosen"] == []


def test_the_settings_of_the_project_count(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.flowc.optimize]\ncontainers = 100\n")
    assert numbers(folder, "-t", "argo")["argo"]["optimized"]["containers"] == 102
    (folder / "pyproject.toml").write_text("[tool.flowc.optimize.steps.work]\nitems = 500\n")
    fixed = numbers(folder, "-t", "argo")["argo"]
    assert fixed["optimized"]["containers"] == 4 and fixed["chosen"] == []


def test_what_the_target_cannot_run(folder: Path) -> None:
    spin = "self.next({1: self.spin, 2: self.end}, condition='many')"
    loop = FLOW.replace("self.next(self.end)", "self.next(self.spin)").replace(
        "    @step\n    def end", f"    @step\n    def spin(self):\n        {spin}\n\n    @step\n    def end"
    )
    (folder / "flow.py").write_text(loop)
    assumed = numbers(folder, "-t", "airflow,argo", "--max-visits", "9")
    said = "Airflow runs the flow as written, though there tasks share containers in any case"
    assert said in assumed["airflow"]["assumed"] and said.replace("Airflow", "Argo") not in assumed["argo"]["assumed"]
    (folder / "flow.py").write_text(FLOW.replace("class F(", "@trigger(event='e')\nclass F(").replace(
        "Parameter, ", "Parameter, trigger, "))  # fmt: skip
    refused = flowc("estimate", "flow.py", "-t", "airflow", cwd=folder)
    assert refused.returncode == 1 and "error[FLOW501]" in refused.stderr


def test_prices(folder: Path) -> None:
    (folder / "prices.toml").write_text(
        'currency = "EUR"\ncore-second = 0.001\ngib-second = 0.0001\ncontainer = 0.5\n'
        "[step-functions]\ncontainer = 0\nstate-transition = 0.01\ngpu-second = 3\n"
    )
    both = numbers(folder, "-t", "argo,step-functions", "--prices", "prices.toml")
    for target, container, transition in (("argo", 0.5, 0), ("step-functions", 0, 0.01)):
        for one in (both[target]["written"], both[target]["optimized"]):
            price = 0.001 * one["core_seconds"] + 0.0001 * one["gib_seconds"]
            price += container * one["containers"] + transition * one["transitions"]
            assert one["price"] == pytest.approx(price, abs=0.001) and one["currency"] == "EUR"
    table = flowc("estimate", "flow.py", "-t", "argo", "--prices", "prices.toml", cwd=folder, check=True).stdout
    row = next(line for line in table.splitlines() if line.startswith("price, EUR"))
    assert [float(word) for word in row.split()[2:]] == [
        round(both["argo"][which]["price"], 2) for which in ("written", "optimized")
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("core-second = ", "not valid TOML"),
        ("cores = 3", "unknown price `cores`"),
        ("core-second = -1", "`core-second` must be a number of at least 0"),
        ("core-second = true", "`core-second` must be a number"),
        ("core-second = nan", "`core-second` must be a number"),
        ("currency = 3", "`currency` must be text"),
        ("argo = 3", "`argo` must be a table"),
    ],
)
def test_wrong_prices(folder: Path, text: str, message: str) -> None:
    (folder / "prices.toml").write_text(text)
    done = flowc("estimate", "flow.py", "-t", "argo", "--prices", "prices.toml", cwd=folder)
    assert done.returncode == 1 and message in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((), 2, "`--target` is missing"),
        (("-t", "argo", "--width", "start"), 2, "must be STEP=N"),
        (("-t", "argo", "--width", "start=-1"), 2, "must be STEP=N"),
        (("-t", "argo", "--width", "end=3"), 2, "names a step without a foreach or a loop"),
        (("-t", "argo", "--prices", "none.toml"), 1, "none.toml cannot be read"),
        (("-t", "argo", "--profile", "none.json"), 1, "FLOW620"),
    ],
)
def test_wrong_usage(folder: Path, words: tuple[str, ...], code: int, message: str) -> None:
    done = flowc("estimate", "flow.py", *words, cwd=folder)
    assert done.returncode == code and message in done.stderr
