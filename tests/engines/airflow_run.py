"""Runs DAG files in the Airflow of this very interpreter, several at a time, each in a fork of this process with a database of its own.

Not a test: `airflow.py` starts it with the interpreter that has Airflow installed, since importing Airflow takes longer than most runs. A line
of standard input is a request: `{"folder": …, "dag": …, "conf": …, "environment": …}`. The run happens in the folder, which holds the database;
its output goes to `log` there, `result.json` is `{"state": …, "run": …, "tasks": {id: [states]}}`, and `ended`, the last file, the exit code.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
from datetime import datetime, timezone
from typing import Any

MODULES = (
    "a2wsgi", "airflow.dag_processing.collection", "airflow.dag_processing.dagbag", "airflow.models.dagbag", "airflow.providers.cncf.kubernetes.operators.pod",
    "airflow.providers.standard.decorators.branch_python", "airflow.providers.standard.operators.bash", "airflow.sdk.execution_time.task_runner",
    "airflow.serialization.definitions.mappedoperator", "airflow.serialization.serialized_objects", "anyio._backends._asyncio",
)  # fmt: skip


def main() -> None:
    del sys.path[0]  # this folder has modules called `airflow` and `kubernetes` too
    warm_up()
    print("READY", flush=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        if os.fork() == 0:
            watch(json.loads(line))


def warm_up() -> None:
    """Imports what every run needs, and makes the API that tasks talk to, which takes Airflow 3 half of a run."""
    for name in MODULES:
        importlib.import_module(name)
    from airflow.api_fastapi.execution_api.app import InProcessExecutionAPI
    from airflow.sdk.execution_time import supervisor

    made = InProcessExecutionAPI()
    assert made.app  # it is made when it is first asked for; its threads, with the first request in a fork
    supervisor.in_process_api_server = lambda: made


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
    os.environ.update(request["environment"], AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=database, AIRFLOW__CORE__DAGS_FOLDER=f"{request['folder']}/dags")
    settings.dispose_orm()
    settings.configure_vars()
    settings.configure_orm()
    specification = importlib.util.spec_from_file_location("the_dag", request["dag"])
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    sys.modules["the_dag"] = module
    specification.loader.exec_module(module)
    result = module.dag.test(logical_date=datetime.now(timezone.utc), run_conf=request["conf"])
    states: dict[str, list[str]] = {}
    for instance in sorted(result.get_task_instances(), key=lambda each: (each.task_id, each.map_index)):
        states.setdefault(instance.task_id, []).append(str(instance.state))
    write("result.json", json.dumps({"state": str(result.state), "run": result.run_id, "tasks": states}))


def write(name: str, text: str) -> None:
    """Writes a file that is whole as soon as it is there."""
    with open(name + ".part", "w") as file:
        file.write(text)
    os.rename(name + ".part", name)


if __name__ == "__main__":
    main()
