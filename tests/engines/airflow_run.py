"""Runs DAG files in the Airflow of this very interpreter, several at a time, each in a fork of this process with a database of its own.

Not a test: `airflow.py` starts it with the interpreter that has Airflow installed, since importing Airflow takes longer than most runs. A line
of standard input is a request: `{"folder": …, "dag": …, "conf": …, "environment": …}`. The run happens in the folder, which holds the database;
its output goes to `log` there, `result.json` is `{"state": …, "run": …, "tasks": {id: [states]}}`, and `ended`, the last file, the exit code.
"""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import inspect
import json
import os
import signal
import sys
import threading
import time
import uuid
from datetime import datetime, timezone
from typing import Any

# the release whose parts are imported ahead; `make nightly` runs only a few flows on older ones
WARM = (3, 3)
MODULES = (
    "a2wsgi", "airflow.dag_processing.collection", "airflow.dag_processing.dagbag", "airflow.models.dagbag", "airflow.providers.cncf.kubernetes.operators.pod",
    "airflow.providers.standard.decorators.branch_python", "airflow.providers.standard.operators.bash", "airflow.sdk.execution_time.task_runner",
    "airflow.serialization.definitions.mappedoperator", "airflow.serialization.serialized_objects", "anyio._backends._asyncio",
)  # fmt: skip


def main() -> None:
    del sys.path[0]  # this folder has modules called `airflow` and `kubernetes` too
    gc.disable()  # runs last for seconds, and of what is imported nothing is garbage: looking for it was a third of their time
    from airflow import __version__

    if tuple(map(int, __version__.split(".")[:2])) >= WARM:
        warm_up()
    print("READY", flush=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        if os.fork() == 0:
            watch(json.loads(line))


def warm_up() -> None:
    """Does what every run would do first: imports, the API that tasks talk to, the mapping of the tables, the list of metrics.

    Of a run of three tasks it is nine tenths. Nothing of it may leave a thread behind, which a fork would not have.
    """
    for name in MODULES:
        importlib.import_module(name)
    from airflow._shared.observability.metrics import stats
    from airflow.api_fastapi.execution_api.app import InProcessExecutionAPI
    from airflow.sdk.execution_time import supervisor
    from sqlalchemy.orm import configure_mappers

    configure_mappers()
    stats._get_registry()
    api = InProcessExecutionAPI()
    supervisor.in_process_api_server = lambda: api
    asyncio.run(first_request(api.app))
    while threading.active_count() > 1:  # the request's, which are about to end
        time.sleep(0.01)


async def first_request(app: Any) -> None:
    """Asks the API for a task that is not there: with its first request the application makes all of its routes, which takes seconds."""
    import httpx
    from airflow.sdk.api.client import API_VERSION

    body = {"state": "running", "pid": 1, "hostname": "", "unixname": "", "start_date": "2026-01-01T00:00:00Z"}
    transport, headers = httpx.ASGITransport(app=app), {"airflow-api-version": API_VERSION}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client,
    ):
        answer = await client.patch(f"/task-instances/{uuid.UUID(int=0)}/run", json=body)
    assert answer.status_code == 404, answer.text


def watch(request: dict[str, Any]) -> None:
    """Runs the request in a process of its own, and says how it ended, however it did."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(request["folder"])
    with open("log", "ab") as log, open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    pid = os.fork()
    if pid == 0:
        try:
            run(request)
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
        finally:
            sys.stdout.flush()
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    write("ended", str(code))
    os._exit(0)


def run(request: dict[str, Any]) -> None:
    """Runs the DAG and leaves its states."""
    from airflow import settings

    database = f"sqlite:///{request['folder']}/airflow.db"
    os.environ.update(
        request["environment"],
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=database,
        AIRFLOW__CORE__DAGS_FOLDER=f"{request['folder']}/dags",
    )
    settings.dispose_orm()
    settings.configure_vars()
    settings.configure_orm()
    specification = importlib.util.spec_from_file_location("the_dag", request["dag"])
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    sys.modules["the_dag"] = module
    specification.loader.exec_module(module)
    # as Airflow 2 calls it
    when = "logical_date" if "logical_date" in inspect.signature(module.dag.test).parameters else "execution_date"
    result = module.dag.test(run_conf=request["conf"], **{when: datetime.now(timezone.utc)})
    if result is None:
        from airflow.models.dagrun import DagRun

        result = DagRun.find(dag_id=module.dag.dag_id)[-1]
    states: dict[str, list[str]] = {}
    for instance in sorted(result.get_task_instances(), key=lambda task: (task.task_id, task.map_index)):
        states.setdefault(instance.task_id, []).append(str(instance.state))
    write(
        "result.json",
        json.dumps(
            {"state": str(result.state), "run": f"{module.dag.dag_id}.{result.run_id}@localhost:8080", "tasks": states}
        ),
    )


def write(name: str, text: str) -> None:
    """Writes a file that is whole as soon as it is there."""
    with open(name + ".part", "w") as file:
        file.write(text)
    os.rename(name + ".part", name)


if __name__ == "__main__":
    main()
