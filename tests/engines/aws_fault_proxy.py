"""A proxy on loopback between AWS's clients and moto, which throttles, refuses credentials, or loses answers."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

THROTTLED, EXPIRED, LOST, UNREACHABLE = "throttled", "expired", "lost", "unreachable"
KINDS = (THROTTLED, EXPIRED, LOST, UNREACHABLE)
_ERRORS = {
    THROTTLED: ("ThrottlingException", "Rate exceeded"),
    EXPIRED: ("ExpiredTokenException", "The security token included in the request is expired"),
}


class FaultProxy(ThreadingHTTPServer):
    """`fault` happens from request number `first` on, for `count` requests; the others are passed on."""

    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = urlsplit(target)
        self.lock = threading.Lock()
        self.plan("", 0, 0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def plan(self, fault: str, first: int, count: int) -> None:
        self.fault, self.first, self.count, self.seen, self.met = fault, first, count, 0, 0

    def next_fault(self) -> str:
        with self.lock:
            self.seen += 1
            is_due = self.fault != "" and self.first <= self.seen < self.first + self.count
            self.met += is_due
            return self.fault if is_due else ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultProxy

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.next_fault()
        if fault in _ERRORS:
            self.refuse(*_ERRORS[fault])
            return
        if fault == UNREACHABLE:
            self.close_connection = True
            return
        target = self.server.target
        connection = http.client.HTTPConnection(str(target.hostname), target.port, timeout=600)
        connection.request(self.command, self.path, body, dict(self.headers))
        response = connection.getresponse()
        data = response.read()
        connection.close()
        if fault == LOST:  # it has happened, and nobody is told
            self.close_connection = True
            return
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def refuse(self, code: str, message: str) -> None:
        """Answers in the form of the request's protocol: JSON, or XML for a form."""
        if "form-urlencoded" in self.headers.get("Content-Type", ""):
            text = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        else:
            text = json.dumps({"__type": code, "message": message})
        self.send_response(400)
        self.send_header("x-amzn-ErrorType", code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = answer

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def fault_proxy(target: str) -> Iterator[FaultProxy]:
    """Yields a proxy before the server at that URL."""
    proxy = FaultProxy(target)
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()
