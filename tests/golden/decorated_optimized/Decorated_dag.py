# Flow Decorated, compiled by flowc. Code package: sha256:0422bda2825ec65dc64a91dbff40315093f5d084a3bd339e6fbc09b29a76c48a
# Compiled with optimize containers=16
from __future__ import annotations

from datetime import timedelta

import pendulum

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator

try:
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
except ImportError:  # before Airflow 3.2
    from airflow.exceptions import AirflowFailException, AirflowSkipException

ENVIRONMENT = {
    "FLOWC_STORE": "s3://bucket/flows",
    "FLOWC_FLOW": "Decorated",
    "FLOWC_RUN": "{{ dag.dag_id }}.{{ run_id }}@{{ ti.log_url.partition('/dags/')[0].partition('//')[2].strip('/') }}",
    "FLOWC_OWNER": "airflow:{{ ti.log_url.partition('/dags/')[0].partition('//')[2].strip('/') }}/{{ dag.dag_id }}/{{ run_id }}",
    "FLOWC_CODE": "sha256:0422bda2825ec65dc64a91dbff40315093f5d084a3bd339e6fbc09b29a76c48a",
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


with DAG(
    dag_id="Decorated",
    description="Runs on weekday mornings.",
    doc_md="Runs on weekday mornings.\n",
    schedule="30 6 * * 1-5",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_tasks=100,
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
    # Fetches.
    start_task = StepOperator(
        task_id="start",
        retries=2,
        retry_delay=timedelta(seconds=60),
        execution_timeout=timedelta(seconds=7860),
        arguments=shim("start")("-"),
    )
    # Trains.
    train_task = StepOperator(
        task_id="train",
        env_vars={**ENVIRONMENT, **{"OMP_NUM_THREADS": "2"}},
        pod_template_dict=pod(
            container={"resources": {"requests": {"cpu": "2", "memory": "1000Mi"}, "limits": {"memory": "1000Mi", "nvidia.com/gpu": "1"}}},
        ),
        arguments=shim("train")("-"),
    )
    start_task >> train_task
    end_task = StepOperator(
        task_id="end",
        image="python:3.11-slim",
        pod_template_dict=pod(
            container={"resources": {"requests": {"cpu": "1", "memory": "512Mi"}, "limits": {"memory": "512Mi"}}},
            metadata={"labels": {"team": "ml"}},
            spec={"nodeSelector": {"pool": "spot"}},
        ),
        arguments=shim("end")("-"),
    )
    train_task >> end_task
