"""Faults on Step Functions and Batch: nothing is lost, and no artifact is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.running import until
from tests.s3_server import BUCKET

from .deploying import left
from .faults import DEATHS, GATED, LONG, SURVIVED, TWICE, check_failed, check_finished, check_twice, gate, value, write
from .step_functions import StepFunctions, step_functions

pytestmark = pytest.mark.engine


def test_retries_deaths_and_timeouts(aws: StepFunctions, tmp_path: Path) -> None:
    outcome, found = aws.leaves(write(tmp_path, DEATHS), "inject", {})
    assert outcome.succeeded, outcome.detail
    assert value(found, "end", "seen") == SURVIVED


def test_a_run_that_fails_is_finished_by_one_of_the_same_name(aws: StepFunctions, tmp_path: Path) -> None:
    gate(aws.s3, False)
    flow = write(tmp_path, GATED)
    outcome = aws.wait(aws.start(aws.deploy(flow, "inject")[1]))
    assert not outcome.succeeded and "404" in outcome.detail
    before = left(aws.s3, outcome.run, "Gated")
    check_failed(before)
    gate(aws.s3, True)
    outcome = aws.wait(aws.start(aws.deploy(flow, "inject")[1], name=outcome.run))  # a machine has one execution of a name
    assert outcome.succeeded, outcome.detail
    check_finished(before, left(aws.s3, outcome.run, "Gated"))


def test_one_task_started_twice_at_once(aws: StepFunctions, tmp_path: Path) -> None:
    made, machine = aws.deploy(write(tmp_path, TWICE), "inject")
    definition = json.loads(made.only(".asl.json"))
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
            each["Key"]: client.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read()
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
            for each in page["Contents"]
        }
    with step_functions() as aws:
        for key, body in bucket.items():
            aws.s3.client().put_object(Bucket=BUCKET, Key=key, Body=body)
        outcome = aws.wait(aws.start(aws.deploy(flow, "inject")[1], name=run))
        assert outcome.succeeded, outcome.detail
        after = left(aws.s3, run, "Long")
        assert after["start"] == before["start"] and value(after, "middle", "done") == "True" and "end" in after
