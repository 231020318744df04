# Flow Parameters, compiled by flowc. Code package: sha256:6c3294f0bcd04a41a44ec04774f61e9c8d274f876ce2cae99c428bb0e789e5a1
from __future__ import annotations

import base64
import json

import pendulum

try:
    from airflow.sdk import DAG, Param
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.models.param import Param
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator

ENVIRONMENT = {
    "FLOWC_STORE": "s3://bucket/flows",
    "FLOWC_FLOW": "Parameters",
    "FLOWC_RUN": "{{ dag.dag_id }}.{{ run_id }}@{{ ti.log_url.partition('/dags/')[0].partition('//')[2].strip('/') }}",
    "FLOWC_OWNER": "airflow:{{ ti.log_url.partition('/dags/')[0].partition('//')[2].strip('/') }}/{{ dag.dag_id }}/{{ run_id }}",
    "FLOWC_CODE": "sha256:6c3294f0bcd04a41a44ec04774f61e9c8d274f876ce2cae99c428bb0e789e5a1",
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


with DAG(
    dag_id="Parameters",
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_tasks=100,
    params={
        "text": Param("say \"hi\" & bye", **{"type": "string", "description": "any text"}),
        "number": Param(3, **{"type": "integer", "description": "a whole number"}),
        "learning-rate": Param(0.5, **{"type": "number"}),
        "verbose": Param(False, **{"type": "boolean"}),
        "table": Param({"a": [1, 2]}, **{}),
        "words": Param("x,y,z", **{"type": "string"}),
        "note": Param(None, **{"type": ["null", "string"], "description": "nothing unless given"}),
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
        arguments=shim("start")("-"),
    )
    end_task = KubernetesPodOperator(
        task_id="end",
        arguments=shim("end")("-"),
    )
    start_task >> end_task
