"""A proxy before an HTTP server that stops in the middle of one upload, so that a test can end the client right there."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit


class CutOff:
    """The proxy. It holds back the second half of the body of upload `number` to a path that fits `pattern`."""

    def __init__(self, server: str, pattern: str, number: int) -> None:
        parts = urlsplit(server)
        self._server = (parts.hostname or "", parts.port or 80)
        self._pattern, self._left = re.compile(pattern), number
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.is_reached = threading.Event()  # half of the upload has gone to the server
        self.is_over = threading.Event()  # and its connection has been closed, by the client and to the server
        self.path = ""

    def serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._connection, args=(client,), daemon=True).start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _connection(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._server) as server:
            threading.Thread(target=_copied, args=(server, client), daemon=True).start()
            reading = client.makefile("rb")
            while head := _head(reading):
                server.sendall(head)
                size = int((re.search(rb"(?i)\r\ncontent-length: *(\d+)", head) or [b"", b"0"])[1])
                is_last = self._is_the_one(head)
                for part in _parts(reading, size // 2 if is_last else size):
                    server.sendall(part)
                if is_last:
                    self.is_reached.set()
                    _parts_until_end(client)
                    break
            try:
                server.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        if is_last:
            self.is_over.set()

    def _is_the_one(self, head: bytes) -> bool:
        method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        with self._lock:
            if method != "PUT" or not self._pattern.search(path):
                return False
            self._left -= 1
            if self._left == 0:
                self.path = path
            return self._left == 0


def _head(reading: object) -> bytes:
    lines = []
    while line := reading.readline():  # type: ignore[attr-defined]
        lines.append(line)
        if line == b"\r\n":
            return b"".join(lines)
    return b""


def _parts(reading: object, size: int) -> Iterator[bytes]:
    while size and (part := reading.read(min(size, 1 << 16))):  # type: ignore[attr-defined]
        size -= len(part)
        yield part


def _parts_until_end(client: socket.socket) -> None:
    """Waits until the client has gone."""
    try:
        while client.recv(1 << 16):
            pass
    except OSError:
        pass


def _copied(server: socket.socket, client: socket.socket) -> None:
    try:
        while data := server.recv(1 << 16):
            client.sendall(data)
    except OSError:
        pass


@contextmanager
def cut_off(server: str, pattern: str, number: int = 1) -> Iterator[CutOff]:
    """Yields a proxy before the server. `pattern` is a regular expression."""
    proxy = CutOff(server, pattern, number)
    threading.Thread(target=proxy.serve, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.close()
