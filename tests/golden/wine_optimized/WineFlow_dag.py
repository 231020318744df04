# Flow WineFlow, compiled by flowc. Code package: sha256:64a0ba9a5ca761b6fb187bcbddae28f7cf1c5be5eb30cb063ead1ced0409220f
# Compiled with optimize containers=16
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
    "FLOWC_FLOW": "WineFlow",
    "FLOWC_RUN": "{{ dag.dag_id }}.{{ run_id }}@{{ ti.log_url.partition('/dags/')[0].partition('//')[2].strip('/') }}",
    "FLOWC_OWNER": "airflow:{{ ti.log_url.partition('/dags/')[0].partition('//')[2].strip('/') }}/{{ dag.dag_id }}/{{ run_id }}",
    "FLOWC_CODE": "sha256:64a0ba9a5ca761b6fb187bcbddae28f7cf1c5be5eb30cb063ead1ced0409220f",
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


@task.branch(**AGAIN)
def choice(outcome, ways):
    """The task that a switch has chosen."""
    return ways[reported(outcome)[0]["next"]]


with DAG(
    dag_id="WineFlow",
    description="Compares two classifiers of wines and publishes the better one, or tunes it first if it is not good enough.",
    doc_md="Compares two classifiers of wines and publishes the better one, or tunes it first if it is not good enough.\n",
    schedule="0 0 * * *",
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    catchup=False,
    max_active_tasks=100,
    params={
        "folds": Param(3, **{"type": "integer", "description": "how many parts the data is split into"}),
        "good-enough": Param(0.97, **{"type": "number", "description": "publish without tuning from this accuracy on"}),
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
    # Reads the data, and splits it into folds, the same for each model.
    start_task = StepOperator(
        task_id="start",
        env_vars={**ENVIRONMENT, **{"FLOWC_PARAMETERS": "{{ encoded(params) }}"}},
        do_xcom_push=True,
        arguments=shim("start", "--report", "json:/airflow/xcom/return.json")("-"),
    )
    start_paths = paths.override(task_id="start.paths", do_xcom_push=True)(start_task.output)
    # Takes one model, to be trained without each fold.
    candidate_task = StepOperator.partial(
        task_id="candidate",
        do_xcom_push=True,
        map_index_template=PATH,
    ).expand(arguments=start_paths.map(shim("candidate", "--containers", "16", "--report", "json:/airflow/xcom/return.json")))
    candidate_paths = paths.override(task_id="candidate.paths", do_xcom_push=True)(candidate_task.output)
    fold_task = StepOperator.partial(
        task_id="fold",
        doc_md="Trains one model without one fold, and tests it on that fold. One container runs tasks of step fold, for several items of a foreach",
        pod_template_dict=pod(
            container={"resources": {"requests": {"cpu": "1", "memory": "1000Mi"}, "limits": {"memory": "1000Mi"}}},
        ),
        retries=2,
        retry_delay=timedelta(seconds=0),
        map_index_template=PATH,
    ).expand(arguments=candidate_paths.map(shim("fold", "--within", "fold", "--cores", "1", "--memory", "1000")))
    # Joins the folds of one model.
    average_task = StepOperator.partial(
        task_id="average",
        map_index_template=PATH,
    ).expand(arguments=start_paths.map(shim("average")))
    fold_task >> average_task
    compare_task = StepOperator(
        task_id="compare",
        doc_md="One container runs 3 steps: compare, decide, publish",
        do_xcom_push=True,
        arguments=shim("compare", "--within", "compare,decide,publish", "--report", "json:/airflow/xcom/return.json")("-"),
    )
    average_task >> compare_task
    compare_choice = choice.override(task_id="compare.choice")(compare_task.output, {"tune": "tune", "end": "end"})
    # Searches for better settings of the best model.
    tune_task = StepOperator(
        task_id="tune",
        pod_template_dict=pod(
            container={"resources": {"requests": {"cpu": "2", "memory": "2000Mi"}, "limits": {"memory": "2000Mi"}}},
        ),
        arguments=shim("tune")("-"),
    )
    compare_choice >> tune_task
    # Prints the result.
    end_task = StepOperator(
        task_id="end",
        trigger_rule="none_failed_min_one_success",
        arguments=shim("end")("-"),
    )
    [compare_choice, tune_task] >> end_task
