"""Cards as HTML: no text of a user becomes a tag, an attribute or a request."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from flowc.runtime_shim.cards.view.blocks import html_of
from flowc.runtime_shim.cards.view.markdown import html_of as markdown
from flowc.runtime_shim.cards.view.page import SIZING, framed, in_notebook, source_of, with_sizing
from flowc.runtime_shim.cards.view.page import html_of as page

HOSTILE = (
    "</script></style></title></iframe>\"'><img src=x onerror=alert(1)><svg onload=alert(1)>\u2028\u202e\x00{{7*7}}"
)
BLOCKS = [
    {"type": "title", "text": HOSTILE},
    {"type": "section", "title": HOSTILE, "subtitle": HOSTILE, "columns": HOSTILE, "contents": [HOSTILE, {"type": "text", "text": HOSTILE}]},
    {"type": "section", "title": "a", "columns": 3, "contents": [{"type": "subtitle", "text": HOSTILE}]},
    {"type": "markdown", "source": HOSTILE + f"\n\n# {HOSTILE}\n\n- {HOSTILE}\n\n| {HOSTILE} |\n|---|\n| {HOSTILE} |\n\n`{HOSTILE}`\n\n```{HOSTILE}\n{HOSTILE}"},
    {"type": "markdown", "source": f"[{HOSTILE}](javascript:alert(1)) ![{HOSTILE}](https://evil/x.png) ![a](data:image/svg+xml,{HOSTILE}) <https://x/{HOSTILE}>"},
    {"type": "table", "columns": [HOSTILE], "data": [[HOSTILE, {"type": HOSTILE}, None, True, 1.5, [HOSTILE]], HOSTILE], "vertical": False},
    {"type": "table", "columns": [HOSTILE], "data": [[HOSTILE]], "vertical": True},
    {"type": "log", "data": HOSTILE},
    {"type": "pythonCode", "data": HOSTILE},
    {"type": "image", "src": "data:image/png;base64," + HOSTILE, "label": HOSTILE},
    {"type": "image", "src": "https://evil/x.png#data:image/", "label": HOSTILE},
    {"type": "artifacts", "data": [{"name": HOSTILE, "type": HOSTILE, "data": HOSTILE}, {"name": None, "data": {HOSTILE: HOSTILE}, "only_repr": False}]},
    {"type": "progressBar", "max": HOSTILE, "value": HOSTILE, "label": HOSTILE, "unit": HOSTILE, "details": HOSTILE},
    {"type": "progressBar", "max": 10, "value": 3, "label": HOSTILE},
    {"type": "valueBox", "value": HOSTILE, "title": HOSTILE, "subtitle": HOSTILE, "theme": HOSTILE, "change_indicator": HOSTILE},
    {"type": "vegaChart", "spec": {"title": HOSTILE, "data": {"url": "https://evil/x.json"}}},
    {"type": "jsonViewer", "json_string": HOSTILE, "title": HOSTILE, "max_height": HOSTILE},
    {"type": "yamlViewer", "yaml_string": HOSTILE, "collapsible": False, "title": HOSTILE},
    {"type": "eventsTimeline", "title": HOSTILE, "events": [{"metadata": {HOSTILE: HOSTILE, "timestamp": 0}, "payloads": {HOSTILE: {"type": "log", "data": HOSTILE}}, "style_theme": HOSTILE, "priority": HOSTILE}]},
    {"type": "dag", "data": {"steps": {HOSTILE: {"type": HOSTILE, "next": [HOSTILE], "doc": HOSTILE}}}, "current": HOSTILE},
    {"type": "html", "data": HOSTILE},
    {"type": HOSTILE, "anything": HOSTILE},
    {"type": "table", "data": 5},
    {"type": "eventsTimeline", "events": HOSTILE},
    HOSTILE,
]  # fmt: skip
TAGS = set(
    "html head meta title style body nav ul li a main div h1 h2 h3 h4 h5 h6 p section table thead tbody tr th td pre code strong em del blockquote ol hr "
    "br img figure figcaption progress span details summary dl dt dd input iframe".split()
)
ATTRIBUTES = set(
    "lang charset http-equiv content name aria-label href target rel class id style tabindex scope src alt max value title sandbox loading referrerpolicy "
    "srcdoc role open reversed start type disabled checked aria-current".split()
)


class Reader(HTMLParser):
    """Records tags and attributes, and fails on those that the viewer never writes."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.styles: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        for name, value in attrs:
            assert name in ATTRIBUTES, (tag, name)
            if name in ("src", "href"):
                self.targets.append(value or "")
            elif name == "style":
                self.styles.append(value or "")


@pytest.mark.parametrize(
    "block", BLOCKS, ids=[str(block["type"])[:15] if isinstance(block, dict) else "text" for block in BLOCKS]
)
def test_no_text_becomes_markup(block: object) -> None:
    reader = Reader()
    reader.feed(html_of(block))
    reader.close()
    assert all(target.startswith(("data:image/", "https://x/", "#", "https://evil/x.png")) for target in reader.targets)
    assert reader.styles in ([], ["--columns: 3"])


def test_a_picture_from_elsewhere_is_a_link() -> None:
    assert "<img" not in markdown("![x](https://evil/x.png)") and '<a href="https://evil/x.png"' in markdown(
        "![x](https://evil/x.png)"
    )
    assert "<img" not in html_of({"type": "image", "src": "https://evil/x.png", "label": None})


def test_a_page_is_whole_and_allows_nothing() -> None:
    html = page(
        {
            "metadata": {"pathspec": HOSTILE, "failure": HOSTILE},
            "components": [{"type": "page", "title": HOSTILE, "contents": BLOCKS}],
        }
    )
    reader = Reader()
    reader.feed(html)
    assert (
        html.startswith("<!DOCTYPE html>")
        and "<script" not in html
        and "default-src 'none'; style-src 'unsafe-inline'" in html
    )
    assert html.count("script-src") == 1
    assert f'; script-src {source_of(SIZING)}">' in html  # nothing else may run
    assert html.count("<iframe") == 1 and 'sandbox=""' in html


def test_only_a_chart_with_controls_has_a_place_for_a_menu() -> None:
    chart: dict[str, Any] = {"type": "vegaChart", "spec": {"mark": "bar"}}
    assert 'class="chart-menu"' in html_of(chart)
    assert 'class="chart-menu"' not in html_of({**chart, "options": {"actions": False}})


def test_a_card_for_a_frame_tells_its_height() -> None:
    html = page({"metadata": {}, "components": [{"type": "text", "text": "x"}]})
    assert with_sizing(html) == f"{html}<script>{SIZING}</script>"


def test_html_of_a_custom_type_is_in_a_frame() -> None:
    html = framed(f"<h1>{HOSTILE}", HOSTILE)
    Reader().feed(html)
    assert (
        html.count("<iframe") == 1
        and 'sandbox="allow-scripts"' in html
        and "allow-same-origin" not in html
        and "allow-popups" not in html
    )
    assert "connect-src" not in html and "default-src 'none'" in html
    assert 'sandbox=""' in in_notebook("page", HOSTILE, False)[:200] and 'sandbox="allow-scripts"' in in_notebook(
        "page", HOSTILE, True
    )


def test_blocks_deep_within_one_another() -> None:
    block: dict[str, object] = {"type": "text", "text": "x"}
    for _ in range(5000):
        block = {"type": "section", "contents": [block]}
    assert "…" in html_of(block)
    assert "<pre>" in markdown("> " * 500 + "x")


MARKDOWN = {
    "# A": "<h3>A</h3>",
    "####### A": "<p>####### A</p>",
    "a\n===": "<h3>a</h3>",
    "*a* **b** ***c*** _d_ __e__": "<p><em>a</em> <strong>b</strong> <em><strong>c</strong></em> <em>d</em> <strong>e</strong></p>",
    "snake_case_name 2 * 3 * 4": "<p>snake_case_name 2 * 3 * 4</p>",
    "~~a~~": "<p><del>a</del></p>",
    "`` a`b ``": "<p><code>a`b</code></p>",
    "\\*a\\*": "<p>*a*</p>",
    "a  \nb": "<p>a<br>\nb</p>",
    "- a\n- b": "<ul>\n<li>a</li>\n<li>b</li>\n</ul>",
    "- a\n\n- b": "<ul>\n<li><p>a</p></li>\n<li><p>b</p></li>\n</ul>",
    "- a\n  - b": "<ul>\n<li>a\n<ul>\n<li>b</li>\n</ul></li>\n</ul>",
    "3. a\n4. b": '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>',
    "a\n- b": "<p>a</p>\n<ul>\n<li>b</li>\n</ul>",
    "1986. A year": '<ol start="1986">\n<li>A year</li>\n</ol>',
    "it was\n1986. A year": "<p>it was\n1986. A year</p>",
    "- [x] a": '<ul>\n<li><input type="checkbox" disabled checked aria-label="done"> a</li>\n</ul>',
    "> a\nb": "<blockquote><p>a\nb</p></blockquote>",
    "```py\na < b\n```\nc": "<pre><code>a &lt; b\n</code></pre>\n<p>c</p>",
    "    a\n\n    b": "<pre><code>a\n\nb\n</code></pre>",
    "---": "<hr>",
    "[a](https://x/(y) 'title')": '<p><a href="https://x/(y)" target="_blank" rel="noopener noreferrer">a</a></p>',
    "[a](javascript:x)": "<p>a</p>",
    "[a](//x)": "<p>a</p>",
    "https://x.y/z.": '<p><a href="https://x.y/z" target="_blank" rel="noopener noreferrer">https://x.y/z</a>.</p>',
    "<b>a</b>": "<p>&lt;b&gt;a&lt;/b&gt;</p>",
    "[a]": "<p>[a]</p>",
    "a|b\n-|-:\n1|\\|": '<div class="wide" tabindex="0"><table><thead><tr><th scope="col">a</th><th scope="col" class="right">b</th></tr></thead><tbody>\n'
    '<tr><td>1</td><td class="right">|</td></tr>\n</tbody></table></div>',
}


@pytest.mark.parametrize("text", MARKDOWN)
def test_markdown(text: str) -> None:
    assert markdown(text) == MARKDOWN[text]


def test_levels_of_headings_have_no_gaps() -> None:
    text = "## a\n\n## b\n\n#### c\n\n# d"
    blocks = [{"type": "page", "title": "T", "contents": [{"type": "markdown", "source": text}, "<h6>"]}]
    headings = re.findall(r"<h\d[^>]*>\w+", page({"metadata": {}, "components": blocks}))
    assert headings == [
        "<h1>T", '<h4 aria-level="2">a', '<h4 aria-level="2">b', '<h6 aria-level="3">c', '<h3 aria-level="2">d',
    ]  # fmt: skip
    assert '<h1 class="unseen">F/r/start/start</h1>' in page({"metadata": {"pathspec": "F/r/start/start"}})
