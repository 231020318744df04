"""A minimal S3 server to measure a client against, in a process of its own.

It checks no signatures and no digests, and keeps objects in memory. It can answer each request as late as a service in
another building would; requests that come together wait together. `GET /requests` tells how many there were.
"""

from __future__ import annotations

import mmap
import re
import socket
import subprocess
import sys
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

PART = 8 << 20
SPACE = 2 << 30  # bytes of the largest object
LISTED = 1000  # names in one answer


def _serve(delay: float) -> None:
    objects: dict[str, bytes | mmap.mmap] = {}
    sizes: dict[str, int] = {}
    requests = [0]
    space = mmap.mmap(-1, SPACE)  # where the parts of an upload go, one upload at a time
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listening:
        print(listening.getsockname()[1], flush=True)
        while True:
            connection, _ = listening.accept()
            threading.Thread(
                target=_connection, args=(connection, objects, sizes, space, delay, requests), daemon=True
            ).start()


def _listing(objects: dict[str, bytes | mmap.mmap], sizes: dict[str, int], bucket: str, query: str) -> bytes:
    """Returns one page of ListObjectsV2."""
    asked = {name: values[-1] for name, values in parse_qs(query).items()}
    prefix, delimiter = f"/{bucket}/{asked.get('prefix', '')}", asked.get("delimiter", "")
    names = sorted(objects)  # nearly sorted already, so this takes little
    first, whole = asked.get("continuation-token", ""), len(f"/{bucket}/")
    parts: list[str] = []
    at = bisect_left(names, first or prefix)
    while at < len(names) and names[at].startswith(prefix) and len(parts) < LISTED:
        rest = names[at][len(prefix) :]
        if delimiter and delimiter in rest:
            folder = prefix + rest.partition(delimiter)[0] + delimiter
            parts.append(f"<CommonPrefixes><Prefix>{escape(folder[whole:])}</Prefix></CommonPrefixes>")
            at = bisect_left(names, folder[:-1] + chr(ord(delimiter) + 1))
            continue
        parts.append(
            f"<Contents><Key>{escape(names[at][whole:])}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>"
            f"<Size>{sizes[names[at]]}</Size></Contents>"
        )
        at += 1
    more = at < len(names) and names[at].startswith(prefix)
    end = f"<NextContinuationToken>{escape(names[at])}</NextContinuationToken>" if more else ""
    return f"<R><IsTruncated>{str(more).lower()}</IsTruncated>{end}{''.join(parts)}</R>".encode()


def _connection(
    connection: socket.socket,
    objects: dict[str, bytes | mmap.mmap],
    sizes: dict[str, int],
    space: mmap.mmap,
    delay: float,
    requests: list[int],
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
        if path == "/requests":
            body = str(requests[0]).encode()
            connection.sendall(f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
            continue
        requests[0] += 1
        if delay and method != "PUT":
            time.sleep(delay)
        if method == "GET" and "list-type=2" in query:
            body = _listing(objects, sizes, path.strip("/"), query)
        elif method == "PUT" and part:
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
def null_s3(delay: float = 0) -> Iterator[dict[str, str]]:
    """Yields the environment variables that make this server S3. `delay` is the seconds until a read is answered."""
    command = [sys.executable, "-m", "benchmarks.null_s3", str(delay)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
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
    _serve(float(sys.argv[1]))
