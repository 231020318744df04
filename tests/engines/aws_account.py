"""The part of AWS around a state machine that moto lacks, added to its server: `python -c` scripts of `step_functions.py` enter `mended_account`.

Simulated here, because moto has nothing of it:

- ValidateStateMachineDefinition: what moto's own parser refuses
- ListStateMachineVersions, PublishStateMachineVersion, DeleteStateMachineVersion, on the versions that moto keeps
- StartExecution by the ARN of a version or an alias (of several routes, the first); DescribeExecution tells which it was
- CreateStateMachine of a different definition under the same name is refused, and a deleted machine's name is free at once
- DescribeStateMachineForExecution: the definition that the execution runs; StopExecution ends the jobs, as the machine's role would
- CloudTrail's LookupEvents: the writes to Step Functions and Scheduler that this server has seen
- IAM's SimulatePrincipalPolicy: by moto's own evaluator of policies

Schedules never fire: a test starts what they name, as Scheduler would.
"""

from __future__ import annotations

import copy
import datetime
import json
from contextlib import ExitStack
from typing import Any
from unittest import mock

from moto.batch.models import batch_backends
from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult, EmptyResult
from moto.iam.access_control import IAMPolicy, PermissionResult
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


def simulate(self: Any) -> ActionResult:
    arn = self._get_param("PolicySourceArn")
    backend = iam_backends[self.current_account]["aws"]
    user = next((user for user in backend.users.values() if user.arn == arn), None)
    if user is None:
        raise NotFoundException(f"The entity {arn} does not exist.")
    policies = [IAMPolicy(policy) for policy in (*user.managed_policies.values(), *_inline(user))]
    results = []
    for action in self._get_param("ActionNames"):
        for resource in self._get_param("ResourceArns") or ["*"]:
            verdicts = [policy.is_action_permitted(action, resource) for policy in policies]
            allowed = PermissionResult.PERMITTED in verdicts and PermissionResult.DENIED not in verdicts
            decision = "allowed" if allowed else "implicitDeny"
            results.append({"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": decision})
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


def _inline(user: Any) -> list[dict[str, Any]]:
    return [{"policy_name": name, "policy_document": text} for name, text in user.policies.items()]
