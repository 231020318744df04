"""A server with the part of S3 that the client uses, kept in a dict. It counts requests, and those at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


class MemoryS3:
    """`objects`: key → content. `delay`: seconds that each answer takes, so that requests under way meet."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.objects: dict[str, bytes] = {}
        self.delay = 0.0
        self.requests = 0
        self.under_way = 0
        self.most_under_way = 0
        self.lock = threading.Lock()
        self.environment = {
            "AWS_ENDPOINT_URL_S3": url,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
        }

    def count(self) -> int:
        """Returns the number of requests since the last call."""
        with self.lock:
            count, self.requests = self.requests, 0
            return count


@contextmanager
def memory_s3() -> Iterator[MemoryS3]:
    server_state: MemoryS3

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: Any) -> None:
            pass

        def _answer(self, send_body: bool = True) -> None:
            with server_state.lock:
                server_state.requests += 1
                server_state.under_way += 1
                server_state.most_under_way = max(server_state.most_under_way, server_state.under_way)
            try:
                if server_state.delay:
                    time.sleep(server_state.delay)
                status, body = self._result()
            finally:
                with server_state.lock:
                    server_state.under_way -= 1
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if send_body:
                self.wfile.write(body)

        def _result(self) -> tuple[int, bytes]:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            key = unquote(parts.path).partition("/")[2].partition("/")[2]
            if self.command == "PUT":
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.headers.get("If-None-Match") and key in server_state.objects:
                    return 412, b"<Error><Code>PreconditionFailed</Code></Error>"
                server_state.objects[key] = body
                return 200, b""
            if "list-type" in query:
                return 200, _listing(server_state.objects, query)
            stored = server_state.objects.get(key)
            return (404, b"<Error><Code>NoSuchKey</Code></Error>") if stored is None else (200, stored)

        def do_GET(self) -> None:
            self._answer()

        do_PUT = do_GET

        def do_HEAD(self) -> None:
            self._answer(send_body=False)

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    server_state = MemoryS3(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server_state
    finally:
        server.shutdown()
        server.server_close()


def _listing(objects: dict[str, bytes], query: dict[str, str]) -> bytes:
    """A page of ListObjectsV2: a thousand names and common prefixes together."""
    prefix, delimiter, after = query.get("prefix", ""), query.get("delimiter", ""), query.get("continuation-token", "")
    shared_of: dict[str, bool] = {}
    for key in sorted(objects):
        if key.startswith(prefix):
            rest = key[len(prefix) :]
            shared = bool(delimiter) and delimiter in rest
            shared_of.setdefault(prefix + rest.partition(delimiter)[0] + delimiter if shared else key, shared)
    names = [name for name in shared_of if name > after]
    page = names[: int(query.get("max-keys", 1000))]
    more = len(names) > len(page)
    text = "".join(
        f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>"
        if shared_of[name]
        else f"<Contents><Key>{escape(name)}</Key><Size>{len(objects[name])}</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
        for name in page
    )
    token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
    return f"<ListBucketResult><Prefix>{escape(prefix)}</Prefix><IsTruncated>{str(more).lower()}</IsTruncated>{token}{text}</ListBucketResult>".encode()
