"""The page of a run as a file: its header without scripts, its policy, its size, and texts that try to be markup."""

from __future__ import annotations

import copy
import gzip
import html.parser
import json
from pathlib import Path
from typing import Any

import pytest

import flowc.pages.run_page as page
from flowc.pages.built import built
from tests.support.running import flowc

BAD = "</script><img src=x onerror=alert(1)><!--\u2028\u202e'\"&\ud800\x1b[31m"

DATA: dict[str, Any] = {
    "version": 1,
    "run": {
        "flow": "F", "run": "r1", "status": "failed", "started": 1796037077.0, "ended": 1796037089.5, "user": "ann",
        "target": "local", "script": "flow.py", "parameters": {"alpha": "0.5"}, "tags": ["a"], "system_tags": [],
    },
    "steps": [
        {"name": "start", "doc": "Begins.", "kind": "foreach", "over": "items", "decorators": ["@retry(times=1)"], "targets": [["end", ""]]},
        {"name": "end", "doc": "", "kind": "end", "over": "", "decorators": [], "targets": []},
    ],
    "tasks": {
        "t0": 1796037077000, "step": [["start", 2], ["end", 1]], "path": ["0", "1", "-"],
        "states": ["done", "reused", "failed", "retrying", "unfinished"], "state": "022",
        "begin": [0, 10, 5000], "duration": [10, 4000, 100], "attempts": [[1, 3]], "value": ["'x'", "'y'", ""],
    },
    "failures": {
        "1": [{"attempt": 0, "started": 1.0, "time": 30.0, "type": "ValueError", "message": "later", "traceback": "T1"}],
        "2": [{"attempt": 0, "started": 1.0, "time": 20.0, "type": "KeyError", "message": "first", "traceback": "T2"}],
    },
    "artifacts": {"kinds": [["x", "int", 5, "abc", "1"]], "of": {"0": [0]}},
    "logs": {"2/0": {"lines": [[1, 1, f"line {number}"] for number in range(30)], "cut": 0}},
    "cards": {"0": [{"type": "blank", "id": "one", "attempt": 0, "hash": "aa", "html": "<!DOCTYPE html><p>hi", "scripts": False}]},
    "left_out": [],
}  # fmt: skip


class Elements(html.parser.HTMLParser):
    """The elements of a page and its text, as a browser would see them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.data: dict[str, str] = {}
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._inside = f"{tag}#{dict(attrs).get('id')}"

    def handle_data(self, data: str) -> None:
        self.data[self._inside] = self.data.get(self._inside, "") + data


def test_the_header_can_be_read_without_scripts() -> None:
    text = page.html_of(DATA)
    head = text[text.index("<header") : text.index("</header>")]
    assert "✗ failed" in head and "3 tasks: 1 done, 2 failed" in head
    assert "2026-11-30 11:11:17 UTC" in head and "12 s" in head
    assert "KeyError: first" in head and "ValueError" not in head  # the failure that happened first
    assert "line 29" in head and "line 10" in head and "line 9\n" not in head  # the last 20 lines of its log
    assert "flowc resume flow.py --origin-run-id r1" in head
    body = text[text.index('<div id="app">') : text.index('id="data"')]
    assert "1 done, 1 failed" in body and "1 failed" in body


def test_the_same_data_gives_the_same_bytes() -> None:
    assert page.html_of(DATA) == page.html_of(copy.deepcopy(DATA))


def hostile(value: Any) -> Any:
    """Puts markup into every text of the data."""
    if isinstance(value, dict):
        return {key: hostile(item) for key, item in value.items()}
    if isinstance(value, list):
        return [hostile(item) for item in value]
    return value + BAD if isinstance(value, str) else value


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_no_text_becomes_markup(packed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    data = hostile(DATA)
    data["tasks"] = {**DATA["tasks"], "path": DATA["tasks"]["path"]}
    data["tasks"]["step"] = [[step + BAD, count] for step, count in DATA["tasks"]["step"]]
    data["run"]["status"] = "failed"
    monkeypatch.setattr(page, "_PACKED", 0 if packed else 1 << 30)
    seen, plain = Elements(page.html_of(data)), Elements(page.html_of(DATA))
    assert seen.tags == plain.tags and "img" not in seen.tags
    if not packed:
        assert json.loads(seen.data["script#data"])["run"]["user"] == "ann" + BAD


def test_the_policy_allows_the_pages_own_script_alone() -> None:
    policy = page._policy(DATA, "script")
    assert "default-src 'none'" in policy and "script-src 'sha256-" in policy and "trusted-types flowc-card" in policy
    assert "unsafe-eval" not in policy
    custom = copy.deepcopy(DATA)
    custom["cards"]["0"][0]["scripts"] = True  # its frame inherits the policy
    assert "script-src 'unsafe-inline'" in page._policy(custom, "script")
    for text in (policy, page._policy(custom, "script")):
        assert "http" not in text and "*" not in text and "connect-src" not in text


def test_script_and_style_are_small() -> None:
    packed = sum(len(gzip.compress(built(name).encode())) for name in ("page.js", "page.css"))
    assert packed < 90_000


def test_ten_thousand_tasks_take_less_than_400_kb() -> None:
    data = copy.deepcopy(DATA)
    count = 10_000
    data["tasks"] = {
        **data["tasks"], "step": [["start", count]], "path": [str(number) for number in range(count)], "state": "0" * count,
        "begin": [number * 37 for number in range(count)], "duration": [(number * 7919) % 5000 for number in range(count)],
        "attempts": [[1, count]], "value": [],
    }  # fmt: skip
    data |= {"failures": {}, "logs": {}, "cards": {}}
    assert len(page.html_of(data)) < 400_000
    assert len(page.data_element(data)) < 100_000


def test_the_commands_write_the_page(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(
        "from metaflow import FlowSpec, step\n\n\nclass F(FlowSpec):\n    @step\n    def start(self):\n"
        "        self.next(self.end)\n\n    @step\n    def end(self):\n        raise ValueError('boom')\n"
    )
    done = flowc("run", "flow.py", "--run-id", "r1", "--report", "out/at end.html", cwd=tmp_path, check=False)
    assert done.returncode == 1 and "its page: out/at end.html" in done.stdout
    flowc("report", "r1", cwd=tmp_path)
    assert (tmp_path / "F-r1.html").read_bytes() == (tmp_path / "out/at end.html").read_bytes()
    flowc("report", "F/r1", "-o", (tmp_path / "store").as_uri() + "/r1.html", cwd=tmp_path)
    refused = flowc("report", "r1/start", cwd=tmp_path, check=False)
    assert refused.returncode == 2 and "names a task" in refused.stderr
    refused = flowc("report", "nothing", cwd=tmp_path, check=False)
    assert refused.returncode == 1 and "there is no run 'nothing'" in refused.stderr
