"""A front for fake-gcs-server, which knows uploads only in GCS's JSON form, while obstore sends them in the XML form.

It puts such uploads into the other form and passes all else on as it is; what objects are, generations and their conditions are the server's.
(Google Cloud Storage reference: XML API, PUT Object and multipart uploads; JSON API, Objects: insert.)
"""

from __future__ import annotations

import http.client
import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, quote, unquote, urlsplit


class _Front(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, server: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.server = server
        self.uploads: dict[str, dict[int, bytes]] = {}

    def handle_error(self, request: object, client_address: object) -> None:
        pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Front
    wbufsize = 1 << 16

    def log_message(self, *_: object) -> None:
        pass

    def _any(self) -> None:
        if "chunked" in self.headers.get("transfer-encoding", ""):
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        if self.command == "POST" and "uploads" in query:
            upload = f"u{len(self.server.uploads)}"
            self.server.uploads[upload] = {}
            self._send(200, f"<R><Bucket>b</Bucket><Key>k</Key><UploadId>{upload}</UploadId></R>".encode())
        elif self.command == "PUT" and "partNumber" in query:
            self.server.uploads[query["uploadId"]][int(query["partNumber"])] = body
            self._send(200, b"", {"ETag": f'"part{query["partNumber"]}"'})
        elif self.command == "POST" and "uploadId" in query:
            sent = self.server.uploads.pop(query["uploadId"])
            named = [int(number) for number in re.findall(rb"<PartNumber>(\d+)<", body)]
            self._insert(
                parts.path,
                b"".join(sent[number] for number in named),
                "<R><Bucket>b</Bucket><Key>k</Key><ETag>e</ETag></R>",
            )
        elif self.command == "PUT":
            self._insert(parts.path, body, "")
        else:
            self._forward(self.command, self.path, body, dict(self.headers))

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = _any

    def _insert(self, path: str, body: bytes, answer: str) -> None:
        bucket, _, name = path.lstrip("/").partition("/")
        condition = self.headers.get("x-goog-if-generation-match")
        query = f"uploadType=media&name={quote(unquote(name), safe='')}" + (
            f"&ifGenerationMatch={condition}" if condition else ""
        )
        headers = {"content-type": self.headers.get("content-type") or "application/octet-stream"}
        status, answer_headers, data = self._ask("POST", f"/upload/storage/v1/b/{bucket}/o?{query}", body, headers)
        if status == 200:
            generation = re.search(rb'"generation":\s*"?(\d+)', data)
            self._send(
                200,
                answer.encode(),
                {"ETag": '"x"', "x-goog-generation": generation.group(1).decode() if generation else "1"},
            )
        else:
            self._send(status, data, {})

    def _forward(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> None:
        status, answer_headers, data = self._ask(
            method, path, body, {name: value for name, value in headers.items() if name.lower() != "host"}
        )
        kept = {
            name: value
            for name, value in answer_headers.items()
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date")
        }
        self._send(status, data, kept, answer_headers.get("Content-Length"))

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.server.server)
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.headers), answer.read()
        finally:
            connection.close()

    def _send(self, status: int, data: bytes, headers: dict[str, str] | None = None, length: str | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", length if self.command == "HEAD" and length else str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
        self.wfile.flush()


@contextmanager
def front(server: str) -> Iterator[str]:
    """`server`: host and port of fake-gcs-server. Yields the URL of the front."""
    with _Front(server) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{proxy.server_address[1]}"
        finally:
            proxy.shutdown()
            thread.join()
