"""DAG files on Airflow as an engine of tests: with tasks that are processes of the worker, and with tasks that are pods of the node."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from tempfile import mkdtemp

from tests.support.s3_server import S3Server

from .airflow import Airflow
from .argo import Images
from .deploying import Compiled, Dump, Given, Outcome, compiled, left
from .kubernetes.build import PAUSE
from .kubernetes.node import NAMESPACE
from .packages import packages_of


class Processes:
    """Tasks are processes of this machine: an interpreter that has flowc, and the flow's packages."""

    at_once = 2

    def __init__(self, airflow: Airflow, s3: S3Server) -> None:
        self.airflow, self.s3 = airflow, s3

    def leaves(self, flow: Path, delivery: str, parameters: Given, *options: str) -> tuple[Outcome, Dump]:
        """Runs the flow, and reads what it left. The delivery `optimized` has several tasks to a process."""
        spec = self.compiled(flow, delivery, *options)
        outcome = run(self.airflow, spec.only("_dag.py"), parameters, self.s3.environment)
        return outcome, left(self.s3, outcome.run, spec.flow, packages_of(flow))

    def compiled(self, flow: Path, delivery: str, *options: str) -> Compiled:
        options += {"process": (), "optimized": ("--optimize",)}[delivery]
        python = python_with(packages_of(flow), self.airflow.home)
        process = ("--airflow-tasks", "process", "--airflow-python", python)
        return compiled(flow, "airflow", self.s3, *process, *options)


class Pods:
    """Tasks are pods of the node, made by the real KubernetesPodOperator."""

    at_once = 3

    def __init__(self, airflow: Airflow, images: Images) -> None:
        self.airflow, self.images = airflow, images
        node = images.node
        extra = {
            "kube_config_path": str(node.kubeconfig),
            "in_cluster": False,
            "namespace": NAMESPACE,
            "xcom_sidecar_container_image": PAUSE,
        }
        self.environment = {"AIRFLOW_CONN_KUBERNETES_DEFAULT": json.dumps({"conn_type": "kubernetes", "extra": extra})}

    def leaves(self, flow: Path, delivery: str, parameters: Given, *options: str) -> tuple[Outcome, Dump]:
        spec = compiled(flow, "airflow", self.images.s3, *self.images.options(flow, delivery), *options)
        outcome = run(self.airflow, spec.only("_dag.py"), parameters, self.environment)
        return outcome, left(self.images.s3, outcome.run, spec.flow, packages_of(flow))


def run(airflow: Airflow, dag: str, parameters: Given, environment: dict[str, str], seconds: float = 1800) -> Outcome:
    """Runs the text of a DAG file, for at most so many seconds."""
    began = time.monotonic()
    result = airflow.run(dag, parameters, environment, seconds)
    succeeded = result["state"] == "success"
    count = sum(state != "skipped" for states in result["tasks"].values() for state in states)
    detail = "" if succeeded else f"{result['tasks']}\n{result['log'][-6000:]}"
    return Outcome(result["run"], succeeded, time.monotonic() - began, count, detail)


def python_with(packages: Path | None, home: Path) -> str:
    """An interpreter that has flowc and the packages, as the workers would have; it is written below `home`."""
    if packages is None:
        return sys.executable
    python = Path(mkdtemp(prefix="python-", dir=home), "python")
    python.write_text(f'#!/bin/sh\nPYTHONPATH={packages} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return str(python)
