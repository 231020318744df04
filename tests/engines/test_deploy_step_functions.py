"""`flowc plan`, `deploy`, `trigger` and the other verbs on moto, over HTTP, with jobs that are real processes."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flowc.targets.step_functions.machines import KEPT

from tests.golden.regenerate import FLOWS, ROOT
from tests.support.running import flowc, until
from tests.support.s3_server import BUCKET

from .aws_fault_proxy import EXPIRED, KINDS, LOST, THROTTLED, UNREACHABLE, fault_proxy
from .deploying import STORE
from .kill_at import KILLED
from .packages import packages_of
from .step_functions import StepFunctions, step_functions

pytestmark = pytest.mark.engine

FLOW = """from metaflow import FlowSpec, Parameter, retry, schedule, step
{schedule}
class Train(FlowSpec):
    alpha = Parameter("alpha", default=0.5)
    rounds = Parameter("rounds", default=2)

    @step
    def start(self):
        print("alpha is", self.alpha)
        self.items = list(range(self.rounds))
        self.next(self.fit, foreach="items")

    @retry(times={times})
    @step
    def fit(self):
        self.score = self.input * self.alpha
        self.next(self.join)

    @step
    def join(self, inputs):
        self.scores = [one.score for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        {end}
"""
MISSING = ("StateMachineDoesNotExist", "ResourceNotFound", "ResourceNotFoundException")
QUEUE = "arn:aws:sqs:us-east-1:123456789012:failed-starts"
FIELDS = (
    "Name",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "FlexibleTimeWindow",
    "Target",
    "State",
    "Description",
)
YEARLY = "@schedule(cron='0 3 1 1 *')"


@pytest.fixture(scope="module")
def aws() -> Iterator[StepFunctions]:
    with step_functions() as server:
        yield server


class Project:
    """A project with one flow, and a context of the account."""

    def __init__(self, folder: Path, aws: StepFunctions, name: str) -> None:
        self.folder, self.aws, self.name = folder, aws, name
        self.keys: dict[str, dict[str, str]] = {}
        self.environment = {**aws.s3.environment, "AWS_ENDPOINT_URL": aws.s3.url, "AWS_MAX_ATTEMPTS": "3"}
        self.context()
        self.flow()

    def context(self, more: str = "", image: str = "plain") -> None:
        (self.folder / "pyproject.toml").write_text(
            f"""[tool.flowc.contexts.test]
target = "step-functions"
store = "{STORE}"
name = "{self.name}"
image = "{image}"
job-queue = "flowc"
machine-role = "flowc-machine"
scheduler-role = "flowc-scheduler"
{more}
"""
        )

    def flow(self, schedule: str = "", times: int = 1, end: str = "pass") -> None:
        (self.folder / "train.py").write_text(FLOW.format(schedule=schedule, times=times, end=end))

    def __call__(
        self, *words: str, check: bool = True, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs flowc on the context, without a terminal."""
        done = flowc(
            *words, *(() if words[0] in ("compile", "diff") else ("--on", "test")), cwd=self.folder,
            env={**self.environment, **(env or {})},
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def data(self, *words: str) -> Any:
        return json.loads(self(*words, "--json").stdout)

    def client(self, service: str) -> Any:
        return self.aws.s3.client(service)

    def user(self, name: str, policy: Any = None) -> Any:
        """Makes a user, with a policy; returns what makes clients of theirs."""
        import boto3

        iam = self.client("iam")
        iam.create_user(UserName=name)
        if policy is not None:
            iam.put_user_policy(UserName=name, PolicyName="flowc", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        self.keys[name] = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        return lambda service: boto3.client(
            service, endpoint_url=self.aws.s3.url, region_name="us-east-1",
            aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"],
        )  # fmt: skip

    @property
    def arn(self) -> str:
        return f"arn:aws:states:us-east-1:123456789012:stateMachine:{self.name}"

    def machine(self) -> Any:
        """The state machine, or None."""
        return self._found("stepfunctions", "describe_state_machine", stateMachineArn=self.arn)

    def schedule(self) -> Any:
        """The schedule, or None."""
        return self._found("scheduler", "get_schedule", Name=self.name)

    def definitions(self) -> list[Any]:
        """The active job definitions."""
        every = self.client("batch").describe_job_definitions(status="ACTIVE")["jobDefinitions"]
        return [one for one in every if one["jobDefinitionName"].startswith(f"{self.name}--")]

    def live_definition(self) -> Any:
        """The definition that the alias leads to."""
        alias = self.client("stepfunctions").describe_state_machine_alias(stateMachineAliasArn=f"{self.arn}:live")
        (route,) = alias["routingConfiguration"]
        version = self.client("stepfunctions").describe_state_machine(stateMachineArn=route["stateMachineVersionArn"])
        return json.loads(version["definition"])

    def live_code(self) -> str:
        """The code of the jobs that the alias leads to, all of which exist."""
        names = set(re.findall(r'"JobDefinition": "([^"]+)"', json.dumps(self.live_definition())))
        found = {one["jobDefinitionName"]: one for one in self.definitions()}
        assert names <= found.keys()
        codes = {
            variable["value"]
            for name in names
            for variable in found[name]["containerProperties"]["environment"]
            if variable["name"] == "FLOWC_CODE"
        }
        (code,) = codes
        return str(code)

    def everything(self) -> dict[tuple[str, str], Any]:
        """What the account has of the deployment, by kind and name."""
        states, alias = self.client("stepfunctions"), f"{self.name}:live"
        objects = {("JobDefinition", one["jobDefinitionName"]): one["revision"] for one in self.definitions()}
        found = {
            ("StateMachine", self.name): self.machine(),
            ("Alias", alias): self._found(
                "stepfunctions", "describe_state_machine_alias", stateMachineAliasArn=f"{self.arn}:live"
            ),
            ("Schedule", self.name): self.schedule(),
        }
        if found["StateMachine", self.name]:
            tags = states.list_tags_for_resource(resourceArn=self.arn)["tags"]
            versions = states.list_state_machine_versions(stateMachineArn=self.arn)["stateMachineVersions"]
            found["StateMachine", self.name] |= {"tags": tags, "versions": len(versions)}
        return {
            **objects,
            **{
                name: {key: value for key, value in one.items() if key != "ResponseMetadata"}
                for name, one in found.items()
                if one is not None
            },
        }

    def task(self, run: str, step: str) -> Any:
        tasks = self.data("status", run)["tasks"]
        return next((one for one in tasks if one["step"] == step), {"state": ""})

    def job(self, run: str, step: str) -> Any:
        """The last job of a step of the run."""
        history = self.client("stepfunctions").get_execution_history(
            executionArn=self.arn.replace("stateMachine", "execution") + ":" + run.partition(".")[2]
        )
        ids = [
            json.loads(event["taskSubmittedEventDetails"]["output"])["JobId"]
            for event in history["events"]
            if event["type"] == "TaskSubmitted"
        ]
        jobs = self.client("batch").describe_jobs(jobs=ids)["jobs"]
        return [one for one in jobs if one["jobName"] == f"{self.name}-{step}"][-1]

    def _found(self, service: str, operation: str, **arguments: Any) -> Any:
        client = self.client(service)
        try:
            return getattr(client, operation)(**arguments)
        except client.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] in MISSING, error
            return None


@pytest.fixture
def project(aws: StepFunctions, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Project]:
    name = re.sub(r"[^a-z]+", "-", request.node.name.removeprefix("test_"))[:30].strip("-")
    yield Project(tmp_path, aws, name)


def test_the_whole_path(project: Project) -> None:
    planned = project("plan", "train.py")
    assert "+ StateMachine/the-whole-path" in planned.stdout and "7 to add" in planned.stdout, planned.stdout
    assert project.machine() is None
    assert project("plan", "train.py", "--check", check=False).returncode == 1
    refused = project("deploy", "train.py", check=False)
    assert refused.returncode == 1 and "add `--yes`" in refused.stderr
    done = project("deploy", "train.py", "--yes")
    assert "is deployed (deployment 1)" in done.stdout, done.stdout
    before = project.everything()
    again = project("deploy", "train.py", "--yes")
    assert "is up to date (deployment 1)" in again.stdout, again.stdout
    assert project.everything() == before, "a repeated deploy changes nothing"
    assert project("plan", "train.py", "--check").returncode == 0
    wrong = project("trigger", "the-whole-path", "--alpha", "much", check=False)
    assert wrong.returncode == 2 and "alpha" in wrong.stderr, wrong.stderr
    begun = project(
        "trigger", "train.py", "--alpha", "0.25", "--rounds", "3", "--run-id", "one", "--wait", "--tag", "try"
    )
    assert "succeeded" in begun.stdout, begun.stdout
    run = project.data("status", "the-whole-path.one")
    assert run["state"] == "succeeded" and {task["state"] for task in run["tasks"]} == {"succeeded"}
    assert sorted((task["step"], task["path"]) for task in run["tasks"]) == [
        ("end", "-"), ("fit", "0"), ("fit", "1"), ("fit", "2"), ("join", "-"), ("start", "-"),
    ]  # fmt: skip
    assert project.data("status", run["engine_name"])["run"] == run["run"]
    execution = project.client("stepfunctions").describe_execution(executionArn=run["engine_name"])
    assert json.loads(execution["input"]) == {"alpha": 0.25, "rounds": 3}
    assert execution["stateMachineVersionArn"].endswith(":the-whole-path:1")
    assert flowc("tag", "list", run["run"], "--store", STORE, env=project.environment).stdout.count("try") == 1
    same = project.data("trigger", "the-whole-path", "--alpha", "0.25", "--rounds", "3", "--run-id", "one")
    assert same["run"] == run["run"]
    other = project("trigger", "the-whole-path", "--rounds", "1", "--run-id", "one", check=False)
    assert other.returncode == 1 and "with other parameters" in other.stderr
    odd = project("trigger", "the-whole-path", "--run-id", "a b", check=False)
    assert odd.returncode == 1 and "does not accept `a b`" in odd.stderr
    big = project("trigger", "the-whole-path", "-p", "alpha=" + "1" * 8000, check=False)
    assert big.returncode != 0
    values = flowc("dump", f"{run['run']}/join", "--store", STORE, "--json", env=project.environment)
    assert "0.25" in values.stdout and "0.5" in values.stdout, values.stdout
    nothing = project("status", "the-whole-path.two", check=False)
    assert nothing.returncode == 1 and "there is no run the-whole-path.two" in nothing.stderr
    assert project("status", "nonsense", check=False).returncode == 1


def test_wine(aws: StepFunctions, tmp_path: Path) -> None:
    """The example, from its plan to its removal; the shim is uploaded too."""
    project = Project(tmp_path, aws, "wine")
    image = f"plain:{packages_of(FLOWS['wine'])}"
    project.context(image=image)
    settings = tmp_path / "pyproject.toml"
    settings.write_text(settings.read_text().replace(STORE, f"s3://{BUCKET}/wines"))
    for file in ("flow.py", "models.py"):
        (tmp_path / file).write_text((ROOT / "examples" / "wine" / file).read_text())
    none = ("--environments", "none")
    planned = project("plan", "flow.py", *none)
    assert f"+ s3://{BUCKET}/wines/runtime/flowc-runtime-0.1.zip  (shim" in planned.stdout, planned.stdout
    assert "+ Schedule/wine" in planned.stdout
    project("deploy", "flow.py", "--yes", *none)
    assert "is up to date" in project("deploy", "flow.py", "--yes", *none).stdout
    begun = project("trigger", "wine", "--folds", "2", "--run-id", "first", "--wait")
    assert "succeeded" in begun.stdout and "fold/0.1" in begun.stdout, begun.stdout
    (listed,) = project.data("runs", "WineFlow", "--store", f"s3://{BUCKET}/wines")
    assert listed["run"] == "wine.first" and listed["status"] == "succeeded"
    assert "accuracy" in project("logs", "wine.first", "--store", f"s3://{BUCKET}/wines").stdout
    assert "its runs and records stay" in project("delete", "wine", "--yes").stdout
    assert project.machine() is None and project.schedule() is None and not project.definitions()


def test_a_schedule(project: Project) -> None:
    """A pause survives deploys, however the schedule was made; a removed schedule is removed."""
    project.flow(YEARLY)
    planned = project("deploy", "train.py", "--yes", "--paused")
    assert "it starts paused" in planned.stdout and project.schedule()["State"] == "DISABLED"
    assert "is up to date" in project("plan", "train.py", "--paused").stdout
    live = project.schedule()
    assert live["Target"]["Arn"].endswith(f":stateMachine:{project.name}:live")
    assert live["Target"]["RoleArn"].endswith(":role/flowc-scheduler")
    extra = {**{key: live[key] for key in FIELDS}, "Target": {**live["Target"], "DeadLetterConfig": {"Arn": QUEUE}}}
    project.client("scheduler").update_schedule(**extra)  # what others add stays
    project.flow(YEARLY.replace("3 1", "4 1"))
    changed = project("deploy", "train.py", "--yes").stdout
    assert "ScheduleExpression" in changed and "3 to change, 0 to delete" in changed, changed
    live = project.schedule()
    assert live["State"] == "DISABLED" and live["ScheduleExpression"] == "cron(0 4 1 1 ? *)"
    assert live["Target"]["DeadLetterConfig"] == {"Arn": QUEUE}
    assert "is on" in project("unpause", project.name).stdout
    assert "nothing to do" in project("unpause", project.name).stdout
    assert project.schedule()["State"] == "ENABLED"
    (listed,) = [one for one in project.data("deployments") if one["name"] == project.name]
    assert listed["schedule"].startswith("cron(0 4 1 1 ? *)") and not listed["paused"]
    assert listed["n"] == 2 and listed["agrees"]
    assert "is paused" in project("pause", "train.py").stdout
    assert "is up to date" in project("deploy", "train.py", "--yes").stdout
    project.flow()
    assert "- Schedule" in project("deploy", "train.py", "--yes").stdout
    assert project.schedule() is None
    assert "is up to date" in project("plan", "train.py").stdout
    wrong = project("pause", project.name, check=False)
    assert wrong.returncode == 1 and "has no schedule" in wrong.stderr


def test_history_and_rollback(project: Project) -> None:
    project("deploy", "train.py", "--yes")
    first = project.live_definition()
    project.flow(times=3)
    changed = project("deploy", "train.py", "--yes").stdout
    assert "retryStrategy.attempts" in changed and "2 → 4" in changed, changed
    assert "routingConfiguration  version 1 → a new version" in changed, changed
    assert project.live_definition() != first
    listed = project.data("history", project.name)
    assert [(one["n"], one["action"], one["live"]) for one in listed] == [(2, "deploy", True), (1, "deploy", False)]
    project("rollback", project.name, "--yes")
    assert project.live_definition() == first
    listed = project.data("history", "train.py")
    assert (listed[0]["n"], listed[0]["action"], listed[0]["live"], listed[0]["to"]) == (3, "rollback", True, 1)
    assert "2 to change" in project("plan", "train.py").stdout
    project("rollback", project.name, "--to", "2", "--yes")
    assert "is up to date" in project("plan", "train.py").stdout


def test_drift(project: Project) -> None:
    """What somebody else has changed is said, with who; a deploy sets it back, or leaves it."""
    project.flow(YEARLY)
    project("deploy", "train.py", "--yes")
    eve = project.user("eve")
    definition = {**project.live_definition(), "TimeoutSeconds": 77}
    eve("stepfunctions").update_state_machine(stateMachineArn=project.arn, definition=json.dumps(definition))
    live = project.schedule()
    eve("scheduler").update_schedule(**{**{key: live[key] for key in FIELDS}, "ScheduleExpression": "rate(1 hour)"})
    plan = project.data("plan", "train.py")
    drift = {one["path"]: one for one in plan["drift"]}
    assert drift.keys() == {"definition.TimeoutSeconds", "ScheduleExpression"}, drift
    timeout = drift["definition.TimeoutSeconds"]
    assert (timeout["deployed"], timeout["live"], timeout["by"]) == (None, 77, "eve") and timeout["at"]
    assert drift["ScheduleExpression"]["live"] == "rate(1 hour)" and drift["ScheduleExpression"]["by"] == "eve"
    shown = project("plan", "train.py").stdout
    assert "changed by eve" in shown and "it will be cron(0 3 1 1 ? *) again" in shown and "2 drifted" in shown
    assert "it stays so" in project("plan", "train.py", "--keep-drift").stdout
    project.flow(YEARLY, times=2)
    project("deploy", "train.py", "--yes", "--keep-drift")
    assert project.live_definition()["TimeoutSeconds"] == 77
    assert project.schedule()["ScheduleExpression"] == "rate(1 hour)"
    project("deploy", "train.py", "--yes")
    assert "TimeoutSeconds" not in project.live_definition()
    assert project.schedule()["ScheduleExpression"] == "cron(0 3 1 1 ? *)"
    assert "is up to date" in project("plan", "train.py").stdout
    # the alias, and a job definition
    live_text = json.dumps(project.live_definition())
    routes = [{"stateMachineVersionArn": f"{project.arn}:1", "weight": 100}]
    eve("stepfunctions").update_state_machine_alias(
        stateMachineAliasArn=f"{project.arn}:live", routingConfiguration=routes
    )
    (other,) = [
        one
        for one in project.definitions()
        if f'"{one["jobDefinitionName"]}"' in live_text and "--fit-" in one["jobDefinitionName"]
    ]
    properties = {**other["containerProperties"], "image": "other"}
    project.client("batch").register_job_definition(
        jobDefinitionName=other["jobDefinitionName"], type="container", containerProperties=properties
    )
    shown = project("plan", "train.py").stdout
    assert "version 1" in shown and "changed by eve" in shown and "containerProperties.image is other" in shown, shown
    kept = project("plan", "train.py", "--keep-drift", check=False)
    assert kept.returncode == 1 and "cannot stay" in kept.stderr
    project("deploy", "train.py", "--yes")
    assert "is up to date" in project("plan", "train.py").stdout


def test_what_flowc_did_not_write(project: Project) -> None:
    """Nothing of others is overwritten or deleted, unless it is taken over."""
    project.flow(YEARLY)
    project("compile", "train.py", "--on", "test", "-o", "build")
    files = {path.name.partition(".")[2]: path for path in (project.folder / "build" / "step-functions").iterdir()}
    definition = {**json.loads(files["asl.json"].read_text()), "TimeoutSeconds": 7}
    role = project.client("iam").get_role(RoleName="flowc-machine")["Role"]["Arn"]
    project.client("stepfunctions").create_state_machine(
        name=project.name, definition=json.dumps(definition), roleArn=role
    )
    schedule = json.loads(files["schedule.json"].read_text())
    schedule["Target"] = {"Arn": project.arn, "RoleArn": role, "Input": "{}"}
    project.client("scheduler").create_schedule(**schedule)
    before = project.everything()
    refused = project("deploy", "train.py", "--yes", check=False)
    assert refused.returncode == 1 and "without flowc" in refused.stderr and "--take-over" in refused.stderr
    assert project("delete", project.name, "--yes", check=False).returncode == 1
    assert project("pause", project.name, check=False).returncode == 1
    assert project.everything() == before
    taken = project("deploy", "--built", "build", "--yes", "--take-over").stdout
    assert "TimeoutSeconds" in taken and "- 7" in taken, taken
    assert project.schedule()["Target"]["Arn"].endswith(":live")
    assert "is up to date" in project("plan", "--built", "build").stdout
    assert "is up to date" in project("plan", "train.py").stdout
    # the mark is of one datastore
    settings = project.folder / "pyproject.toml"
    settings.write_text(settings.read_text().replace(STORE, f"s3://{BUCKET}/elsewhere"))
    other = project("deploy", "train.py", "--yes", check=False)
    assert other.returncode == 1 and f"belongs to the deployment with its records in {STORE}" in other.stderr


def test_runs(project: Project) -> None:
    """Terminate, with the jobs; no suspending; delete refuses while a run is under way."""
    project.flow(end="import time; time.sleep(600)")
    project("deploy", "train.py", "--yes")
    run = project.data("trigger", project.name)["run"]
    held = project("suspend", run, check=False)
    assert held.returncode == 1 and "cannot hold back a run" in held.stderr and "redrive-execution" in held.stderr
    refused = project("delete", project.name, "--yes", check=False)
    assert refused.returncode == 1 and run in refused.stderr and "--force" in refused.stderr
    late = project("trigger", project.name, "--run-id", "late", "--wait", "--timeout", "1", check=False)
    assert late.returncode == 124
    project.flow(times=2, end="import time; time.sleep(600)")
    assert "2 runs are under way; they go on" in project("plan", "train.py").stdout
    until(lambda: project.task(run, "end")["state"] == "running", "the last task to run", 120, 1)
    assert "is being terminated" in project("terminate", run).stdout
    ended = project("status", run, "--watch", check=False)
    assert ended.returncode == 1 and "terminated" in ended.stdout
    until(lambda: project.job(run, "end")["status"] == "FAILED", "the job to end", 60, 1)
    assert project.task(run, "end")["state"] == "terminated"
    assert "has ended already" in project("terminate", run).stdout
    project("terminate", f"{project.name}.late", "--graceful")
    assert project("status", f"{project.name}.late", "--watch", check=False).returncode == 1
    deleted = project("delete", project.name, "--yes").stdout
    assert "- StateMachine" in deleted and project.machine() is None and not project.definitions()
    assert "is deleted already" in project("delete", project.name, "--yes").stdout
    assert project("trigger", project.name, check=False).returncode == 1
    project.flow()
    assert "(deployment 3)" in project("deploy", "train.py", "--yes").stdout


def test_a_failure(project: Project) -> None:
    """A failed task is said with its reason, and the exit code is 1."""
    project.flow(end="raise ValueError('no luck')")
    project("deploy", "train.py", "--yes")
    done = project("trigger", project.name, "--run-id", "bad", "--wait", "--follow", check=False)
    assert done.returncode == 1 and "alpha is 0.5" in done.stdout and "ValueError: no luck" in done.stdout, done.stdout
    run = project.data("status", f"{project.name}.bad")
    (end,) = [task for task in run["tasks"] if task["step"] == "end"]
    assert run["state"] == end["state"] == "failed" and "exit code 1" in end["message"], run
    assert "exit code 1" in run["message"] and "{" not in run["message"], run


def test_a_kill_before_each_write(project: Project) -> None:
    """However far a deploy or a delete came, the same command does the rest, and changes nothing after that."""
    environment = {**os.environ, **project.environment, "PYTHONPATH": str(ROOT)}

    def killed(number: int, *words: str) -> bool:
        command = [sys.executable, "-m", "tests.engines.kill_at", str(number), *words, "--yes", "--on", "test"]
        done = subprocess.run(command, cwd=project.folder, env=environment, capture_output=True, text=True)
        assert done.returncode in (0, KILLED), done.stdout + done.stderr
        return done.returncode == KILLED

    for number in range(1, 30):
        project.flow(YEARLY if number % 3 else "", end=f"self.n = {number}")
        is_killed = killed(number, "deploy", "train.py")
        if number > 1:  # whatever has happened, what runs would start is whole
            code = project.live_code()
            assert code in {one["code"] for one in project.data("history", project.name)}
        project("deploy", "train.py", "--yes")
        assert project("plan", "train.py", "--check").returncode == 0
        (newest, *_) = project.data("history", project.name)
        assert newest["done"] and newest["live"] and project.live_code() == newest["code"]
        assert (project.schedule() is not None) == bool(number % 3)
        if not is_killed:
            break
    assert number > 9, "it died before writes to all objects"
    for number in range(1, 90, 4):
        project.flow(YEARLY)
        project("deploy", "train.py", "--yes")
        is_killed = killed(number, "delete", project.name)
        project("delete", project.name, "--yes")
        assert project.machine() is None and project.schedule() is None and not project.definitions()
        if not is_killed:
            break
    assert number > 9, "it died before each deletion"


def test_two_deploy_at_once(project: Project, tmp_path: Path) -> None:
    """Both plan deployment 1; one of them is told, and changes nothing."""
    environment = {**os.environ, **project.environment}
    processes = []
    for times in (1, 2):
        folder = tmp_path / str(times)
        folder.mkdir()
        project.flow(times=times)
        for name in ("train.py", "pyproject.toml"):
            (folder / name).write_text((project.folder / name).read_text())
        command = [sys.executable, "-m", "flowc", "deploy", "train.py", "--yes", "--on", "test"]
        processes.append(
            subprocess.Popen(
                command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
        )
    ended = [(process.communicate(), process.returncode) for process in processes]
    codes = sorted(code for _, code in ended)
    told = [errors for (_, errors), code in ended if code]
    listed = project.data("history", project.name)
    if codes == [0, 1]:  # at the same time
        assert "meanwhile" in told[0] or "at this moment" in told[0] or "has changed since" in told[0], told
        assert [one["n"] for one in listed if one["done"]] == [1]
    else:  # one after the other
        assert codes == [0, 0] and [one["n"] for one in listed] == [2, 1], ended


def test_a_plan_is_what_happens(project: Project) -> None:
    """Whatever has changed: the plan lists it, the deploy does it, and then nothing is left to do."""
    choice = random.Random(int(os.environ.get("FLOWC_RANDOM_SEED", "22")))
    project("deploy", "train.py", "--yes")
    for _ in range(8):
        schedule = choice.choice(["", YEARLY, YEARLY.replace("3 1", "5 2"), "@schedule(weekly=True)"])
        project.flow(schedule, choice.randint(1, 4), choice.choice(["pass", "print(1)", "print('${x} 🎈')"]))
        project.context(
            choice.choice(
                ["", "max-workers = 3", 'workflow-timeout = 60\nregion = "eu-west-1"\naws-region = "us-east-1"']
            )
        )
        before = project.everything()
        plan = project.data("plan", "train.py")
        assert project.everything() == before, "a plan writes nothing"
        done = project.data("deploy", "train.py", "--yes")
        assert done["changes"] == plan["changes"]
        after = project.everything()
        for change in plan["changes"]:
            name = (change["kind"], change["name"])
            if change["kind"] in ("StateMachine", "Alias", "Schedule", "JobDefinition"):
                assert (name in after) == (change["op"] != "delete"), change
                assert (name in before) == (change["op"] != "add"), change
                if change["op"] == "same":
                    assert after[name] == before[name]
                if change["op"] == "change":
                    assert after[name] != before[name]
        unplanned = {name for name in {**before, **after} if before.get(name) != after.get(name)}
        assert unplanned <= {(change["kind"], change["name"]) for change in plan["changes"] if change["op"] != "same"}
        again = project.data("plan", "train.py")
        assert again["up_to_date"] and {change["op"] for change in again["changes"]} == {"same"}, again
    assert {one["name"] for one in project.data("deployments")} >= {project.name}


def test_what_left_nothing(project: Project) -> None:
    """The engine's reasons, and its logs, stand for those that tasks have left none of."""
    project.context("runtime = 'baked'", image="flowc-test/none:1")
    project("deploy", "train.py", "--yes")
    run = project.data("trigger", project.name, "--run-id", "no-image")["run"]
    assert project("status", run, "--watch", check=False).returncode == 1
    logs = project("logs", run)
    assert "from step-functions" in logs.stderr and "none:1" in logs.stderr + logs.stdout, logs.stderr + logs.stdout
    (listed,) = [one for one in project.data("runs", "Train") if one["run"] == run]
    assert listed["status"] == "failed" and listed["target"] == "step-functions"
    # the shim is missing: what the job prints is in CloudWatch alone
    project.context()
    project("deploy", "train.py", "--yes")
    shim = {"Bucket": BUCKET, "Key": "flows/runtime/flowc-runtime-0.1.zip"}
    body = project.client("s3").get_object(**shim)["Body"].read()
    project.client("s3").delete_object(**shim)
    try:
        run = project.data("trigger", project.name, "--run-id", "no-shim")["run"]
        assert project("status", run, "--watch", check=False).returncode == 1
    finally:
        project.client("s3").put_object(**shim, Body=body)
    logs = project("logs", run)
    assert "[start] flowc: cannot fetch the shim from" in logs.stdout, logs.stdout + logs.stderr


def test_from_python(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from flowc import DeployedFlow, Deployer

    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(project.folder)
    project.flow(YEARLY)
    deployer = Deployer("train.py", show_output=False, context="test").step_functions()
    planned = [(change["op"], change["kind"]) for change in deployer.plan()["changes"]]
    assert planned[-3:] == [("add", "StateMachine"), ("add", "Alias"), ("add", "Schedule")]
    deployed = deployer.create(paused=True)
    assert deployed.name == project.name and deployed.schedule
    run = deployed.trigger(alpha=0.25, tags=["py"])
    assert run.wait_for_completion(1, 300) == "succeeded" and not run.is_running
    assert run.run["join"].task.data.scores == [0.0, 0.25] and "py" in run.run.tags
    (listed,) = [one for one in DeployedFlow.list_deployed_flows("Train", context="test") if one.name == project.name]
    assert [one.id for one in listed.list_runs()] == [run.id]
    again = DeployedFlow.from_deployment(project.name, context="test")
    assert again.unpause() and not again.unpause() and again.pause()
    same = DeployedFlow.get_triggered_run(project.name, run.id, context="test")
    assert same.state == "succeeded" and not same.terminate()
    with pytest.raises(RuntimeError, match="cannot hold back a run"):
        same.suspend()
    assert again.delete()


def test_a_place_that_is_not_there(project: Project) -> None:
    settings = project.folder / "pyproject.toml"
    text = settings.read_text()
    role = 'machine-role = "flowc-machine"'
    for before, after, message in (
        (role, role + '\naccount = "999999999999"', "are of a different account: 123456789012"),
        (role, role + '\naws-profile = "nobody"', "the profile cannot be used"),
        (role, "", "give `--machine-role ROLE`"),
        (role, 'machine-role = "no-such-role"', "there is no role arn:aws:iam::123456789012:role/no-such-role"),
        (role, 'machine-role = "flowc-scheduler"', "states.amazonaws.com may not assume the role"),
        ('job-queue = "flowc"', 'job-queue = "nowhere"', "there is no job queue `nowhere` in account 123456789012"),
    ):
        settings.write_text(text.replace(before, after))
        done = project("plan", "train.py", check=False)
        assert done.returncode == 1 and message in done.stderr, done.stderr
    settings.write_text(text.replace('scheduler-role = "flowc-scheduler"', ""))
    project.flow(YEARLY)
    done = project("plan", "train.py", check=False)
    assert done.returncode == 1 and "give `--scheduler-role ROLE`" in done.stderr, done.stderr
    for name, value, message in (
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9", "does not answer"),
        ("AWS_REGION", "", "the AWS region is missing"),
    ):
        done = project("deployments", check=False, env={name: value, "AWS_CONFIG_FILE": "/dev/null"})
        assert done.returncode == 1 and message in done.stderr, done.stderr


def test_a_run_that_takes_too_long(project: Project) -> None:
    project.context("workflow-timeout = 10")
    project.flow(end="import time; time.sleep(600)")
    project("deploy", "train.py", "--yes")
    done = project("trigger", project.name, "--wait", "--json", check=False)
    assert done.returncode == 1 and json.loads(done.stdout)["state"] == "timed-out", done.stdout


def test_a_story(project: Project) -> None:
    """A scheduled run begins with version 1 and ends with it, although version 2 is deployed meanwhile; that fails, and is rolled back."""
    gate = project.folder / "gate"
    wait = f"import os, time; self.version = 1\n        while not os.path.exists({str(gate)!r}): time.sleep(0.2)"
    project.flow(YEARLY, end=wait)
    project("deploy", "train.py", "--yes")
    target = project.schedule()["Target"]
    started = project.client("stepfunctions").start_execution(  # as Scheduler would
        stateMachineArn=target["Arn"], name="scheduled", input=target["Input"]
    )
    run = f"{project.name}.scheduled"
    project.flow(YEARLY, end="self.version = 2; raise ValueError('no luck')")
    planned = project("plan", "train.py").stdout
    assert "1 run is under way; it goes on with the code that it began with." in planned, planned
    project("deploy", "train.py", "--yes")
    gate.touch()
    assert "succeeded" in project("status", run, "--watch").stdout
    described = project.client("stepfunctions").describe_execution(executionArn=started["executionArn"])
    assert described["stateMachineVersionArn"] == f"{project.arn}:1"
    dumped = flowc("dump", f"{run}/end", "--store", STORE, env=project.environment).stdout
    assert re.search(r"version +1 +\(int\)", dumped), dumped
    failed = project("trigger", project.name, "--run-id", "second", "--wait", check=False)
    assert failed.returncode == 1 and "failed" in failed.stdout and "exit code 1" in failed.stdout, failed.stdout
    assert "ValueError: no luck" in project("logs", f"{project.name}.second").stdout
    back = project("rollback", project.name, "--yes").stdout
    assert "is deployment 1 again (as 3)" in back, back
    third = project("trigger", project.name, "--run-id", "third", "--wait").stdout
    assert "succeeded" in third
    runs = {one["run"]: one["status"] for one in project.data("runs", "Train") if one["run"].startswith(project.name)}
    assert runs == {run: "succeeded", f"{project.name}.second": "failed", f"{project.name}.third": "succeeded"}
    project("delete", project.name, "--yes")
    assert project.machine() is None and project.schedule() is None and not project.definitions()
    assert [one["action"] for one in project.data("history", project.name)] == [
        "delete", "rollback", "deploy", "deploy",
    ]  # fmt: skip


MESSAGES = {
    THROTTLED: "AWS is too busy for",
    EXPIRED: "AWS does not accept the credentials (ExpiredTokenException)",
    UNREACHABLE: "of AWS does not answer",
}


@pytest.mark.parametrize("fault", KINDS)
def test_a_fault_in_the_middle(project: Project, fault: str) -> None:
    """Whatever happens to requests in the middle of a deploy: it says so, or goes on, and the same command does the rest."""
    choice = random.Random(fault)
    with fault_proxy(project.aws.s3.url) as proxy:
        through = {"AWS_ENDPOINT_URL": proxy.url, "AWS_MAX_ATTEMPTS": "2"}
        project.flow(YEARLY)
        project("deploy", "train.py", "--yes", env=through)
        total = proxy.seen
        assert total > 20
        told = 0
        for number, first in enumerate(sorted(choice.sample(range(1, total), 6))):
            project.flow(YEARLY, end=f"self.n = {number}")
            proxy.plan(fault, first, 1 if fault == LOST else 1_000_000)
            done = project("deploy", "train.py", "--yes", check=False, env=through)
            if fault == LOST or not proxy.met:
                assert done.returncode == 0, done.stderr
            else:
                assert done.returncode == 1 and MESSAGES[fault] in done.stderr, done.stderr
                assert "the same command" in done.stderr, done.stderr
                told += 1
            proxy.plan("", 0, 0)
            again = project("deploy", "train.py", "--yes", env=through)
            assert "is deployed" in again.stdout or "is up to date" in again.stdout
            assert project("plan", "train.py", "--check", env=through).returncode == 0
            assert project.live_code() == project.data("history", project.name)[0]["code"]
        assert told or fault == LOST


def test_requests_that_are_throttled_for_a_while(project: Project) -> None:
    """The client repeats them."""
    with fault_proxy(project.aws.s3.url) as proxy:
        proxy.plan(THROTTLED, 10, 1)
        done = project("deploy", "train.py", "--yes", env={"AWS_ENDPOINT_URL": proxy.url})
        assert proxy.met == 1 and "is deployed (deployment 1)" in done.stdout


@pytest.mark.parametrize("role", ["flowc-deployer", "flowc-trigger", "flowc-reader"])
def test_a_policy(project: Project, role: str) -> None:
    """The policies of the page are enough for what they are for, and for nothing else."""
    page = (ROOT / "docs" / "deploying.md").read_text()
    policies = dict(re.findall(r"`(flowc-\w+)`[^`]*```json\n(.*?)```", page, re.DOTALL))
    text = policies[role].replace("REGION", "us-east-1").replace("ACCOUNT", "123456789012")
    project.user(role, json.loads(text.replace("NAMES", f"{project.name}*")))
    limited = {**project.keys[role], "AWS_MAX_ATTEMPTS": "1"}
    project.flow(YEARLY)
    project("deploy", "train.py", "--yes")
    deploy = project("deploy", "train.py", "--yes", check=False, env=limited)
    trigger = project("trigger", project.name, "--run-id", "theirs", "--wait", check=False, env=limited)
    run = project.data("trigger", project.name, "--run-id", "ours", "--wait")["run"]
    assert project("status", run, env=limited).returncode == 0
    if role == "flowc-reader":
        assert trigger.returncode == 1 and "not authorized to perform: states:StartExecution" in trigger.stderr
        assert "docs/deploying.md" in trigger.stderr
        looks: tuple[tuple[str, ...], ...] = (
            ("deployments",), ("history", project.name), ("runs", "Train"), ("logs", run),
        )  # fmt: skip
        for look in looks:
            project(*look, env=limited)
    if role == "flowc-trigger":
        assert trigger.returncode == 0, trigger.stderr
        assert "has ended already" in project("terminate", run, env=limited).stdout
        assert project("pause", project.name, check=False, env=limited).returncode == 1
    if role != "flowc-deployer":
        assert (
            deploy.returncode == 1
            and "is not authorized to perform: " in deploy.stderr
            and "docs/deploying.md" in deploy.stderr
        )
        return
    assert deploy.returncode == 0, deploy.stderr
    assert trigger.returncode == 1
    project.flow(YEARLY, times=3)
    for words in (
        ("deploy", "train.py", "--yes"), ("pause", project.name), ("unpause", project.name),
        ("rollback", project.name, "--yes"), ("history", project.name), ("deployments",),
        ("delete", project.name, "--yes"), ("deploy", "train.py", "--yes"),
    ):  # fmt: skip
        project(*words, env=limited)
    settings = project.folder / "pyproject.toml"
    settings.write_text(settings.read_text().replace(f'name = "{project.name}"', 'name = "of-others"'))
    other = project("plan", "train.py", check=False, env=limited)
    assert other.returncode == 1 and "states:CreateStateMachine on " in other.stderr and "of-others" in other.stderr


def test_a_machine_with_many_versions(project: Project) -> None:
    """Old versions make room for new ones, but for those that an alias names."""
    project("deploy", "train.py", "--yes")
    states = project.client("stepfunctions")
    first = {"stateMachineVersionArn": f"{project.arn}:1", "weight": 100}
    states.create_state_machine_alias(name="of-others", routingConfiguration=[first])
    small = {"StartAt": "a", "States": {"a": {"Type": "Succeed"}}}
    for number in range(KEPT + 5):
        states.update_state_machine(
            stateMachineArn=project.arn, publish=True, definition=json.dumps({**small, "Comment": str(number)})
        )
    project("deploy", "train.py", "--yes")
    versions = states.list_state_machine_versions(stateMachineArn=project.arn)["stateMachineVersions"]
    numbers = [int(one["stateMachineVersionArn"].rpartition(":")[2]) for one in versions]
    assert numbers == [*range(KEPT + 7, 7, -1), 1]
    assert "is up to date" in project("plan", "train.py").stdout


def test_a_distributed_map(project: Project) -> None:
    """moto does not tell of its items' executions, and this is said; the other tasks are shown."""
    project.context('map = "distributed"')
    project("deploy", "train.py", "--yes")
    run = project.data("trigger", project.name, "--run-id", "wide", "--wait")
    assert run["state"] == "succeeded"
    assert {"start", "join", "end"} <= {task["step"] for task in run["tasks"]}
    assert "the items of" in run["message"] and "are unknown" in run["message"], run["message"]


def test_a_profile(project: Project) -> None:
    """Credentials come from wherever AWS's client finds them, for the datastore too; they are written nowhere."""
    project.user("paula")
    keys = project.keys["paula"]
    answer = {"Version": 1, "AccessKeyId": keys["AWS_ACCESS_KEY_ID"], "SecretAccessKey": keys["AWS_SECRET_ACCESS_KEY"]}
    (project.folder / "answer.json").write_text(json.dumps(answer))
    config = project.folder / "config"
    config.write_text(
        f"[profile work]\nregion = us-east-1\ncredential_process = cat {project.folder / 'answer.json'}\n"
    )
    project.context('aws-profile = "work"\naccount = "123456789012"')
    without = {
        "AWS_CONFIG_FILE": str(config), "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_REGION": "",
        "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip
    done = project("deploy", "train.py", "--yes", env=without)
    assert "is deployed (deployment 1)" in done.stdout
    (entry,) = json.loads(project("history", project.name, "--json", env=without).stdout)
    listed = project.client("s3").list_objects_v2(
        Bucket=BUCKET, Prefix=f"flows/Train/deployments/test%3A{project.name}/"
    )
    records = [
        project.client("s3").get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read() for one in listed["Contents"]
    ]
    assert any(b"user/paula" in record for record in records), entry
    secret = keys["AWS_SECRET_ACCESS_KEY"]
    assert secret.encode() not in b"".join(records) and secret not in done.stdout + done.stderr
    config.write_text("[profile work]\nregion = us-east-1\n")
    gone = project("plan", "train.py", check=False, env=without)
    assert gone.returncode == 1 and "aws sso login --profile work" in gone.stderr, gone.stderr


def test_the_doctor(project: Project) -> None:
    """It tells in one page what the account has and lacks."""
    well = project("doctor", check=False)
    for what in ("account 123456789012", "role of the state machine", "role of schedules", "job queue flowc"):
        assert what in well.stdout, well.stdout + well.stderr
    settings = project.folder / "pyproject.toml"
    settings.write_text(settings.read_text().replace('job-queue = "flowc"', 'job-queue = "nowhere"'))
    ill = project("doctor", check=False)
    assert ill.returncode == 1 and "there is no job queue `nowhere`" in ill.stdout, ill.stdout + ill.stderr


def test_resume(project: Project) -> None:
    """A new run takes over what the failed one has done, with the code that is deployed by then."""
    project.flow(end="raise ValueError('no luck')")
    project("deploy", "train.py", "--yes")
    assert project("trigger", project.name, "--run-id", "bad", "--wait", check=False).returncode == 1
    project.flow()
    project("deploy", "train.py", "--yes")
    done = project("resume", f"{project.name}.bad")
    assert "succeeded" in done.stdout + done.stderr and "4 reused" in done.stdout + done.stderr, (
        done.stdout + done.stderr
    )
