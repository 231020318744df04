"""The time and memory of saving and loading artifacts.

A large array is compared with the disk, a thousand small artifacts with pickling and hashing them.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from .measure import row

MEBIBYTES = int(os.environ.get("FLOWC_BENCH_MIB", "1024"))  # of the array
ROUNDS = 3


class Array:
    """Like NumPy's arrays, pickles its memory out of band."""

    def __init__(self, data: Any) -> None:
        self.data = memoryview(data)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return Array, (pickle.PickleBuffer(self.data),)


def main() -> None:
    print(f"artifacts in a folder: an array of {MEBIBYTES} MiB, and a thousand small values")
    array = Array(bytearray(os.urandom(1 << 20) * MEBIBYTES))
    with tempfile.TemporaryDirectory(dir=os.environ.get("FLOWC_BENCH_FOLDER")) as folder:
        _array(array, folder)
        _small(folder)
    _memory()


def _array(array: Array, folder: str) -> None:
    from flowc.runtime_shim.artifacts import content
    from flowc.runtime_shim.artifacts import manifest as artifacts
    from flowc.runtime_shim.store.folder import FolderStore

    best: dict[str, float] = {}
    for number in range(ROUNDS):
        array.data[0] = number
        _best(best, "hash", lambda: content.of(array).digest)
        for kind in ("write and fsync", "write", "durable", "fast"):
            store = FolderStore(os.path.join(folder, f"{kind}{number}"), durable=kind == "durable")
            if kind.startswith("write"):
                _best(
                    best,
                    kind,
                    lambda kind=kind, number=number: _disk(  # type: ignore[misc]
                        os.path.join(folder, f"{kind}{number}"), array, "fsync" in kind
                    ),
                )
            else:
                manifest = _best(best, kind, lambda store=store: artifacts.save_all(store, "F", {"x": array}, {}))  # type: ignore[misc]
                value = _best(
                    best,
                    f"load {kind}",
                    lambda store=store, manifest=manifest: artifacts.load(  # type: ignore[misc]
                        store, "F", "x", manifest["x"]
                    ),
                )
                _best(best, f"touch {kind}", lambda value=value: _touch(value.data))  # type: ignore[misc]
                del value
            _remove(os.path.join(folder, f"{kind}{number}"))
    slower = max(best["write and fsync"], best["hash"])
    row("computing its digest, in threads", _ms(best["hash"]))
    row("write() of it, and fsync", _ms(best["write and fsync"]))
    row(
        "save, durable", _ms(best["durable"]), f"{best['durable'] / slower:.2f} × the slower of the two (to reach: 1.5)"
    )
    row("write() of it into the page cache", _ms(best["write"]))
    row(
        "save, not durable",
        _ms(best["fast"]),
        f"{best['fast'] / max(best['write'], best['hash']):.2f} × the slower of it and the digest",
    )
    row("load, nothing touched", _ms(best["load fast"]), "(to reach: 5 ms)")
    touch = _touching(array)
    row("touching as much existing memory", _ms(touch))
    both = best["load fast"] + best["touch fast"]
    row("load, and touch every page", _ms(both), f"{both / touch:.2f} × (to reach: 1.3)")


def _small(folder: str) -> None:
    from flowc.runtime_shim.artifacts import manifest as artifacts
    from flowc.runtime_shim.store.folder import FolderStore

    best: dict[str, float] = {}
    store = FolderStore(os.path.join(folder, "small"))
    artifacts.save_all(store, "F", {"x": bytes(9000)}, {})  # the flow's folder exists when a task ends
    before = _files(store.folder)
    common = {f"a{number}": list(range(number, number + 300)) for number in range(1000)}
    for number in range(15):
        # different values in each round, made of the same objects
        values = {name: [*value[:-1], number] for name, value in common.items()}
        _best(
            best,
            "limit",
            lambda values=values: [  # type: ignore[misc]
                hashlib.sha256(pickle.dumps(value, 5)).digest() for value in values.values()
            ],
        )
        _best(best, "save", lambda values=values: artifacts.save_all(store, "F", values, {}))  # type: ignore[misc]
    files = (_files(store.folder) - before) // 15
    row("pickle and sha256 of a thousand values of 1 KB", _ms(best["limit"]))
    row(
        "save them",
        _ms(best["save"]),
        f"{best['save'] / best['limit']:.2f} × (to reach: 3), {files} new file (to reach: 3)",
    )


def _files(folder: str) -> int:
    return sum(len(names) for _, _, names in os.walk(folder))


MEMORY = """
import os, re, sys, tempfile
from benchmarks.artifacts import Array
from flowc.runtime_shim.artifacts import manifest as artifacts
from flowc.runtime_shim.store.folder import FolderStore

def status(name):
    return int(re.search(name + r":\\s+(\\d+) kB", open("/proc/self/status").read()).group(1)) / 1024

size = int(sys.argv[1])
kind = sys.argv[2]
value = {
    "array": lambda: Array(bytearray(os.urandom(1 << 20) * size)),
    "texts": lambda: [str(number) for number in range(size * 10000)],
    "rows": lambda: [(number, number / 3, [number + 1]) for number in range(size * 2000)],
    "records": lambda: [
        {"id": number, "name": f"{number}", "kind": ("one", "two")[number % 2], "at": [number / 3]}
        for number in range(size * 2000)
    ],
}[kind]()
with tempfile.TemporaryDirectory() as folder:
    open("/proc/self/clear_refs", "w").write("5")
    before = status("VmRSS")
    manifest = artifacts.save_all(FolderStore(folder), "F", {"x": value}, {})
    print(status("VmHWM") - before, manifest["x"]["size"] / (1 << 20))
    del value
    open("/proc/self/clear_refs", "w").write("5")
    value = artifacts.load(FolderStore(folder), "F", "x", manifest["x"])
    print(status("VmHWM") - status("VmRSS"))
"""


def _memory() -> None:
    for kind, what in (
        ("array", "an array"),
        ("texts", "a list of texts"),
        ("rows", "a list of rows"),
        ("records", "a list of records"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", MEMORY, str(MEBIBYTES), kind], capture_output=True, text=True, check=True
        )
        extra, size, loading = map(float, done.stdout.split())
        row(f"peak memory over {what} of {size:.0f} MiB when it is saved", f"{extra:.0f} MiB", "(to reach: 64)")
        row("when it is loaded", f"{loading:.0f} MiB", "(to reach: 64)")


def _best(best: dict[str, float], name: str, work: Callable[[], Any]) -> Any:
    began = time.perf_counter()
    result = work()
    best[name] = min(best.get(name, float("inf")), time.perf_counter() - began)
    return result


def _disk(path: str, array: Array, sync: bool) -> None:
    with open(path, "wb", buffering=0) as file:
        for start in range(0, len(array.data), 8 << 20):
            file.write(array.data[start : start + (8 << 20)])
        if sync:
            os.fsync(file.fileno())


def _touch(view: memoryview) -> int:
    return sum(view[::4096])


def _touching(array: Array) -> float:
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        _best(best, "", lambda: _touch(array.data))
    return best[""]


def _remove(path: str) -> None:
    import shutil

    shutil.rmtree(path, ignore_errors=True)
    if os.path.exists(path):
        os.unlink(path)


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.2f} ms"
