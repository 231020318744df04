"""Flows whose tasks die, fail or meet, each for one test of every engine."""

from __future__ import annotations

from pathlib import Path

from flowc.runtime_shim.contract.address import run_name

from tests.support.s3_server import BUCKET, S3Server

from .deploying import PREFIX, Dump

HEAD = (
    "import os, signal, time, urllib.request\n"
    "from metaflow import FlowSpec, Parameter, catch, current, kubernetes, resources, retry, schedule, step, timeout\n\n\n"
)  # fmt: skip

# an exception twice, a killed process, a step that takes too long
DEATHS = """class Deaths(FlowSpec):
    @retry(times=2, minutes_between_retries=0)
    @step
    def start(self):
        self.attempt = current.retry_count
        if current.retry_count < 2:
            raise RuntimeError('again')
        self.next(self.dies)

    @catch(var='died')
    @step
    def dies(self):
        os.kill(os.getpid(), signal.SIGKILL)
        self.next(self.slow)

    @catch(var='late')
    @timeout(seconds=1)
    @step
    def slow(self):
        time.sleep(30)
        self.next(self.end)

    @step
    def end(self):
        self.seen = (self.attempt, self.died is not None, self.late.type.split('.')[-1])
"""
SURVIVED = "(2, True, 'TimeoutException')"  # `seen`, whatever the engine

# an attempt that asks not to be tried again, by METAFLOW_EXIT_DISALLOW_RETRY or what else `CODE` is
FINAL = """class Final(FlowSpec):
    @retry(times=2, minutes_between_retries=0)
    @step
    def start(self):
        raise SystemExit(CODE)
        self.next(self.end)

    @step
    def end(self):
        pass
"""

# a process that ends with an exit code of which an engine might make something else than a failure
ABRUPT = """class Abrupt(FlowSpec):
    @step
    def start(self):
        os._exit(99)
        self.next(self.end)

    @step
    def end(self):
        pass
"""

# more memory than the container may have
GREEDY = """class Greedy(FlowSpec):
    @catch(var='full')
    @resources(memory=64)
    @step
    def start(self):
        self.big = len(bytearray(400_000_000))
        self.next(self.end)

    @step
    def end(self):
        self.seen = self.full is not None
"""

# what a person gives a run, or leaves empty
FORM = """class Form(FlowSpec):
    word = Parameter('word', default='')
    other = Parameter('other', default='as it is')

    @step
    def start(self):
        self.seen = (self.word, self.other)
        self.next(self.end)

    @step
    def end(self):
        pass
"""

# one item fails until somebody opens the gate; each task notes when it ran
GATED = f"""class Gated(FlowSpec):
    @step
    def start(self):
        self.moment = time.time()
        self.xs = [0, 1]
        self.next(self.body, foreach='xs')

    @step
    def body(self):
        if self.input == 0:
            time.sleep(6)
            urllib.request.urlopen(os.environ['AWS_ENDPOINT_URL_S3'] + '/{BUCKET}/gate')
        self.moment = time.time()
        self.next(self.join)

    @step
    def join(self, inputs):
        self.moments = [each.moment for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""

# every attempt at `start` makes something else
TWICE = """class Twice(FlowSpec):
    @step
    def start(self):
        self.token = os.urandom(8).hex()
        time.sleep(3)
        self.xs = [0, 1]
        self.next(self.body, foreach='xs')

    @step
    def body(self):
        self.seen = self.token
        self.next(self.join)

    @step
    def join(self, inputs):
        self.tokens = sorted({each.seen for each in inputs})
        self.next(self.end)

    @step
    def end(self):
        pass
"""

# time enough to stop something while it runs
LONG = """class Long(FlowSpec):
    @step
    def start(self):
        self.moment = time.time()
        self.next(self.middle)

    @retry(times=3, minutes_between_retries=0)
    @step
    def middle(self):
        time.sleep(15)
        self.done = True
        self.next(self.end)

    @step
    def end(self):
        pass
"""

# three items, of a step that is not run again
WIDE = """class Wide(FlowSpec):
    @step
    def start(self):
        self.token = os.urandom(8).hex()
        self.xs = [0, 1, 2]
        self.next(self.body, foreach='xs')

    @step
    def body(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.count = len(list(inputs))
        self.next(self.end)

    @step
    def end(self):
        pass
"""

# the first attempt at `middle` lasts until somebody ends it, however long that takes on a busy machine
HELD = """class Held(FlowSpec):
    @step
    def start(self):
        self.next(self.middle)

    @retry(times=3, minutes_between_retries=0)
    @step
    def middle(self):
        if current.retry_count == 0:
            time.sleep(3600)
        self.done = True
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def write(folder: Path, flow: str) -> Path:
    """Writes the flow to a file of its own."""
    path = folder / f"{flow.partition('(')[0].removeprefix('class ').lower()}.py"
    path.write_text(HEAD + flow)
    return path


# what each step runs of several versions of one flow that are deployed; `gated` passes the gate, or waits for it
_VERSIONS = f"""class Versions(FlowSpec):
    @step
    def start(self):
        if 'VERSION' == 'broken':
            raise RuntimeError('of the broken version')
        self.seen = ['VERSION']
        self.next(self.gated)

    @step
    def gated(self):
        self.seen = self.seen + ['VERSION']
        self.moment = time.time()
        gate = os.environ['AWS_ENDPOINT_URL_S3'] + '/{BUCKET}/GATE'
        for _ in range(TRIES):
            try:
                urllib.request.urlopen(gate)
                break
            except OSError:
                time.sleep(0.5)
        else:
            urllib.request.urlopen(gate)
        self.next(self.end)

    @step
    def end(self):
        self.seen = self.seen + ['VERSION']
"""


def versions(version: str, waits: bool = False, scheduled: bool = False, gate: str = "gate") -> str:
    """One version of a flow that leaves in `end.seen` of which version each of its steps was."""
    text = _VERSIONS.replace("VERSION", version).replace("GATE", gate).replace("TRIES", "1200" if waits else "0")
    return f"@schedule(daily=True)\n{text}" if scheduled else text


def gate(s3: S3Server, is_open: bool, name: str = "gate") -> None:
    """Opens the gate of that name, or shuts it: tests that run at the same time have one each."""
    if is_open:
        s3.client().put_object(Bucket=BUCKET, Key=name, Body=b"", ACL="public-read")
    else:
        s3.client().delete_object(Bucket=BUCKET, Key=name)


def value(dump: Dump, step: str, name: str, path: str = "-") -> str:
    """The repr of one artifact."""
    return str(next(task for task in dump[step] if task["path"] == path)["artifacts"][name]["repr"])


def failures(s3: S3Server, flow: str, run: str) -> list[str]:
    """The attempts of the run that have failed and said so: `start/-.0.failure.json`."""
    return [name for name in objects(s3, flow, run) if name.endswith(".failure.json")]


def objects(s3: S3Server, flow: str, run: str) -> list[str]:
    """The names of the run's objects, such as `start/-.json`, of at most a thousand."""
    prefix = f"{PREFIX}/{run_name(flow, run)}"
    listed = s3.client().list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    return [entry["Key"].removeprefix(prefix) for entry in listed]


def check_failed(dump: Dump) -> None:
    """Checks a run of GATED before the gate is opened: the tasks that did not fail have records."""
    assert (
        [task["path"] for task in dump["start"]] == ["-"]
        and [task["path"] for task in dump["body"]] == ["1"]
        and "join" not in dump
    )


def check_finished(before: Dump, after: Dump) -> None:
    """Checks a run of GATED that went on: it has all tasks, and those that had succeeded were not run again."""
    assert [task["path"] for task in after["body"]] == ["0", "1"] and "end" in after
    for step, tasks in before.items():
        assert all(task in after[step] for task in tasks), f"{tasks} became {after[step]}"


def check_twice(dump: Dump) -> None:
    """Checks a run of TWICE: whichever process was first, all tasks saw the same values."""
    assert value(dump, "join", "tokens") == repr([value(dump, "start", "token").strip("'")])
