"""Decorators of Metaflow that are parsed and carried in the IR with their values, and mean nothing to the compiler yet.

A target that cannot honour one says so; a local run does without it. Names, levels and attributes are those of Metaflow's documentation.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.ir import Value


def _attributes(text: str, **defaults: Value) -> dict[str, Value]:
    return {**dict.fromkeys(text.split()), **defaults}


_SENSOR: dict[str, Value] = {
    "timeout": 3600, "poke_interval": 60, "mode": "reschedule", "exponential_backoff": True, "pool": None, "soft_fail": False, "name": None,
    "description": None,
}  # fmt: skip

CARRIED: dict[str, tuple[str, dict[str, Value]]] = {
    "secrets": ("step", _attributes("role", sources=[], allow_override=False)),
    "parallel": ("step", {}),
    "pytorch_parallel": ("step", _attributes("master_port")),
    "card": (
        "step",
        _attributes("id rank", type="default", options={}, timeout=45, scope="task", save_errors=True, customize=False, refresh_interval=5),
    ),
    "conda": ("step", _attributes("python disabled", packages={}, libraries={})),
    "pypi": ("step", _attributes("python disabled", packages={})),
    "conda_base": ("flow", _attributes("python disabled", packages={}, libraries={})),
    "pypi_base": ("flow", _attributes("python disabled", packages={})),
    "project": ("flow", _attributes("name branch", production=False)),
    "trigger": ("flow", _attributes("event", events=[], options={})),
    "trigger_on_finish": ("flow", _attributes("flow", flows=[], options={})),
    "exit_hook": ("flow", _attributes("", on_success=[], on_error=[], options={})),
    "airflow_external_task_sensor": (
        "flow",
        {
            **_SENSOR,
            **_attributes("external_dag_id external_task_ids failed_states execution_delta", allowed_states=["success"], check_existence=True),
        },
    ),
    "airflow_s3_key_sensor": ("flow", {**_SENSOR, **_attributes("bucket_key bucket_name aws_conn_id verify", wildcard_match=False)}),
}
