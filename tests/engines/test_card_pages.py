"""Cards in a real browser: a hostile one makes no request, runs nothing outside its frame, and reaches nothing of the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim import client
from flowc.runtime_shim.cards.client import get_cards
from flowc.runtime_shim.cards.view.page import framed, html_of, in_notebook, with_charts

from flowc.pages.built import built
from tests.support.running import run

from ..runtime_shim.cards.test_view import BLOCKS
from . import browser
from .canary import Canary, hostile, listening
from .object_stores import from_npm

pytestmark = [pytest.mark.engine, pytest.mark.slow]


@pytest.fixture
def canary() -> Iterator[Canary]:
    with listening() as one:
        yield one


def test_a_hostile_card_gets_nothing_out(canary: Canary, tmp_path: Path) -> None:
    blocks: list[Any] = [*BLOCKS, {"type": "html", "data": hostile(canary.url)}]
    blocks += [
        {
            "type": "markdown",
            "source": f"![a]({canary.url}/md) <img src={canary.url}/raw> [x](javascript:fetch('{canary.url}/js'))",
        },
        {
            "type": "image",
            "src": f"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><image href='{canary.url}/in-svg'/></svg>",
            "label": "x",
        },
        {"type": "vegaChart", "spec": {"data": {"url": f"{canary.url}/vega"}}},
    ]
    page = html_of(
        {
            "metadata": {"pathspec": "F/r/start/start"},
            "components": [{"type": "page", "title": "T", "contents": blocks}],
        }
    )
    custom = framed(hostile(canary.url), "custom")
    (tmp_path / "drawn.html").write_text(page, encoding="utf-8")
    (tmp_path / "custom.html").write_text(custom, encoding="utf-8")
    notebook = in_notebook(page, "drawn", False) + in_notebook(custom, "custom", True)
    (tmp_path / "notebook.html").write_text(f"<!DOCTYPE html><title>Notebook</title>{notebook}", encoding="utf-8")
    gentle = "<p id='p'>not run</p><script>document.getElementById('p').textContent = eval('1 + 1')</script>"
    (tmp_path / "gentle.html").write_text(framed(gentle, "gentle"), encoding="utf-8")
    pages = browser.run(Path(__file__).with_name("card_pages.py"), str(tmp_path))
    assert canary.calls == []
    for name, seen in pages.items():
        assert (
            seen["answers"] == []
            and seen["dialogs"] == []
            and seen["popups"] == 0
            and seen["ran"] == []
            and seen["url"]
        ), (name, seen)
        assert seen["wide"] <= 0, name
    assert pages["gentle"]["frames"] == ["2"]  # scripts of a custom type run, in their frame
    assert any("not run" in each for each in pages["drawn"]["frames"])  # those of a component do not


CHART = {
    "$schema": "https://vega.github.io/schema/vega-lite/v5.json", "title": "Loss", "width": "container",
    "data": {"values": [{"x": 1, "y": 2}, {"x": 2, "y": 1}]}, "mark": {"type": "line", "tooltip": True},
    "transform": [{"calculate": "datum.y * 2 + (datum.x > 1 ? 1 : 0)", "as": "z"}],
    "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "z", "type": "quantitative"}},
}  # fmt: skip


def test_charts_are_drawn_without_eval_and_without_a_network(canary: Canary, tmp_path: Path) -> None:
    escape = {"calculate": "'</script><img src=x onerror=alert(1)>'", "as": "t"}
    charts: list[Any] = [
        CHART,
        {**CHART, "data": {"url": f"{canary.url}/data.json"}},
        {**CHART, "transform": [escape], "mark": {"type": "image", "url": f"{canary.url}/mark.png"}},
        {**CHART, "transform": [{"calculate": "constructor.constructor('alert(1)')()", "as": "z"}]},
        {"$schema": "https://vega.github.io/schema/vega/v5.json", "width": 50, "height": 50, "marks": [
            {"type": "rect", "encode": {"enter": {"width": {"value": 20}, "height": {"value": 20}, "href": {"value": "javascript:alert(1)"}}}}
        ]},
        {"mark": 7},
    ]  # fmt: skip
    blocks = [{"type": "vegaChart", "spec": spec} for spec in charts]
    nested = {"type": "table", "columns": ["a"], "data": [[{"type": "vegaChart", "spec": CHART}]]}
    page = html_of({"metadata": {}, "components": [*blocks, nested]}, "charts", lambda: built("charts.js"))
    assert "unsafe" not in page[: page.index("<title>")].replace("style-src 'unsafe-inline'", "")
    (tmp_path / "charts.html").write_text(with_charts(page, built("charts.js")), encoding="utf-8")
    (tmp_path / "plain.html").write_text(html_of({"metadata": {}, "components": blocks}), encoding="utf-8")
    pages = browser.run(Path(__file__).with_name("card_pages.py"), str(tmp_path))
    assert canary.calls == []
    for seen in pages.values():
        assert seen["dialogs"] == [] and seen["errors"] == [] and seen["answers"] == [] and seen["wide"] <= 0
    assert pages["charts"]["charts"][0] >= 4  # two of the hostile ones cannot be drawn, and say so
    assert pages["plain"]["charts"] == [0]


REAL = """
from metaflow import FlowSpec, card, current, retry, step
from metaflow.cards import *

PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c020000000b4944415478da63fcff1f0002eb01f5"
    "8f505b5d0000000049454e44ae426082")


class F(FlowSpec):
    @card(id="whole")
    @card(type="blank", id="parts", options={"title": "Parts"})
    @card(type="blank", id="empty")
    @card(type="no_such")
    @card(type="test_pathspec_card")
    @step
    def start(self):
        self.values = {"a": [1, 2.5, None], "b": "<b>"}
        self.picture = PNG
        parts = current.card["parts"]
        text = "# One\\n\\ntext with `code`, **bold**, [a link](https://example.com)\\n\\n## Two\\n\\n- a\\n- [x] done\\n"
        parts.append(Markdown(text + "\\n| a | b |\\n|---|---|\\n| 1 | 2 |\\n\\n```python\\nx = 1  # note\\n```\\n\\n> quoted\\n"))
        parts.append(Table([[1, Markdown("*in*"), ProgressBar(3, value=1)], [True, None, "x"]], headers=["a", "b", "c"]))
        parts.append(Image(PNG, label="a picture"))
        parts.append(Image(PNG))
        parts.append(Image(b"no picture"))
        parts.append(Artifact(self.values, name="values"))
        parts.append(Artifact(self.values))
        parts.append(ProgressBar(10, "work", 3, "it", "3 of 10"))
        parts.append(ProgressBar(10, value=3))
        for theme in ("default", "success", "warning", "danger", "bg-gradient-indigo-purple"):
            parts.append(ValueBox("Title", 12345.6, "subtitle", theme, "+5 %"))
        parts.append(VegaChart({"mark": "bar", "data": {"values": [{"a": 1}]}, "encoding": {"x": {"field": "a"}}}))
        parts.append(PythonCode(code_string="def f(x):\\n    return x  # note"))
        parts.append(Error(ValueError("wrong"), "an error"))
        events = EventsTimeline("Events")
        for theme in ("default", "success", "warning", "error", "info", "primary", "secondary", "tool_call", "ai_response"):
            events.update({"what": theme}, theme, "high", {"more": Markdown("x"), "json": JSONViewer({"a": 1})})
        parts.append(events)
        parts.append(JSONViewer({"a": [1, 2]}, title="data"))
        parts.append(YAMLViewer({"a": [1, 2]}))
        self.next(self.fails)

    @card(type="blank")
    @retry(times=1)
    @step
    def fails(self):
        current.card.append(Markdown("before"))
        if current.retry_count == 0:
            raise ValueError("once")
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a folder with the pages of all cards of a run that uses every component."""
    folder = tmp_path_factory.mktemp("real")
    (folder / "flow.py").write_text(REAL)
    run(folder / "flow.py", folder / "store")
    client.metadata(f"local@{folder / 'store'}")
    client.namespace(None)
    cards = [*get_cards("F/r/start/start"), *get_cards("F/r/fails/fails")]
    (folder / "pages").mkdir()
    for number, card in enumerate(cards):
        (folder / "pages" / f"{number}-{card.id or card.type}-{card.attempt}.html").write_text(card.page(), "utf-8")
    return folder / "pages"


def test_people_can_read_cards_in_both_themes(real: Path) -> None:
    script = from_npm("axe-core", "4.14.1") / "node_modules" / "axe-core" / "axe.min.js"
    pages = browser.run(Path(__file__).with_name("card_pages.py"), str(real), str(script))
    assert len(pages) == 7
    for name, seen in pages.items():
        assert seen["violations"] == [] and seen["errors"] == [] and seen["answers"] == [] and seen["wide"] <= 0, name
