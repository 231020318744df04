"""The deployment of a spec on Airflow: one DAG, in one file.

A schedule is part of that file, and ends when a new file has none.
"""

from __future__ import annotations

from flowc.targets.target import Deployment

from .names import dag_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.ir.nodes import Flow
    from flowc.targets.target import Options


def deployment(flow: Flow, options: Options) -> Deployment:
    """Returns the names that `emit` gives to the DAG and its file."""
    name = options.name or dag_id(options.deployment or flow.name)
    return Deployment(name, (f"dag {name}",), (file_name(name),))


def file_name(name: str) -> str:
    """Returns the name of the file that holds the DAG."""
    return f"{name.replace('.', '_')}_dag.py"


def removal(item: str) -> tuple[str, str, str]:
    """Returns what, why and how, for a DAG that is no longer compiled."""
    name = item.partition(" ")[2]
    why = "Airflow keeps it as long as its file is in the DAGs folder"
    how = (
        f"where it was deployed, delete `{file_name(name)}`; `airflow dags delete {name}` then deletes its history too"
    )
    return f"the DAG `{name}` is no longer compiled", why, how
