"""The example with every component of cards works, and its page of the documentation is up to date."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from flowc.runtime_shim import cards
from flowc.runtime_shim.cards.components import UserComponent

from tests.support.cards_page import EXAMPLE, PAGE, document
from tests.support.running import flowc


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == document(), "run `python -m tests.support.cards_page`"
    assert (PAGE.parent / "pictures" / "cards.png").exists()


def test_the_example_has_every_component() -> None:
    exported = [getattr(cards, name) for name in cards.__all__]
    components = {kind.__name__ for kind in exported if isinstance(kind, type) and issubclass(kind, UserComponent)}
    assert len(components) >= 12
    source = EXAMPLE.read_text(encoding="utf-8")
    assert {name for name in components if not re.search(rf"\b{name}\(", source)} == set()


@pytest.mark.slow
def test_the_example_s_card_draws_every_component(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE, tmp_path / "cards.py")
    store = ("--store", str(tmp_path / "store"))
    done = flowc("run", "cards.py", "--run-id", "cards", *store, cwd=tmp_path, check=True)
    assert "WARNING" not in done.stdout + done.stderr
    page = flowc("card", "get", "cards/start", "--id", "gallery", *store, cwd=tmp_path, check=True).stdout
    body = page[: page.index("<script>")]
    for shown in (
        '<div class="markdown">', "<thead><tr><th scope=\"col\">parameter</th>", '<img src="data:image/png', "&#x27;alpha&#x27;: 0.1",
        "<progress ", "theme-success", '<div class="chart-menu">', "def artifact():", "ValueError(&#x27;a wine",
        "&quot;grape&quot;: &quot;Merlot&quot;", "grape: Merlot", '<div class="events">',
    ):  # fmt: skip
        assert shown in body, shown
    assert "Render failed" not in body and "[IMAGE_RENDER FAIL]" not in body
