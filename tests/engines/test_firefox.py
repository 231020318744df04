"""The pages in Firefox: they work as in Chromium, complain about nothing, and let nothing of a hostile run out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flowc.runtime_shim.cards.view.page import framed, with_charts
from flowc.runtime_shim.cards.view.page import html_of as card_page

from flowc.pages.built import built
from tests.flowc.pages import test_run_data
from tests.support.running import flowc

from .canary import hostile, listening
from .firefox import Firefox
from .test_card_pages import CHART
from .test_run_pages import hostile_pages

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.nightly]
TEXTS = "[...document.querySelectorAll({!r})].map((element) => element.textContent)"


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    with Firefox(tmp_path_factory.mktemp("firefox")) as started:
        yield started


def texts(firefox: Firefox, selector: str) -> list[str]:
    found: list[str] = firefox.value(TEXTS.format(selector))
    return found


def test_the_page_of_a_run(firefox: Firefox, tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(test_run_data.FLOW)
    trap = {"TRAP": str(tmp_path / "sprung")}
    flowc("run", "flow.py", "--run-id", "bad", "--fails", "True", "--report", "bad.html", cwd=tmp_path, env=trap)
    url = (tmp_path / "bad.html").as_uri()
    firefox.go(url)
    firefox.until("document.querySelector('nav[aria-label=Views] ~ main')")
    assert texts(firefox, ".graph .node .name") == ["start", "body", "join", "end"]
    assert len(texts(firefox, ".timeline > .row > .label")) == 4
    firefox.value("location.hash = '#/tasks?state=failed'")
    assert firefox.until("document.querySelector('form [role=status]')?.textContent") == "1 of 6 tasks"
    firefox.value("location.hash = '#/task/body/1?attempt=0'")
    failure = firefox.until("document.querySelector('article .failure h3')?.textContent")
    assert failure == "ValueError: first attempt of b"
    assert [text[2:] for text in texts(firefox, ".tabs a")] == ["attempt 0", "attempt 1"]
    firefox.press("w")
    firefox.until("document.querySelectorAll('.log.wrap').length")
    firefox.value("location.hash = '#/task/start/-'")
    firefox.until("document.querySelector('iframe')")
    time.sleep(1)
    assert "made" in firefox.in_frame(0, "document.body.innerText")
    assert firefox.in_frame(0, "self.origin") == "null"
    assert firefox.complaints("bad.html") == []


def test_charts(firefox: Firefox, tmp_path: Path) -> None:
    page = card_page(
        {"metadata": {}, "components": [{"type": "vegaChart", "spec": CHART}]}, "c", lambda: built("charts.js")
    )
    (tmp_path / "charts.html").write_text(with_charts(page, built("charts.js")), encoding="utf-8")
    firefox.go((tmp_path / "charts.html").as_uri())
    assert firefox.until("document.querySelectorAll('.drawn svg').length") == 1
    assert firefox.complaints("charts.html") == []


def test_nothing_of_a_hostile_run_gets_out(firefox: Firefox, tmp_path: Path) -> None:
    with listening() as canary:
        strict, loose = hostile_pages(canary, tmp_path)
        custom = tmp_path / "custom.html"
        custom.write_text(framed(hostile(canary.url), "custom"), encoding="utf-8")
        for file in (strict, loose):
            for fragment in ("#/", "#/tasks", "#/task/start/0", "#/task/end/2"):
                firefox.go(file.as_uri() + fragment)
                firefox.until("document.querySelector('nav[aria-label=Views] ~ main')")
                time.sleep(1)
                assert firefox.value("window.ran ?? null") is None and firefox.value("document.images.length") == 0
        firefox.go(custom.as_uri())
        time.sleep(2)
        assert firefox.value("location.href") == custom.as_uri() and firefox.value("window.ran ?? null") is None
        assert canary.calls == []
    assert firefox.complaints("custom.html")  # its policy has stopped what the card tried
