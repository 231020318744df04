"""A small S3 server in this process that can be told to misbehave: the faults are real ones, on real sockets.

`server.faults` is a list of (which requests, what happens): a fault is used once, by the first request that it fits. Every request is in
`server.seen`. Conditional writes are atomic, so that writers can race.
"""

from __future__ import annotations

import hashlib
import re
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Fault = tuple[Callable[[str, str], bool], str]  # (method, path and query) → does it fit; what happens

BUCKET = "bucket"


class FaultyS3(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.uploads: dict[str, dict[int, bytes]] = {}
        self.faults: list[Fault] = []
        self.seen: list[tuple[str, str]] = []
        self.gate: Callable[[], int] | None = None  # what a request waits for; gives the number of its round
        self.rounds: dict[int, int] = {}  # index in `seen` → the round in which the request was answered
        self.lock = threading.Lock()
        self.clock = 0.0  # seconds that the server is ahead
        self.stale: set[str] = set()  # access keys that are no longer good
        self.delay = 0.0  # seconds before every answer
        self.region = "us-east-1"
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.environment = {
            "AWS_ENDPOINT_URL_S3": self.url, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
        }  # fmt: skip

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients that are gone are what is tested

    def fault(self, what: str, method: str = "", path: str = "", times: int = 1) -> None:
        self.faults += [(lambda m, p: method in ("", m) and path in p, what)] * times


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultyS3
    wbufsize = 1 << 16

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, *_: Any) -> None:
        pass

    def _any(self) -> None:
        server = self.server
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        with server.lock:
            server.seen.append((self.command, self.path))
            number = len(server.seen) - 1
            fault = next((fault for fault in server.faults if fault[0](self.command, self.path)), None)
            if fault is not None:
                server.faults.remove(fault)
        if server.delay:
            time.sleep(server.delay)
        if server.gate is not None:
            server.rounds[number] = server.gate()
        self._answer(body, fault[1] if fault else "")

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = _any

    def _answer(self, body: bytes, fault: str) -> None:
        server = self.server
        if fault == "drop":
            self._hang_up()
        elif fault == "silence":
            time.sleep(3)
            self._hang_up()
        elif fault.startswith("error "):  # error STATUS CODE
            _, number, code = fault.split(" ", 2)
            self._error(int(number), code)
        elif fault.startswith("redirect "):
            self._send(
                307, b"<Error><Code>TemporaryRedirect</Code></Error>", {"Location": fault.split()[1] + self.path}
            )
        elif (problem := self._refused(body)) is not None:
            self._error(*problem)
        else:
            with server.lock:
                status, data, headers = self._do(body)
            if fault == "lost":  # done, but nobody hears of it
                self._hang_up()
            elif fault == "half":
                self._send(status, data, headers, half=True)
            elif fault == "flip" and data:
                self._send(status, data[:-1] + bytes([data[-1] ^ 1]), headers)
            else:
                self._send(status, data, headers)

    def _refused(self, body: bytes) -> tuple[int, str] | None:
        server = self.server
        match = re.match(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d+)/([^/]+)/s3", self.headers.get("authorization", ""))
        if not match:
            return 403, "AccessDenied"
        if match.group(1) in server.stale:
            return 400, "ExpiredToken"
        if match.group(3) != server.region:
            return 400, "AuthorizationHeaderMalformed"
        sent = time.strptime(self.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
        import calendar

        if abs(calendar.timegm(sent) - time.time() - server.clock) > 900:
            return 403, "RequestTimeTooSkewed"
        if hashlib.sha256(body).hexdigest() != self.headers["x-amz-content-sha256"]:
            return 400, "XAmzContentSHA256Mismatch"
        return None

    def _do(self, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        server = self.server
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        _, bucket, key = (unquote(parts.path) + "/").split("/", 2)
        key = key.rstrip("/")
        if bucket != BUCKET:
            return 404, b"<Error><Code>NoSuchBucket</Code></Error>", {}
        if self.command == "PUT" and "partNumber" in query:
            if query["uploadId"] not in server.uploads:
                return 404, b"<Error><Code>NoSuchUpload</Code></Error>", {}
            server.uploads[query["uploadId"]][int(query["partNumber"])] = body
            return 200, b"", {"ETag": f'"{hashlib.md5(body).hexdigest()}"'}
        if self.command == "PUT":
            if self.headers.get("if-none-match") == "*" and key in server.objects:
                return 412, b"<Error><Code>PreconditionFailed</Code></Error>", {}
            server.objects[key] = body
            return 200, b"", {"ETag": '"x"'}
        if self.command == "POST" and "uploads" in query:
            upload = f"u{len(server.uploads)}-{len(server.seen)}"
            server.uploads[upload] = {}
            return 200, f"<R><UploadId>{upload}</UploadId></R>".encode(), {}
        if self.command == "POST":
            sent = server.uploads.pop(query["uploadId"], None)
            if sent is None:
                return 404, b"<Error><Code>NoSuchUpload</Code></Error>", {}
            named = [int(number) for number in re.findall(rb"<PartNumber>(\d+)<", body)]
            if any(len(sent[number]) < 5 << 20 for number in named[:-1]):
                return 400, b"<Error><Code>EntityTooSmall</Code></Error>", {}
            server.objects[key] = b"".join(sent[number] for number in named)
            return 200, b"<R></R>", {}
        if self.command == "DELETE":
            if "uploadId" in query:
                server.uploads.pop(query["uploadId"], None)
            else:
                server.objects.pop(key, None)
            return 204, b"", {}
        if not key:
            prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
            names = sorted(name for name in server.objects if name.startswith(prefix))
            folders = sorted(
                {name[: name.index(delimiter, len(prefix)) + 1] for name in names if delimiter in name[len(prefix) :]}
                if delimiter
                else ()
            )
            listed = [
                f"<Contents><Key>{name}</Key><Size>{len(server.objects[name])}</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
                for name in names
                if not delimiter or delimiter not in name[len(prefix) :]
            ]
            return (
                200,
                "".join(
                    [*listed, *(f"<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>" for folder in folders)]
                ).encode(),
                {},
            )
        if key not in server.objects:
            return 404, b"<Error><Code>NoSuchKey</Code></Error>", {}
        data = server.objects[key]
        byte_range = re.match(r"bytes=(\d+)-(\d+)", self.headers.get("range", ""))
        if byte_range:
            start, end = int(byte_range.group(1)), int(byte_range.group(2)) + 1
            if start >= len(data):
                return 416, b"", {}
            return 206, data[start:end], {"Content-Range": f"bytes {start}-{min(end, len(data)) - 1}/{len(data)}"}
        return 200, data, {}

    def _error(self, status: int, code: str) -> None:
        headers = {"x-amz-bucket-region": self.server.region} if code == "AuthorizationHeaderMalformed" else {}
        self._send(status, f"<Error><Code>{code}</Code><Message>as told</Message></Error>".encode(), headers)

    def _send(self, status: int, data: bytes, headers: dict[str, str], half: bool = False) -> None:
        self.send_response_only(status)
        self.send_header("Date", formatdate(time.time() + self.server.clock, usegmt=True))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[: len(data) // 2] if half else data)
        self.wfile.flush()
        if half:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def faulty_s3() -> Iterator[FaultyS3]:
    with FaultyS3() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
