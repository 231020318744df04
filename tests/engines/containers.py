"""Containers that run several tasks, and die: a flow for the node, and the server that its tasks call.

A task says to the server that it starts, with a token that only this start has and that becomes an artifact. The
server answers `go` or `die`. So the server knows every start of every task, in order, also those of which nothing else
is left.
"""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .deploying import Dump

# every way in which tasks may share a container: lines, branches, a foreach in chunks, a loop, a switch
SHARED = """class Shared(FlowSpec):
    @retry(times=4, minutes_between_retries=0)
    @step
    def start(self):
        self.token = begins(current.pathspec)
        self.next(self.load)

    @retry(times=4, minutes_between_retries=0)
    @step
    def load(self):
        self.token = begins(current.pathspec)
        self.next(self.left, self.right)

    @retry(times=4, minutes_between_retries=0)
    @step
    def left(self):
        self.token = begins(current.pathspec)
        self.next(self.both)

    @retry(times=4, minutes_between_retries=0)
    @step
    def right(self):
        self.token = begins(current.pathspec)
        self.next(self.both)

    @retry(times=4, minutes_between_retries=0)
    @step
    def both(self, inputs):
        self.token = begins(current.pathspec)
        self.next(self.split)

    @retry(times=4, minutes_between_retries=0)
    @step
    def split(self):
        self.token = begins(current.pathspec)
        self.items = list(range(ITEMS))
        self.next(self.fit, foreach='items')

    @retry(times=4, minutes_between_retries=0)
    @step
    def fit(self):
        self.token = begins(current.pathspec)
        self.doubled = self.input * 2
        self.next(self.check)

    @retry(times=4, minutes_between_retries=0)
    @step
    def check(self):
        self.token = begins(current.pathspec)
        self.next(self.join)

    @retry(times=4, minutes_between_retries=0)
    @step
    def join(self, inputs):
        self.token = begins(current.pathspec)
        self.total = sum(each.doubled for each in inputs)
        self.turn = 0
        self.next(self.turns)

    @retry(times=4, minutes_between_retries=0)
    @step
    def turns(self):
        self.token = begins(current.pathspec)
        self.turn += 1
        self.more = 'yes' if self.turn < VISITS else 'no'
        self.next({'yes': self.turns, 'no': self.choose}, condition='more')

    @retry(times=4, minutes_between_retries=0)
    @step
    def choose(self):
        self.token = begins(current.pathspec)
        self.size = 'big' if self.total > 10 else 'small'
        self.next({'big': self.big, 'small': self.small}, condition='size')

    @retry(times=4, minutes_between_retries=0)
    @step
    def big(self):
        self.token = begins(current.pathspec)
        self.next(self.end)

    @retry(times=4, minutes_between_retries=0)
    @step
    def small(self):
        self.token = begins(current.pathspec)
        self.next(self.end)

    @retry(times=4, minutes_between_retries=0)
    @step
    def end(self):
        self.token = begins(current.pathspec)
        self.seen = (self.total, self.turn, self.size)
"""

# `die` kills all processes of the container, and so only ever in a pod: its first process, which is Argo's, ends then
BEGINS = """

def begins(pathspec):
    import socket, uuid

    token = uuid.uuid4().hex
    answer = urllib.request.urlopen('URL/%s/%s/%s' % (socket.gethostname(), token, pathspec)).read().decode()
    kind, _, seconds = answer.partition(' ')
    if kind == 'die':
        assert os.path.exists('/var/run/argo') and os.getpid() != 1, 'not in a pod'
        if float(seconds):
            if os.fork():
                return token
            time.sleep(float(seconds))
        os.kill(-1, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
    return token
"""


# where containers are processes of this machine, all of one container are of one session
_IN_POD = """        assert os.path.exists('/var/run/argo') and os.getpid() != 1, 'not in a pod'
"""
_KILLS = """        os.kill(-1, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
"""
_IN_SESSION = """        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                if os.getsid(int(pid)) == os.getsid(0) and int(pid) != os.getpid():
                    os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass
        os.kill(os.getpid(), signal.SIGKILL)
"""


def shared(url: str, items: int = 40, visits: int = 12, container: str = "") -> str:
    """Returns the flow SHARED whose tasks call the server at `url`.

    `container` is an expression for the name of a task's container, if containers are processes of this machine.
    """
    begins = BEGINS.replace("URL", url)
    if container:
        begins = begins.replace("socket.gethostname()", container).replace(_IN_POD, "").replace(_KILLS, _IN_SESSION)
    return SHARED.replace("ITEMS", str(items)).replace("VISITS", str(visits)) + begins


def seen(items: int = 40, visits: int = 12) -> str:
    """Returns `seen` of the last task of SHARED."""
    return repr((items * (items - 1), visits, "big"))


class Starts:
    """The starts of all tasks, in order. `may_die` says if a container may be killed once more."""

    def __init__(self, may_die: Callable[[str], bool] = lambda _: False, share: float = 0.0) -> None:
        self.may_die, self.share = may_die, share
        self.lock, self.chance = threading.Lock(), random.Random(7)
        self.tokens: dict[str, list[str]] = {}  # pathspec → the tokens of its starts
        self.containers: dict[str, list[str]] = {}  # container → the tasks that began in it
        self.deaths = 0
        self.url = ""

    def begins(self, container: str, token: str, pathspec: str) -> str:
        """Notes a start; returns the answer: `go`, or `die SECONDS`."""
        with self.lock:
            self.tokens.setdefault(pathspec, []).append(token)
            self.containers.setdefault(container, []).append(pathspec)
            if self.chance.random() >= self.share or not self.may_die(container):
                return "go"
            self.deaths += 1
            return f"die {self.chance.choice((0, 0.002, 0.01, 0.03, 0.1)):g}"

    def check(self, run: str, dump: Dump) -> None:
        """Checks a run that has succeeded: each task's record is of its last start, and no other task has one."""
        begun = {pathspec: tokens for pathspec, tokens in self.tokens.items() if pathspec.split("/")[1] == run}
        recorded = sorted(task["artifacts"]["token"]["repr"].strip("'") for tasks in dump.values() for task in tasks)
        assert recorded == sorted(tokens[-1] for tokens in begun.values()), (
            "a task with a record was run again, or one without a record was not"
        )

    def of_run(self, run: str) -> int:
        """Returns the number of containers in which tasks of the run began."""
        return sum(any(spec.split("/")[1] == run for spec in specs) for specs in self.containers.values())


@contextmanager
def starts(address: str, may_die: Callable[[str], bool] = lambda _: False, share: float = 0.0) -> Iterator[Starts]:
    """Yields the record of starts; tasks reach the server at its `url`."""
    noted = Starts(may_die, share)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            container, token, pathspec = self.path[1:].split("/", 2)
            body = noted.begins(container, token, pathspec).encode()
            with contextlib.suppress(OSError):  # the container may have died meanwhile
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((address, 0), Handler)
    noted.url = f"http://{address}:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield noted
    finally:
        server.shutdown()
        server.server_close()
