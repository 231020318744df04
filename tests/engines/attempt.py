"""`make try ENGINE=argo|step-functions|airflow FLOW=path/to/flow.py ARGS='--alpha 0.5'`: any flow, compiled and run on a real engine.

Prints what `flowc dump RUN --json` prints of the run, on standard output; everything else goes to standard error. Exits with 0 if the run succeeded.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from flowc.compiler.pipeline import load

from tests.running import flowc

from .deploying import Dump, compiled, left


def argo(flow: Path, given: dict[str, str], delivery: str) -> tuple[bool, str, Dump]:
    from tests.s3_server import s3_server

    from .argo import Argo, prepare
    from .kubernetes.node import ADDRESS, Node

    with Node() as node, s3_server(ADDRESS) as store:
        prepare(node, store)
        engine = Argo(node, store)
        made = engine.deploy(flow, delivery)
        outcome = engine.wait(engine.start(made, given), 3600)
        return outcome.succeeded, outcome.detail, left(store, outcome.run, made.flow)


def step_functions(flow: Path, given: dict[str, str], delivery: str) -> tuple[bool, str, Dump]:
    from .step_functions import step_functions as engine

    with engine() as aws:
        made, machine = aws.deploy(flow, delivery)
        outcome = aws.wait(aws.start(machine, dict(given)), 3600)
        return outcome.succeeded, outcome.detail, left(aws.s3, outcome.run, made.flow)


def airflow(flow: Path, given: dict[str, str], delivery: str) -> tuple[bool, str, Dump]:
    """Tasks as processes, which is one way of delivery."""
    from tests.s3_server import s3_server

    from .airflow import Airflow

    with TemporaryDirectory() as folder, s3_server() as store:
        engine = Airflow(os.environ["FLOWC_AIRFLOW_PYTHON"], Path(folder, "home"))
        engine.environment.update(store.environment)
        engine.call("-m", "airflow", "db", "migrate")
        made = compiled(flow, "airflow", store, "--airflow-tasks", "process", "--airflow-python", sys.executable)
        dag = Path(folder, next(name for name in made.files if name.endswith("_dag.py")))
        dag.write_text(made.only("_dag.py"))
        result = engine.run(dag, typed(flow, given))
        return result["state"] == "success", json.dumps(result["tasks"], indent=1), left(store, result["run"], made.flow)


def typed(flow: Path, given: dict[str, str]) -> dict[str, object]:
    """The values in the types of their parameters, which Airflow's form asks for."""
    kinds = {each.name: each.type for each in load(str(flow)).flow.parameters}
    return {
        name: value if kinds.get(name) == "str" else json.loads(value.lower() if kinds.get(name) == "bool" else value)
        for name, value in given.items()
    }


ENGINES = {"argo": argo, "step-functions": step_functions, "airflow": airflow}


def main(arguments: list[str]) -> int:
    if len(arguments) < 2 or arguments[0] not in ENGINES or len(arguments) % 2:
        print(f"usage: attempt {'|'.join(ENGINES)} FLOW.py [--baked yes] [--PARAMETER VALUE]...", file=sys.stderr)
        return 2
    flow, words = Path(arguments[1]), arguments[2:]
    given = {name.removeprefix("--"): value for name, value in zip(words[::2], words[1::2])}
    delivery = "baked" if given.pop("baked", "") else "inject"
    checked = flowc("check", str(flow), "-t", arguments[0], "--store", "s3://bucket/flows")
    if checked.returncode:
        print(checked.stderr, file=sys.stderr)
        return 1
    with contextlib.redirect_stdout(sys.stderr):
        succeeded, detail, found = ENGINES[arguments[0]](flow, given, delivery)
    if not succeeded:
        print(detail, file=sys.stderr)
    print(json.dumps(found, indent=2, sort_keys=True, ensure_ascii=False))
    return 0 if succeeded else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
