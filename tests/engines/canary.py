"""A server on loopback that nothing may call, and HTML that tries to call it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


class Canary:
    """A server on loopback, and who has called."""

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


@contextmanager
def listening() -> Iterator[Canary]:
    """Starts a canary, and stops it at the end of the block."""
    canary = Canary()
    yield canary
    canary.server.shutdown()
    canary.server.server_close()


def hostile(url: str) -> str:
    """HTML that tries to get out."""
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
