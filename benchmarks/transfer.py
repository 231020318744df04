"""Moving a large array to and from S3, compared with sending as many bytes through one socket.

Both ends are on this machine.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from .artifacts import MEBIBYTES, Array
from .measure import row
from .null_s3 import null_s3

if TYPE_CHECKING:
    from flowc.runtime_shim.store.s3 import S3Store

ROUNDS = 6
PIECE = 1 << 20


def main() -> None:
    print(f"S3 on this machine: {MEBIBYTES} MiB, against a server that does nothing with it")
    size = MEBIBYTES << 20
    array = Array(bytearray(os.urandom(1 << 20) * MEBIBYTES))
    with null_s3() as environment:
        os.environ.update(environment)
        import zlib

        from flowc.runtime_shim.artifacts import manifest as artifacts
        from flowc.runtime_shim.fast_start import crc
        from flowc.runtime_shim.store.s3 import S3Store

        put = get = received = hashed = raw = plain = float("inf")
        for number in range(ROUNDS):
            raw = min(raw, _raw(array, size))  # measured in turn with S3: the machine's speed varies
            array.data[0] = number  # a different blob
            began = time.perf_counter()
            manifest = artifacts.save_all(S3Store("s3://bucket"), "F", {"x": array}, {})
            put = min(put, time.perf_counter() - began)
            for _ in range(2):  # the first must find the memory that the server has just taken
                began = time.perf_counter()
                artifacts.load(S3Store("s3://bucket"), "F", "x", manifest["x"])
                get = min(get, time.perf_counter() - began)
                received = min(received, _received(S3Store("s3://bucket"), manifest["x"]))
            crc._fast = zlib.crc32  # what is used without the package zlib-ng, which the extra `s3` installs
            began = time.perf_counter()
            artifacts.load(S3Store("s3://bucket"), "F", "x", manifest["x"])
            plain = min(plain, time.perf_counter() - began)
            crc._fast = None
            del manifest["x"]["crc32"]
            began = time.perf_counter()
            artifacts.load(S3Store("s3://bucket"), "F", "x", manifest["x"])
            hashed = min(hashed, time.perf_counter() - began)
    row("one socket, sendall and recv_into", f"{size / raw / 1e9:.2f} GB/s")
    row("save to S3, hashed", f"{size / put / 1e9:.2f} GB/s", f"{raw / put:.2f} of it (to reach: 0.5)")
    row("load from S3, checked by its CRC-32", f"{size / get / 1e9:.2f} GB/s", f"{raw / get:.2f} of it (to reach: 0.8)")
    row("the same, without zlib-ng", f"{size / plain / 1e9:.2f} GB/s", f"{raw / plain:.2f} of it")
    row("the same, not checked", f"{size / received / 1e9:.2f} GB/s", f"{raw / received:.2f} of it")
    row("the same, by its digest", f"{size / hashed / 1e9:.2f} GB/s", f"{raw / hashed:.2f} of it")


def _received(store: S3Store, entry: dict[str, Any]) -> float:
    """Returns the seconds of receiving an artifact's content, with the parts and threads that loading uses."""
    from flowc.runtime_shim.contract import address
    from flowc.runtime_shim.contract.digest import CHUNK
    from flowc.runtime_shim.fast_start.threads import for_each
    from flowc.runtime_shim.store import blobs

    name, size = address.blob_name("F", entry["digest"]), entry["size"]
    began = time.perf_counter()
    view = memoryview(blobs._memory(size))
    for_each(
        -(-size // CHUNK),
        lambda part: store.get_into(name, part * CHUNK, view[part * CHUNK : (part + 1) * CHUNK]) and None,
        blobs.WORKERS,
    )
    return time.perf_counter() - began


def _raw(array: Array, size: int) -> float:
    """Returns the time of sending the bytes from one process to another, in seconds."""
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
        connections: list[socket.socket] = []
        thread = threading.Thread(target=lambda: connections.append(listening.accept()[0]))
        thread.start()
        theirs = socket.create_connection(listening.getsockname())
        thread.join()
    return connections[0], theirs
