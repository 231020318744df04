"""Faults on Step Functions and Batch: nothing is lost, and no artifact is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.running import until
from tests.support.s3_server import BUCKET

from .deploying import PREFIX, left
from .faults import DEATHS, LONG, SURVIVED, TWICE, check_twice, gate, value, versions, write
from .step_functions import StepFunctions, step_functions

FLOWS = Path(__file__).parents[1] / "flows"

pytestmark = pytest.mark.engine


def test_retries_deaths_and_timeouts(aws: StepFunctions, tmp_path: Path) -> None:
    outcome, dump = aws.leaves(write(tmp_path, DEATHS), "inject", {})
    assert outcome.succeeded, outcome.detail
    assert value(dump, "end", "seen") == SURVIVED


def test_a_redrive_finishes_a_run_with_the_code_that_it_began_with(aws: StepFunctions, tmp_path: Path) -> None:
    """Tasks that had succeeded are not run again, and the failed attempt keeps its log.

    A deployment in between changes nothing.
    """
    gate(aws.s3, False)
    flow = write(tmp_path, versions("one"))
    run = aws.start(aws.deploy(flow, "inject", "--name", "versions")[1])
    outcome = aws.wait(run)
    assert not outcome.succeeded and "404" in outcome.detail
    before = left(aws.s3, run, "Versions")
    aws.deploy(write(tmp_path, versions("two")), "inject", "--name", "versions")
    gate(aws.s3, True)
    outcome = aws.wait(aws.redrive(run))
    assert outcome.succeeded, outcome.detail
    after = left(aws.s3, run, "Versions")
    assert after["start"] == before["start"] and value(after, "end", "seen") == "['one', 'one', 'one']"
    names = objects(aws, f"Versions/runs/{run}/gated/")
    assert {"-.0.failure.json", "-.json"} <= names and not any(name.startswith("-.1.failure") for name in names)


def test_two_deployments_of_one_flow_share_a_datastore(aws: StepFunctions, tmp_path: Path) -> None:
    """Executions of one name, at the same moment, of two machines: each has a run of its own, with its own code."""
    gate(aws.s3, True)
    runs = [
        aws.start(aws.deploy(write(tmp_path, versions(version)), "inject", "--name", version)[1], name="nightly")
        for version in ("one", "two")
    ]
    for run, version in zip(runs, ("one", "two")):
        outcome = aws.wait(run)
        assert outcome.succeeded, outcome.detail
        assert value(left(aws.s3, run, "Versions"), "end", "seen") == repr([version] * 3)
    assert len(set(runs)) == 2


def test_a_deployment_changes_no_run_that_is_under_way(aws: StepFunctions, tmp_path: Path) -> None:
    """The machine and its job definitions are deployed again, under the same name, while a task of the first version runs."""
    gate(aws.s3, False, "deployed")
    name = ("--name", "pinned")
    spec, machine = aws.deploy(write(tmp_path, versions("one", waits=True, gate="deployed")), "inject", *name)
    run = aws.start(machine)
    until(lambda: left(aws.s3, run, "Versions"), "a record", 600, every=0.5)
    newer = aws.register(write(tmp_path, versions("two", waits=True, gate="deployed")), "inject", *name)
    assert newer.only(".asl.json") != spec.only(".asl.json")
    aws.s3.client("stepfunctions").update_state_machine(stateMachineArn=machine, definition=newer.only(".asl.json"))
    gate(aws.s3, True, "deployed")
    for number, version in ((run, "one"), (aws.start(machine), "two")):
        outcome = aws.wait(number)
        assert outcome.succeeded, outcome.detail
        dump = left(aws.s3, number, "Versions")
        assert value(dump, "end", "seen") == repr([version] * 3)


FINAL = """class Final(FlowSpec):
    @catch(var='failed')
    @retry(times=2, minutes_between_retries=0)
    @step
    def start(self):
        raise SystemExit(METAFLOW_EXIT_DISALLOW_RETRY)
        self.next(self.end)

    @step
    def end(self):
        pass


from metaflow.exception import METAFLOW_EXIT_DISALLOW_RETRY
"""


def test_a_step_that_forbids_a_retry_has_one_attempt(aws: StepFunctions, tmp_path: Path) -> None:
    outcome = aws.run(write(tmp_path, FINAL))
    assert not outcome.succeeded and "start" in outcome.detail
    assert objects(aws, f"Final/runs/{outcome.run}/start/") == {"-.0.failure.json", "-.0.log"}


def test_an_unknown_parameter_starts_no_job(aws: StepFunctions) -> None:
    spec, machine = aws.deploy(FLOWS / "parameters.py", "inject")
    outcome = aws.wait(aws.start(machine, {"learning_rate": 0.5}))
    assert (
        not outcome.succeeded
        and "there is no parameter `learning_rate`: flow Parameters has `text`, `number`, `learning-rate`"
        in outcome.detail
    )
    assert not objects(aws, f"{spec.flow}/runs/{outcome.run}/")


def test_distributed_maps_run(aws: StepFunctions) -> None:
    spec, machine = aws.deploy(FLOWS / "nested_foreach.py", "inject", "--map", "distributed")
    outcome = aws.wait(aws.start(machine))
    assert outcome.succeeded, outcome.detail
    assert {step: len(tasks) for step, tasks in left(aws.s3, outcome.run, spec.flow).items()} == {
        "start": 1, "row": 2, "cell": 3, "join_cells": 2, "total": 2, "join_rows": 1, "end": 1
    }  # fmt: skip


WIDE = """class Wide(FlowSpec):
    @step
    def start(self):
        self.items = list(range(41))
        self.next(self.work, foreach='items')

    @step
    def work(self):
        self.result = self.input ** 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(each.result for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_a_foreach_that_is_known_to_be_wide_runs_as_a_distributed_map(aws: StepFunctions, tmp_path: Path) -> None:
    spec, machine = aws.deploy(write(tmp_path, WIDE), "inject")
    assert (
        json.loads(spec.only(".asl.json"))["States"]["start each"]["ItemProcessor"]["ProcessorConfig"]["Mode"]
        == "DISTRIBUTED"
    )
    outcome = aws.wait(aws.start(machine))
    assert outcome.succeeded, outcome.detail
    assert value(left(aws.s3, outcome.run, "Wide"), "end", "total") == str(sum(number**2 for number in range(41)))


def objects(aws: StepFunctions, prefix: str) -> set[str]:
    """Returns the names of the objects below the prefix, without it."""
    whole = f"{PREFIX}/{prefix}"
    listed = aws.s3.client().list_objects_v2(Bucket=BUCKET, Prefix=whole).get("Contents", [])
    return {entry["Key"][len(whole) :] for entry in listed}


def test_one_task_started_twice_at_once(aws: StepFunctions, tmp_path: Path) -> None:
    spec, machine = aws.deploy(write(tmp_path, TWICE), "inject")
    definition = json.loads(spec.only(".asl.json"))
    alone = {**definition["States"]["start"], "End": True}
    del alone["Next"]
    branches = [{"StartAt": "start", "States": {"start": alone}}] * 2
    definition["States"]["twice"] = {"Type": "Parallel", "Branches": branches, "ResultPath": None, "Next": "start"}
    definition["States"]["new run"]["Next"] = "twice"
    aws.s3.client("stepfunctions").update_state_machine(stateMachineArn=machine, definition=json.dumps(definition))
    outcome = aws.wait(aws.start(machine))
    assert outcome.succeeded, outcome.detail
    check_twice(left(aws.s3, outcome.run, "Twice"))


def test_an_interpreter_that_is_killed_and_started_anew(tmp_path: Path) -> None:
    """The service keeps its executions; what is killed here forgets them, so that a new one of the same name goes on. The bucket stays."""
    flow = write(tmp_path, LONG)
    with step_functions() as aws:
        run = aws.start(aws.deploy(flow, "inject")[1])
        before = until(lambda: left(aws.s3, run, "Long"), "a record", 600, every=0.5)
        assert set(before) == {"start"}
        client = aws.s3.client()
        bucket = {
            entry["Key"]: client.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read()
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
            for entry in page["Contents"]
        }
    with step_functions() as aws:
        for key, body in bucket.items():
            aws.s3.client().put_object(Bucket=BUCKET, Key=key, Body=body)
        outcome = aws.wait(aws.start(aws.deploy(flow, "inject")[1], name=run.partition(".")[2]))
        assert outcome.succeeded, outcome.detail
        after = left(aws.s3, run, "Long")
        assert after["start"] == before["start"] and value(after, "middle", "done") == "True" and "end" in after
