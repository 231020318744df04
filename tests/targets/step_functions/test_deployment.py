"""The command that `compile` names deletes an object that the spec no longer has, tried on moto."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import boto3
from botocore import xform_name
from flowc.targets.step_functions.deployment import deployment, removal
from moto import mock_aws

from tests.support.building import options_of, program_of, spec_of

FLOW = """from metaflow import FlowSpec, schedule, step

@schedule(daily=True)
class Hello(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
ROLE = "arn:aws:iam::123456789012:role/flows"


def call(how: str) -> None:
    """Does what the AWS command in backquotes does."""
    (command,) = re.findall(r"`aws ([^`]*)`", how)
    service, name, *options = shlex.split(command)
    client: Any = boto3.client(service, region_name="eu-west-1")
    operation = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[name.replace("-", "_")])
    members = {f"--{xform_name(member, '-')}": member for member in operation.input_shape.members}
    getattr(client, name.replace("-", "_"))(
        **{members[option]: value for option, value in zip(options[::2], options[1::2])}
    )


@mock_aws
def test_what_stays_is_deleted(tmp_path: Path) -> None:
    program = program_of(FLOW, tmp_path)
    spec = {file.name: file.text for file in spec_of(program, "step-functions")}
    machines = boto3.client("stepfunctions", region_name="eu-west-1")
    schedules = boto3.client("scheduler", region_name="eu-west-1")
    arn = machines.create_state_machine(name="Hello", definition=spec["Hello.asl.json"], roleArn=ROLE)[
        "stateMachineArn"
    ]
    text = spec["Hello.schedule.json"].replace("${StateMachineArn}", arn).replace("${SchedulerRoleArn}", ROLE)
    schedules.create_schedule(**json.loads(text))
    for item in deployment(program.flow, options_of("step-functions")).items:
        _, _, how = removal(item)
        call(how.replace("…:stateMachine:Hello", arn))
    assert not machines.list_state_machines()["stateMachines"] and not schedules.list_schedules()["Schedules"]
