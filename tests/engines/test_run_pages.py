"""The page of a run in a real browser: every view by mouse and keys, hostile texts, people's needs, very many tasks, and its build."""

from __future__ import annotations

import copy
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import flowc.pages.run_page as page
from tests.flowc.pages import test_run_data
from tests.flowc.pages.test_run_page import BAD, DATA, hostile
from tests.support.running import flowc, until

from . import browser
from .canary import Canary, listening
from .canary import hostile as hostile_html
from .kubernetes.build import debian
from .object_stores import from_npm

pytestmark = [pytest.mark.engine, pytest.mark.slow]
SCRIPT = Path(__file__).with_name("run_pages.py")
UI = Path(page.__file__).parent / "ui"


@pytest.fixture
def canary() -> Iterator[Canary]:
    with listening() as one:
        yield one


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    (folder / "flow.py").write_text(test_run_data.FLOW)
    trap = {"TRAP": str(folder / "sprung")}
    flowc("run", "flow.py", "--run-id", "bad", "--fails", "True", "--report", "bad.html", cwd=folder, env=trap)
    return folder / "bad.html"


def test_a_walk_by_mouse_and_keys(report: Path) -> None:
    seen = browser.run(SCRIPT, "walk", str(report))
    assert seen["errors"] == [] and seen["requests"] == [] and seen["dialogs"] == []
    assert seen["nodes"] == ["start", "body", "join", "end"]
    assert len(seen["rows"]) == 4 and seen["opened rows"] == 3 and seen["zoomed"]
    assert (seen["tasks"], seen["failed"], seen["found"]) == ("6 tasks", "1 of 6 tasks", "1 of 6 tasks")
    assert seen["failed link"] == "#/tasks?state=failed"
    assert seen["task"] == "✓ done body/1" and seen["attempts"] == ["✗ attempt 0", "✓ attempt 1"]
    assert seen["failure"] == "ValueError: first attempt of b" and seen["attempt link"] == "#/task/body/1?attempt=0"
    assert seen["hits"] == "1 of 2" and seen["wrapped"] == 1 and seen["back"] == "#/tasks?step=body"
    assert seen["first failure"] == "✗ failed end" and seen["help"] == 1
    assert len(seen["sorted"]) == 6
    assert seen["csv"][0] == '"step","path","item","state","attempts","started","duration"' and len(seen["csv"]) == 7
    assert "made" in seen["card"] and seen["card origin"] == "null"
    assert "no task" in seen["no task"]
    assert [title.replace("\u00a0", " ").split() for title in seen["cards"]] == [["✓", "start", "blank", "one"]]
    assert seen["cards of body"] == "0 cards"
    assert seen["line"] == "2" and "ValueError" in seen["linked"] and "+0.000 s" in seen["relative"]


def hostile_pages(canary: Canary, folder: Path) -> tuple[Path, Path]:
    """Writes pages of a run whose every text tries to get out: with a card of flowc's, and with one of a custom type."""
    data: dict[str, Any] = hostile(copy.deepcopy(DATA))
    markup = f"<img src={canary.url}/x onerror='window.ran=1'><script>window.ran=1</script>{BAD}"
    data["tasks"] = {**DATA["tasks"], "step": [["start", 2], ["end", 1]], "value": [markup] * 3}
    data["steps"] = [{**step, "doc": markup} for step in DATA["steps"]]
    data["logs"] = {
        "2/0": {
            "lines": [[1, 1, markup + f"\x1b]8;;{canary.url}/osc\x07link\x1b]8;;\x07"], [2, 0, "x" * 1_000_000]],
            "cut": 0,
        }
    }
    data["failures"]["2"][0]["message"] = markup
    data["cards"] = {
        "0": [
            {
                "type": "blank",
                "id": None,
                "attempt": 0,
                "hash": "a",
                "html": "<!DOCTYPE html>" + hostile_html(canary.url),
                "scripts": False,
            }
        ]
    }
    data["run"]["status"] = "failed"
    strict = folder / "strict.html"
    strict.write_text(page.html_of(data), encoding="utf-8")
    data["cards"]["0"][0]["scripts"] = True
    loose = folder / "loose.html"
    loose.write_text(page.html_of(data), encoding="utf-8")
    return strict, loose


def test_hostile_texts_run_nothing_and_ask_for_nothing(canary: Canary, tmp_path: Path) -> None:
    strict, loose = hostile_pages(canary, tmp_path)
    for file, runs in ((strict, False), (loose, True)):
        seen = browser.run(SCRIPT, "looked", str(file))
        assert seen["ran"] is None and seen["images"] == 0 and seen["dialogs"] == [], file
        assert canary.calls == [], file
        assert not seen["frames"] or ("not run" in seen["frames"][0]) is not runs, file


VIEWS = ("#/", "#/tasks", "#/cards", "#/task/body/1?attempt=0", "#/task/start/-")
SHARED = """
from metaflow import FlowSpec, step


class Shared(FlowSpec):
    \"\"\"Has a step in a container with another, and items that share containers.\"\"\"

    @step
    def start(self):
        self.items = list(range(4))
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_people_with_keyboards_readers_and_small_screens(report: Path) -> None:
    """All views of a written page, of one with containers of several tasks, of a flow's, and those that are served."""
    script = from_npm("axe-core", "4.14.1") / "node_modules" / "axe-core" / "axe.min.js"
    folder = report.parent
    (folder / "shared.py").write_text(SHARED)
    flowc("run", "shared.py", "--optimize", "--run-id", "s", "--report", "shared.html", "-q", cwd=folder, check=True)
    (folder / "flow.html").write_text(flowc("show", "flow.py", "--format", "html", cwd=folder, check=True).stdout)
    urls = [report.as_uri() + view for view in VIEWS]
    urls += [(folder / "shared.html").as_uri() + view for view in ("#/tasks", "#/task/body/1")]
    urls.append((folder / "flow.html").as_uri())
    ui = subprocess.Popen([sys.executable, "-m", "flowc", "ui"], cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        assert ui.stdout is not None
        server, _, token = ui.stdout.readline().rpartition(" ")[2].strip().partition("#token=")
        pages = ("", "compare?run=F/bad&run=Shared/s", "compare?run=F/bad&run=F/bad", "run/F/bad")
        urls += [f"{server}{page}#token={token}" for page in pages]
        urls.append(f"{server}run/F/bad#token={token}#/cards")
        seen = browser.run(SCRIPT, "axe", str(report), str(script), *urls)
    finally:
        ui.send_signal(signal.SIGINT)
        ui.communicate(timeout=60)
    assert seen["violations"] == []
    assert len(seen["wide"]) == len(urls) and all(wide <= 0 for wide in seen["wide"].values()), seen["wide"]


def test_the_keyboard_alone_reaches_everything(report: Path) -> None:
    seen = browser.run(SCRIPT, "keyed", str(report))
    assert seen["errors"] == []
    overview = seen["#/"]
    for name in ("Overview", "Tasks", "Cards", "keys", "Graph of the steps", "Timeline", "Zoom in", "Steps"):
        assert any(name == reached or reached.startswith(name) for reached in overview), (name, overview)
    assert any("body" in name and "3" in name for name in overview)  # opens the step's tasks
    assert (
        "Tasks" in seen["#/tasks"] and "CSV" in seen["#/tasks"] and any("duration" in name for name in seen["#/tasks"])
    )
    task = seen["#/task/body/1?attempt=0"]
    for name in ("attempt 0", "attempt 1", "regex", "wrap", "copy", "download", "Log of", "Artifacts"):
        assert any(name in reached for reached in task), (name, task)
    assert any("Card blank one" in name or name == "blank one" for name in seen["#/task/start/-"])
    assert any(name == "start" for name in seen["#/cards"])
    assert seen["opened"] == 3 and seen["zoomed"] and seen["whole"] and seen["task"] == "✓ done body/1"


def test_a_hundred_thousand_tasks_can_be_looked_through(tmp_path: Path) -> None:
    count = 100_000
    data = copy.deepcopy(DATA)
    data["tasks"] = {
        **data["tasks"], "step": [["start", count]], "path": [str(number) for number in range(count)], "state": "0" * count,
        "begin": [number * 37 for number in range(count)], "duration": [(number * 7919) % 5000 for number in range(count)],
        "attempts": [[1, count]], "value": [],
    }  # fmt: skip
    data |= {"failures": {}, "logs": {}, "cards": {}}
    file = tmp_path / "large.html"
    file.write_text(page.html_of(data), encoding="utf-8")
    assert file.stat().st_size < 1_500_000
    seen = browser.run(SCRIPT, "large", str(file))
    assert seen["errors"] == [] and seen["tasks"] == "100,000 tasks" and seen["last"] == "99999"
    assert seen["elements"] < 1500  # only the rows in view are elements


LIVE = """
import os
import time

from metaflow import FlowSpec, step


class F(FlowSpec):
    @step
    def start(self):
        while not os.path.exists("go on"):
            time.sleep(0.1)
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_the_pages_that_are_served_follow_a_run(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(test_run_data.FLOW)
    (tmp_path / "live.py").write_text(LIVE)
    trap = {"TRAP": str(tmp_path / "sprung")}
    flowc("run", "flow.py", "--run-id", "one", cwd=tmp_path, env=trap, check=True)
    flowc("run", "flow.py", "--run-id", "two", "--fails", "True", cwd=tmp_path, env=trap)
    command = [sys.executable, "-m", "flowc"]
    live = subprocess.Popen([*command, "run", "live.py", "--run-id", "live", "-q"], cwd=tmp_path)
    ui = subprocess.Popen([*command, "ui"], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    try:
        assert ui.stdout is not None
        url = ui.stdout.readline().rpartition(" ")[2].strip()
        until(lambda: (tmp_path / ".flowc/F/runs/live/run.json").exists(), "the run has begun")
        seen = browser.run(SCRIPT, "served", url, str(tmp_path))
        assert live.wait(60) == 0
    finally:
        for process in (ui, live):
            process.send_signal(signal.SIGINT)
            process.wait(60)
        if ui.stdout is not None:
            ui.stdout.close()
    assert ui.returncode == 0
    assert seen["errors"] == []
    assert seen["address"] == ""  # the token has left the address
    assert seen["runs"] == ["live", "two", "one"] and seen["found"] == ["two"]
    assert {"status", "fails", "body"} <= set(seen["differs"]) and "target" not in seen["differs"]
    assert seen["compared"] == "start blank one" and sorted(seen["beside"]) == ["one", "two"]
    assert "running" in seen["status before"] and seen["tasks before"].startswith(("0 ", "1 "))
    assert seen["tasks after"] == "2 tasks" and seen["where after"] == "#/tasks"
    assert "first attempt of b" in seen["log"] and "made" in seen["card"] and seen["card origin"] == "null"
    assert "token" in seen["stranger"]


LONG = """
from metaflow import FlowSpec, step


class F(FlowSpec):
    @step
    def start(self):
        for number in range(1, 50_001):
            print(f"line {number}", "needle" * (number % 20_000 == 10_000))
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_a_search_finds_what_the_page_of_a_long_log_lacks(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(LONG)
    flowc("run", "flow.py", "--run-id", "one", "-q", cwd=tmp_path, check=True)
    ui = subprocess.Popen([sys.executable, "-m", "flowc", "ui"], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    try:
        assert ui.stdout is not None
        seen = browser.run(SCRIPT, "searched", ui.stdout.readline().rpartition(" ")[2].strip())
    finally:
        ui.send_signal(signal.SIGINT)
        ui.communicate(timeout=60)
    assert seen["errors"] == [] and seen["lines"] == seen["at the end"] == "20001 lines"  # one says what is left out
    assert seen["found"] == "3 in the whole log"
    assert [text.replace("line", " ").split() for text in seen["hits"]] == [
        [str(number), str(number), "needle"] for number in (10_000, 30_000, 50_000)
    ]
    assert seen["chosen"].replace("line", " ").split() == ["30000", "30000", "needle"] and seen["in view"]
    around = {text.partition("line")[0].strip() for text in seen["around"]}
    assert {"29999", "30000", "30001"} < around and seen["again"] == 3


CARDED = """
from metaflow import FlowSpec, card, current, step
from metaflow.cards import Markdown, MetaflowCard, VegaChart

SPEC = {
    "title": "A loss", "mark": "line", "data": {"values": [{"x": 1, "y": 2}, {"x": 2, "y": 1}]},
    "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "quantitative"}},
}


class Own(MetaflowCard):
    type = "own"

    def render(self, task):
        return "<!DOCTYPE html><body style='margin: 0'><div style='height: 300px'>300 pixels</div></body>"


class F(FlowSpec):
    @card(type="blank", id="low")
    @card(type="blank", id="high")
    @card(type="blank", id="chart")
    @card(type="blank", id="bare")
    @card(type="own")
    @step
    def start(self):
        current.card["low"].append(Markdown("one line"))
        current.card["high"].append(Markdown("a line\\n\\n" * 200))
        current.card["chart"].append(VegaChart(SPEC, show_controls=True))
        current.card["bare"].append(VegaChart(SPEC))
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize("own", [True, False], ids=["with a custom type", "flowc's own"])
def test_frames_are_as_high_as_their_cards_and_charts_have_a_menu(own: bool, tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(CARDED if own else CARDED.replace('    @card(type="own")\n', ""))
    flowc("run", "flow.py", "--report", "r.html", "-q", cwd=tmp_path, check=True)
    seen = browser.run(SCRIPT, "cards", str(tmp_path / "r.html"), "#/task/start/-")
    assert seen["errors"] == [] and seen["requests"] == []
    low, high, chart, bare, *custom = seen["heights"]
    assert 40 <= low < 150 and high == pytest.approx(seen["most"], abs=3) and 150 < bare < chart
    assert custom == ([300] if own else [])
    assert [height for height, content in zip(seen["heights"], seen["contents"]) if content > height + 1] == [high]
    assert [len(menu) for menu in seen["menus"]] == [0, 0, 3, 0, 0][: len(seen["menus"])]
    assert seen["saved"] == {"A-loss.svg": b"<svg xml".hex(), "A-loss.png": "89504e470d0a1a0a"}
    assert '"marks"' in seen["compiled"]


def test_the_page_of_a_flow_leads_from_its_graph_to_its_steps(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(test_run_data.FLOW)
    (tmp_path / "flow.html").write_text(flowc("show", "flow.py", "--format", "html", cwd=tmp_path, check=True).stdout)
    seen = browser.run(SCRIPT, "flow", str(tmp_path / "flow.html"))
    assert seen["errors"] == [] and seen["requests"] == [] and seen["nodes"] == ["start", "body", "join", "end"]
    assert seen["where"] == "#step-body" and seen["target"] == "body"


def test_the_built_files_are_what_the_sources_give(tmp_path: Path) -> None:
    if not shutil.which("npm"):
        debian(["nodejs", "npm"])
    copied = tmp_path / "ui"
    shutil.copytree(UI, copied, ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=copied, check=True)
    subprocess.run(["npm", "run", "--silent", "build"], cwd=copied, check=True)
    for name in ("page.js", "page.css", "charts.js", "LICENSES.txt"):
        assert (tmp_path / "dist" / name).read_bytes() == (UI.parent / "dist" / name).read_bytes(), (
            f"run `make ui`: {name}"
        )
