"""Metaflow's command groups of orchestrators, in flowc's commands.

    python flow.py argo-workflows create         flowc deploy flow.py --target argo --yes
    python flow.py step-functions list-runs      flowc runs flow.py --on CONTEXT

The place comes from a context (`--on`, FLOWC_CONTEXT, or the default one, if it is for this orchestrator), else from
the project's settings. flowc's own options of a command may follow too. An option of Metaflow's that flowc has no use
for is refused with the reason, unless what it asks for is what flowc does anyway.
"""

from __future__ import annotations

import os

from .options import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ARGO, STATES, AIRFLOW = "argo-workflows", "step-functions", "airflow"
TARGETS = {ARGO: "argo", STATES: "step-functions", AIRFLOW: "airflow"}
_RUN = ("terminate", "suspend", "unsuspend")
SUBCOMMANDS = {
    ARGO: ("create", "trigger", "status", *_RUN, "delete", "list-runs", "list-workflow-templates", "validate-token"),
    STATES: ("create", "trigger", "list-runs", "terminate", "delete"),
    AIRFLOW: ("create",),
}
_TOKEN = "flowc has no production tokens: the roles of the orchestrator decide who may do what. Leave it out"
_NOTIFY = "let the cluster's own alerts watch the runs, or let a last step of the flow send the message"
_TAGS = "give tags to each run, `trigger --tag TAG`, or set METAFLOW_RUN_TAGS in the environment of the tasks"
_NAMESPACE = "set FLOWC_NAMESPACE in the environment of the tasks; the Kubernetes namespace is a setting of the context"
_AS_IT_IS = ""  # it asks for what flowc does anyway

# Options of Metaflow's (metaflow/plugins/argo, aws/step_functions, airflow) that flowc does not have, and the reason.
_COMMON = {
    "--authorize": _TOKEN, "--generate-new-token": _TOKEN, "--new-token": _TOKEN, "--tag": _TAGS,
    "--namespace": _NAMESPACE,
    "--deployer-attribute-file": "flowc's Deployer works in the process that calls it",
}  # fmt: skip
CREATE: Mapping[str, Mapping[str, str]] = {
    ARGO: {
        **_COMMON,
        "--workflow-priority": "set `spec.priority` in a patch of the spec (`flowc compile`, Kustomize)",
        "--auto-emit-argo-events": _AS_IT_IS,
        "--notify-on-error": _NOTIFY, "--no-notify-on-error": _AS_IT_IS,
        "--notify-on-success": _NOTIFY, "--no-notify-on-success": _AS_IT_IS,
        "--notify-slack-webhook-url": _NOTIFY, "--notify-pager-duty-integration-key": _NOTIFY,
        "--notify-incident-io-api-key": _NOTIFY, "--incident-io-alert-source-config-id": _NOTIFY,
        "--incident-io-metadata": _NOTIFY,
        "--enable-heartbeat-daemon": "Argo itself knows which tasks run", "--no-enable-heartbeat-daemon": _AS_IT_IS,
        "--enable-error-msg-capture": _AS_IT_IS,
        "--no-enable-error-msg-capture": "a failed task always leaves its reason with Argo",
        "--workflow-title": "the deployment's name is the title: `argo-workflows --name NAME create`",
        "--workflow-description": "the docstring of the flow is the description",
    },
    STATES: {
        **_COMMON,
        "--aws-batch-tag": "write `@batch(aws_batch_tags={…})`",
        "--log-execution-history": "set the logging of the state machine where its role is made",
        "--use-distributed-map": "write `--map distributed`", "--no-use-distributed-map": "write `--map inline`",
        "--compress-state-machine": "flowc's state machines are small: tasks read their settings from job definitions",
        "--no-compress-state-machine": _AS_IT_IS,
    },
    AIRFLOW: {**_COMMON, "--is-paused-upon-creation": "deploy with `flowc deploy --on CONTEXT --paused`",
              "--worker-pool": "set the pool of the tasks in Airflow, by a `task_policy`"},
}  # fmt: skip
_WITHOUT_VALUE = (
    "--generate-new-token", "--auto-emit-argo-events", "--no-auto-emit-argo-events", "--notify-on-error",
    "--no-notify-on-error", "--notify-on-success", "--no-notify-on-success", "--enable-heartbeat-daemon",
    "--no-enable-heartbeat-daemon", "--enable-error-msg-capture", "--no-enable-error-msg-capture",
    "--no-compress-state-machine",
)  # fmt: skip
_RUN_STATES = {
    "--running": "running", "--succeeded": "succeeded", "--failed": "failed", "--timed-out": "timed-out",
    "--aborted": "terminated",
}  # fmt: skip


def command_line(
    group: str, path: str, class_name: str, words: Sequence[str], extra: Sequence[str], configs: Sequence[str]
) -> list[str]:
    """Returns flowc's command line for `python PATH [EXTRA] GROUP WORDS`. Raises Usage.

    `extra` and `configs` are the top options that commands which compile understand.
    """
    words = list(words)
    name = _name(words)
    if not words or words[0].startswith("-"):
        raise Usage(f"the command of `{group}` is missing", f"write one of {', '.join(SUBCOMMANDS[group])}")
    command, words = words[0], words[1:]
    if command not in SUBCOMMANDS[group]:
        from flowc.compiler.report.diagnostics import nearest

        close = nearest(command, SUBCOMMANDS[group])
        hint = f"did you mean `{close}`?" if close else "its commands are " + ", ".join(SUBCOMMANDS[group])
        raise Usage(f"`{group}` has no command `{command}`", hint)
    if command == "validate-token":
        raise Usage("`validate-token` has nothing to validate", _TOKEN.partition(". ")[0])
    place = _place(group, path, words)
    flow = ["--flow", class_name]
    if command == "create":
        return _create(group, path, [*flow, *name, *extra, *configs], place, words)
    project = [word for word in extra if word.startswith(("--branch", "--production"))]
    if command in ("trigger", "delete"):
        yes = ["--yes"] if command == "delete" else []
        rest = _checked(
            words, {"--authorize": _TOKEN, "--deployer-attribute-file": _COMMON["--deployer-attribute-file"]}
        )
        return [command, path, *flow, *name, *project, *place, *yes, *rest]
    if command in ("status", *_RUN):
        return [command, *place, *_checked(words, {"--authorize": _TOKEN})]
    if command == "list-workflow-templates":
        everything = "--all" in words
        rest = [word for word in words if word != "--all"]
        return ["deployments", *([] if everything else [path, *flow]), *place, *rest]
    return _list_runs(group, path, class_name, place, words)


def _name(words: list[str]) -> list[str]:
    """Takes `--name NAME`, an option of the group, off the words; returns it as flowc's."""
    if words and words[0].partition("=")[0] == "--name":
        first = words.pop(0)
        value = first.partition("=")[2] if "=" in first else words.pop(0) if words else ""
        if not value:
            raise Usage("`--name` needs a value: --name NAME")
        return ["--name", value]
    return []


def _place(group: str, path: str, words: Sequence[str]) -> list[str]:
    """Returns the options that say where: none if the words do, else the default context, else the target."""
    from .deploying.place import context_of

    target = TARGETS[group]
    if any(word in ("--on", "--target", "-t") or word.startswith(("--on=", "--target=")) for word in words):
        return []
    context = context_of(words, path)
    if context.name:
        if context.target == target:
            return ["--on", context.name]
        if os.environ.get("FLOWC_CONTEXT"):
            raise Usage(f"context `{context.name}` is for target {context.target}, not for `{group}`", "give `--on`")
    return ["--target", target]


def _create(group: str, path: str, options: list[str], place: list[str], words: list[str]) -> list[str]:
    only_spec = "--only-json" in words
    if group == ARGO and "--no-auto-emit-argo-events" in words:
        at = words.index("--no-auto-emit-argo-events")
        words = [*words[:at], "--announce", "nothing", *words[at + 1 :]]
    words = _checked([word for word in words if word != "--only-json"], CREATE[group])
    if group == AIRFLOW:
        files = [word for word in words if word.endswith(".py")]
        if len(files) != 1:
            raise Usage("the file of the DAG is missing", "write `airflow create FILE.py`")
        rest = [word for word in words if word != files[0]]
        return ["compile", path, *options, *place, "--spec", files[0], "--upload", *rest]
    if only_spec:
        return ["compile", path, *options, *place, "--output", "-", *words]
    return ["deploy", path, *options, *place, "--yes", *words]


def _list_runs(group: str, path: str, class_name: str, place: list[str], words: list[str]) -> list[str]:
    states = [_RUN_STATES[word] for word in words if word in _RUN_STATES]
    rest = [word for word in words if word not in _RUN_STATES]
    on = place if place[:1] == ["--on"] else []
    if not on and not any(word == "--on" or word.startswith("--on=") for word in rest):
        table = f'`[tool.flowc.contexts.NAME]` with `target = "{TARGETS[group]}"`'
        hint = f"add {table} to pyproject.toml, and give `--on NAME`"
        raise Usage("the place is missing", hint)
    return [
        "runs", path, "--flow", class_name, *on, *(word for state in states for word in ("--status", state)), *rest,
    ]  # fmt: skip


def _checked(words: Sequence[str], refused: Mapping[str, str]) -> list[str]:
    """Returns the words without options that ask for what flowc does anyway. Raises Usage for the refused ones."""
    kept: list[str] = []
    for word in words:
        name = word.partition("=")[0]
        if name not in refused:
            kept.append(word)
        elif refused[name]:
            raise Usage(f"`{name}` is not supported", refused[name])
        elif "=" in word and name in _WITHOUT_VALUE:
            raise Usage(f"`{name}` takes no value")
    return kept
