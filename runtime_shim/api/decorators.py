"""The decorators that flows import. They only mark: what they mean is in the IR that the task reads.

Generated from compiler/decorators/ by `python -m flowc.compiler.decorators._build`; not to be edited.
"""

from __future__ import annotations

from .markers import marker

__all__ = [
    "airflow_external_task_sensor",
    "airflow_s3_key_sensor",
    "batch",
    "card",
    "catch",
    "conda",
    "conda_base",
    "environment",
    "kubernetes",
    "parallel",
    "project",
    "pypi",
    "pypi_base",
    "pytorch_parallel",
    "resources",
    "retry",
    "schedule",
    "secrets",
    "timeout",
    "trigger",
    "trigger_on_finish",
]

airflow_external_task_sensor = marker("airflow_external_task_sensor")
airflow_s3_key_sensor = marker("airflow_s3_key_sensor")
batch = marker("batch")
card = marker("card")
catch = marker("catch")
conda = marker("conda")
conda_base = marker("conda_base")
environment = marker("environment")
kubernetes = marker("kubernetes")
parallel = marker("parallel")
project = marker("project")
pypi = marker("pypi")
pypi_base = marker("pypi_base")
pytorch_parallel = marker("pytorch_parallel")
resources = marker("resources")
retry = marker("retry")
schedule = marker("schedule")
secrets = marker("secrets")
timeout = marker("timeout")
trigger = marker("trigger")
trigger_on_finish = marker("trigger_on_finish")
