"""Parsing, before a rule looks at anything."""

from __future__ import annotations

import subprocess
import sys

THREADS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from flowc.compiler.source import tree_of

together = Barrier(8)

def parse(number):
    together.wait()
    return tree_of(f"x = {number}").text()

sys.setswitchinterval(1e-6)
with ThreadPoolExecutor(8) as pool:
    print(*pool.map(parse, range(8)), sep=", ")
from ast_grep_py import SgRoot
"""


def test_the_first_files_may_be_parsed_in_several_threads_at_once() -> None:
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True)
        assert done.stdout.strip() == ", ".join(f"x = {number}" for number in range(8)), done.stderr
