"""A minimal S3 server to measure a client against, in a process of its own.

It checks no signatures and no digests, and keeps objects in memory.
"""

from __future__ import annotations

import mmap
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote

PART = 8 << 20
SPACE = 2 << 30  # bytes of the largest object


def _serve() -> None:
    objects: dict[str, bytes | mmap.mmap] = {}
    sizes: dict[str, int] = {}
    space = mmap.mmap(-1, SPACE)  # where the parts of an upload go, one upload at a time
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listening:
        print(listening.getsockname()[1], flush=True)
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=_connection, args=(connection, objects, sizes, space), daemon=True).start()


def _connection(
    connection: socket.socket, objects: dict[str, bytes | mmap.mmap], sizes: dict[str, int], space: mmap.mmap
) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    rest = b""
    while True:
        while b"\r\n\r\n" not in rest:
            data = connection.recv(65536)
            if not data:
                return
            rest += data
        head, _, rest = rest.partition(b"\r\n\r\n")
        text = head.decode().lower()
        method, target = head.decode().split(" ", 2)[:2]
        path, _, query = target.partition("?")
        path = unquote(path)
        length = re.search(r"content-length: (\d+)", text)
        size = int(length.group(1)) if length else 0
        part = re.search(r"partNumber=(\d+)", query)
        into = memoryview(space)[PART * (int(part.group(1)) - 1) :][:size] if part else memoryview(bytearray(size))
        into[: len(rest)] = rest[:size]
        have, rest = len(rest[:size]), rest[size:]
        while have < size:
            have += connection.recv_into(into[have:], 0, socket.MSG_WAITALL)
        status, body = "200 OK", b""
        extra = ""
        if method == "PUT" and part:
            sizes[path] = max(sizes.get(path, 0), PART * (int(part.group(1)) - 1) + size)
            extra = 'etag: "x"\r\n'
        elif method == "PUT":
            if "if-none-match" in text and path in objects:
                status = "412 Precondition Failed"
            else:
                objects[path], sizes[path] = bytes(into), size
        elif method == "POST":
            if query == "uploads=":
                sizes[path] = 0
            else:
                objects[path] = space
            body = b"<R><UploadId>1</UploadId></R>"
        elif path not in objects:
            status = "404 Not Found"
        else:
            whole = sizes[path]
            requested = re.search(r"range: bytes=(\d+)-(\d+)", text)
            start, end = (int(requested.group(1)), min(whole, int(requested.group(2)) + 1)) if requested else (0, whole)
            if requested:
                status, extra = "206 Partial Content", f"content-range: bytes {start}-{end - 1}/{whole}\r\n"
            connection.sendall(f"HTTP/1.1 {status}\r\n{extra}content-length: {end - start}\r\n\r\n".encode())
            if method == "GET":
                connection.sendall(memoryview(objects[path])[start:end])
            continue
        connection.sendall(f"HTTP/1.1 {status}\r\n{extra}content-length: {len(body)}\r\n\r\n".encode() + body)


@contextmanager
def null_s3() -> Iterator[dict[str, str]]:
    """Yields the environment variables that make this server S3."""
    server = subprocess.Popen([sys.executable, "-m", "benchmarks.null_s3"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        yield {
            "AWS_ENDPOINT_URL_S3": url,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
        }
    finally:
        server.kill()
        server.communicate()


if __name__ == "__main__":
    _serve()
