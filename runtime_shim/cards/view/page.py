"""Renders a card as one self-contained HTML page: no font, no request, and no script but the one that draws charts.

The page's policy allows only styles and pictures that are in the page, and by their digests that script and the one
with which a frame's owner learns how high the card is. HTML of a
custom card type is shown in a frame with an origin of its own; its scripts run there, and reach neither the page nor a
network.
"""

from __future__ import annotations

import re
from html import escape

from .blocks import CHART, anchor
from .blocks import html_of as block_html

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, List, Match, Optional

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'"
)
# A frame of `srcdoc` inherits the page's policy, so that one must allow the frame's scripts; the page itself has none.
_FRAME_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:; "
    "font-src data:; "
    "media-src data: blob:; base-uri 'none'; form-action 'none'"
)

_STYLE = """
:root { color-scheme: light dark; --text: #1c1e21; --back: #fff; --soft: #f4f5f7; --line: #d8dbe0; --faint: #5c6370; \
--accent: #0b5cad;
  --good: #1a7f37; --bad: #b42318; --warn: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --back: #16181c; --soft: #21242a; --line: #3a3f47; \
--faint: #a3abb8;
  --accent: #7db8f5; --good: #57c46c; --bad: #ff8a80; --warn: #e3b341; } }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); \
overflow-wrap: anywhere; }
main { max-width: 75rem; margin: 0 auto; padding: 1rem; }
nav { padding: .5rem 1rem; background: var(--soft); border-bottom: 1px solid var(--line); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; margin: 0 auto; padding: 0; \
max-width: 73rem; }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.15rem; } h4 { font-size: 1.05rem; } h5, h6 { font-size: 1rem; }
.title { font-size: 1.1rem; font-weight: 600; }
th, td { overflow-wrap: break-word; }
.subtitle, .note, .details, .change { color: var(--faint); font-size: .9rem; }
.failed { border: 1px solid var(--bad); border-radius: 6px; padding: .5rem 1rem; }
.contents > * { margin: .75rem 0; }
.columns { display: grid; grid-template-columns: repeat(min(var(--columns), 4), minmax(0, 1fr)); gap: 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; } th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left; \
vertical-align: top; }
thead th { background: var(--soft); color: var(--faint); }
.center { text-align: center; } .right { text-align: right; }
tr[aria-current] { outline: 2px solid var(--accent); }
pre { background: var(--soft); border-radius: 6px; padding: .6rem; overflow: auto; max-height: 40rem; margin: 0; \
white-space: pre-wrap;
  overflow-wrap: anywhere; }
pre.code, .markdown pre, pre.viewer { white-space: pre; }
code, pre { font: 13px/1.45 ui-monospace, monospace; }
img { max-width: 100%; height: auto; } figure { margin: 0; background: var(--soft); border-radius: 6px; \
padding: .6rem; }
figcaption { font-weight: 600; }
blockquote { margin: 0; padding-left: 1rem; border-left: 3px solid var(--line); }
.progress { background: var(--soft); border-radius: 6px; padding: .6rem; }
.progress > div { display: flex; flex-wrap: wrap; gap: 0 1rem; max-width: 26rem; } \
.progress .details { margin-left: auto; }
progress { width: 100%; max-width: 26rem; accent-color: var(--accent); }
.value { display: inline-block; vertical-align: top;
  min-width: min(12rem, 100%); max-width: 100%; border: 1px solid var(--line);
  border-left: 4px solid var(--line); border-radius: 6px; padding: .6rem 1rem; }
.value .title, .value .change { text-transform: uppercase; font-size: .85rem; } .value .number { font-size: 2rem; \
font-weight: 700; }
.events li { border-left: 4px solid var(--line); padding: .2rem .8rem; margin: .6rem 0; }
.events dl { display: grid; grid-template-columns: minmax(0, auto) minmax(0, 1fr); gap: 0 1rem; margin: 0; }
.events dt { color: var(--faint); } .events dd { margin: 0; }
.theme-success { border-left-color: var(--good) !important; } \
.theme-warning { border-left-color: var(--warn) !important; }
.theme-danger, .theme-error { border-left-color: var(--bad) !important; }
.theme-info, .theme-primary, .theme-tool_call, .theme-ai_response, .theme-bg-gradient-indigo-purple { \
border-left-color: var(--accent) !important; }
.chart-menu { display: flex; flex-wrap: wrap; gap: .4rem; margin: .4rem 0; } .chart-menu pre { flex-basis: 100%; }
.chart-menu button { font: inherit; color: inherit; background: var(--back); border: 1px solid var(--line); \
border-radius: 4px; padding: .1rem .5rem; }
.chart .drawn { overflow-x: auto; } .chart .drawn > svg { max-width: none; }
iframe { width: 100%; height: 30rem; border: 1px solid var(--line); border-radius: 6px; background: #fff; }
.framed main { display: flex; flex-direction: column; height: 100vh; max-width: none; padding: 0; }
.framed iframe { flex: 1; border: 0; border-radius: 0; }
@media (max-width: 40rem) { .columns { grid-template-columns: 1fr; } main { padding: .5rem; } }
@media print { nav { display: none; } pre { max-height: none; } }
"""


# Tells the page around a card's frame how high the card is. What is not in the flow of the page counts if it overflows.
SIZING = (
    "(()=>{if(parent===self)return;const root=document.documentElement;let last=0;const tell=()=>{"
    "const height=root.scrollHeight>root.clientHeight?root.scrollHeight:root.getBoundingClientRect().height;"
    "if(height!==last)parent.postMessage({flowcHeight:last=height},'*')};"
    "new ResizeObserver(tell).observe(root);addEventListener('load',tell);tell()})()"
)
CHARTS_HERE = '<div id="flowc-charts"></div>'  # where that script goes


def html_of(page: Dict[str, Any], title: str = "", charts: Optional[Callable[[], str]] = None) -> str:
    """Returns the page of a card's JSON: its `metadata` and `components`.

    `charts` returns the script that draws charts. A page with charts allows that script and has CHARTS_HERE in its
    place, for `with_charts` to replace: a page of many cards holds the script once. Without it, specifications are
    shown.
    """
    metadata = page.get("metadata") or {}
    name = title or str(metadata.get("pathspec") or "Card")
    sections = [section for section in _sections(page.get("components") or ()) if section]
    links = "".join(f'<li><a href="#{anchor(section)}">{escape(str(section))}</a></li>' for section in sections)
    nav = f'<nav aria-label="Sections"><ul>{links}</ul></nav>' if len(sections) > 1 else ""
    failed = ""
    if metadata.get("failure"):
        failed = (
            '<div class="failed" role="note"><strong>This attempt failed.</strong>'
            f"<pre>{escape(str(metadata['failure']))}</pre></div>"
        )
    blocks = "\n".join(block_html(block) for block in page.get("components") or ())
    if "<h1" not in blocks:
        blocks = f'<h1 class="unseen">{escape(name)}</h1>{blocks}'
    blocks = _levelled(blocks)
    body = f"{nav}<main>{failed}{blocks}</main>"
    policy = f"{_POLICY}; script-src {source_of(SIZING)}"
    if charts is None or CHART not in blocks:
        return document(name, policy, body)
    return document(name, f"{policy} {source_of(charts())}", f"{body}\n{CHARTS_HERE}")


def _levelled(html: str) -> str:
    """Tells readers of the page, by `aria-level`, the levels of headings without gaps: a step may begin with `##`."""
    above: List[int] = []

    def heading(tag: Match[str]) -> str:
        level = int(tag.group(1))
        while above and above[-1] >= level:
            above.pop()
        above.append(level)
        return tag.group() if len(above) == level else f'<h{level} aria-level="{len(above)}"{tag.group(2)}>'

    return re.sub(r"<h([1-6])(| [^>]*)>", heading, html)


def source_of(script: str) -> str:
    """Returns what a policy says to allow this script alone."""
    import base64
    import hashlib

    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def with_charts(page: str, script: str) -> str:
    """Returns the page with the script in its place."""
    before, place, after = page.rpartition(CHARTS_HERE)
    return f"{before}<script>{script}</script>{after}" if place else page


def with_sizing(page: str) -> str:
    """Returns the page of a card, or HTML of a custom type, for a frame that becomes as high as the card."""
    return f"{page}<script>{SIZING}</script>"


def framed(html: str, title: str) -> str:
    """Returns a page that shows HTML of a custom type in a sandboxed frame."""
    frame = (
        f'<iframe title="{escape(title)}" sandbox="allow-scripts" referrerpolicy="no-referrer" srcdoc="{escape(html)}">'
        "</iframe>"
    )
    body = f'<main><h1 class="unseen">{escape(title)}</h1>{frame}</main>'
    return document(title, _FRAME_POLICY, body, ' class="framed"')


def in_notebook(page: str, title: str, has_scripts: bool) -> str:
    """Returns a frame that isolates a page from the notebook. `has_scripts` is True for a page of `framed`."""
    allowed = "allow-scripts" if has_scripts else ""
    style = "width: 100%; height: 40rem; border: 1px solid #8888; border-radius: 6px"
    return (
        f'<iframe title="{escape(title)}" sandbox="{allowed}" referrerpolicy="no-referrer" style="{style}" '
        f'srcdoc="{escape(page)}"></iframe>'
    )


def _sections(blocks: Any) -> Iterator[Any]:
    for block in blocks:
        if isinstance(block, dict) and block.get("type") == "page":
            yield from (
                inner.get("title")
                for inner in block.get("contents") or ()
                if isinstance(inner, dict) and inner.get("type") == "section"
            )


def document(title: str, policy: str, body: str, attributes: str = "", style: str = _STYLE) -> str:
    """Returns a whole page: the title is a text, the rest is HTML."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n<body{attributes}>\n{body}\n</body>\n</html>\n"
    )
