# Flow SwitchFlow, compiled by flowc. Code package: sha256:db3212a9b17c23b3e06af5b7d5c32434f0cdc7680f4725713edded4220ef974c
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

ENVIRONMENT = {
    "FLOWC_STORE": "s3://bucket/flows",
    "FLOWC_FLOW": "SwitchFlow",
    "FLOWC_RUN": "{{ dag.dag_id }}.{{ run_id }}@{{ ti.log_url.partition('/dags/')[0].partition('//')[2].strip('/') }}",
    "FLOWC_OWNER": "airflow:{{ ti.log_url.partition('/dags/')[0].partition('//')[2].strip('/') }}/{{ dag.dag_id }}/{{ run_id }}",
    "FLOWC_CODE": "sha256:db3212a9b17c23b3e06af5b7d5c32434f0cdc7680f4725713edded4220ef974c",
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
    dag_id="SwitchFlow",
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_tasks=100,
    params={
        "size": Param("small", **{"type": "string", "description": "small, big or huge"}),
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
    },
    tags=["flowc"],
) as dag:
    start_task = KubernetesPodOperator(
        task_id="start",
        env_vars={**ENVIRONMENT, **{"FLOWC_PARAMETERS": "{{ encoded(params) }}"}},
        do_xcom_push=True,
        arguments=shim("start", "--report", "json:/airflow/xcom/return.json")("-"),
    )
    start_choice = choice.override(task_id="start.choice")(start_task.output, {"quick": "quick", "thorough": "thorough", "divide": "divide"})
    quick_task = KubernetesPodOperator(
        task_id="quick",
        arguments=shim("quick")("-"),
    )
    start_choice >> quick_task
    thorough_task = KubernetesPodOperator(
        task_id="thorough",
        arguments=shim("thorough")("-"),
    )
    start_choice >> thorough_task
    divide_task = KubernetesPodOperator(
        task_id="divide",
        arguments=shim("divide")("-"),
    )
    start_choice >> divide_task
    left_task = KubernetesPodOperator(
        task_id="left",
        arguments=shim("left")("-"),
    )
    divide_task >> left_task
    right_task = KubernetesPodOperator(
        task_id="right",
        arguments=shim("right")("-"),
    )
    divide_task >> right_task
    unite_task = KubernetesPodOperator(
        task_id="unite",
        arguments=shim("unite")("-"),
    )
    [left_task, right_task] >> unite_task
    report_task = KubernetesPodOperator(
        task_id="report",
        trigger_rule="none_failed_min_one_success",
        arguments=shim("report")("-"),
    )
    [quick_task, thorough_task, unite_task] >> report_task
    end_task = KubernetesPodOperator(
        task_id="end",
        arguments=shim("end")("-"),
    )
    report_task >> end_task
