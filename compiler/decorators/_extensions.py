"""The decorators of Metaflow's extensions that flowc lacks.

They are not part of its core, so flowc reports the extension instead of an unknown decorator. Those of extensions that
flowc has are files here, like any other. One that only says on which machines a step runs is left out with a warning,
since flowc's targets have containers of their own for it.
"""

from __future__ import annotations

from flowc.compiler.report.diagnostics import WARNING, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.ir.nodes import Span

EXTENSIONS = {
    "with_artifact_store": ("metaflow-checkpoint", "remove it: `--store` names the datastore of the whole flow"),
    "nebius_checkpoints": ("Outerbounds", "remove it: `--store` names the datastore of the whole flow"),
    "coreweave_checkpoints": ("Outerbounds", "remove it: `--store` names the datastore of the whole flow"),
    "huggingface_card": ("metaflow-deepspeed", "put the progress on a card with `current.card`"),
    "snowpark": ("Outerbounds", "state what the task needs with `@resources`"),
    "skypilot": ("Outerbounds", "state what the task needs with `@resources`"),
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
    "argo": ("for Argo", "leave it out: flowc writes Argo's templates itself"),
    "spark": ("for Spark", "submit the job in the step itself"),
    "pyspark": ("for Spark", "start the session in the step itself"),
    "accelerator": ("zillow/metaflow", "state the accelerator with `@resources(gpu=…)`"),
    "netflixext": ("Netflix", "use an image that contains the packages"),
    "track_resources": ("resource-tracker", "measure in the step itself"),
    "argo_base": ("sap-ai-core-metaflow", "give the image, the labels and the Secrets with `@kubernetes`"),
}  # fmt: skip
ELSEWHERE = {
    "slurm": "metaflow-slurm", "modal": "modal-metaflow", "nvidia": "Outerbounds", "nvct": "Outerbounds",
    "nvcf": "Outerbounds", "skypilot_step": "Outerbounds", "titus": "Netflix", "interruptible": "zillow/metaflow",
}  # fmt: skip


def of_extension(name: str, place: Span | None) -> Diagnostic:
    """Returns FLOW115 if the decorator of that name belongs to an extension."""
    origin, how = EXTENSIONS[name]
    why = f"it comes with an extension ({origin}), whose decorators flowc cannot compile"
    how += f"; or leave it out with `--without {name}`, or teach flowc what it means with a plug-in"
    return Diagnostic("FLOW115", f"`@{name}` belongs to an extension, not to Metaflow's core", place, why, how)


def of_place(name: str, place: Span) -> Diagnostic:
    """Returns the warning FLOW115 for a decorator of ELSEWHERE."""
    what = f"`@{name}` only says where steps run, so it is left out"
    why = f"it comes with an extension ({ELSEWHERE[name]}), and each target has containers of its own for steps"
    how = "state what the tasks need with `@resources`, and their image with `@kubernetes`"
    return Diagnostic("FLOW115", what, place, why, how, WARNING)
