"""Step Functions and Batch as an engine of tests: moto's interpreter of the Amazon States Language, with S3 over HTTP and jobs that are real processes.

All in one process of its own, `SERVER`; what moto lacks is mended as in `tests/targets/step_functions/interpreter.py`. A job is the command of its
definition, in an empty folder, with what a container of that definition sees: its environment, and a Python with the standard library alone (and
flowc, where the image is one that has it).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flowc.runtime_bundle import archive, write_folder
from tests.support.s3_server import BUCKET, QUICK, S3Server, s3_server

from .deploying import PREFIX, Compiled, Dump, Given, Outcome, compiled, left, named
from .packages import packages_of


def options(delivery: str, packages: Path | None = None) -> tuple[str, ...]:
    """Returns the options of `flowc compile` for these jobs. Their image is the list of its folders.

    The delivery `optimized` is `baked`, with several tasks to a job.
    """
    baked = ("--runtime", "baked")
    ways = {"inject": ((), "plain"), "baked": (baked, "baked"), "optimized": ((*baked, "--optimize"), "baked")}
    how, image = ways[delivery]
    return ("--image", f"{image}:{packages}" if packages else image, *how)


SERVER = (
    QUICK
    + """
import json, os, subprocess, tempfile, threading, time
from datetime import datetime
os.environ.update(AWS_ACCESS_KEY_ID="key", AWS_SECRET_ACCESS_KEY="secret", AWS_DEFAULT_REGION="us-east-1")
from moto import mock_aws
from moto.batch import models
from tests.engines.aws_account import mended_account
from tests.targets.step_functions import interpreter
from tests.targets.step_functions.interpreter import mended

class Redrives:  # told by the tests' process, in a file
    def get(self, arn, default):
        try:
            return json.load(open(LOG + ".redrives")).get(arn, default)
        except FileNotFoundError:
            return default

interpreter.redrives = Redrives()

NONE = "flowc-test/none:1"  # an image that no registry has
slots = threading.Semaphore(8)

def logged(job, attempt, text):
    # the output of an attempt, as the log driver of Batch writes it
    stream = f"{job.job_definition.name}/default/{job.job_id}" + (f".{attempt}" if attempt else "")
    job._log_backend.ensure_log_group("/aws/batch/job")
    job._log_backend.ensure_log_stream("/aws/batch/job", stream)
    events = [{"timestamp": int(datetime.now().timestamp() * 1000), "message": line} for line in text.decode(errors="replace").splitlines()]
    if events:
        job._log_backend.put_log_events("/aws/batch/job", stream, events)
    return stream

def run(job):
    command = job._add_parameters_to_command(job._get_container_property("command", []))
    environment = {each["name"]: each["value"] for each in job._get_container_property("environment", [])}
    strategy = job.job_definition.retry_strategy or {}
    attempts = strategy.get("attempts", 1)
    final = {rule["onExitCode"] for rule in strategy.get("evaluateOnExit", ()) if rule["action"].upper() == "EXIT"}
    timeout = (job.timeout or job.job_definition.timeout or {}).get("attemptDurationSeconds")
    base = {"PATH": os.environ["PATH"], "AWS_ENDPOINT_URL_S3": url, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    image = job._get_container_property("image", "")
    if image == "python:3.11-slim":  # a feature flow names it: one that has flowc, where that is asked for
        image = "baked" if "flowc.runtime_shim" in command else "plain"
    # an image is the folders of its packages; one with a digest is PYTHON's own affair
    base["PYTHONPATH"] = "" if "@sha256:" in image else image.replace("baked", BAKED).replace("plain", "")
    base["JOB_IMAGE"], base["AWS_BATCH_JOB_ID"] = image, job.job_id
    job.job_started_at, job.status = datetime.now(), "RUNNING"
    code = 1
    with open(LOG + ".jobs", "a") as file:
        file.write("job\\n")
    for attempt in range(attempts):
        with slots, tempfile.TemporaryFile() as output, tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
            seen = {**base, "TMPDIR": temporary, **environment, "AWS_BATCH_JOB_ATTEMPT": str(attempt + 1)}
            if image == NONE:
                job.attempts.append({"container": {"reason": f"CannotPullContainerError: {image}: not found"}})
                continue
            done = subprocess.Popen([PYTHON, "-S", *command[1:]], cwd=folder, env=seen, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                    start_new_session=True)
            deadline = time.monotonic() + (timeout or 1e9)
            while True:
                try:
                    code = done.wait(0.2)
                    break
                except subprocess.TimeoutExpired:
                    if job.stop or time.monotonic() > deadline:
                        os.killpg(done.pid, 9)
            output.seek(0)
            text = output.read()
            log.write(text)
            log.flush()
            job.log_stream_name = logged(job, attempt, text)
            container = {"logStreamName": job.log_stream_name, "exitCode": code}
            job.attempts.append({"container": container, "statusReason": "Essential container in task exited"})
        if code == 0 or str(code) in final or job.stop:
            break
    job.exit_code = code
    if code:
        job.job_stopped_reason = job.job_stopped_reason or "Essential container in task exited"
    job.job_stopped_at = datetime.now()
    job._mark_stopped(success=code == 0)

models.Job.run = run
with mended(), mended_account(), mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
    server = ThreadedMotoServer(sys.argv[1], 0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    url = f"http://{sys.argv[1]}:{port}"
    log = open(LOG, "ab")
    print(port, flush=True)
    sys.stdin.read()
os._exit(0)
"""
)


class StepFunctions:
    at_once = 1  # moto's interpreter is not safe with several

    def __init__(self, s3: S3Server, log: Path) -> None:
        self.s3, self.log, self.count = s3, log, 0
        self.started: dict[str, tuple[str, float]] = {}
        role = s3.client("iam").create_role(RoleName="machine", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        for name, service in (("flowc-machine", "states"), ("flowc-scheduler", "scheduler")):
            trust = {
                "Effect": "Allow",
                "Principal": {"Service": f"{service}.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
            document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
            s3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)
        batch = s3.client("batch")
        compute = batch.create_compute_environment(
            computeEnvironmentName="compute", type="UNMANAGED", state="ENABLED", serviceRole=role
        )
        order = [{"order": 1, "computeEnvironment": compute["computeEnvironmentArn"]}]
        batch.create_job_queue(jobQueueName="flowc", state="ENABLED", priority=1, computeEnvironmentOrder=order)
        self.role = role
        s3.client().put_object(Bucket=BUCKET, Key=f"{PREFIX}/runtime/flowc-runtime-0.1.zip", Body=archive())

    def deploy(self, flow: Path, delivery: str, *more: str) -> tuple[Compiled, str]:
        """Registers the job definitions and the state machine; returns the machine's ARN too."""
        spec = self.register(flow, delivery, *more)
        machine = self.s3.client("stepfunctions").create_state_machine(
            name=f"machine-{self.count}", definition=spec.only(".asl.json"), roleArn=self.role
        )
        return spec, machine["stateMachineArn"]

    def register(self, flow: Path, delivery: str, *more: str) -> Compiled:
        """Registers the job definitions alone."""
        self.count += 1
        name = named(flow, f"{delivery}-{flow.stem}-{self.count}")
        spec = compiled(flow, "step-functions", self.s3, *name, *options(delivery, packages_of(flow)), *more)
        for definition in json.loads(spec.only(".batch.json")):
            self.s3.client("batch").register_job_definition(**definition)
        return spec

    def start(self, machine: str, parameters: dict[str, object] | None = None, name: str = "") -> str:
        """Starts an execution; returns the run's id."""
        self.count += 1
        name = name or f"run-{self.count}"
        execution = self.s3.client("stepfunctions").start_execution(
            stateMachineArn=machine, name=name, input=json.dumps(parameters or {})
        )
        run = f"{machine.rpartition(':')[2]}.{name}"
        self.started[run] = execution["executionArn"], time.monotonic()
        return run

    def redrive(self, run: str) -> str:
        """Does what RedriveExecution does, which moto lacks: the same execution once more, from the state that failed, with the input that it had.

        Of a Parallel or a Map state all of it is begun again here; the service begins again only the branches and iterations that failed.
        """
        client = self.s3.client("stepfunctions")
        arn, _ = self.started[run]
        state = client.describe_execution(executionArn=arn)
        machine = client.describe_state_machine(stateMachineArn=state["stateMachineArn"])
        definition = json.loads(machine["definition"])
        entered = [
            event["stateEnteredEventDetails"] for event in self._events(arn) if "stateEnteredEventDetails" in event
        ]
        failed = [state for state in entered if state["name"] in definition["States"]][-1]
        again = {"Type": "Pass", "Result": json.loads(failed["input"]), "Next": failed["name"]}
        definition["States"][definition["StartAt"]] = again
        client.delete_state_machine(stateMachineArn=machine["stateMachineArn"])
        client.create_state_machine(name=machine["name"], definition=json.dumps(definition), roleArn=self.role)
        counts = Path(f"{self.log}.redrives")
        counts.write_text(json.dumps({arn: 1 + (json.loads(counts.read_text()).get(arn, 0) if counts.exists() else 0)}))
        client.start_execution(stateMachineArn=machine["stateMachineArn"], name=state["name"], input=state["input"])
        self.started[run] = arn, time.monotonic()
        return run

    def wait(self, run: str, seconds: float = 900) -> Outcome:
        """Waits for the execution's end."""
        arn, began = self.started[run]
        client = self.s3.client("stepfunctions")
        deadline = time.monotonic() + seconds
        while (state := client.describe_execution(executionArn=arn))[
            "status"
        ] == "RUNNING" and time.monotonic() < deadline:
            time.sleep(0.2)
        succeeded = state["status"] == "SUCCEEDED"
        printed = "" if succeeded else self.log.read_text(errors="replace")[-3000:]
        jobs = sum(event["type"] == "TaskSucceeded" for event in self._events(arn))
        return Outcome(
            run,
            succeeded,
            time.monotonic() - began,
            jobs,
            f"{run}: {state['status']} {state.get('error', '')} {state.get('cause', '')}\n{printed}",
        )

    def jobs(self) -> int:
        """Returns the number of jobs that have started so far."""
        file = Path(f"{self.log}.jobs")
        return len(file.read_text().splitlines()) if file.exists() else 0

    def _events(self, arn: str) -> list[dict[str, Any]]:
        pages = self.s3.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
        return [event for page in pages for event in page["events"]]

    def leaves(self, flow: Path, delivery: str, parameters: Given, *options: str) -> tuple[Outcome, Dump]:
        """Runs the flow, and reads what it left."""
        spec, machine = self.deploy(flow, delivery, *options)
        outcome = self.wait(self.start(machine, parameters))
        return outcome, left(self.s3, outcome.run, spec.flow, packages_of(flow))

    def run(self, flow: Path, delivery: str = "inject", parameters: dict[str, object] | None = None) -> Outcome:
        """Compiles, deploys, runs and waits."""
        return self.wait(self.start(self.deploy(flow, delivery)[1], parameters))


@contextmanager
def step_functions(address: str = "127.0.0.1", python: str = "") -> Iterator[StepFunctions]:
    """Yields the engine at that address. `python` is the program that runs jobs instead of this Python, given the image as JOB_IMAGE."""
    with TemporaryDirectory(prefix="flowc-sfn-") as folder:
        write_folder(f"{folder}/baked")
        log = Path(folder, "jobs.log")
        python = python or getattr(sys, "_base_executable", sys.executable)
        script = f"BAKED, LOG, PYTHON = {folder + '/baked'!r}, {str(log)!r}, {python!r}\n{SERVER}"
        with s3_server(address, script) as server:
            yield StepFunctions(server, log)
