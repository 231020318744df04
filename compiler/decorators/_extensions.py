"""Decorators that Metaflow's extensions bring: not of its core, so flowc names where they come from instead of calling them unknown."""

from __future__ import annotations

from flowc.compiler.report.diagnostics import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.ir.nodes import Span

EXTENSIONS = {
    "checkpoint": ("metaflow-checkpoint", "keep checkpoints in the step with a library of your own, or as artifacts"),
    "model": ("metaflow-checkpoint", "save the model as an artifact: `self.model = …`"),
    "huggingface_hub": ("metaflow-checkpoint", "download the model in the step itself"),
    "torchrun": ("metaflow-torchrun", "start `torchrun` in the step itself"),
    "tensorflow_parallel": ("metaflow-tensorflow", "set up the cluster in the step itself"),
    "tensorflow": ("metaflow-tensorflow", "set up the cluster in the step itself"),
    "deepspeed": ("metaflow-deepspeed", "start DeepSpeed in the step itself"),
    "ray_parallel": ("metaflow-ray", "start Ray in the step itself"),
    "metaflow_ray": ("metaflow-ray", "start Ray in the step itself"),
    "mpi": ("metaflow-mpi", "start the MPI program in the step itself"),
    "slurm": ("metaflow-slurm", "say what the task needs with `@resources`"),
    "gpu_profile": ("metaflow-gpu-profile", "measure in the step itself"),
    "nvidia": ("Outerbounds", "say what the task needs with `@resources(gpu=…)`"),
    "nvct": ("Outerbounds", "say what the task needs with `@resources(gpu=…)`"),
    "snowpark": ("Outerbounds", "say what the task needs with `@resources`"),
    "skypilot": ("Outerbounds", "say what the task needs with `@resources`"),
    "skypilot_step": ("Outerbounds", "say what the task needs with `@resources`"),
    "fast_bakery_internal": ("Outerbounds", "name an image that holds the packages"),
    "ollama": ("Outerbounds", "start the server in the step itself"),
    "vllm": ("Outerbounds", "start the server in the step itself"),
    "app_deploy": ("Outerbounds", "deploy the app in the step itself"),
    "agent": ("metaflow-agent", "call the agent in the step itself"),
    "dbt": ("metaflow-dbt", "run dbt in the step itself"),
    "named_env": ("metaflow-netflixext", "name an image that holds the packages"),
    "named_env_base": ("metaflow-netflixext", "name an image that holds the packages"),
    "torchrun_parallel": ("metaflow-torchrun", "start `torchrun` in the step itself"),
    "profile_card": ("Outerbounds", "measure in the step itself"),
    "enable_local_dependencies": ("Outerbounds", "name an image that holds the packages"),
    "titus": ("Netflix", "say what the task needs with `@resources`"),
    "netflixext": ("Netflix", "name an image that holds the packages"),
}  # fmt: skip


def of_extension(name: str, place: Span | None) -> Diagnostic:
    """FLOW115: the decorator of that name is one of an extension."""
    origin, how = EXTENSIONS[name]
    why = f"it comes with an extension ({origin}), whose decorators flowc does not know"
    return Diagnostic("FLOW115", f"`@{name}` is an extension's, not Metaflow's core", place, why, how)
