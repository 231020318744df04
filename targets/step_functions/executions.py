"""Runs on Step Functions: executions of the state machine, started by its alias.

A run's id is `MACHINE.EXECUTION`, as the state machine itself makes it (docs/targets/step-functions.md, Runs).
"""

from __future__ import annotations

import json
import time

from flowc.compiler.fast_start.record import replace
from flowc.targets.operating import RUNNING, SUCCEEDED, EngineError, EngineRun

from .account import Conflict, Denied, Missing
from .console import execution_page
from .execution_tasks import STATES, reason, tasks, unfinished
from .input_check import MAX_SIZE
from .machines import alias, alias_arn, arn_of, declared, tags_of
from .marks import FLOW, marked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from flowc.targets.operating import EngineTask, Start

    from .account import Account

    Data = dict[str, Any]

FRESH = 60.0  # seconds in which a moved alias may still start the version from before (UpdateStateMachineAlias)
MAX_NAME = 80
MOST = 5_000  # runs of a list
_NAMES = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # of a name that is made here, without words


# ── start ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def trigger(account: Account, start: Start, rules: Mapping[str, Any]) -> EngineRun:
    """Starts an execution, or returns that which the same request has started. `rules` are the parameters'."""
    name, text = _name(start), _input(start, rules)
    arn = _execution_arn(account, start.deployed.name, name)
    if start.request:
        there = _same(account, arn, text, start)
        if there is not None:
            if start.begin is not None:
                start.begin(there)
            return there
    run = EngineRun(
        f"{start.deployed.name}.{name}", arn, start.deployed.flow, start.deployed.name, RUNNING, started=time.time(),
        url=execution_page(account, arn), owner=arn,
    )  # fmt: skip
    if start.begin is not None:
        start.begin(run)
    machine = _start_by(account, start.deployed.name)
    try:
        account.call("stepfunctions", "StartExecution", stateMachineArn=machine, name=name, input=text)
    except Conflict:
        there = _same(account, arn, text, start)
        if there is None:
            raise EngineError(f"there was a run {name} already", "choose a different id for this one") from None
        return there
    except Missing:
        raise EngineError(f"`{start.deployed.name}` has been deleted meanwhile") from None
    execution = account.find("stepfunctions", "DescribeExecution", executionArn=arn)  # it may take a moment to appear
    return run if execution is None else replace(_run(account, execution), flow=run.flow)


def _name(start: Start) -> str:
    if not start.request:
        import secrets

        letters = "".join(secrets.choice(_LETTERS) for _ in range(5))
        return f"{time.strftime('%Y-%m-%d-%H%M%S', time.gmtime())}-{letters}"
    if len(start.request) > MAX_NAME or not _NAMES.issuperset(start.request) or start.request.startswith("."):
        raise EngineError(
            f"Step Functions does not accept `{start.request}` as the name of an execution",
            f"choose an id of at most {MAX_NAME} letters, digits, `-`, `_` and `.`",
        )
    return start.request


def _input(start: Start, rules: Mapping[str, Any]) -> str:
    """Returns the parameters as JSON, in their types."""
    values = {name: _value(text, str(rules.get(name, {}).get("type", ""))) for name, text in start.parameters}
    text = json.dumps(values, ensure_ascii=False, sort_keys=True)
    size = len(text) + text.count('"') + text.count("\\")
    if size > MAX_SIZE:
        raise EngineError(
            f"the parameters have {size} characters, and a Batch job can be given {MAX_SIZE}",
            "put large values into S3 and give their address, or use IncludeFile",
        )
    return text


def _value(text: str, kind: str) -> Any:
    """Returns the value of a parameter. What is not of its type stays text, which the first task judges."""
    types: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "bool": (bool,)}
    if kind not in types:
        return text
    try:
        value = json.loads(text.lower() if kind == "bool" else text)
    except ValueError:
        return text
    return value if type(value) in types[kind] and value == value else text


def _start_by(account: Account, name: str) -> str:
    """Returns the ARN to start by: the alias, or its version while the alias may still mean the one before."""
    found = alias(account, name)
    if found is None:
        raise EngineError(
            f"`{name}` has no alias `live`, by which flowc starts runs",
            "run `flowc deploy`, which makes it, also after a deploy that was cut off",
        )
    routes = found["routingConfiguration"]
    changed = found.get("updateDate") or found.get("creationDate")
    if len(routes) == 1 and changed is not None and time.time() - changed.timestamp() < FRESH:
        return str(routes[0]["stateMachineVersionArn"])
    return alias_arn(account, name)


def _same(account: Account, arn: str, text: str, start: Start) -> EngineRun | None:
    """Returns the execution that the same request has started. Raises EngineError if it had other parameters."""
    execution = account.find("stepfunctions", "DescribeExecution", executionArn=arn)
    if execution is None:
        return None
    if json.loads(execution.get("input") or "{}") != json.loads(text):
        message = f"run {start.request} was started with other parameters"
        raise EngineError(message, "choose a different id for this one")
    return replace(_run(account, execution), flow=start.deployed.flow, existed=True)


# ── look ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def get(account: Account, name: str) -> EngineRun | None:
    """Returns the run, with its tasks, that flowc (`MACHINE.EXECUTION`) or AWS (its ARN) calls so."""
    arn = name
    if not name.startswith("arn:"):
        machine, dot, execution = name.rpartition("/")[2].partition(".")
        if not dot or not machine or not execution:
            return None
        arn = _execution_arn(account, machine, execution)
    try:
        found = account.find("stepfunctions", "DescribeExecution", executionArn=arn)
    except Denied:
        raise
    except EngineError as error:
        if "InvalidArn" in error.message:  # no name of an execution
            return None
        raise
    if found is None:
        return None
    run = _run(account, found)
    definition = definition_of(account, arn)
    flow = declared(definition)[0] or marked(tags_of(account, run.deployment), FLOW)
    done = tasks(account, arn, definition, run.state)
    message = run.message if done.note == "" else "; ".join(filter(None, (run.message, done.note)))
    return replace(run, flow=flow, tasks=done.tasks, message=message)


def definition_of(account: Account, arn: str) -> Data:
    """Returns the definition that the execution runs, parsed; {} if it is gone."""
    machine = account.find("stepfunctions", "DescribeStateMachineForExecution", executionArn=arn)
    return dict(json.loads(machine["definition"])) if machine is not None and machine.get("definition") else {}


def listed(account: Account, name: str, under_way: bool) -> tuple[EngineRun, ...]:
    """Returns the executions of the machine, newest first, at most the last `MOST`; () if there is no machine."""
    options = {"statusFilter": "RUNNING"} if under_way else {}
    try:
        found = account.listed(
            "stepfunctions", "ListExecutions", "executions", most=MOST, stateMachineArn=arn_of(account, name), **options
        )
    except Missing:
        return ()
    flow = marked(tags_of(account, name), FLOW) if found else ""
    runs = [replace(_run(account, one), flow=flow) for one in found]
    return tuple(sorted(runs, key=lambda run: (run.started, run.name), reverse=True))


def _run(account: Account, execution: Data) -> EngineRun:
    machine = str(execution["stateMachineArn"]).split(":")[6]
    name, state = str(execution["name"]), STATES.get(str(execution["status"]), RUNNING)
    error, cause = str(execution.get("error") or ""), str(execution.get("cause") or "")
    return EngineRun(
        f"{machine}.{name}", str(execution["executionArn"]), "", machine, state,
        (reason(error, cause) or error) if state != SUCCEEDED else "",
        _seconds(execution.get("startDate")), _seconds(execution.get("stopDate")), (),
        execution_page(account, str(execution["executionArn"])), owner=str(execution["executionArn"]), handle=execution,
    )  # fmt: skip


def _seconds(at: Any) -> float:
    return float(at.timestamp()) if at is not None else 0.0


def _execution_arn(account: Account, machine: str, name: str) -> str:
    return account.name_of("states", f"execution:{machine}:{name}")


# ── end ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def terminate(account: Account, run: EngineRun, graceful: bool) -> bool:
    """Stops the execution. Step Functions ends its jobs; unless `graceful`, they are ended here as well.

    Returns False if it had ended.
    """
    execution = account.find("stepfunctions", "DescribeExecution", executionArn=run.name)
    if execution is None:
        raise EngineError(f"run {run.id} has been deleted")
    is_running = STATES.get(str(execution["status"])) == RUNNING
    if is_running:
        account.call(
            "stepfunctions", "StopExecution", executionArn=run.name, error="Flowc.Terminated",
            cause="somebody has ended it with `flowc terminate`",
        )  # fmt: skip
    if not graceful:
        for job in unfinished(account, _with_tasks(account, run)):
            account.call("batch", "TerminateJob", jobId=job, reason="its run was ended with `flowc terminate`")
    return is_running


def retry(account: Account, run: EngineRun) -> None:
    """Redrives the execution: the same one goes on from the states that failed. Raises EngineError if AWS does not."""
    execution = account.find("stepfunctions", "DescribeExecution", executionArn=run.name)
    if execution is None:
        raise EngineError(f"run {run.id} has been deleted")
    if execution.get("redriveStatus", "REDRIVABLE") != "REDRIVABLE":
        why = str(execution.get("redriveStatusReason") or execution["redriveStatus"])
        raise EngineError(f"Step Functions does not go on with run {run.id}: {why}", "start a new run")
    account.call("stepfunctions", "RedriveExecution", executionArn=run.name)


def _with_tasks(account: Account, run: EngineRun) -> tuple[EngineTask, ...]:
    return tasks(account, run.name, definition_of(account, run.name), RUNNING).tasks
