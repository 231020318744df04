"""Checks that a flow and its options fit `--airflow-tasks`: FLOW570 to FLOW573.

Kubernetes gives a pod its image, machine and volumes; a worker process has what the worker has. A lost attribute is an
error if the step could not work without it, or would run with different rights. It is a warning if it only chooses
where the step runs, or with how much.
"""

from __future__ import annotations

from flowc.compiler.decorators.decorator import asked
from flowc.compiler.report.diagnostics import WARNING, Diagnostic
from flowc.targets.shared.step_settings import decorator_of
from flowc.targets.target import Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Flow, Step

_NEEDED = (
    *("secrets", "persistent_volume_claims", "service_account", "security_context"),
    *("host_volumes", "efs_volumes", "iam_role", "inferentia", "trainium", "efa", "privileged"),
)
_DEFAULTS = Options("")


def check(flow: Flow, options: Options) -> Iterator[Diagnostic]:
    """Yields a diagnostic for each attribute and option that has no effect on the chosen kind of task."""
    if options.own("airflow-tasks") == "kubernetes":
        if options.own("airflow-python") != "python3":
            what = "`--airflow-python` has no effect on tasks that are pods"
            how = (
                "remove it, or add `--airflow-tasks process`; `executable` of `@kubernetes` chooses the Python of a pod"
            )
            yield Diagnostic("FLOW572", what, None, "a pod runs the Python of its image", how)
        return
    for step in flow.steps:
        for name in ("kubernetes", "resources", "batch"):
            decorator = decorator_of(step, name)
            if decorator is not None:
                yield from _dropped(decorator, step)
    yield from _options(options)


def _dropped(decorator: Decorator, step: Step) -> Iterator[Diagnostic]:
    attributes = asked(decorator)
    needed = [name for name in attributes if name in _NEEDED]
    for name in needed:
        yield Diagnostic(
            "FLOW570", f"a worker process cannot have `{name}` of `@{decorator.name}` of step `{step.name}`",
            decorator.span,
            "the step would run without it",
            "compile with `--airflow-tasks kubernetes`, or remove it",
        )  # fmt: skip
    others = [f"`{name}`" for name in attributes if name not in _NEEDED]
    if others:
        why = "the worker runs the task with its own Python, packages and machine"
        how = "make sure that the workers have what the step needs, or compile with `--airflow-tasks kubernetes`"
        what = f"{', '.join(others)} of `@{decorator.name}` of step `{step.name}` has no effect on a worker process"
        yield Diagnostic("FLOW571", what, decorator.span, why, how, WARNING)


def _options(options: Options) -> Iterator[Diagnostic]:
    """Yields a diagnostic for each option of pods.

    Some of these options exist on other targets too. They may be meant for those, so they are only a warning.
    """
    if options.own("kubernetes-conn-id"):
        yield Diagnostic(
            "FLOW572", "`--kubernetes-conn-id` has no effect on tasks that are worker processes", None,
            "no task of this DAG talks to a cluster", "remove it, or leave out `--airflow-tasks process`",
        )  # fmt: skip
    if options.images:
        yield Diagnostic(
            "FLOW572", "`--environments image` has no effect on tasks that are worker processes", None,
            "a process has no image, so the steps would run without their packages",
            "write `--environments archive`, or leave out `--airflow-tasks process`",
        )  # fmt: skip
    shared = (
        (
            "env-secret",
            bool(options.own("env-secret")),
            "set the variables, such as the datastore's credentials, where the workers are started",
        ),
        ("service-account", bool(options.own("service-account")), "give the workers the rights that the tasks need"),
        ("image", options.image != _DEFAULTS.image, "install the flow's packages for the workers' Python"),
        ("runtime", options.runtime != _DEFAULTS.runtime, "install flowc for the workers' Python"),
        ("runtime-image", options.runtime_image != _DEFAULTS.runtime_image, "install flowc for the workers' Python"),
        ("namespace", bool(options.namespace), "leave it out"),
    )
    for name, is_given, how in shared:
        if is_given:
            what = f"`--{name}` has no effect on tasks that are worker processes"
            yield Diagnostic("FLOW573", what, None, "it configures pods, and this DAG creates none", how, WARNING)
