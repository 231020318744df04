"""Measures how the time and memory of a join over S3 grow with the number of its inputs."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from .measure import row
from .null_s3 import null_s3

SIZES = (1000, int(os.environ.get("FLOWC_BENCH_INPUTS", "10000")))

JOIN = """
import os, re, sys, time
from flowc.runtime_shim.artifacts import manifest as artifacts
from flowc.runtime_shim.contract import address, record
from flowc.runtime_shim.contract.graph import Graph
from flowc.runtime_shim.user_code.inputs import Inputs
from flowc.runtime_shim.contract.lineage import Lineage
from flowc.runtime_shim.artifacts.prefetch import OfJoin
from flowc.runtime_shim.store import open_store

count = int(sys.argv[1])
store = open_store(f"s3://bucket/{count}")
task = {"kind": "task"}
steps = [
    {"name": "start", "is_join": False, "decorators": [], "transition": {"kind": "foreach", "target": "body"}},
    {"name": "body", "is_join": False, "decorators": [], "transition": {"kind": "linear", "target": "join"}},
    {"name": "join", "is_join": True, "decorators": [], "transition": {"kind": "end"}, "reads": ["data"]},
]
body = {"nodes": [{"kind": "task", "step": "body"}]}
foreach = {"kind": "for_each", "step": "start", "body": body, "join": "join"}
scope = {"nodes": [task | {"step": "start"}, foreach, task | {"step": "join"}]}
graph = Graph({"version": 1, "flow": {"name": "F", "start": "start", "end": "join", "steps": steps}, "scopes": scope})
common = artifacts.save_all(store, "F", {"items": list(range(count)), "text": "x" * 2000}, {})
shared = {"attempt": 0, "stack": []}
start = {"step": "start", "path": "-", "next": ["body"], "splits": count, "artifacts": common, **shared}
record.write(store, "F", "r", start)
data = artifacts.save_all(store, "F", {"data": list(range(3000))}, common)
for index in range(count):
    record.write(store, "F", "r", {"step": "body", "path": str(index), "next": ["join"], "artifacts": data, **shared})

def status(name):
    return int(re.search(name + r":\\s+(\\d+) kB", open("/proc/self/status").read()).group(1)) / 1024

open("/proc/self/clear_refs", "w").write("5")
before = status("VmRSS")
began = time.perf_counter()
inputs = Lineage(store, graph, "r").inputs("join", "-")
found = time.perf_counter() - began
ahead = OfJoin(store, "F", ["data"], inputs)
total = 0
for index, each in enumerate(inputs):
    ahead.come_to(index)
    total += len(artifacts.load(store, "F", "data", each.artifacts["data"]))
assert total == 3000 * count
print(found, time.perf_counter() - began - found, status("VmHWM") - before, store._permits.most)
"""


def main() -> None:
    print("a join over S3: finding its inputs, and reading an artifact of 9 KB from each; times are per input")
    measured = {}
    with null_s3() as environment:
        for size in SIZES:
            done = subprocess.run(
                [sys.executable, "-c", JOIN, str(size)],
                env={**os.environ, **environment},
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stderr
            measured[size] = [float(number) for number in re.split(r"\s+", done.stdout.strip())]
    for size, (records, values, memory, most) in measured.items():
        row(f"{size} inputs: finding them", f"{1e6 * records / size:.0f} µs", f"{records:.2f} s in all")
        row(f"{size} inputs: reading them", f"{1e6 * values / size:.0f} µs", f"{values:.2f} s in all")
        row(
            f"{size} inputs: memory",
            f"{1024 * memory / size:.1f} KiB",
            f"{memory:.0f} MiB in all; {most:.0f} requests at once (to reach: 20)",
        )
    few, many = (measured[size] for size in SIZES)
    grown = (many[0] + many[1]) / (few[0] + few[1])
    row(f"{SIZES[1]} inputs over {SIZES[0]}", f"{grown:.1f} ×", f"{SIZES[1] / SIZES[0]:.0f} × the inputs")
