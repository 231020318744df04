"""A large array to and from S3, against as many bytes through one socket; both ends on this machine."""

from __future__ import annotations

import os
import socket
import threading
import time

from .artifacts import MEBIBYTES, Array
from .measure import row
from .null_s3 import null_s3

ROUNDS = 4
PIECE = 1 << 20


def main() -> None:
    print(f"S3 on this machine: {MEBIBYTES} MiB, against a server that does nothing with it")
    size = MEBIBYTES << 20
    array = Array(bytearray(os.urandom(1 << 20) * MEBIBYTES))
    with null_s3() as environment:
        os.environ.update(environment)
        from flowc.runtime_shim import artifacts
        from flowc.runtime_shim.store.s3 import S3Store

        put = get = float("inf")
        for number in range(ROUNDS):
            array.data[0] = number  # another blob
            began = time.perf_counter()
            manifest = artifacts.save_all(S3Store("s3://bucket"), "F", {"x": array}, {})
            put = min(put, time.perf_counter() - began)
            began = time.perf_counter()
            value = artifacts.load(S3Store("s3://bucket"), "F", "x", manifest["x"])
            get = min(get, time.perf_counter() - began)
            del value
        raw = min(_raw(array, size) for _ in range(ROUNDS))
    row("one socket, sendall and recv_into", f"{size / raw / 1e9:.2f} GB/s")
    row("save to S3, hashed", f"{size / put / 1e9:.2f} GB/s", f"{raw / put:.2f} of it (to reach: 0.5)")
    row("load from S3, hashed", f"{size / get / 1e9:.2f} GB/s", f"{raw / get:.2f} of it (to reach: 0.8)")


def _raw(array: Array, size: int) -> float:
    """Seconds of the bytes from one process to another."""
    ours, theirs = socket.socketpair() if not hasattr(socket, "AF_INET") else _pair()
    pid = os.fork()
    if not pid:
        ours.close()
        for start in range(0, size, PIECE):
            theirs.sendall(array.data[start : start + PIECE])
        os._exit(0)
    theirs.close()
    into = memoryview(bytearray(size))
    began = time.perf_counter()
    have = 0
    while have < size:
        have += ours.recv_into(into[have:], min(PIECE, size - have))
    seconds = time.perf_counter() - began
    os.waitpid(pid, 0)
    ours.close()
    return seconds


def _pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        found: list[socket.socket] = []
        thread = threading.Thread(target=lambda: found.append(listening.accept()[0]))
        thread.start()
        theirs = socket.create_connection(listening.getsockname())
        thread.join()
    return found[0], theirs
