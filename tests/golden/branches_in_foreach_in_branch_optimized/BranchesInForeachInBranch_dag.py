# Flow BranchesInForeachInBranch, compiled by flowc. Code package: sha256:02ecc2276b4bc435932851ee079caf2923efc8bfd14bdc31937d9c0c557246a6
# Compiled with optimize containers=16
from __future__ import annotations


import pendulum

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator

ENVIRONMENT = {
    "FLOWC_STORE": "s3://bucket/flows",
    "FLOWC_FLOW": "BranchesInForeachInBranch",
    "FLOWC_RUN": "{{ dag.dag_id }}.{{ run_id }}@{{ ti.log_url.partition('/dags/')[0].partition('//')[2].strip('/') }}",
    "FLOWC_OWNER": "airflow:{{ ti.log_url.partition('/dags/')[0].partition('//')[2].strip('/') }}/{{ dag.dag_id }}/{{ run_id }}",
    "FLOWC_CODE": "sha256:02ecc2276b4bc435932851ee079caf2923efc8bfd14bdc31937d9c0c557246a6",
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


with DAG(
    dag_id="BranchesInForeachInBranch",
    schedule=None,
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
    },
    tags=["flowc"],
) as dag:
    start_task = KubernetesPodOperator(
        task_id="start",
        doc_md="One container runs 10 steps: start, spread, item, plus, minus, join_signs, join_items, alone, join, end",
        arguments=shim("start", "--within", "start,spread,item,plus,minus,join_signs,join_items,alone,join,end")("-"),
    )
