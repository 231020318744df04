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
checkpoint = marker("checkpoint")
conda = marker("conda")
conda_base = marker("conda_base")
deepspeed = marker("deepspeed")
environment = marker("environment")
gpu_profile = marker("gpu_profile")
huggingface_hub = marker("huggingface_hub")
kubernetes = marker("kubernetes")
metaflow_ray = marker("metaflow_ray")
model = marker("model")
mpi = marker("mpi")
parallel = marker("parallel")
project = marker("project")
pypi = marker("pypi")
pypi_base = marker("pypi_base")
pytorch_parallel = marker("pytorch_parallel")
ray_parallel = marker("ray_parallel")
resources = marker("resources")
retry = marker("retry")
schedule = marker("schedule")
secrets = marker("secrets")
tensorflow = marker("tensorflow")
tensorflow_parallel = marker("tensorflow_parallel")
timeout = marker("timeout")
torchrun = marker("torchrun")
torchrun_parallel = marker("torchrun_parallel")
trigger = marker("trigger")
trigger_on_finish = marker("trigger_on_finish")
