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
    "checkpoint",
    "conda",
    "conda_base",
    "deepspeed",
    "environment",
    "exit_hook",
    "gpu_profile",
    "huggingface_hub",
    "kubernetes",
    "metaflow_ray",
    "model",
    "mpi",
    "parallel",
    "project",
    "pypi",
    "pypi_base",
    "pytorch_parallel",
    "ray_parallel",
    "resources",
    "retry",
    "schedule",
    "secrets",
    "tensorflow",
    "tensorflow_parallel",
    "timeout",
    "torchrun",
    "torchrun_parallel",
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
    "deepspeed",
    "metaflow_ray",
    "mpi",
    "parallel",
    "pytorch_parallel",
    "ray_parallel",
    "tensorflow",
    "tensorflow_parallel",
    "torchrun",
    "torchrun_parallel",
)
# those for which a task does something around the step (runtime_shim/extensions)
IN_TASK = (
    "checkpoint",
    "deepspeed",
    "gpu_profile",
    "huggingface_hub",
    "metaflow_ray",
    "model",
    "mpi",
    "ray_parallel",
    "tensorflow",
    "tensorflow_parallel",
    "torchrun",
    "torchrun_parallel",
)
# those of Metaflow's extensions that flowc does not have
EXTENSIONS = (
    "accelerator",
    "agent",
    "app_deploy",
    "argo",
    "argo_base",
    "coreweave_checkpoints",
    "dbt",
    "enable_local_dependencies",
    "fast_bakery_internal",
    "huggingface_card",
    "interruptible",
    "modal",
    "named_env",
    "named_env_base",
    "nebius_checkpoints",
    "netflixext",
    "nvcf",
    "nvct",
    "nvidia",
    "ollama",
    "pip",
    "profile_card",
    "pyspark",
    "skypilot",
    "skypilot_step",
    "slurm",
    "snowpark",
    "spark",
    "titus",
    "track_resources",
    "vllm",
    "with_artifact_store",
)
