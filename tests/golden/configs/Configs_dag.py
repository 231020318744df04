# Flow Configs, compiled by flowc. Code package: sha256:20c38d09d4ebed90716ec6ddfb82b01f347991bd8794e02b3e56e7e8438fe6e8
# Compiled with config settings (configs.json, sha256:80b468ff57d4c848248865943687fb95fa56bc5802b7a5859598b74010ffa756)
from __future__ import annotations

import base64
import json
from datetime import timedelta

import pendulum

try:
    from airflow.sdk import DAG, Param, task
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.decorators import task
    from airflow.models.param import Param
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator

try:
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
except ImportError:  # before Airflow 3.2
    from airflow.exceptions import AirflowFailException, AirflowSkipException

ENVIRONMENT = {
    "FLOWC_STORE": "s3://bucket/flows",
    "FLOWC_FLOW": "Configs",
    "FLOWC_RUN": "{{ dag.dag_id }}.{{ run_id }}@{{ ti.log_url.partition('/dags/')[0].partition('//')[2].strip('/') }}",
    "FLOWC_OWNER": "airflow:{{ ti.log_url.partition('/dags/')[0].partition('//')[2].strip('/') }}/{{ dag.dag_id }}/{{ run_id }}",
    "FLOWC_CODE": "sha256:20c38d09d4ebed90716ec6ddfb82b01f347991bd8794e02b3e56e7e8438fe6e8",
    "FLOWC_TARGET": "airflow",
    "FLOWC_ATTEMPT": "{{ ti.try_number - 1 }}",
    "FLOWC_FIRST_ATTEMPT": "{{ [ti.max_tries - task.retries, 0] | max }}",
    "FLOWC_REQUEST": "{{ dag_run.clear_number | default(0, true) }}",
    "FLOWC_TASK": "{{ ti.task_id }}.{{ ti.map_index }}",
    "FLOWC_START": "{{ ti.id | default(ti.job_id) }}",
}


def pod(container=(), mounts=(), volumes=(), metadata=(), spec=()):
    """The pod of a task: what all have, and what one step asks for."""
    return {
        "metadata": dict(metadata),
        "spec": {
            "initContainers": [{"name": "flowc", "image": "flowc/runtime:0.1", "command": ["cp", "-R", "/runtime/.", "/flowc"], "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": "200m", "memory": "128Mi"}}, "volumeMounts": [{"name": "flowc", "mountPath": "/flowc"}]}],
            "containers": [{**{"name": "base"}, **dict(container), "volumeMounts": [*[{"name": "flowc", "mountPath": "/flowc"}], *mounts]}],
            "volumes": [*[{"name": "flowc", "emptyDir": {}}], *volumes],
            **dict(spec),
        },
    }


def shim(step, *arguments):
    """Returns a function from a path to what runs the step's task there."""

    def command(path):
        words = ["task", "--step", step, "--path", path, *arguments]
        return words

    return command


class StepOperator(KubernetesPodOperator):
    """A task of the flow. A step that leaves with exit code 202 asks not to be tried again."""

    def cleanup(self, *arguments, **named):
        try:
            super().cleanup(*arguments, **named)
        except AirflowSkipException:  # what `skip_on_exit_code` makes of that exit code alone
            raise AirflowFailException("the step asked not to be tried again (exit code 202)") from None


def encoded(params):
    """The parameters of a run, so that nothing on the way to the task can be read into them."""
    return base64.b64encode(json.dumps(dict(params)).encode()).decode()


# Of the small tasks below, which only read what others have said: they may be run again after whatever ended them.
AGAIN = {"retries": 3, "retry_delay": timedelta(seconds=30)}


def reported(outcomes):
    """What one task, or each task of a mapped one, has said; a slice is read with one request."""
    several = [outcomes] if isinstance(outcomes, (str, dict)) else () if outcomes is None else outcomes[:]
    return [json.loads(each) if isinstance(each, str) else each for each in several]


@task.branch(**AGAIN)
def choice(outcome, ways):
    """The task that a switch has chosen."""
    return ways[reported(outcome)[0]["next"]]


with DAG(
    dag_id="Configs",
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_tasks=100,
    params={
        "alpha": Param(0.25, **{"type": "number"}),
    },
    user_defined_macros={"encoded": encoded},
    default_args={
        "retries": 0,
        "do_xcom_push": False,
        "image": "python:3.12-slim",
        "cmds": ["python", "-S", "/flowc/__main__.py"],
        "env_vars": ENVIRONMENT,
        "pod_template_dict": pod(),
        "startup_timeout_seconds": 3600,
        "skip_on_exit_code": 202,
    },
    tags=["flowc"],
) as dag:
    start_task = StepOperator(
        task_id="start",
        env_vars={**ENVIRONMENT, **{"NAME": "small", "LAYERS": "4", "FLOWC_PARAMETERS": "{{ encoded(params) }}"}},
        pod_template_dict=pod(
            container={"resources": {"requests": {"cpu": "1", "memory": "512Mi"}, "limits": {"memory": "512Mi"}}},
        ),
        do_xcom_push=True,
        retries=1,
        retry_delay=timedelta(seconds=0),
        arguments=shim("start", "--report", "json:/airflow/xcom/return.json")("-"),
    )
    start_choice = choice.override(task_id="start.choice")(start_task.output, {"red": "red", "blue": "blue"})
    red_task = StepOperator(
        task_id="red",
        arguments=shim("red")("-"),
    )
    start_choice >> red_task
    blue_task = StepOperator(
        task_id="blue",
        arguments=shim("blue")("-"),
    )
    start_choice >> blue_task
    end_task = StepOperator(
        task_id="end",
        trigger_rule="none_failed_min_one_success",
        arguments=shim("end")("-"),
    )
    [red_task, blue_task] >> end_task
