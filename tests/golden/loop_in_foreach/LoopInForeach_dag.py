# Flow LoopInForeach, compiled by flowc. Code package: sha256:fde630fab628410558307716ca4ba77f22e0869e7788952443ede1f9fa25cfa2
from __future__ import annotations

import json
from datetime import timedelta

import pendulum

try:
    from airflow.sdk import DAG, task
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.decorators import task
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator

try:
    from airflow.sdk.exceptions import AirflowFailException
except ImportError:  # before Airflow 3.2
    from airflow.exceptions import AirflowFailException

ENVIRONMENT = {
    "FLOWC_STORE": "s3://bucket/flows",
    "FLOWC_FLOW": "LoopInForeach",
    "FLOWC_RUN": "{{ dag.dag_id }}.{{ run_id }}@{{ ti.log_url.partition('/dags/')[0].partition('//')[2].strip('/') }}",
    "FLOWC_OWNER": "airflow:{{ ti.log_url.partition('/dags/')[0].partition('//')[2].strip('/') }}/{{ dag.dag_id }}/{{ run_id }}",
    "FLOWC_CODE": "sha256:fde630fab628410558307716ca4ba77f22e0869e7788952443ede1f9fa25cfa2",
    "FLOWC_TARGET": "airflow",
    "FLOWC_ATTEMPT": "{{ ti.try_number - 1 }}",
    "FLOWC_FIRST_ATTEMPT": "{{ [ti.max_tries - task.retries, 0] | max }}",
    "FLOWC_REQUEST": "{{ dag_run.clear_number | default(0, true) }}",
    "FLOWC_TASK": "{{ ti.task_id }}.{{ ti.map_index }}",
    "FLOWC_START": "{{ ti.id | default(ti.job_id) }}",
}
PATH = "{{ task.arguments[4] }}"  # what a mapped task is called


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


# Of the small tasks below, which only read what others have said: they may be run again after whatever ended them.
AGAIN = {"retries": 3, "retry_delay": timedelta(seconds=30)}


def reported(outcomes):
    """What one task, or each task of a mapped one, has said; a slice is read with one request."""
    several = [outcomes] if isinstance(outcomes, (str, dict)) else () if outcomes is None else outcomes[:]
    return [json.loads(each) if isinstance(each, str) else each for each in several]


def within_limit(paths):
    """The paths, if Airflow can map a task over so many."""
    from airflow.configuration import conf

    limit = conf.getint("core", "max_map_length", fallback=1024)
    if len(paths) > limit:
        raise AirflowFailException(
            f"this foreach has {len(paths)} tasks, but Airflow maps a task over at most {limit}: raise [core] max_map_length "
            "(AIRFLOW__CORE__MAX_MAP_LENGTH) of the API server, scheduler and workers, then clear this task; or compile the flow "
            "with --optimize, where a task runs several items, then clear the task before this one"
        )
    return paths


@task(**AGAIN)
def paths(outcomes):
    """The paths of the tasks of a foreach."""
    return within_limit([path for each in reported(outcomes) for path in each["paths"]])


with DAG(
    dag_id="LoopInForeach",
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
        do_xcom_push=True,
        arguments=shim("start", "--report", "json:/airflow/xcom/return.json")("-"),
    )
    start_paths = paths.override(task_id="start.paths", do_xcom_push=True)(start_task.output)
    prepare_task = KubernetesPodOperator.partial(
        task_id="prepare",
        map_index_template=PATH,
    ).expand(arguments=start_paths.map(shim("prepare")))
    count_down_task = KubernetesPodOperator.partial(
        task_id="count_down",
        doc_md="One container runs all visits of the loop count_down",
        map_index_template=PATH,
    ).expand(arguments=start_paths.map(shim("count_down", "--within", "count_down")))
    prepare_task >> count_down_task
    finish_task = KubernetesPodOperator.partial(
        task_id="finish",
        map_index_template=PATH,
    ).expand(arguments=start_paths.map(shim("finish")))
    count_down_task >> finish_task
    join_task = KubernetesPodOperator(
        task_id="join",
        arguments=shim("join")("-"),
    )
    finish_task >> join_task
    end_task = KubernetesPodOperator(
        task_id="end",
        arguments=shim("end")("-"),
    )
    join_task >> end_task
