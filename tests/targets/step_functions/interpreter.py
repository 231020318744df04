"""Emitted state machines on moto's interpreter of the Amazon States Language, with the jobs of AWS Batch simulated in this process.

A simulated job does what the shim's contract (docs/shim.md) says of its step, as `tests/support/reference.py` knows it: it notes that (step, path)
ran, and puts the reports that its command asks for into S3. moto lacks five things, mended here: `RedriveCount` of the context object, the change of
case between the parameters of Step Functions' API (`JobName`) and those of the service (`jobName`), JSONata (it would need a Java library that it does
not install), a table of jobs that can be read while another branch adds to it, and `Job.run`, which would start Docker.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any
from unittest import mock

import boto3
from botocore.session import Session
from flowc.compiler.ir.nodes import Flow
from flowc.targets.target import SpecFile
from jsonata.jsonata import Jsonata
from moto import mock_aws
from moto.batch import models as batch_models
from moto.stepfunctions.parser.asl.component.common.string import string_expression
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import StateTaskService
from moto.stepfunctions.parser.asl.eval.states import States
from moto.stepfunctions.parser.asl.jsonata import validations

from tests.support.container_of_tasks import ContainerOfTasks
from tests.support.reference import Executed

BUCKET, REGION = "data", "us-east-1"


class Engine:
    """The services of one account.

    `started` are the tasks of the last run as (step, path), sorted; `jobs` the environments of their jobs, of which
    there were `containers`.
    """

    def __init__(self) -> None:
        self.clients = {
            name: boto3.client(name, region_name=REGION) for name in ("s3", "stepfunctions", "iam", "batch")
        }
        self.clients["s3"].create_bucket(Bucket=BUCKET)
        self.role = self.clients["iam"].create_role(RoleName="machine", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        computes = self.clients["batch"].create_compute_environment(
            computeEnvironmentName="compute", type="UNMANAGED", state="ENABLED", serviceRole=self.role
        )["computeEnvironmentArn"]
        self.clients["batch"].create_job_queue(
            jobQueueName="flowc",
            state="ENABLED",
            priority=1,
            computeEnvironmentOrder=[{"order": 1, "computeEnvironment": computes}],
        )
        self.lock, self.count = threading.Lock(), 0
        self.flow: Flow | None = None
        self.jobs: dict[Executed, dict[str, str]] = {}
        self.containers = 0
        self.chosen: dict[str, str] = {}

    @property
    def started(self) -> list[Executed]:
        return sorted(self.jobs)

    def run(
        self, flow: Flow, files: tuple[SpecFile, ...], text: str = "{}", chosen: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """Deploys the files, runs the machine with the input `text`, and returns the answer of DescribeExecution.

        `chosen` maps a switch to what it reports as `next`, whatever the reference says.
        """
        self.flow, self.jobs, self.containers, self.chosen = flow, {}, 0, chosen or {}
        self.count += 1
        texts = {file.name.partition(".")[2]: file.text for file in files}
        for definition in json.loads(texts["batch.json"]):
            self.clients["batch"].register_job_definition(**definition)
        machine = self.clients["stepfunctions"].create_state_machine(
            name=f"machine-{self.count}", definition=texts["asl.json"], roleArn=self.role
        )["stateMachineArn"]
        execution = self.clients["stepfunctions"].start_execution(
            stateMachineArn=machine, name=f"run-{self.count}", input=text
        )["executionArn"]
        deadline = time.monotonic() + 60
        while (state := self.clients["stepfunctions"].describe_execution(executionArn=execution))[
            "status"
        ] == "RUNNING":
            assert time.monotonic() < deadline, f"still running: {self.started}"
            time.sleep(0.02)
        return dict(state)

    def job(self, job: Any) -> None:
        """Stands for the container of a Batch job."""
        command = job._add_parameters_to_command(job._get_container_property("command", []))
        environment = {
            variable["name"]: variable["value"] for variable in job._get_container_property("environment", [])
        }
        job.job_started_at, job.status = datetime.now(), "RUNNING"
        try:
            step, path = command[command.index("--step") + 1], command[command.index("--path") + 1]
            assert self.flow is not None
            tasks, result = ContainerOfTasks(self.flow).run(command[command.index("task") :])
            with self.lock:
                self.containers += 1
                for task in tasks:
                    assert task not in self.jobs, f"{task} ran twice"
                    self.jobs[task] = environment
            if step in self.chosen:
                result = {"next": self.chosen[step], "path": path}
            place = f"root/{environment['FLOWC_FLOW']}/runs/{environment['FLOWC_RUN']}/{step}/{path}"
            for index, argument in enumerate(command):
                if argument == "--report":
                    kind = command[index + 1]
                    body = result["paths"] if kind == "paths" else result
                    name = {"paths": "paths", "store": "outcome"}[kind]
                    self.clients["s3"].put_object(Bucket=BUCKET, Key=f"{place}.{name}.json", Body=json.dumps(body))
            job._mark_stopped(success=True)
        except Exception as error:
            print("job failed:", repr(error))
            job._mark_stopped(success=False)


@contextmanager
def engine() -> Iterator[Engine]:
    """An account with everything that a deployed flow needs, gone afterwards."""
    variables = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": REGION}
    with (
        mock.patch.dict("os.environ", variables),
        mended(),
        mock_aws(config={"stepfunctions": {"execute_state_machine": True}}),
    ):
        created = Engine()
        with mock.patch.object(batch_models.Job, "run", lambda job: created.job(job)):
            yield created


class GrowingTable(dict[str, Any]):
    """A dict that may grow while it is read.

    `list(self.items())` would not do: a tuple made for each item may start a garbage collection, whose callbacks (Hypothesis has one) let
    another thread add its job. `dict.copy` makes no objects between two items.
    """

    def values(self) -> Any:
        return dict.copy(self).values()

    def items(self) -> Any:
        return dict.copy(self).items()


_backend_init = batch_models.BatchBackend.__init__


def _init(self: Any, *arguments: Any, **named: Any) -> None:
    _backend_init(self, *arguments, **named)
    self._jobs = GrowingTable()


def mended() -> Any:
    """A context that adds to moto what it lacks."""
    stack = ExitStack()
    stack.enter_context(
        mock.patch.multiple(
            StateTaskService, _normalise_parameters=_normalise_parameters, _normalise_response=_normalise_response
        )
    )
    stack.enter_context(mock.patch.object(batch_models.BatchBackend, "__init__", _init))
    stack.enter_context(mock.patch.object(States, "__init__", _states_init))
    for module in (string_expression, validations):
        stack.enter_context(
            mock.patch.object(module, "eval_jsonata_expression", lambda expression: Jsonata(expression).evaluate(None))
        )
    return stack


_states_before = States.__init__
redrives: dict[str, int] = {}  # the ARN of an execution → how often it was redriven


def _states_init(self: Any, context: Any) -> None:
    """Gives the context object `RedriveCount`, 0 before the first redrive (Step Functions developer guide, Context object)."""
    context["Execution"].setdefault("RedriveCount", redrives.get(context["Execution"]["Id"], 0))
    _states_before(self, context)


_models: dict[str, Any] = {}


def _operation(self: Any, service: str | None, action: str | None) -> Any:
    name = self._get_boto_service_name(service)
    if name not in _models:
        _models[name] = Session().get_service_model(name)
    lowered = self._get_boto_service_action(action).replace("_", "").lower()
    return _models[name].operation_model(
        next(operation for operation in _models[name].operation_names if operation.lower() == lowered)
    )


def _normalise_parameters(
    self: Any, parameters: Any, boto_service_name: str | None = None, service_action_name: str | None = None
) -> None:
    self._to_boto_request(parameters, _operation(self, boto_service_name, service_action_name).input_shape)


def _normalise_response(
    self: Any, response: Any, boto_service_name: str | None = None, service_action_name: str | None = None
) -> None:
    shape = _operation(self, boto_service_name, service_action_name).output_shape
    if shape is not None:
        self._from_boto_response(response, shape)
