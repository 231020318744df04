# Flow HostileValues, compiled by flowc. Code package: sha256:85992d2b7e8976e573919c89f9e57239d832ab660063a0a01ed030061b120e08
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
    from airflow.sdk.exceptions import AirflowFailException
except ImportError:  # before Airflow 3.2
    from airflow.exceptions import AirflowFailException

ENVIRONMENT = {
    "FLOWC_STORE": "s3://bucket/flows",
    "FLOWC_FLOW": "HostileValues",
    "FLOWC_RUN": "{{ dag.dag_id }}.{{ run_id }}@{{ ti.log_url.partition('/dags/')[0].partition('//')[2].strip('/') }}",
    "FLOWC_OWNER": "airflow:{{ ti.log_url.partition('/dags/')[0].partition('//')[2].strip('/') }}/{{ dag.dag_id }}/{{ run_id }}",
    "FLOWC_CODE": "sha256:85992d2b7e8976e573919c89f9e57239d832ab660063a0a01ed030061b120e08",
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


EMPTY = ["empty"]  # an empty text, which the form for starting a run sends as null


def encoded(params):
    """The parameters of a run, so that nothing on the way to the task can be read into them."""
    given = {name: "" if value is None and name in EMPTY else value for name, value in dict(params).items()}
    return base64.b64encode(json.dumps(given).encode()).decode()


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
    dag_id="HostileValues",
    description="Says {{workflow.name}} {{=1+1}} {{ run_id }} {% raw %} {# x #} $(date) ${HOME} `id` $.x $$.Execution \\ ' \" ''' # : - ~ é☃",
    doc_md="Says {{workflow.name}} {{=1+1}} {{ run_id }} {% raw %} {# x #} $(date) ${HOME} `id` $.x $$.Execution \\ ' \" ''' # : - ~ é☃\n",
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_tasks=100,
    params={
        "n": Param("{{workflow.name}} {{=1+1}} {{ run_id }} {%raw%} {# x #}", **{"type": "string", "description": "{{ ti }} {% x %} ' \" \\ \n: - é"}),
        "no": Param("no", **{"type": "string"}),
        "p-q": Param("Ref::path $.x $$.Execution.Id $(HOME) ${HOME} `id` 'single' \"double\" \\ \\n\n\ttab", **{"type": "string"}),
        "all": Param(["{}", "~", {"{{x}}": None}], **{}),
        "empty": Param("", **{"type": ["null", "string"]}),
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
    # {{workflow.name}} {{ run_id }} {% raw %} $(date) ''' é
    start_task = KubernetesPodOperator(
        task_id="start",
        env_vars={**ENVIRONMENT, **{"LINES": "one\n  two: - ~\n", "LETTERS": "é☃😀", "YES": "yes", "NUMBER": "007", "FLOWC_PARAMETERS": "{{ encoded(params) }}"}},
        do_xcom_push=True,
        arguments=shim("start", "--report", "json:/airflow/xcom/return.json")("-"),
    )
    start_paths = paths.override(task_id="start.paths", do_xcom_push=True)(start_task.output)
    look_task = KubernetesPodOperator.partial(
        task_id="look",
        map_index_template=PATH,
    ).expand(arguments=start_paths.map(shim("look")))
    join_task = KubernetesPodOperator(
        task_id="join",
        arguments=shim("join")("-"),
    )
    look_task >> join_task
    end_task = KubernetesPodOperator(
        task_id="end",
        arguments=shim("end")("-"),
    )
    join_task >> end_task
