"""The names of decorators, and what the shim must know about them.

Generated from compiler/decorators/ by `python -m flowc.compiler.decorators._build`; not to be edited.
"""

from __future__ import annotations

# every decorator
NAMES = (
    "airflow_external_task_sensor",
    "airflow_s3_key_sensor",
    "batch",
    "card",
    "catch",
    "conda",
    "conda_base",
    "environment",
    "exit_hook",
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
)
# those that a step or a flow may have several times
MULTIPLE = (
    "airflow_external_task_sensor",
    "airflow_s3_key_sensor",
    "card",
    "exit_hook",
)
# those of steps whose tasks run together
GANGS = (
    "parallel",
    "pytorch_parallel",
)
# those of Metaflow's extensions, which flowc does not have
EXTENSIONS = (
    "agent",
    "app_deploy",
    "checkpoint",
    "dbt",
    "deepspeed",
    "enable_local_dependencies",
    "fast_bakery_internal",
    "gpu_profile",
    "huggingface_hub",
    "metaflow_ray",
    "model",
    "mpi",
    "named_env",
    "named_env_base",
    "netflixext",
    "nvct",
    "nvidia",
    "ollama",
    "profile_card",
    "ray_parallel",
    "skypilot",
    "skypilot_step",
    "slurm",
    "snowpark",
    "tensorflow",
    "tensorflow_parallel",
    "titus",
    "torchrun",
    "torchrun_parallel",
    "vllm",
)
