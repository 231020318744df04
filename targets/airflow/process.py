"""What tasks that are processes of a worker cannot honour, and which options say nothing to tasks of the other kind: FLOW570 to FLOW573.

A pod's image, machine and volumes are Kubernetes's to give; a process of the worker has what the worker has. What a step could not do its work
without, or would do with other rights, is an error; what only says where it runs, or with how much, is a warning.
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

_NEEDED = ("secrets", "persistent_volume_claims", "service_account", "security_context")
_DEFAULTS = Options("")


def check(flow: Flow, options: Options) -> Iterator[Diagnostic]:
    """Yields what the chosen kind of task drops of the flow and of the options."""
    if options.own("airflow-tasks") == "kubernetes":
        if options.own("airflow-python") != "python3":
            what = "`--airflow-python` has no effect on tasks that are pods"
            how = "remove it, or add `--airflow-tasks process`; a step's own Python in a pod is `executable` of `@kubernetes`"
            yield Diagnostic("FLOW572", what, None, "a pod runs the Python of its image", how)
        return
    for step in flow.steps:
        for name in ("kubernetes", "resources"):
            decorator = decorator_of(step, name)
            if decorator is not None:
                yield from _dropped(decorator, step)
    yield from _options(options)


def _dropped(decorator: Decorator, step: Step) -> Iterator[Diagnostic]:
    said = asked(decorator)
    needed = [name for name in said if name in _NEEDED]
    for name in needed:
        yield Diagnostic(
            "FLOW570", f"a process of the worker cannot have `{name}` of `@{decorator.name}` of step `{step.name}`", decorator.span,
            "only a pod can have it, and the step would run without", "compile with `--airflow-tasks kubernetes`, or remove it",
        )  # fmt: skip
    others = [f"`{name}`" for name in said if name not in _NEEDED]
    if others:
        why = "the worker runs the task with its own Python, packages and machine"
        how = "see that the workers have what the step needs, or compile with `--airflow-tasks kubernetes`"
        what = (
            f"{', '.join(others)} of `@{decorator.name}` of step `{step.name}` has no effect on a process of the worker"
        )
        yield Diagnostic("FLOW571", what, decorator.span, why, how, WARNING)


def _options(options: Options) -> Iterator[Diagnostic]:
    """Options of pods. Those that other targets have too may be meant for them, in the same compile or in the settings: a warning."""
    if options.own("kubernetes-conn-id"):
        yield Diagnostic(
            "FLOW572", "`--kubernetes-conn-id` has no effect on tasks that are processes of the worker", None,
            "no task of this DAG talks to a cluster", "remove it, or leave out `--airflow-tasks process`",
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
            what = f"`--{name}` has no effect on tasks that are processes of the worker"
            yield Diagnostic("FLOW573", what, None, "it is about pods, and this DAG makes none", how, WARNING)
