"""Steps that use processes, threads, temporary files, random numbers, logging, warnings and the working directory."""
import concurrent.futures
import logging
import os
import random
import subprocess
import sys
import tempfile
import threading
import warnings
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import Path
from uuid import UUID

from metaflow import FlowSpec, catch, resources, retry, step, timeout

logger = logging.getLogger(__name__)
Pair = namedtuple("Pair", "a b")


class Colour(Enum):
    RED = 1
    BLUE = "b"


def square(x):
    return x * x


class WorkInSteps(FlowSpec):
    @retry(times=1, minutes_between_retries=0)
    @timeout(minutes=1)
    @resources(cpu=1, memory=500)
    @step
    def start(self):
        logger.warning("careful")
        warnings.warn("so so", stacklevel=1)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            self.squares = list(pool.map(square, range(5)))
        found = []
        thread = threading.Thread(target=lambda: found.append(1))
        thread.start()
        thread.join()
        self.found = found
        self.said = subprocess.run([sys.executable, "-c", "print(40 + 2)"], capture_output=True, text=True).stdout.strip()
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "x").write_text("é\n")
            self.read = Path(folder, "x").read_text()
        random.seed(3)
        self.drawn = [random.randrange(100) for _ in range(3)]
        self.counter = Counter("abca")
        self.ordered = OrderedDict([("z", 1), ("a", 2)])
        self.default = defaultdict(list, {"k": [1]})
        self.queue = deque([1, 2], maxlen=3)
        self.pair = Pair(1, Pair(2, 3))
        self.colour = Colour.BLUE
        self.day = date(2024, 2, 29) + timedelta(days=1)
        self.money = Decimal("1.10")
        self.third = Fraction(1, 3)
        self.id = UUID(int=5)
        self.path = Path("a") / "b"
        self.frozen = frozenset({1})
        self.raw = bytes(range(4))
        self.view = bytearray(b"ab")
        self.complex = 1 + 2j
        self.nothing = None
        self.deep = {"a": [{"b": (1, {2})}], 3: Ellipsis, None: range(3)}
        self.function = square
        self.kind = Colour
        self.has_cwd = bool(os.getcwd())
        self.next(self.fails)

    @catch(var="problem", print_exception=False)
    @retry(times=1, minutes_between_retries=0)
    @step
    def fails(self):
        self.before = 1
        raise KeyError("gone")
        self.next(self.end)

    @step
    def end(self):
        self.caught = (type(self.problem).__name__, "gone" in str(self.problem), self.problem.type, hasattr(self, "before"))
        self.four = self.function(2) if hasattr(self, "function") else "lost"
        self.again = (self.pair.b.a, self.colour is Colour.BLUE, self.default["missing"])


if __name__ == "__main__":
    WorkInSteps()
