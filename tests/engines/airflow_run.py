"""Runs one DAG file in the Airflow of this very interpreter: `airflow_run.py DAG_FILE RUN_ID CONF` prints `{"state": …, "tasks": {id: [states]}}`.

Not a test: `test_airflow.py` calls it with the interpreter that has Airflow installed.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from datetime import datetime, timezone


def main() -> None:
    del sys.path[0]  # this folder has modules called `airflow` and `kubernetes` too
    path, run, conf = sys.argv[1:]
    specification = importlib.util.spec_from_file_location("the_dag", path)
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    sys.modules["the_dag"] = module
    specification.loader.exec_module(module)
    moment = datetime.fromisoformat(run) if run else datetime.now(timezone.utc)
    result = module.dag.test(logical_date=moment, run_conf=json.loads(conf))
    states: dict[str, list[str]] = {}
    for instance in sorted(result.get_task_instances(), key=lambda each: (each.task_id, each.map_index)):
        states.setdefault(instance.task_id, []).append(str(instance.state))
    print("\nRESULT " + json.dumps({"state": str(result.state), "run": result.run_id, "tasks": states}))


if __name__ == "__main__":
    main()
