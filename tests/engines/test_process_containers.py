"""Several tasks to a job of Batch, and to a process of Airflow's worker: what they leave is what containers of their
own leave, also when they die."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .ahead import Engine
from .containers import seen, shared, starts
from .deploying import Dump, Outcome, left
from .faults import DEATHS, SURVIVED, gate, value, versions, write
from .step_functions import StepFunctions

pytestmark = pytest.mark.engine
HOST = "127.0.0.1"
# engine → its fixture, and an expression for the name of a task's container, the same for all of its attempts
ENGINES = {
    "step-functions": ("aws", "os.environ['AWS_BATCH_JOB_ID']"),
    "airflow": ("processes", "os.environ['FLOWC_TASK']"),  # of one run
}


@dataclass(frozen=True)
class On:
    """An engine whose containers are processes of this machine."""

    engine: Any
    container: str

    def leaves(self, flow: Path, *options: str) -> tuple[Outcome, Dump]:
        """Runs the flow with several tasks to a container, and reads what it left."""
        engine: Engine = self.engine
        return engine.leaves(flow, "optimized", {}, *options)


@pytest.fixture(params=list(ENGINES))
def on(request: pytest.FixtureRequest) -> On:
    fixture, container = ENGINES[request.param]
    return On(request.getfixturevalue(fixture), container)


def test_lines_branches_chunks_a_loop_and_a_switch_in_few_containers(on: On, tmp_path: Path) -> None:
    with starts(HOST) as begun:
        outcome, dump = on.leaves(write(tmp_path, shared(begun.url, items=20, visits=5, container=on.container)))
    assert outcome.succeeded, outcome.detail
    assert value(dump, "end", "seen") == seen(20, 5)
    assert len(dump["fit"]) == 20 and len(dump["turns"]) == 5
    begun.check(outcome.run, dump)
    assert begun.of_run(outcome.run) <= 12, "one for what comes before the items, one after them, and ten of two items"


@pytest.mark.nightly
def test_retries_deaths_and_timeouts_in_one_container(on: On, tmp_path: Path) -> None:
    outcome, dump = on.leaves(write(tmp_path, DEATHS))
    assert outcome.succeeded, outcome.detail
    assert value(dump, "end", "seen") == SURVIVED
    assert outcome.tasks == 1, "the tasks died and were tried again inside"


CROWDED = """class Crowded(FlowSpec):
    @step
    def start(self):
        self.items = list(range(12))
        self.next(self.body, foreach='items')

    @catch(var='failed')
    @retry(times=1, minutes_between_retries=0)
    @timeout(seconds=10)
    @step
    def body(self):
        self.attempt = current.retry_count
        if self.input == 5 and current.retry_count == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.input == 7:
            raise RuntimeError('always')
        if self.input == 9:
            time.sleep(60)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.seen = [(each.attempt, each.failed is not None) for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.nightly
def test_one_task_of_many_fails_or_dies(on: On, tmp_path: Path) -> None:
    """Killed, failing for good, or too late: each of them alone, as in containers of their own."""
    (tmp_path / "pyproject.toml").write_text("[tool.flowc.optimize]\ncontainers = 2\n")
    outcome, dump = on.leaves(write(tmp_path, CROWDED))
    assert outcome.succeeded, outcome.detail
    seen = eval(value(dump, "join", "seen"))
    assert [index for index, (_, failed) in enumerate(seen) if failed] == [7, 9], seen
    assert [index for index, (attempt, _) in enumerate(seen) if attempt] == [5, 7, 9], "each with attempts of its own"


# a loop of many visits, in each of several items, that leaves by one of several ways
LOOPS = """class Loops(FlowSpec):
    @step
    def start(self):
        self.goals = [3, 20, 41]
        self.next(self.first, foreach='goals')

    @step
    def first(self):
        self.goal, self.n = self.input, 0
        self.next(self.turn)

    @step
    def turn(self):
        self.n += 1
        self.way = 'again' if self.n < self.goal else 'odd' if self.n % 2 else 'even'
        self.next({'again': self.turn, 'odd': self.odd, 'even': self.even}, condition='way')

    @step
    def odd(self):
        self.kind = 'odd'
        self.next(self.last)

    @step
    def even(self):
        self.kind = 'even'
        self.next(self.last)

    @step
    def last(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.seen = [(each.n, each.kind) for each in inputs]
        self.n = 0
        self.next(self.long)

    @step
    def long(self):
        self.n += 1
        self.way = 'again' if self.n < 300 else 'out'
        self.next({'again': self.long, 'out': self.end}, condition='way')

    @step
    def end(self):
        pass
"""


@pytest.mark.nightly
@pytest.mark.parametrize("settings", ["", "loops = true\nfuse = false\ncontainers = 0"], ids=["optimized", "loops"])
def test_loops(on: On, settings: str, tmp_path: Path) -> None:
    """A loop of 300 visits, and loops inside a foreach that leave by one of several ways."""
    (tmp_path / "pyproject.toml").write_text(f"[tool.flowc.optimize]\n{settings}\n")
    outcome, dump = on.leaves(write(tmp_path, LOOPS))
    assert outcome.succeeded, outcome.detail
    assert value(dump, "join", "seen") == "[(3, 'odd'), (20, 'even'), (41, 'odd')]"
    assert len(dump["turn"]) == 3 + 20 + 41 and len(dump["long"]) == 300
    assert [task["path"] for task in dump["even"]] == ["1"]


RETRIES, KILLS = 4, 60


@pytest.mark.nightly
def test_containers_that_die_lose_nothing(on: On, tmp_path: Path) -> None:
    """Tasks kill all processes of their container, at any moment, as often as retries allow.

    Each run ends as it would have, and no task that had a record is started again.
    """
    deaths = rounds = 0
    while deaths < KILLS:
        rounds += 1
        assert rounds <= 12, f"only {deaths} deaths"
        died: dict[str, int] = {}

        def takes(container: str, died: dict[str, int] = died) -> bool:
            died[container] = died.get(container, 0) + 1
            return died[container] <= RETRIES

        with starts(HOST, takes, share=0.15) as begun:
            begun.chance.seed(rounds)
            outcome, dump = on.leaves(write(tmp_path, shared(begun.url, 48, 12, on.container)))
        assert outcome.succeeded, outcome.detail
        assert value(dump, "end", "seen") == seen(48, 12)
        begun.check(outcome.run, dump)
        deaths += begun.deaths


@pytest.mark.nightly
def test_a_redrive_runs_what_a_failed_container_has_not_done(aws: StepFunctions, tmp_path: Path) -> None:
    gate(aws.s3, False, "redriven")
    flow = write(tmp_path, versions("one", gate="redriven"))
    run = aws.start(aws.deploy(flow, "optimized", "--name", "redriven")[1])
    outcome = aws.wait(run)
    assert not outcome.succeeded and "404" in outcome.detail
    before = left(aws.s3, run, "Versions")
    assert list(before) == ["start"]
    gate(aws.s3, True, "redriven")
    outcome = aws.wait(aws.redrive(run))
    assert outcome.succeeded, outcome.detail
    after = left(aws.s3, run, "Versions")
    assert after["start"] == before["start"] and value(after, "end", "seen") == "['one', 'one', 'one']"
