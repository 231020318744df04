"""A proxy before a server, which passes requests on but for those that a test lets fail."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Fault = Callable[[int, str, str], "int | None"]  # (number of the request, method, path) → a status, 0 to hang up, None


class FaultyProxy:
    """`url` is the proxy's; `fault` decides what becomes of a request; `count` is how many have come."""

    def __init__(self, target: str) -> None:
        self.target = target.partition("//")[2]
        self.fault: Fault = lambda number, method, path: None
        self.count = 0
        self.asked: list[str] = []
        self._lock = threading.Lock()
        self.url = ""

    def number(self, method: str, path: str) -> int:
        with self._lock:
            self.count += 1
            self.asked.append(f"{method} {path}")
            return self.count

    def begin(self, fault: Fault) -> None:
        self.fault, self.count, self.asked = fault, 0, []


def _handler(proxy: FaultyProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status = proxy.fault(proxy.number(self.command, self.path), self.command, self.path)
            if status == 0:
                self.close_connection = True
                return
            if status is not None:
                self._answer(status, b'{"detail": "of the proxy"}', "application/json")
                return
            connection = http.client.HTTPConnection(proxy.target, timeout=120)
            try:
                connection.request(self.command, self.path, body or None, dict(self.headers.items()))
                answer = connection.getresponse()
                self._answer(answer.status, answer.read(), answer.getheader("Content-Type") or "application/json")
            finally:
                connection.close()

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if status != 204:
                self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass

        def log_message(self, *arguments: object) -> None:
            pass

    return Handler


@contextmanager
def faulty_proxy(target: str) -> Iterator[FaultyProxy]:
    proxy = FaultyProxy(target)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(proxy))
    server.daemon_threads = True
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
