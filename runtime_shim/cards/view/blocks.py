"""The blocks of a card as HTML: one function for each `type`.

Every text is escaped. A block of an unknown type is shown as its JSON.
"""

from __future__ import annotations

from html import escape

from .markdown import html_of as markdown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List

    Block = Dict[str, Any]

DEEPEST = 50  # levels of nested blocks
_THEMES = frozenset(
    (
        "default success warning danger error info primary secondary tool_call ai_response bg-gradient-indigo-purple"
    ).split()
)


def html_of(block: Any, depth: int = 0) -> str:
    """Returns the HTML of what a component rendered to."""
    if depth > DEEPEST:
        return "<p>…</p>"
    if not isinstance(block, dict):
        return f"<p>{_text(block)}</p>"
    draw = _BLOCKS.get(str(block.get("type")))
    try:
        return draw(block, depth + 1) if draw is not None else _unknown(block, depth)
    except (KeyError, TypeError, ValueError, AttributeError):  # a dict of the user's own with a known `type`
        return _unknown(block, depth)


def anchor(title: Any) -> str:
    """Returns the id of the section with this title."""
    return "section-" + "".join(
        character if character.isalnum() and character.isascii() else "-" for character in str(title).lower()
    )


def _text(value: Any) -> str:
    return escape(value if isinstance(value, str) else _json(value))


def _json(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def _inside(block: Block, depth: int) -> str:
    return "\n".join(html_of(block, depth) for block in block.get("contents") or ())


def _heads(block: Block, level: int) -> str:
    title, subtitle = block.get("title"), block.get("subtitle")
    head = f"<h{level}>{_text(title)}</h{level}>" if title else ""
    return head + (f'<p class="subtitle">{_text(subtitle)}</p>' if subtitle else "")


def _unknown(block: Block, depth: int) -> str:
    return f'<pre class="json">{escape(_json(block))}</pre>'


def _page(block: Block, depth: int) -> str:
    return f'<div class="page">{_heads(block, 1)}{_inside(block, depth)}</div>'


def _section(block: Block, depth: int) -> str:
    columns = block.get("columns")
    style = f' style="--columns: {int(columns)}"' if isinstance(columns, int) and 1 < columns < 100 else ""
    name = f' id="{anchor(block["title"])}"' if block.get("title") else ""
    return (
        f"<section{name}>{_heads(block, 2)}"
        f'<div class="contents{" columns" if style else ""}"{style}>{_inside(block, depth)}</div></section>'
    )


def _title(block: Block, depth: int) -> str:
    return f'<p class="title">{_text(block["text"])}</p>'


def _subtitle(block: Block, depth: int) -> str:
    return f'<p class="subtitle">{_text(block["text"])}</p>'


def _paragraph(block: Block, depth: int) -> str:
    return f'<p class="text">{_text(block["text"])}</p>'


def _log(block: Block, depth: int) -> str:
    return f'{_heads(block, 3)}<pre class="log" tabindex="0">{_text(block["data"])}</pre>'


def _code(block: Block, depth: int) -> str:
    return f'<pre class="code" tabindex="0"><code>{_text(block["data"])}</code></pre>'


def _markdown(block: Block, depth: int) -> str:
    source = block["source"]
    return "" if source is None else f'<div class="markdown">{markdown(str(source))}</div>'


def _heading(block: Block, depth: int) -> str:
    return _heads(block, 2)


def _cell(value: Any, depth: int) -> str:
    if isinstance(value, dict) and "type" in value:
        return html_of(value, depth)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else _text(value)


def _table(block: Block, depth: int) -> str:
    columns, rows = block.get("columns") or [], block.get("data") or []
    if block.get("vertical"):
        pairs = [(column, [row[at] for row in rows if at < len(row)]) for at, column in enumerate(columns)]
        body = "".join(
            f'<tr><th scope="row">{_text(head)}</th>{"".join(f"<td>{_cell(cell, depth)}</td>" for cell in cells)}</tr>'
            for head, cells in pairs
        )
        return (
            f'{_heads(block, 3)}<div class="wide" tabindex="0"><table class="vertical"><tbody>{body}</tbody></table>'
            "</div>"
        )
    head = "".join(f'<th scope="col">{_text(column)}</th>' for column in columns)
    lines = [row if isinstance(row, (list, tuple)) else [row] for row in rows]
    body = "\n".join(f"<tr>{''.join(f'<td>{_cell(cell, depth)}</td>' for cell in row)}</tr>" for row in lines)
    top = f"<thead><tr>{head}</tr></thead>" if columns else ""
    return f'{_heads(block, 3)}<div class="wide" tabindex="0"><table>{top}<tbody>{body}</tbody></table></div>'


def _artifacts(block: Block, depth: int) -> str:
    rows = []
    for artifact in block["data"]:
        value = artifact.get("data")
        text = value if isinstance(value, str) and artifact.get("only_repr", True) else _json(value)
        name = artifact.get("name")
        head = f'<th scope="row">{_text(name)}</th>' if name is not None else ""
        kind = f' title="{_text(artifact["type"])}"' if artifact.get("type") else ""
        rows.append(f"<tr>{head}<td><pre{kind}><code>{escape(text)}</code></pre></td></tr>")
    return (
        f'{_heads(block, 3)}<div class="wide" tabindex="0"><table class="artifacts"><tbody>{"".join(rows)}</tbody>'
        "</table></div>"
    )


def _image(block: Block, depth: int) -> str:
    source, label = str(block["src"]).strip(), block.get("label")
    caption = f"<figcaption>{_text(label)}</figcaption>" if label else ""
    if not source.startswith("data:image/"):
        return f"<figure><p>{escape(source[:200])}</p>{caption}</figure>"
    return f'{_heads(block, 3)}<figure><img src="{escape(source)}" alt="{_text(label or "")}">{caption}</figure>'


def _progress(block: Block, depth: int) -> str:
    most, value, label, unit = block["max"], block["value"], block.get("label"), block.get("unit")
    numbers = f"{_text(value)}/{_text(most)}" if most else f"{_text(value)} {_text(unit or '')}"
    head = f'<span class="label">{_text(label)}</span> <span class="numbers">{numbers}</span>' if label else ""
    details = f'<span class="details">{_text(block["details"])}</span>' if block.get("details") else ""
    is_measured = isinstance(most, (int, float)) and isinstance(value, (int, float)) and most > 0
    bar = (
        f'<progress max="{most}" value="{value}" aria-label="{_text(label or "progress")}">{numbers}</progress>'
        if is_measured
        else ""
    )
    return f'<div class="progress"><div>{head}{details}</div>{bar}</div>'


def _value(block: Block, depth: int) -> str:
    value = block["value"]
    text = f"{value:,}" if isinstance(value, (int, float)) and not isinstance(value, bool) else _text(value)
    parts = [
        ("title", block.get("title")),
        ("subtitle", block.get("subtitle")),
        ("change", block.get("change_indicator")),
    ]
    title, subtitle, change = (
        f'<div class="{name}">{_text(part)}</div>' if part is not None else "" for name, part in parts
    )
    return (
        f'<div class="value {_theme(block.get("theme"))}">{title}<div class="number">{text}</div>{subtitle}{change}'
        "</div>"
    )


def _theme(name: Any) -> str:
    return f"theme-{name}" if isinstance(name, str) and name in _THEMES else ""


CHART = '<figure class="chart">'  # how every chart begins


def _chart(block: Block, depth: int) -> str:
    """Returns the place of a chart, with its specification, which can be read where no script draws it."""
    spec = block["spec"]
    title = spec.get("title")
    shown = title.get("text") if isinstance(title, dict) else title
    name = f": {_text(shown)}" if shown else ""
    options = block.get("options")
    has_menu = not isinstance(options, dict) or options.get("actions") is not False
    menu = '<div class="chart-menu"></div>' if has_menu else ""
    return (
        f'{CHART}<div class="drawn"></div>{menu}<details>'
        f'<summary>Chart{name} <span class="note">(specification)</span></summary>'
        f'<pre class="json" tabindex="0">{escape(_json(spec))}</pre></details></figure>'
    )


def _viewer(key: str) -> Callable[[Block, int], str]:
    def draw(block: Block, depth: int) -> str:
        text = f'<pre class="viewer" tabindex="0">{_text(block[key])}</pre>'
        title = _text(block.get("title") or "")
        if not block.get("collapsible", True):
            return f"<div><p><strong>{title}</strong></p>{text}</div>"
        return f"<details open><summary>{title}</summary>{text}</details>"

    return draw


def _events(block: Block, depth: int) -> str:
    import time

    events_html: List[str] = []
    for event in block["events"]:
        rows = []
        for name, value in event["metadata"].items():
            if name == "timestamp" and isinstance(value, (int, float)):
                value = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(value))
            rows.append(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>")
        payloads = "".join(
            f"<details><summary>{_text(name)}</summary>{html_of(payload, depth)}</details>"
            for name, payload in (event.get("payloads") or {}).items()
        )
        priority = f' <span class="priority">{_text(event["priority"])}</span>' if event.get("priority") else ""
        events_html.append(
            f'<li class="{_theme(event.get("style_theme"))}"><dl>{"".join(rows)}</dl>{priority}{payloads}</li>'
        )
    stats = block.get("stats") or {}
    last = int(stats.get("total_events") or len(events_html))
    state = "finished" if stats.get("finished") else f"{stats.get('total_events', 0)} events"
    title = _text(block.get("title") or "Events")
    return (
        f'<div class="events"><p><strong>{title}</strong> <span class="note">{_text(state)}</span></p>'
        f'<ol reversed start="{last}">{"".join(events_html)}</ol></div>'
    )


def _dag(block: Block, depth: int) -> str:
    data = block.get("data") or {}
    steps: Dict[str, Any] = data.get("steps") or data
    current = block.get("current")
    rows = []
    for name, step in steps.items():
        to = ", ".join(map(_text, step.get("next") or ())) or "–"
        doc = _text((step.get("doc") or "").strip().split("\n")[0])
        here = ' aria-current="step"' if name == current else ""
        rows.append(
            f'<tr{here}><th scope="row">{_text(name)}</th><td>{_text(step.get("type"))}</td><td>{to}</td><td>{doc}</td>'
            "</tr>"
        )
    head = "".join(f'<th scope="col">{heading}</th>' for heading in ("step", "kind", "goes on to", "what it does"))
    return (
        f'<div class="wide" tabindex="0"><table class="dag"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}'
        "</tbody></table></div>"
    )


def _html(block: Block, depth: int) -> str:
    """Shows the user's HTML in a frame without scripts, since it is untrusted."""
    return (
        f'<iframe title="HTML" sandbox="" loading="lazy" referrerpolicy="no-referrer" srcdoc="{_text(block["data"])}">'
        "</iframe>"
    )


_BLOCKS: Dict[str, Callable[[Block, int], str]] = {
    "page": _page, "section": _section, "title": _title, "subtitle": _subtitle, "text": _paragraph, "log": _log,
    "pythonCode": _code, "markdown": _markdown, "heading": _heading, "table": _table, "artifacts": _artifacts,
    "image": _image, "progressBar": _progress, "valueBox": _value, "vegaChart": _chart,
    "jsonViewer": _viewer("json_string"), "yamlViewer": _viewer("yaml_string"), "eventsTimeline": _events, "dag": _dag,
    "html": _html,
}  # fmt: skip
