"""Cards in a real browser: a hostile one makes no request, runs nothing outside its frame, and reaches nothing of the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim.cards.view.page import framed, html_of, in_notebook

from ..runtime_shim.cards.test_view import BLOCKS
from . import browser
from .canary import Canary, hostile, listening

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
    found = browser.run(Path(__file__).with_name("card_pages.py"), str(tmp_path))
    assert canary.calls == []
    for name, seen in found.items():
        assert (
            seen["answers"] == []
            and seen["dialogs"] == []
            and seen["popups"] == 0
            and seen["ran"] == []
            and seen["url"]
        ), (name, seen)
        assert seen["wide"] <= 0, name
    assert found["gentle"]["frames"] == ["2"]  # scripts of a custom type run, in their frame
    assert any("not run" in each for each in found["drawn"]["frames"])  # those of a component do not
