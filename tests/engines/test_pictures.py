"""Cards and run pages look as they did when somebody last looked at them, in both themes.

`python -m tests.engines.test_pictures` takes the reference pictures (`pictures/`) again: look at them before you commit
them. Their texts are boxes, since fonts differ between machines (`pictures/blocks.ttf`), and they have a quarter of the
pages' size. The command also writes the picture of `docs/cards.md`, with real texts.
"""

from __future__ import annotations

import base64
import copy
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim.cards.view.page import html_of as card_page

from flowc.pages.run_page import html_of
from tests.flowc.pages.test_run_page import DATA
from tests.support.running import flowc

from . import browser

SCRIPT = Path(__file__).with_name("picture_pages.py")
FOLDER = Path(__file__).with_name("pictures")
FONT = FOLDER / "blocks.ttf"
GALLERY = Path(__file__).parents[2] / "examples" / "cards.py"
SHOWN = Path(__file__).parents[2] / "docs" / "pictures" / "cards.png"
MOST = 0.005  # the part of a picture that may differ
SCHEMES = ("light", "dark")
STATES = {"done": "0", "reused": "1", "failed": "2", "retrying": "3", "unfinished": "4"}


def run_data() -> dict[str, Any]:
    """Returns a run with tasks in every state, always the same."""
    data = copy.deepcopy(DATA)
    body = "done done done reused reused failed done retrying unfinished done done done".split()
    states = ["done", *body, "unfinished"]
    data["steps"] = [
        {"name": "start", "doc": "Reads the wines.", "kind": "foreach", "over": "vineyards", "decorators": ["@card"], "targets": [["train", ""]]},
        {"name": "train", "doc": "Fits one model.", "kind": "linear", "over": "", "decorators": ["@retry(times=1)"], "targets": [["choose", ""]]},
        {"name": "choose", "doc": "", "kind": "join", "over": "", "decorators": [], "targets": [["report", "'good'"], ["end", "'bad'"]]},
        {"name": "report", "doc": "", "kind": "linear", "over": "", "decorators": [], "targets": [["end", ""]]},
        {"name": "end", "doc": "", "kind": "end", "over": "", "decorators": [], "targets": []},
    ]  # fmt: skip
    data["tasks"] = {
        **data["tasks"],
        "step": [["start", 1], ["train", len(body)], ["choose", 1]],
        "path": ["-", *map(str, range(len(body))), "-"],
        "state": "".join(STATES[state] for state in states),
        "begin": [0, *(900 + 350 * number for number in range(len(body))), None],
        "duration": [800, *(None if state == "unfinished" else 1200 + 90 * number for number, state in enumerate(body)), None],
        "attempts": [[1, 6], [2, 1], [1, 1], [2, 1], [1, 5]],
        "value": ["", *(f"'vineyard {number}'" for number in range(len(body))), ""],
    }  # fmt: skip
    failure = {"started": 1796037079.0, "time": 1796037081.0, "type": "ValueError", "message": "a wine without a year"}
    trace = 'Traceback (most recent call last):\n  File "flow.py", line 17, in train\n    raise ValueError(wine)\n'
    failed = [{**failure, "attempt": attempt, "traceback": trace} for attempt in (0, 1)]
    data["failures"] = {"6": failed, "8": failed[:1]}
    lines = [
        [1796037079000 + number, number % 5 == 4, f"epoch {number}: \x1b[32mloss\x1b[0m {100 - number}"]
        for number in range(40)
    ]
    data["logs"] = {"6/1": {"lines": lines, "cut": 0}}
    data["artifacts"] = {
        "kinds": [
            ["wines", "list", 12_345, "abcdefabcdef", "['Merlot', …"],
            ["alpha", "float", 21, "123412341234", "0.5"],
        ],
        "of": {"0": [0, 1]},
    }
    card = card_page(
        {
            "metadata": {},
            "components": [{"type": "markdown", "source": "# Wines\n\n| grape | wines |\n|---|---|\n| Merlot | 59 |"}],
        },
        "c",
    )
    data["cards"] = {
        "0": [{"type": "blank", "id": "wines", "attempt": 0, "hash": "aa", "html": card, "scripts": False}]
    }
    data["left_out"] = ["2 cards, for size; `flowc card get r1/STEP/PATH` writes one"]
    return data  # fmt: skip


BASICS: list[dict[str, Any]] = [
    {"type": "title", "text": "F/r/start/start"},
    {"type": "page", "title": "Task Info", "contents": [
        {"type": "section", "title": "Task Metadata", "contents": [{"type": "table", "vertical": True, "columns": ["Task Created On", "Tags", "Attempt"], "data": [["2026-11-30 11:11:17", "user:ann", 0]]}]},
        {"type": "section", "title": "Image Data", "columns": 2, "contents": [{"type": "log", "data": "[IMAGE_RENDER FAIL]: it is no picture"}, {"type": "text", "text": "text"}]},
        {"type": "section", "title": "DAG", "contents": [{"type": "dag", "current": "start", "data": {"steps": {"start": {"type": "linear", "next": ["end"], "doc": "Begins."}, "end": {"type": "end", "next": [], "doc": ""}}}}]},
        {"type": "html", "data": "<div style='height: 9rem; background: #79b'></div>"}, {"type": "unknown", "key": [1, 2]},
    ]},
]  # fmt: skip


def pages(folder: Path) -> list[dict[str, Any]]:
    """Writes the pages into the folder; returns what to take pictures of: name, url, what to wait for, width."""
    (folder / "run.html").write_text(html_of(run_data()), encoding="utf-8")
    failed = {"metadata": {"failure": "Traceback (most recent call last):\nValueError: no wine"}, "components": BASICS}
    (folder / "basics.html").write_text(card_page(failed, "basics"), encoding="utf-8")
    (folder / "flow.html").write_text(shown_flow(folder), encoding="utf-8")
    gallery(folder)
    run, view = (folder / "run.html").as_uri(), "nav[aria-label=Views] ~ main"
    return [
        {"name": "run-overview", "url": run, "wait": view, "width": 1100},
        {"name": "run-overview-small", "url": run, "wait": view, "width": 360},
        {"name": "run-tasks", "url": f"{run}#/tasks", "wait": "[role=grid]", "width": 1100},
        {"name": "run-failed-task", "url": f"{run}#/task/train/5", "wait": ".log", "width": 1100},
        {"name": "run-card", "url": f"{run}#/task/start/-", "wait": "iframe[style*=height]", "width": 1100},
        {"name": "flow", "url": (folder / "flow.html").as_uri(), "wait": ".graph a", "width": 1100},
        {"name": "card-basics", "url": (folder / "basics.html").as_uri(), "wait": "main", "width": 800},
        {"name": "card-gallery", "url": (folder / "gallery.html").as_uri(), "wait": ".chart svg", "width": 800},
    ]


def shown_flow(folder: Path) -> str:
    shutil.copy(GALLERY.with_name("hello.py"), folder / "hello.py")
    return flowc("show", "hello.py", "--format", "html", cwd=folder, check=True).stdout


def gallery(folder: Path) -> None:
    """Writes the card with every component, made by a run of `examples/cards.py`, to `gallery.html`."""
    shutil.copy(GALLERY, folder / "cards.py")
    store = ("--store", "store")
    flowc("run", "cards.py", "--run-id", "cards", *store, cwd=folder, check=True)
    flowc("card", "get", "cards/start", "--id", "gallery", "-o", "gallery.html", *store, cwd=folder, check=True)


def taken(wanted: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    (folder / "wanted.json").write_text(json.dumps(wanted))
    results: dict[str, Any] = browser.run(SCRIPT, str(folder / "wanted.json"), str(FONT))
    return results


def in_both_themes(wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**one, "name": f"{one['name']}-{scheme}", "scheme": scheme} for one in wanted for scheme in SCHEMES]


def reference(name: str) -> str:
    return base64.b64encode((FOLDER / f"{name}.png").read_bytes()).decode()


@pytest.mark.engine
@pytest.mark.slow
def test_pages_look_as_they_did(tmp_path: Path) -> None:
    wanted = [{**one, "reference": reference(one["name"])} for one in in_both_themes(pages(tmp_path))]
    assert {path.stem for path in FOLDER.glob("*.png")} == {one["name"] for one in wanted}
    changed = {}
    for name, result in taken(wanted, tmp_path).items():
        if result["compared"]["differ"] > MOST:
            (tmp_path / f"{name}.png").write_bytes(base64.b64decode(result["picture"]))
            changed[name] = result["compared"]
    assert not changed, f"look at {tmp_path}, then run `python -m {__name__}` if it should be so"


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "scheme", "css"),
    [
        ("run-overview", "light", ".graph .box { fill: #c33 }"),
        ("run-failed-task", "dark", ".failure { display: none }"),
        ("run-tasks", "light", ".line { height: 36px !important }"),
        ("card-gallery", "dark", ":root { --text: #16181c !important }"),
        ("card-gallery", "light", ".drawn { display: none }"),
        ("card-basics", "light", "th { padding: 1rem }"),
    ],
)
def test_a_change_that_people_would_see_is_found(name: str, scheme: str, css: str, tmp_path: Path) -> None:
    one = next(one for one in in_both_themes(pages(tmp_path)) if one["name"] == f"{name}-{scheme}")
    result = taken([{**one, "css": css, "reference": reference(one["name"])}], tmp_path)[one["name"]]
    assert result["compared"]["differ"] > MOST


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for old in FOLDER.glob("*.png"):
            old.unlink()
        for name, result in taken(in_both_themes(pages(folder)), folder).items():
            (FOLDER / f"{name}.png").write_bytes(base64.b64decode(result["picture"]))
            print(FOLDER / f"{name}.png")
        one = {"name": "docs", "scheme": "light", "url": (folder / "gallery.html").as_uri(), "wait": ".chart svg"}
        picture = taken([{**one, "width": 800, "is_whole": True}], folder)["docs"]["picture"]
        SHOWN.parent.mkdir(exist_ok=True)
        SHOWN.write_bytes(base64.b64decode(picture))


if __name__ == "__main__":
    main()
