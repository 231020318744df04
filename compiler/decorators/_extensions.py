"""The decorators of Metaflow's extensions that flowc lacks.

They are not part of its core, so flowc reports the extension instead of an unknown decorator. Those of extensions that
flowc has are files here, like any other.
"""

from __future__ import annotations

from flowc.compiler.report.diagnostics import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.ir.nodes import Span

EXTENSIONS = {
    "with_artifact_store": ("metaflow-checkpoint", "remove it: `--store` names the datastore of the whole flow"),
    "nebius_checkpoints": ("Outerbounds", "remove it: `--store` names the datastore of the whole flow"),
    "coreweave_checkpoints": ("Outerbounds", "remove it: `--store` names the datastore of the whole flow"),
    "huggingface_card": ("metaflow-deepspeed", "put the progress on a card with `current.card`"),
    "slurm": ("metaflow-slurm", "state what the task needs with `@resources`"),
    "nvidia": ("Outerbounds", "state what the task needs with `@resources(gpu=…)`"),
    "nvct": ("Outerbounds", "state what the task needs with `@resources(gpu=…)`"),
    "snowpark": ("Outerbounds", "state what the task needs with `@resources`"),
    "skypilot": ("Outerbounds", "state what the task needs with `@resources`"),
    "skypilot_step": ("Outerbounds", "state what the task needs with `@resources`"),
    "fast_bakery_internal": ("Outerbounds", "use an image that contains the packages"),
    "ollama": ("Outerbounds", "start the server in the step itself"),
    "vllm": ("Outerbounds", "start the server in the step itself"),
    "app_deploy": ("Outerbounds", "deploy the app in the step itself"),
    "agent": ("metaflow-agent", "call the agent in the step itself"),
    "dbt": ("metaflow-dbt", "run dbt in the step itself"),
    "named_env": ("metaflow-netflixext", "use an image that contains the packages"),
    "named_env_base": ("metaflow-netflixext", "use an image that contains the packages"),
    "profile_card": ("Outerbounds", "measure in the step itself"),
    "enable_local_dependencies": ("Outerbounds", "use an image that contains the packages"),
    "pip": ("nestauk/metaflow_extensions", "name the packages with `@pypi(packages={…})`"),
    "modal": ("modal-metaflow", "state what the task needs with `@resources` or `@kubernetes`"),
    "argo": ("for Argo", "leave it out: flowc writes Argo's templates itself"),
    "spark": ("for Spark", "submit the job in the step itself"),
    "pyspark": ("for Spark", "start the session in the step itself"),
    "accelerator": ("zillow/metaflow", "state the accelerator with `@resources(gpu=…)`"),
    "interruptible": ("zillow/metaflow", "choose nodes with `@kubernetes(node_selector=…, tolerations=…)`"),
    "titus": ("Netflix", "state what the task needs with `@resources`"),
    "netflixext": ("Netflix", "use an image that contains the packages"),
}  # fmt: skip


def of_extension(name: str, place: Span | None) -> Diagnostic:
    """Returns FLOW115 if the decorator of that name belongs to an extension."""
    origin, how = EXTENSIONS[name]
    why = f"it comes with an extension ({origin}), whose decorators flowc cannot compile"
    return Diagnostic("FLOW115", f"`@{name}` belongs to an extension, not to Metaflow's core", place, why, how)
