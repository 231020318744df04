"""Serves the pages of runs on loopback, live: `flowc ui`. It reads the datastore and writes nothing.

Who may ask: requests for data carry the token that the address in the terminal has in its fragment, which no browser
sends to a server. A card is shown in a frame, whose address carries a code that is valid for this card alone. `Host`
must be this server's, so that no name that leads here can be used from another page, and so must `Origin`. No path of
a request reaches a file: the names of objects are made by `contract.address`.
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit

from flowc.runtime_shim.client.datastore import Datastore
from flowc.runtime_shim.contract import address
from flowc.runtime_shim.contract.errors import ShimError

from .bucket_run import BucketRun, Listed
from .built import built
from .log_lines import Stored, around, find, log_of
from .run_data import Limits, collect, expanded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..terminal import Output

POLL, POLL_REMOTE = 2.0, 10.0  # seconds between looks at a run that somebody watches
WAIT = 25.0  # seconds that a request waits for a change
LOG_LINES = 20_000
KEPT = 4  # runs in object stores that are remembered, the last ones that were looked at
RUNS = 200  # newest runs of a flow that are listed
GOING_ON = 20  # newest runs under way of which the list tells the step that they have come to
OVER = ("succeeded", "failed", "stopped")

_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; frame-src 'self'; "
    "img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types flowc-card"
)
_SANDBOX = "sandbox allow-scripts"  # and downloads, if flowc draws the card: its charts can be saved
_CARD_POLICY = (
    f"{_SANDBOX}; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; media-src data: blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_SHELL = (
    '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="referrer" content="no-referrer">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>flowc</title>\n'
    '<link rel="stylesheet" href="/page.css">\n</head>\n<body data-served="yes">\n<div id="app"></div>\n'
    '<script src="/page.js"></script>\n</body>\n</html>\n'
)


class Refused(Exception):
    """Raised for a request that is not answered. `args` are the status and the reason."""


class Pages:
    """What the server knows: the datastore, the token, and the last data of each run."""

    def __init__(self, url: str, token: str = "", poll: float = 0, most_cards: int = 0) -> None:
        """`poll` is the least number of seconds between two looks, and `most_cards` bounds a run's; 0: the default."""
        self.place = Datastore(url)
        self._poll = poll or (POLL_REMOTE if self.place.is_remote else POLL)
        self._most_cards = most_cards
        self.token = token or secrets.token_urlsafe(32)
        self._lock = threading.Lock()
        self._locks: dict[tuple[str, str], threading.Lock] = {}
        self._cached: dict[tuple[str, str], tuple[str, float, bytes]] = {}  # run → (version, seconds it took, data)
        self._looked: dict[tuple[str, str], tuple[float, str]] = {}  # run → (when it was looked at, version)
        self._in_bucket: dict[tuple[str, str], BucketRun] = {}

    def code(self, path: str) -> str:
        """Returns the code with which the path may be asked for without the token."""
        return hmac.new(self.token.encode(), path.encode(), "sha256").hexdigest()[:32]

    def runs(self) -> list[dict[str, Any]]:
        """Returns the newest runs of every flow, newest first."""
        from ..commands.runs import about_runs

        rows = [row for flow in self.place.flows() for row in about_runs(self.place, flow, [], RUNS)]
        rows.sort(key=lambda row: row["started"] or "", reverse=True)
        going_on = [row for row in rows if row["status"] not in OVER][:GOING_ON]
        for row, steps in zip(
            going_on, self.place.each(going_on, lambda row: self.place.steps(row["flow"], row["run"]))
        ):
            row["step"] = next(iter(steps), "")  # the one that is latest in the graph
        return rows

    def version(self, flow: str, run: str) -> str:
        """Returns a text that changes when the run does: when an object of its is new or has grown, or more is read."""
        key = (flow, run)
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:  # however many tabs are open, one look
            when, version = self._looked.get(key, (0.0, ""))
            took = self._cached[key][1] if key in self._cached else 0.0
            pause = max(self._poll, 5 * took)
            if time.monotonic() - when >= pause:
                version = self._look(flow, run)
                self._looked[key] = (time.monotonic(), version)
            bucket = self._in_bucket.get(key)
            return version if bucket is None else version + bucket.state

    def _look(self, flow: str, run: str) -> str:
        import hashlib

        from ..run_status import status

        place, name = self.place, address.run_name(flow, run)
        if place.is_remote:
            bucket = self._bucket_run(flow, run)
            entries = bucket.look()
            place = bucket.place
        else:
            entries = [(name, size) for name, size, _ in place.store.entries(name)]
        digest = hashlib.sha256(status(place, flow, run)[0].encode())
        for name, size in entries:
            digest.update(f"{name} {size}\n".encode("utf-8", "surrogatepass"))
        return digest.hexdigest()[:16]

    def _bucket_run(self, flow: str, run: str) -> BucketRun:
        """Returns what is known of a run in an object store. Only the runs that were looked at last are kept."""
        bucket = self._in_bucket.pop((flow, run), None) or BucketRun(self.place, flow, run)
        for key in list(self._in_bucket)[: 1 - KEPT]:
            self._in_bucket.pop(key, None)
            self._looked.pop(key, None)
        self._in_bucket[flow, run] = bucket
        return bucket

    def data(self, flow: str, run: str) -> bytes:
        """Returns the data of the run's page as JSON. Raises ShimError."""
        key, version = (flow, run), self.version(flow, run)
        cached = self._cached.get(key)
        if cached is None or cached[0] != version:
            began = time.monotonic()
            bucket = self._in_bucket.get(key)
            place = self.place if bucket is None else bucket.place
            unread = place.unread if isinstance(place, Listed) else frozenset()
            data = collect(place, flow, run, Limits(is_served=True), unread=unread)
            if self._most_cards:
                _keep_latest_cards(data, self._most_cards)
            steps = expanded(data["tasks"]["step"])
            for number, cards in data["cards"].items():
                names = (flow, run, steps[int(number)], data["tasks"]["path"][int(number)])
                for card in cards:
                    path = "/card/" + "/".join(quote(name, safe="") for name in (*names, card["hash"]))
                    card["url"] = f"{path}?k={self.code(path)}"
                    if card.pop("live", False):
                        card["url"] += f"&seen={version}"  # the frame is loaded again when the card is refreshed
            text = json.dumps({**data, "seen": version, "unread": len(unread)}, separators=(",", ":"))
            cached = self._cached[key] = (version, time.monotonic() - began, text.encode())
            if bucket is not None:
                bucket.read_on()
        return cached[2]

    def wait(self, flow: str, run: str, seen: str) -> str:
        """Returns the run's version as soon as it is not `seen`, or after WAIT seconds."""
        until = time.monotonic() + WAIT
        while (version := self.version(flow, run)) == seen and time.monotonic() < until:
            time.sleep(0.5)
        return version

    def log(self, flow: str, run: str, step: str, path: str, attempt: str, number: str = "") -> dict[str, Any]:
        """Returns the log of an attempt, or the lines around one. Raises Refused, ShimError."""
        data = self._log(flow, run, step, path, attempt)
        return around(data, int(number)) if number.isascii() and number.isdigit() else log_of(data, LOG_LINES)

    def find(self, flow: str, run: str, step: str, path: str, attempt: str, text: str, stream: str) -> dict[str, Any]:
        """Returns the lines of an attempt's log that hold the text. Raises Refused, ShimError."""
        return find(self._log(flow, run, step, path, attempt), text, stream)

    def _log(self, flow: str, run: str, step: str, path: str, attempt: str) -> Stored:
        if not attempt.isascii() or not attempt.isdigit():
            raise Refused(404, "no such attempt")
        store, name = self.place.store, address.task_name(flow, run, step, _path(path), f"{attempt}.log")
        size = store.size(name)
        if size is None:
            raise Refused(404, "no such log")
        return Stored(store, name, size)

    def card(self, flow: str, run: str, step: str, path: str, hash: str) -> tuple[str, bool]:
        """Returns the HTML of a card for a frame, and whether a custom type made it. Raises Refused, ShimError."""
        from flowc.runtime_shim.cards.client import cards_of, origin_of
        from flowc.runtime_shim.cards.view.page import with_sizing
        from flowc.runtime_shim.client.task import Task

        task = Task._made(self.place, (flow, run, step, _path(path)))
        origin = origin_of(task)
        for card in [*cards_of(task), *(cards_of(origin) if origin is not None else ())]:
            if card.hash == hash:
                return with_sizing(card.get()), card.is_html
        raise Refused(404, "no such card")


def _keep_latest_cards(data: dict[str, Any], most: int) -> None:
    """Removes cards from a run's data until there are `most`, those of the tasks that began last."""
    begin = data["tasks"]["begin"]
    count = 0
    for number in sorted(data["cards"], key=lambda number: (begin[int(number)] or 0, int(number)), reverse=True):
        kept = data["cards"][number][: max(0, most - count)]
        count += len(data["cards"][number])
        data["cards"][number] = kept
    data["cards"] = {number: cards for number, cards in data["cards"].items() if cards}
    if count > most:
        data["left_out"].append(f"{count - most} cards, as asked (`--max-cards`)")


def _path(text: str) -> str:
    try:
        return address.checked(text)
    except address.BadPath:
        raise Refused(404, "no such task") from None


class Server(ThreadingHTTPServer):
    """The server on loopback."""

    daemon_threads = True

    def __init__(self, pages: Pages, port: int = 0, host: str = "127.0.0.1") -> None:
        super().__init__((host, port), _Handler)
        self.pages = pages
        self.names = {f"{name}:{self.server_port}" for name in (host, "127.0.0.1", "localhost", "[::1]")}

    @property
    def url(self) -> str:
        """The address of the list of runs, with the token in its fragment."""
        return f"http://{self.server_address[0]!s}:{self.server_port}/#token={self.pages.token}"


def serve(
    url: str,
    port: int,
    out: Output,
    run: tuple[str, str] | None = None,
    opens: bool = False,
    view: str = "",
    poll: float = 0,
    most_cards: int = 0,
) -> int:
    """Serves the datastore's pages until Ctrl-C, and returns the exit code. Raises Failure, ShimError.

    It prints the address of the list of runs, or of one run's page in the view of that name. `poll` and `most_cards`
    are those of `Pages`.
    """
    import sys

    from ..terminal import Failure

    pages = Pages(url, poll=poll, most_cards=most_cards)
    pages.place.flows()  # a datastore that cannot be read fails here, not in the browser
    try:
        server = Server(pages, port)
    except (OSError, OverflowError) as error:
        raise Failure(f"cannot listen on port {port} of 127.0.0.1: {getattr(error, 'strerror', '') or error}") from None
    shown = server.url
    if run is not None:
        names = "/".join(quote(name, safe="") for name in run)
        shown = shown.replace("/#", f"/run/{names}#") + (f"#/{view}" if view else "")
    out.print(f"{'the runs of ' + url if run is None else '/'.join(run)}: {shown}")
    sys.stdout.flush()
    if opens:
        import webbrowser

        webbrowser.open(shown)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
    return 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "flowc", ""
    timeout = 60  # seconds for a slow client
    server: Server

    def do_GET(self) -> None:
        try:
            self._check_who()
            self._answer()
        except Refused as refused:
            self._send(int(refused.args[0]), "text/plain; charset=utf-8", f"{refused.args[1]}\n".encode())
        except ShimError as error:
            self._send(404, "text/plain; charset=utf-8", f"{error}\n".encode("utf-8", "replace"))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_HEAD = do_GET

    def do_POST(self) -> None:
        self.close_connection = True
        self._send(405, "text/plain; charset=utf-8", b"only GET\n")

    do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_POST

    def _check_who(self) -> None:
        """Raises Refused unless the request is made of this server's own page, or by a person."""
        if self.headers.get("Host", "") not in self.server.names:
            raise Refused(403, "the host is not this server's")
        origin = self.headers.get("Origin")
        if origin is not None and origin.partition("://")[2] not in self.server.names:
            raise Refused(403, "the origin is not this server's")

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        kind, *names = [unquote(part) for part in parts.path.lstrip("/").split("/")]
        if kind in ("page.js", "page.css") and not names:
            self._send(200, "text/javascript" if kind == "page.js" else "text/css", built(kind).encode())
        elif kind in ("", "compare") and not names or kind == "run" and len(names) == 2:
            self._send(200, "text/html; charset=utf-8", _SHELL.encode(), _PAGE_POLICY)
        elif kind == "card" and len(names) == 5:
            if not hmac.compare_digest(query.get("k", ""), self.server.pages.code(parts.path)):
                raise Refused(401, "the code of the card is missing or wrong")
            card, is_custom = self.server.pages.card(*names)
            policy = _CARD_POLICY if is_custom else _CARD_POLICY.replace(_SANDBOX, f"{_SANDBOX} allow-downloads")
            self._send(200, "text/html; charset=utf-8", card.encode("utf-8", "surrogatepass"), policy)
        elif kind == "api":
            authorization = self.headers.get("Authorization", "").encode("utf-8", "replace")
            if not hmac.compare_digest(authorization, f"Bearer {self.server.pages.token}".encode()):
                raise Refused(401, "the token is missing or wrong: open the address that `flowc ui` printed")
            self._send(200, "application/json", self._data(names, query))
        else:
            raise Refused(404, "there is no such page")

    def _data(self, names: list[str], query: dict[str, str]) -> bytes:
        pages = self.server.pages
        if names == ["runs"]:
            return json.dumps({"store": pages.place.url, "runs": pages.runs()}).encode()
        if names[:1] == ["run"] and len(names) == 3:
            return pages.data(names[1], names[2])
        if names[:1] == ["watch"] and len(names) == 3:
            return json.dumps({"seen": pages.wait(names[1], names[2], query.get("seen", ""))}).encode()
        if names[:1] in (["log"], ["find"]) and len(names) == 6:
            kind, flow, run, step, path, attempt = names
            if kind == "log":
                return json.dumps(pages.log(flow, run, step, path, attempt, query.get("around", ""))).encode()
            text, stream = query.get("q", ""), query.get("stream", "both")
            return json.dumps(pages.find(flow, run, step, path, attempt, text, stream)).encode()
        raise Refused(404, "there is no such data")

    def _send(self, status: int, kind: str, body: bytes, policy: str = "default-src 'none'") -> None:
        if len(body) > 2000 and "gzip" in self.headers.get("Accept-Encoding", ""):
            import gzip

            body, packed = gzip.compress(body, 5), True
        else:
            packed = False
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Type": kind, "Content-Security-Policy": policy}.items():
            self.send_header(name, value)
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass
