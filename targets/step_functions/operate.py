"""What flowc does with Step Functions, Batch and EventBridge Scheduler, through AWS's client (`operating.py`)."""

from __future__ import annotations

from flowc.targets.operating import Deployed, EngineError, Parameter, Setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from flowc.targets.operating import Change, Engine, EngineRun, EngineTask, Finding, Start, Wanted
    from flowc.targets.target import SpecFile

    from .account import Account

SETTINGS = (
    Setting("aws-profile", "a profile of ~/.aws/config (default: the credentials that the AWS CLI would use)"),
    Setting("account", "the id of the account; another account is refused", "ID"),
    Setting("aws-region", "the region of the state machine (default: `--region`, else the profile's)", "REGION"),
    Setting("machine-role", "the role of the state machine: its ARN or name", "ROLE"),
    Setting("scheduler-role", "the role that starts scheduled runs: its ARN or name", "ROLE"),
)


def connect(settings: Mapping[str, str]) -> Engine:
    """Returns Step Functions in the account and region of the settings. Raises EngineError."""
    from .account import Account

    account = Account(settings)
    wanted = settings.get("account", "")
    if wanted and account.id != wanted:
        hint = f"the context of flowc is for account {wanted}; name its profile with `--aws-profile`"
        raise EngineError(f"the credentials are of a different account: {account.id}", hint)
    return StepFunctions(account, settings.get("machine-role", ""), settings.get("scheduler-role", ""))


def shim_url(files: Sequence[SpecFile]) -> str:
    """Returns the URL of the shim that the jobs of the spec fetch; "" if their images have it."""
    from .job_registry import definitions

    variables = (one for job in definitions(files) for one in job["containerProperties"].get("environment", ()))
    return next((str(one["value"]) for one in variables if one["name"] == "FLOWC_RUNTIME"), "")


class StepFunctions:
    """Step Functions in one region of one account."""

    keeps_runs = False  # DeleteStateMachine ends the machine's runs before their next task

    def __init__(self, account: Account, machine_role: str, scheduler_role: str) -> None:
        self._account = account
        self._machine_role, self._scheduler_role = machine_role, scheduler_role
        self._published: dict[str, str] = {}  # the newest version of each machine that was written here
        self.where: Mapping[str, str] = {"account": account.id, "region": account.region}

    def user(self) -> str:
        return self._account.arn

    def missing_permissions(self, verbs: Sequence[str]) -> tuple[str, ...]:
        """Returns what is missing of the actions that have no resource; `changes` refuses for others, by name."""
        from .permissions import denied

        return denied(self._account, verbs)

    def changes(self, wanted: Wanted, last: Sequence[SpecFile]) -> tuple[Change, ...]:
        from . import job_registry, machines, schedules

        role, scheduler = self._checked(wanted)
        return (
            *job_registry.changes(self._account, wanted, last),
            *machines.changes(self._account, wanted, last, role),
            *schedules.changes(self._account, wanted, last, scheduler),
        )

    def _checked(self, wanted: Wanted) -> tuple[str, str]:
        """Returns the ARNs of the two roles, after AWS has looked at everything. Raises EngineError."""
        import json

        from . import job_registry, machines, permissions, schedules, server_checks

        account = self._account
        text = machines.text_of(wanted.files)
        if not text:
            raise EngineError(f"the spec of `{wanted.name}` has no state machine", "compile the flow again")
        if not self._machine_role:
            raise EngineError(
                "the role of the state machine is missing",
                "give `--machine-role ROLE`, or write it into the context; NAME.policy.json is what it must allow",
            )
        role, scheduler = account.role(self._machine_role), ""
        roles = [(role, "states.amazonaws.com", "--machine-role")]
        if schedules.wanted_schedule(account, wanted.name, wanted.files, "") is not None:
            if not self._scheduler_role:
                raise EngineError(
                    f"`{wanted.name}` has a schedule, and the role that starts its runs is missing",
                    "give `--scheduler-role ROLE`; it needs states:StartExecution on "
                    + machines.alias_arn(account, wanted.name),
                )
            scheduler = account.role(self._scheduler_role)
            roles.append((scheduler, "scheduler.amazonaws.com", "--scheduler-role"))
        roles += server_checks.of_jobs(account, job_registry.definitions(wanted.files))
        missing = permissions.denied(account, ("deploy",), wanted.name, [(arn, service) for arn, service, _ in roles])
        if missing:
            from .account import POLICIES

            raise EngineError(f"{account.arn} is not allowed: {', '.join(missing)}", POLICIES)
        server_checks.definition(account, text)
        server_checks.queues(account, json.loads(text))
        server_checks.roles(account, roles)
        return role, scheduler

    def removal(self, name: str, records: str) -> tuple[Change, ...]:
        from . import executions, machines, schedules
        from .marks import RECORDS, marked

        schedule, machine = schedules.live(self._account, name), machines.live(self._account, name)
        found: list[Change] = []
        if schedule is not None and schedules.mark_of(schedule) == records:
            found.append(schedules.removal(schedule))
        if machine is not None and marked(machine["tags"], RECORDS) == records and machine.get("status") != "DELETING":
            running = len(executions.listed(self._account, name, True))
            found += machines.removals(self._account, name, machine, running)
        return tuple(found)

    def apply(self, change: Change) -> None:
        from . import job_registry, machines, schedules

        if change.kind == job_registry.KIND:
            job_registry.write(self._account, change)
        elif change.kind == schedules.KIND:
            schedules.write(self._account, change)
        else:
            machines.write(self._account, change, self._published)

    def settle(self, wanted: Wanted, seconds: float) -> None:
        """Returns at once: `trigger` starts by the version while the alias may still mean the one before."""

    def deployed(self, name: str) -> Deployed | None:
        from . import machines

        machine = machines.live(self._account, name)
        return None if machine is None or machine.get("status") == "DELETING" else self._deployed(name, machine)

    def _deployed(self, name: str, machine: dict[str, Any]) -> Deployed:
        from . import job_registry, machines, schedules
        from .console import machine_page
        from .marks import RECORDS, marked

        account = self._account
        alias = machines.alias(account, name)
        live = machine
        if alias is not None:
            routes = sorted(alias["routingConfiguration"], key=lambda route: -int(route["weight"]))
            live = machines.version(account, routes[0]["stateMachineVersionArn"]) or machine
        jobs = [job for _, job, _ in machines.submissions(live["definition"])]
        variables = job_registry.environment_of(account, jobs[0]) if jobs else {}
        try:
            schedule = schedules.live(account, name)
        except EngineError:  # whoever may only trigger need not read schedules
            schedule = None
        parameters = machines.declared(live["definition"])[1]
        changed = (alias or {}).get("updateDate") or machine.get("updateDate") or machine.get("creationDate")
        return Deployed(
            name, machines.flow_of(machine), variables.get("FLOWC_CODE", ""), marked(machine["tags"], RECORDS),
            variables.get("FLOWC_STORE", ""), schedules.shown(schedule) if schedule is not None else "",
            schedule is not None and schedules.is_paused(schedule),
            tuple(
                Parameter(key, bool(rule.get("required")), tuple(rule.get("choices", ())))
                for key, rule in parameters.items()
            ),
            float(changed.timestamp()) if changed is not None else 0.0,
            machine_page(account, str(machine["stateMachineArn"])),
        )  # fmt: skip

    def deployments(self) -> tuple[Deployed, ...]:
        """Returns what flowc has deployed and the caller may look at."""
        from . import machines

        found = self._account.each(self._deployed_if_allowed, machines.names(self._account))
        return tuple(one for one in found if one is not None and one.records)

    def _deployed_if_allowed(self, name: str) -> Deployed | None:
        from .account import Denied

        try:
            return self.deployed(name)
        except Denied:
            return None

    def pause(self, name: str, paused: bool) -> bool:
        from . import schedules

        return schedules.pause(self._account, name, paused)

    def trigger(self, start: Start) -> EngineRun:
        from . import executions, machines

        machine = machines.live(self._account, start.deployed.name)
        rules = machines.declared(machine["definition"])[1] if machine is not None else {}
        return executions.trigger(self._account, start, rules)

    def run(self, name: str) -> EngineRun | None:
        from . import executions

        return executions.get(self._account, name)

    def runs(self, name: str, under_way: bool = False) -> tuple[EngineRun, ...]:
        from . import executions

        return executions.listed(self._account, name, under_way)

    def terminate(self, run: EngineRun, graceful: bool) -> bool:
        from . import executions

        return executions.terminate(self._account, run, graceful)

    def suspend(self, run: EngineRun, suspended: bool) -> bool:
        raise EngineError(
            "Step Functions cannot hold back a run",
            f"`flowc terminate {run.id}` ends it, and within 14 days `aws stepfunctions redrive-execution "
            f"--execution-arn {run.name}` goes on with it: done tasks do not run again. `flowc pause` stops a schedule",
        )

    def retry(self, run: EngineRun) -> None:
        from . import executions

        executions.retry(self._account, run)

    def findings(self, options: Mapping[str, str]) -> Iterator[Finding]:
        from .findings import findings

        return findings(self._account, options, self._machine_role, self._scheduler_role)

    def logs(self, run: EngineRun) -> Iterator[tuple[EngineTask, bytes]]:
        from . import job_logs

        return job_logs.logs(self._account, run)
