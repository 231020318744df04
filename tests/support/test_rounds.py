"""`tests/support/rounds.py` tells requests that wait for one another from those that do not, also on a machine that is busy."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from .faulty_s3 import faulty_s3
from .rounds import Rounds

CLIENT = """
import sys, threading, urllib.request
def ask(name):
    try:
        urllib.request.urlopen(sys.argv[1] + name).read()
    except urllib.error.HTTPError:
        pass
    sum(range(300_000))  # some work, before what is asked next
ask("/first")
threads = [threading.Thread(target=ask, args=[f"/at-once-{number}"]) for number in range(5)]
[each.start() for each in threads]
[each.join() for each in threads]
ask("/then"), ask("/last")
"""


@pytest.mark.parametrize("busy", [0, 4])
def test_rounds(busy: int) -> None:
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
    try:
        with faulty_s3() as server:
            rounds = Rounds(server.server_address[1])
            server.gate = rounds.wait
            client = subprocess.Popen(
                [sys.executable, "-c", CLIENT, server.url],
                env={**os.environ, "NO_PROXY": "*"},
                text=True,
                start_new_session=True,
            )
            rounds.serve(client)
            assert client.wait() == 0
            recorded = [
                (name.rpartition("-")[0] or name, server.rounds[number]) for number, (_, name) in enumerate(server.seen)
            ]
            first = recorded[0][1]
            assert recorded == [
                ("/first", first), *[("/at-once", first + 1)] * 5, ("/then", first + 2), ("/last", first + 3),
            ]  # fmt: skip
    finally:
        for other in others:
            other.kill()
            other.wait()
