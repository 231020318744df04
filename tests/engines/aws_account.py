"""The part of AWS around a state machine that moto lacks, added to its server: `python -c` scripts of `step_functions.py` enter `mended_account`.

Simulated here, because moto has nothing of it:

- ValidateStateMachineDefinition: what moto's own parser refuses
- ListStateMachineVersions, PublishStateMachineVersion, DeleteStateMachineVersion, on the versions that moto keeps
- StartExecution by the ARN of a version or an alias (of several routes, the first); DescribeExecution tells which it was
- CreateStateMachine of a different definition under the same name is refused, and a deleted machine's name is free at once
- DescribeStateMachineForExecution: the definition that the execution runs; StopExecution ends the jobs, as the machine's role would
- CloudTrail's LookupEvents: the writes to Step Functions and Scheduler that this server has seen
- IAM: SimulatePrincipalPolicy, and that a user with a policy may do nothing else, with the resources and the `iam:PassRole` that the service has

Schedules never fire: a test starts what they name, as Scheduler would.
"""

from __future__ import annotations

import copy
import datetime
import fnmatch
import json
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any
from unittest import mock

from moto.batch.models import batch_backends
from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.core.utils import camelcase_to_underscores
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.iam.responses import IamResponse
from moto.scheduler.models import EventBridgeSchedulerBackend
from moto.scheduler.responses import EventBridgeSchedulerResponse
from moto.stepfunctions.models import StateMachine
from moto.stepfunctions.parser.api import StateMachineType
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse


class StateMachineAlreadyExists(AWSError):
    TYPE = "StateMachineAlreadyExists"
    STATUS = 400


class ConflictException(AWSError):
    TYPE = "ConflictException"
    STATUS = 400


def mended_account() -> ExitStack:
    """A context that adds to moto's server what it lacks."""
    stack = ExitStack()
    for owner, name, value in (
        (StepFunctionResponse, "validate_state_machine_definition", validate),
        (StepFunctionResponse, "list_state_machine_versions", list_versions),
        (StepFunctionResponse, "publish_state_machine_version", publish_version),
        (StepFunctionResponse, "delete_state_machine_version", delete_version),
        (StepFunctionResponse, "describe_execution", describe_execution),
        (StepFunctionResponse, "describe_state_machine_for_execution", machine_of_execution),
        (StepFunctionsParserBackend, "create_state_machine", create_machine),
        (StepFunctionsParserBackend, "start_execution", start_execution),
        (StepFunctionsParserBackend, "stop_execution", stop_execution),
        (CloudTrailResponse, "lookup_events", lookup_events),
        (IamResponse, "simulate_principal_policy", simulate),
        (BaseResponse, "call_action", call_action),
    ):
        stack.enter_context(mock.patch.object(owner, name, value, create=True))
    for name in ("update_state_machine", "create_state_machine_alias", "update_state_machine_alias", "tag_resource"):
        stack.enter_context(mock.patch.object(StepFunctionResponse, name, noted(StepFunctionResponse, name)))
    stack.enter_context(
        mock.patch.object(
            EventBridgeSchedulerResponse, "update_schedule", noted(EventBridgeSchedulerResponse, "update_schedule")
        )
    )
    return stack


# ── the state machine ───────────────────────────────────────────────────────────────────────────────────────────────


def validate(self: Any) -> ActionResult:
    try:
        StepFunctionsParserBackend._validate_definition(self._get_param("definition"))
    except Exception as error:
        problem = {
            "severity": "ERROR",
            "code": "SCHEMA_VALIDATION_FAILED",
            "message": str(error)[:500],
            "location": "/",
        }
        return ActionResult({"result": "FAIL", "diagnostics": [problem], "truncated": False})
    return ActionResult({"result": "OK", "diagnostics": [], "truncated": False})


def machine_of(backend: Any, arn: str) -> tuple[StateMachine, str]:
    """The machine of a qualified ARN, and the qualifier."""
    parts = arn.split(":")
    return backend.describe_state_machine(":".join(parts[:7])), "".join(parts[7:])


def list_versions(self: Any) -> ActionResult:
    machine, _ = machine_of(self.stepfunction_backend, self._get_param("stateMachineArn"))
    newest = sorted(machine.versions.values(), key=lambda version: -version.version)
    items = [{"stateMachineVersionArn": each.arn, "creationDate": each.creation_date} for each in newest]
    return ActionResult({"stateMachineVersions": items})


def publish_version(self: Any) -> ActionResult:
    machine, _ = machine_of(self.stepfunction_backend, self._get_param("stateMachineArn"))
    last = machine.latest_version
    if last is None or (last.definition, last.roleArn) != (machine.definition, machine.roleArn):
        machine.publish(self._get_param("description"))
    assert machine.latest_version is not None
    version = machine.latest_version
    return ActionResult({"stateMachineVersionArn": version.arn, "creationDate": version.creation_date})


def delete_version(self: Any) -> ActionResult:
    arn = self._get_param("stateMachineVersionArn")
    machine, number = machine_of(self.stepfunction_backend, arn)
    for alias in machine.aliases.values():
        if any(route["stateMachineVersionArn"] == arn for route in alias.routing_configuration):
            raise ConflictException(f"Version to be deleted must not be referenced by an alias: {alias.arn}")
    machine.versions.pop(int(number), None)
    return EmptyResult()


_create = StepFunctionsParserBackend.create_state_machine


def create_machine(self: Any, name: str, definition: str, roleArn: str, **more: Any) -> StateMachine:
    for machine in self.state_machines:
        if machine.name == name and machine.definition != definition:
            raise StateMachineAlreadyExists(f"State Machine Already Exists: '{machine.arn}'")
    return _create(self, name=name, definition=definition, roleArn=roleArn, **more)


def start_execution(self: Any, state_machine_arn: str, name: str, execution_input: str, *_: Any) -> Any:
    machine, qualifier = machine_of(self, state_machine_arn)
    alias = machine.aliases.get(qualifier)
    if alias is not None:
        qualifier = alias.routing_configuration[0]["stateMachineVersionArn"].rpartition(":")[2]
    source = machine.versions[int(qualifier)] if qualifier else machine
    there = machine._handle_name_input_idempotency(name, execution_input)
    if there is not None:
        return there
    snapshot = copy.copy(machine)
    snapshot.definition, snapshot.roleArn = source.definition, source.roleArn
    execution = Execution(
        name=name,
        sm_type=StateMachineType.STANDARD,
        role_arn=snapshot.roleArn,
        exec_arn=f"arn:{self.partition}:states:{self.region_name}:{self.account_id}:execution:{machine.name}:{name}",
        account_id=self.account_id,
        region_name=self.region_name,
        state_machine=snapshot,  # type: ignore[arg-type]  # two classes of one name
        start_date=datetime.datetime.now(tz=datetime.timezone.utc),
        cloud_watch_logging_session=None,
        input_data=execution_input or "{}",
        activity_store={},
    )
    execution.version_arn = source.arn if qualifier else None  # type: ignore[attr-defined]
    execution.alias_arn = alias.arn if alias is not None else None  # type: ignore[attr-defined]
    machine.executions.append(execution)  # type: ignore[arg-type]
    execution.start()
    return execution


_describe_execution = StepFunctionResponse.describe_execution


def describe_execution(self: Any) -> ActionResult:
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    answer = dict(_describe_execution(self).result)  # type: ignore[call-overload]
    if execution.stop_date is not None:
        answer["stopDate"] = execution.stop_date
    for field, value in (
        ("stateMachineVersionArn", getattr(execution, "version_arn", None)),
        ("stateMachineAliasArn", getattr(execution, "alias_arn", None)),
    ):
        if value:
            answer[field] = value
    return ActionResult(answer)


def machine_of_execution(self: Any) -> ActionResult:
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    machine = execution.state_machine
    return ActionResult(
        {
            "stateMachineArn": machine.arn, "name": machine.name, "definition": machine.definition,
            "roleArn": machine.roleArn, "updateDate": machine.update_date,
        }
    )  # fmt: skip


_stop = StepFunctionsParserBackend.stop_execution


def stop_execution(self: Any, execution_arn: str) -> Any:
    """Stops the execution, and then its jobs."""
    history = self.get_execution_history(execution_arn)["events"]
    stopped = _stop(self, execution_arn)
    jobs = batch_backends[self.account_id][self.region_name]
    for event in history:
        if event["type"] == "TaskSubmitted":
            submitted = json.loads(event["taskSubmittedEventDetails"]["output"])
            job = jobs.get_job_by_id(submitted.get("JobId", ""))
            if job is not None and not job.job_stopped:
                job.terminate("Job terminated by Step Functions")
    return stopped


# ── who did what ────────────────────────────────────────────────────────────────────────────────────────────────────

events: list[dict[str, Any]] = []


def noted(owner: Any, name: str) -> Any:
    """The method of a response, which also leaves an event."""
    method = getattr(owner, name)

    def call(self: Any) -> Any:
        answer = method(self)
        resource = (
            self._get_param("stateMachineArn") or self._get_param("stateMachineAliasArn")
            or self._get_param("resourceArn") or _schedule_arn(self)
        )  # fmt: skip
        event = {
            "EventId": str(len(events)), "EventName": "".join(word.title() for word in name.split("_")),
            "EventTime": datetime.datetime.now(tz=datetime.timezone.utc).timestamp(),
            "Username": _user(self), "Resources": [{"ResourceName": resource}],
        }  # fmt: skip
        events.append(event)
        return answer

    return call


def _schedule_arn(self: Any) -> str:
    if not isinstance(self, EventBridgeSchedulerResponse):
        return ""
    backend: EventBridgeSchedulerBackend = self.scheduler_backend
    return str(backend.get_schedule(None, self.uri.split("?")[0].split("/")[-1]).arn)


def _user(self: Any) -> str:
    key = self.get_access_key()
    for user in iam_backends[self.current_account]["aws"].users.values():
        if any(own.access_key_id == key for own in user.access_keys):
            return str(user.name)
    return str(key)


def lookup_events(self: Any) -> str:
    wanted = {one["AttributeKey"]: one["AttributeValue"] for one in self._get_param("LookupAttributes") or []}
    found = [
        event
        for event in events
        if any(resource["ResourceName"] == wanted.get("ResourceName") for resource in event["Resources"])
    ]
    return json.dumps({"Events": found[::-1]})


# ── permissions ─────────────────────────────────────────────────────────────────────────────────────────────────────

PREFIXES = {"stepfunctions": "states", "resourcegroupstaggingapi": "tag"}
OPERATIONS = {  # of Batch, whose actions are paths here
    name.lower(): name for name in ("RegisterJobDefinition", "DeregisterJobDefinition", "TerminateJob")
}
SERVICES = {"states": "states", "scheduler": "scheduler", "batch": "ecs-tasks"}  # to which each passes roles on
_call_action = BaseResponse.call_action


class AccessDeniedException(AWSError):
    TYPE = "AccessDeniedException"
    STATUS = 400


def call_action(self: Any) -> Any:
    """Does what is asked for, if the user may do that. Those without a policy may do everything."""
    user = next(
        (
            user
            for user in iam_backends[self.current_account]["aws"].users.values()
            if any(own.access_key_id == self.get_access_key() for own in user.access_keys)
        ),
        None,
    )
    if user is None or not user.policies:
        return _call_action(self)
    for action, resource, service in asked_for(self):
        if not is_allowed(user, action, resource, service):
            message = f"User: {user.arn} is not authorized to perform: {action} on resource: {resource}"
            setattr(self, camelcase_to_underscores(self._get_action()), partial(refuse, message))
            break
    return _call_action(self)


def refuse(message: str) -> None:
    raise AccessDeniedException(message)


def is_allowed(user: Any, action: str, resource: str, service: str = "") -> bool:
    """Evaluates the user's policies: actions and resources with wildcards, and the condition `iam:PassedToService`."""
    verdicts = {
        statement["Effect"]
        for text in user.policies.values()
        for statement in json.loads(text)["Statement"]
        if any(fnmatch.fnmatchcase(action.lower(), one.lower()) for one in _several(statement["Action"]))
        and any(fnmatch.fnmatchcase(resource, one) for one in _several(statement["Resource"]))
        and all(
            test == "StringEquals" and key == "iam:PassedToService" and service in _several(values)
            for test, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    }
    return verdicts == {"Allow"}


def asked_for(self: Any) -> Iterator[tuple[str, str, str]]:
    """Yields each action that the request takes, its resource, and the service that a role is passed to."""
    service = self.boto3_service_name
    prefix, operation = PREFIXES.get(service, service), OPERATIONS.get(self._get_action(), self._get_action())
    if (prefix, operation) == ("sts", "GetCallerIdentity"):
        return
    resource = resource_of(self, prefix, operation)
    yield f"{prefix}:{operation}", resource, ""
    if operation in ("CreateStateMachine", "RegisterJobDefinition") and self._get_param("tags"):
        yield f"{prefix}:TagResource", resource, ""
    roles = {self._get_param("roleArn"), (self._get_param("Target") or {}).get("RoleArn")}
    container = self._get_param("containerProperties") or {}
    roles |= {container.get("jobRoleArn"), container.get("executionRoleArn")}
    for role in roles - {None}:
        yield "iam:PassRole", role, f"{SERVICES[prefix]}.amazonaws.com"


def resource_of(self: Any, prefix: str, operation: str) -> str:
    """The ARN that a policy must name for the request (Service Authorization Reference); `*` where it has none."""

    def arn(name: str) -> str:
        return f"arn:aws:{prefix}:{self.region}:{self.current_account}:{name}"

    if prefix == "states":
        if operation == "CreateStateMachine":
            return arn(f"stateMachine:{self._get_param('name')}")
        if operation == "CreateStateMachineAlias":
            return str(self._get_param("routingConfiguration")[0]["stateMachineVersionArn"].rpartition(":")[0])
        names = ("stateMachineArn", "stateMachineAliasArn", "executionArn", "resourceArn")
        return next((str(self._get_param(name)) for name in names if self._get_param(name)), "*")
    if prefix == "batch":
        if operation == "RegisterJobDefinition":
            return arn(f"job-definition/{self._get_param('jobDefinitionName')}")
        if operation == "DeregisterJobDefinition":
            return str(self._get_param("jobDefinition"))
        return arn(f"job/{self._get_param('jobId')}") if operation == "TerminateJob" else "*"
    if prefix == "scheduler":
        return arn(f"schedule/default/{self.uri.split('?')[0].split('/')[-1]}")
    if prefix == "logs":
        group, stream = self._get_param("logGroupName"), self._get_param("logStreamName")
        return arn(f"log-group:{group}:log-stream:{stream}")
    if prefix == "iam" and operation == "GetRole":
        return f"arn:aws:iam::{self.current_account}:role/{self._get_param('RoleName')}"
    return str(self._get_param("PolicySourceArn")) if operation == "SimulatePrincipalPolicy" else "*"


def simulate(self: Any) -> ActionResult:
    arn = self._get_param("PolicySourceArn")
    backend = iam_backends[self.current_account]["aws"]
    user = next((user for user in backend.users.values() if user.arn == arn), None)
    if user is None:
        raise NotFoundException(f"The entity {arn} does not exist.")
    context = {one["ContextKeyName"]: one["ContextKeyValues"] for one in self._get_param("ContextEntries") or []}
    (service,) = context.get("iam:PassedToService", [""])
    results = [
        {
            "EvalActionName": action,
            "EvalResourceName": resource,
            "EvalDecision": "allowed"
            if not user.policies or is_allowed(user, action, resource, service)
            else "implicitDeny",
        }
        for action in self._get_param("ActionNames")
        for resource in self._get_param("ResourceArns") or ["*"]
    ]
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
