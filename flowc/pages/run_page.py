"""Writes the page of a run: one HTML file that opens from a disk, a mail, a CI artifact or a bucket.

The header is plain HTML and can be read without scripts. Everything else is drawn from data in the page. The page asks
no network for anything, and its policy allows only its own script, by digest. Cards of custom types bring scripts of
their own: they are shown in sandboxed frames, but such a frame inherits the page's policy, so a page with one of them
allows scripts in it. The page itself puts every text of the user's into text nodes.
"""

from __future__ import annotations

import json
import time
from html import escape

from flowc.runtime_shim.cards.view.page import SIZING, document, source_of

from .built import built
from .log_lines import bare
from .run_data import expanded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ALWAYS = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; base-uri 'none'; "
    "form-action 'none'"
)
SYMBOLS = {"succeeded": "✓", "failed": "✗", "running": "▶", "stopped": "■", "unfinished": "…"}
LOG_LINES = 20  # last lines of the first failure's log in the header
_PACKED = 50_000  # bytes of data above which it is compressed


def html_of(data: dict[str, Any]) -> str:
    """Returns the page of a run's data (`collect`). The same data gives the same bytes."""
    script, style = built("page.js"), built("page.css")
    run = data["run"]
    title = f"{run['flow']}/{run['run']}: {run['status']}"
    body = (
        f'<header class="run">\n{_header(data)}</header>\n<div id="app">{_without_scripts(data)}</div>\n'
        f"{_scripts_of_cards(data)}{data_element(data)}\n<script>{script}</script>"
    )
    return document(visible(title), _policy(data, script), body, style=style)


def _policy(data: dict[str, Any], script: str) -> str:
    """Returns the page's Content-Security-Policy."""
    if any(card.get("scripts") for cards in data["cards"].values() for card in cards):
        return f"{ALWAYS}; script-src 'unsafe-inline' 'unsafe-eval'; media-src data: blob:"
    if _has_charts(data):  # their frames inherit the policy, too
        return f"{ALWAYS}; script-src {source_of(script)} {source_of(SIZING)} {source_of(built('charts.js'))}"
    return policy_of(script, *((SIZING,) if data["cards"] else ()))


def policy_of(*scripts: str) -> str:
    """Returns the Content-Security-Policy of a page that runs nothing but these scripts."""
    sources = " ".join(map(source_of, scripts))
    return f"{ALWAYS}; script-src {sources}; require-trusted-types-for 'script'; trusted-types flowc-card"


def _has_charts(data: dict[str, Any]) -> bool:
    return any(card.get("charts") for cards in data["cards"].values() for card in cards)


def _scripts_of_cards(data: dict[str, Any]) -> str:
    """Returns the scripts of cards, as text: the page puts them into the frames of cards that need them."""
    scripts = {"sizing": SIZING} if data["cards"] else {}
    if _has_charts(data):
        scripts["charts"] = built("charts.js")
    return "".join(f'<script type="text/plain" id="{name}">{text}</script>\n' for name, text in scripts.items())


def data_element(data: dict[str, Any]) -> str:
    """Returns the data as an inert element of the page. A large one is compressed."""
    columns = {name: column for name, column in data["tasks"].items() if name != "begin"}
    data = {**data, "tasks": {**columns, "later": _differences(data["tasks"]["begin"])}}
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    if len(text) > _PACKED:
        import base64
        import zlib

        packed = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
        return f'<script type="application/octet-stream" id="data">{packed}</script>'
    return '<script type="application/json" id="data">' + text.replace("<", "\\u003c") + "</script>"


def _differences(column: list[int | None]) -> list[int | None]:
    """Returns how much each number is above the one before it: short numbers, which take less when compressed.

    >>> _differences([5, None, 7, 6])
    [5, None, 2, -1]
    """
    differences: list[int | None] = []
    before = 0
    for number in column:
        differences.append(None if number is None else number - before)
        before = before if number is None else number
    return differences


# ── what can be read without scripts ────────────────────────────────────────────────────────────────────────────────


def _header(data: dict[str, Any]) -> str:
    run = data["run"]
    status = run["status"]
    facts = [
        ("started", _moment(run.get("started"))),
        ("took", _took(run.get("started"), run.get("ended"))),
        ("user", run.get("user")),
        ("target", run.get("target")),
        ("continues", run.get("origin")),
        ("tags", ", ".join(run["tags"])),
        ("commit", run.get("git") if isinstance(run.get("git"), str) else None),
    ]
    shown = "".join(f"<dt>{name}</dt><dd>{plain(str(value))}</dd>" for name, value in facts if value)
    parameters = "".join(
        f"<tr><th scope='row'>{plain(name)}</th><td><code>{plain(value)}</code></td></tr>"
        for name, value in run["parameters"].items()
    )
    count = _number(len(run["parameters"]), "parameter")
    table = (
        f"<details><summary>{count}</summary><div class='wide'><table>{parameters}</table></div></details>"
        if parameters
        else ""
    )
    return (
        f'<h1><span class="state {plain(status)}">{SYMBOLS.get(status, "?")} {plain(status)}</span> '
        f"{plain(run['flow'])} <span class='faint'>/</span> {plain(run['run'])}</h1>\n"
        f'<p class="counts">{plain(_counts(data))}</p>\n<dl class="facts">{shown}</dl>\n'
        f"{table}{_first_failure(data)}{_commands(data)}"
    )


def _counts(data: dict[str, Any]) -> str:
    columns = data["tasks"]
    words = [columns["states"][int(state)] for state in columns["state"]]
    total = _number(len(words), "task")
    parts = [f"{words.count(word):,} {word}" for word in columns["states"] if word in words]
    return f"{total}: {', '.join(parts)}" if words else "no task has finished or printed anything yet"


def _first_failure(data: dict[str, Any]) -> str:
    """Returns the failure that happened first among tasks that failed, with the end of its log."""
    columns = data["tasks"]
    failed = [number for number, state in enumerate(columns["state"]) if columns["states"][int(state)] == "failed"]
    failures = [
        (failure.get("time", 0), number, failure) for number in failed for failure in data["failures"][str(number)][-1:]
    ]
    if not failures:
        return ""
    _, number, failure = min(failures, key=lambda triple: triple[:2])
    steps = expanded(columns["step"])
    name = steps[number] if columns["path"][number] == "-" else f"{steps[number]}/{columns['path'][number]}"
    log = data["logs"].get(f"{number}/{failure['attempt']}")
    lines = "\n".join(bare(line[2]) for line in log["lines"][-LOG_LINES:]) if log else failure.get("traceback", "")
    what = f"{failure.get('type', 'failure')}: {failure.get('message', '')}"
    return (
        '<section class="failure" aria-label="First failure">'
        f'<h2><a href="#/task/{plain(name.partition("/")[0])}/{plain(columns["path"][number])}">{plain(name)}</a> '
        f"failed, attempt {failure['attempt']}</h2>"
        f"<p><code>{plain(what)}</code></p><pre>{plain(lines)}</pre></section>"
    )


def _commands(data: dict[str, Any]) -> str:
    run = data["run"]
    script = run.get("script") or "FLOW.py"
    commands = [f"flowc dump {run['run']}", f"flowc logs {run['run']}"]
    if run["status"] != "succeeded":
        commands.insert(0, f"flowc resume {script} --origin-run-id {run['run']}")
    shown = "\n".join(commands)
    return f"<details><summary>commands</summary><pre>{plain(shown)}</pre></details>\n"


def _without_scripts(data: dict[str, Any]) -> str:
    """Returns the steps with their counts, which the script replaces."""
    columns = data["tasks"]
    counts: dict[str, dict[str, int]] = {}
    for step, state in zip(expanded(columns["step"]), columns["state"]):
        word, of_step = columns["states"][int(state)], counts.setdefault(step, {})
        of_step[word] = of_step.get(word, 0) + 1
    rows = "".join(
        f"<tr><th scope='row'>{plain(step['name'])}</th><td>"
        + plain(", ".join(f"{count:,} {word}" for word, count in counts.get(step["name"], {}).items()) or "not reached")
        + "</td></tr>"
        for step in data["steps"]
    )
    return f"<main><table><caption>Steps</caption>{rows}</table></main>"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _moment(seconds: float | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds)) if seconds else ""


def _took(started: float | None, ended: float | None) -> str:
    from ..run_report import duration

    return duration(ended - started) if started and ended else ""


def plain(text: str) -> str:
    """Returns the text as HTML that shows it."""
    return escape(visible(text))


def visible(text: str) -> str:
    """Returns the text with a mark for each character that a page cannot hold or that would reorder it."""
    return "".join(
        "\ufffd" if "\ud800" <= char <= "\udfff" or (char < " " and char not in "\n\t") or char in _UNSEEN else char
        for char in text
    )


_UNSEEN = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u2028\u2029\x7f")
