"""Refusals of the target `airflow`: FLOW530 to FLOW539 and FLOW570 to FLOW576.

Those that all targets share are in `shared/refusals.py`.
"""

from __future__ import annotations

from flowc.compiler.ir.nodes import Foreach, Switch
from flowc.compiler.ir.scopes import is_loop
from flowc.compiler.report.diagnostics import WARNING, Diagnostic
from flowc.targets.shared.container import taken
from flowc.targets.shared.pods import is_guaranteed
from flowc.targets.shared.refusals import (
    invalid_numbers,
    texts,
    unsupported,
    unsupported_kubernetes,
    unsupported_schedule,
)
from flowc.targets.shared.step_settings import decorator_of

from . import process, wide_foreaches
from .names import DAG_LENGTH, is_dag_id
from .operators import is_installation, is_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Flow, Step
    from flowc.targets.target import Options

NAME = "airflow"
HONOURED = frozenset(
    {
        "batch", "card", "catch", "environment", "kubernetes", "project", "resources", "retry", "schedule", "secrets",
        "timeout",
    }
)  # fmt: skip
_READ = "Airflow renders `{{` and `{%` and opens what looks like a file name; Kubernetes expands `$(`"


def refusals(flow: Flow, options: Options) -> Iterator[Diagnostic]:
    """Yields a diagnostic for each part of the flow that this target cannot run, and for each invalid option."""
    yield from _options(options)
    yield from process.check(flow, options)
    yield from wide_foreaches.check(flow, options)
    yield from unsupported(flow, NAME, HONOURED, options)
    yield from unsupported_schedule(flow, "Airflow", "FLOW535")
    is_pods = options.own("airflow-tasks") == "kubernetes"
    if is_pods and any(decorator.name == "batch" for step in flow.steps for decorator in step.decorators):
        from flowc.targets.shared.batch_in_pods import problems_of_batch

        folders = (*taken(options), "/airflow/xcom")
        yield from problems_of_batch(flow, NAME, is_text, "FLOW534", _READ, folders)
    for step in flow.steps:
        if is_loop(step):
            yield Diagnostic(
                "FLOW530", f"target `{NAME}` cannot run the loop `{step.name}` with a container for each visit",
                step.transition.span,  # type: ignore[union-attr]
                "an Airflow DAG has no cycles, and all of its tasks exist before the run begins",
                "allow the setting `loops` for the step, or write the loop inside it",
            )  # fmt: skip
        yield from _pod(step, options)
    for parameter in flow.parameters:
        if len(parameter.name) > 250 or not parameter.name:
            yield Diagnostic(
                "FLOW533",
                f"`{parameter.name}` is not a valid parameter name on Airflow",
                parameter.span,
                "Airflow stores names of 1 to 250 characters",
                "choose a shorter name",
            )


def _options(options: Options) -> Iterator[Diagnostic]:
    if options.name and not is_dag_id(options.name):
        why = f"it must be 1 to {DAG_LENGTH} ASCII letters, digits, `-`, `_` and `.`"
        yield Diagnostic("FLOW531", f"`{options.name}` is not a valid DAG id", None, why, "choose a different `--name`")
    installation = options.own("airflow-installation")
    if installation and not is_installation(installation):
        what = f"`{installation}` is not a valid installation name"
        why = "it becomes part of each run's id, which Airflow must neither render nor take for a file name"
        how = (
            "use up to 100 ASCII letters, digits, `-`, `_`, `.` and `:`; begin with a letter or digit; "
            "do not end in a file extension such as `.sh`"
        )
        yield Diagnostic("FLOW536", what, None, why, how)
    yield from invalid_numbers(
        options, {"max-workers": 1, "max-active-runs": 1, "max-map-length": 1, "workflow-timeout": 1}, "FLOW532"
    )
    shared = [
        ("datastore", options.store),
        ("image", options.image),
        ("runtime image", options.runtime_image),
        ("namespace", options.namespace),
    ]
    for what, text in [*shared, ("interpreter", options.own("airflow-python")), ("secret", options.own("env-secret"))]:
        if not is_text(text):
            yield Diagnostic(
                "FLOW534",
                f"Airflow or Kubernetes would change the {what} `{text}`",
                None,
                _READ,
                "choose a value without them",
            )


def _pod(step: Step, options: Options) -> Iterator[Diagnostic]:
    kubernetes = decorator_of(step, "kubernetes")
    if kubernetes is None or options.own("airflow-tasks") != "kubernetes":
        return
    yield from unsupported_kubernetes(step, NAME, (*taken(options), "/airflow/xcom"))
    if is_guaranteed(step) and isinstance(step.transition, (Foreach, Switch)):
        yield Diagnostic(
            "FLOW575",
            f"the pod of step `{step.name}` is Burstable, not Guaranteed, unless Airflow's connection is set up for it",
            kubernetes.span,
            "Airflow adds a container that passes on the result of a foreach or a switch, by default without limits",
            "set `xcom_sidecar_container_resources` in the connection, with requests equal to limits",
            WARNING,
        )  # fmt: skip
    for attribute, value in kubernetes.attributes.items():
        if not all(map(is_text, texts(value))):
            what = f"Airflow or Kubernetes would change `{attribute}` of `@kubernetes` of step `{step.name}`"
            yield Diagnostic("FLOW534", what, kubernetes.span, _READ, "write it without them")
