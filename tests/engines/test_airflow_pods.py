"""Emitted DAG files whose tasks are pods: the real KubernetesPodOperator on the real node, with XCom by its sidecar."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.golden.regenerate import FLOWS

from .airflow import Airflow
from .argo import DELIVERIES
from .deploying import compiled, left, local
from .kubernetes.build import PAUSE
from .kubernetes.node import NAMESPACE, Node
from .test_airflow import as_arguments

pytestmark = pytest.mark.node

CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("switch_in_foreach", "inject", {}),
    ("catch_in_foreach", "baked", {}),
    (
        "parameters", "inject",
        {"text": "{{ run_id }} {% x %} $(HOME) '\"`\\ \n é", "number": -3, "learning-rate": 2.5, "verbose": True, "table": {"a": ["{{x}}", None]}, "words": "p,q"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "delivery", "parameters"), CASES, ids=[f"{name}-{delivery}" for name, delivery, _ in CASES])
def test_a_run_leaves_what_a_local_run_leaves(
    airflow: Airflow, node: Node, store: Any, name: str, delivery: str, parameters: dict[str, Any], tmp_path: Path
) -> None:
    made = compiled(FLOWS[name], "airflow", store, *DELIVERIES[delivery])
    dag = tmp_path / f"{name}_dag.py"
    dag.write_text(made.only("_dag.py"))
    extra = {"kube_config_path": str(node.kubeconfig), "in_cluster": False, "namespace": NAMESPACE, "xcom_sidecar_container_image": PAUSE}
    airflow.environment["AIRFLOW_CONN_KUBERNETES_DEFAULT"] = json.dumps({"conn_type": "kubernetes", "extra": extra})
    result = airflow.run(dag, parameters)
    assert result["state"] == "success", result
    assert left(store, result["run"], made.flow) == local(FLOWS[name], as_arguments(parameters))
