"""What Airflow cannot do of a flow: FLOW530 to FLOW539, FLOW570 to FLOW576, and what every target says in the same words (`refusals.py`)."""

from __future__ import annotations

from flowc.compiler.ir.nodes import Foreach, Switch
from flowc.compiler.ir.scopes import is_loop
from flowc.compiler.report.diagnostics import WARNING, Diagnostic
from flowc.targets.shared.container import taken
from flowc.targets.shared.pods import is_guaranteed
from flowc.targets.shared.refusals import impossible_numbers, texts, unclear_kubernetes, unsaid_schedule, unsupported
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
    {"card", "catch", "environment", "kubernetes", "project", "resources", "retry", "schedule", "timeout"}
)
_READ = "Airflow reads `{{`, `{%` and names of files in it, and Kubernetes `$(`"


def refusals(flow: Flow, options: Options) -> Iterator[Diagnostic]:
    """Yields what this target cannot do of the flow, and what is wrong with its own options."""
    yield from _options(options)
    yield from process.check(flow, options)
    yield from wide_foreaches.check(flow, options)
    yield from unsupported(flow, NAME, HONOURED, options)
    yield from unsaid_schedule(flow, "Airflow", "FLOW535")
    for step in flow.steps:
        if is_loop(step):
            yield Diagnostic(
                "FLOW530", f"target `{NAME}` cannot run the loop of step `{step.name}` yet", step.transition.span,  # type: ignore[union-attr]
                "a DAG of Airflow has no cycles, and every task of it is there before the run begins",
                "loop inside the step, or choose another target",
            )  # fmt: skip
        yield from _pod(step, options)
    for parameter in flow.parameters:
        if len(parameter.name) > 250 or not parameter.name:
            yield Diagnostic(
                "FLOW533",
                f"Airflow cannot have a parameter `{parameter.name}`",
                parameter.span,
                "its name is too long",
                "shorten it",
            )


def _options(options: Options) -> Iterator[Diagnostic]:
    if options.name and not is_dag_id(options.name):
        why = f"it has up to {DAG_LENGTH} letters, digits, `-`, `_` and `.`"
        yield Diagnostic("FLOW531", f"`{options.name}` cannot be the id of a DAG", None, why, "give another `--name`")
    installation = options.own("airflow-installation")
    if installation and not is_installation(installation):
        what = f"`{installation}` cannot be the name of an installation"
        why = "it becomes part of each run's id, and Airflow must read nothing into it"
        how = "give up to 100 ASCII letters, digits, `-`, `_`, `.` and `:`, with a letter or digit first and no ending such as `.sh`"
        yield Diagnostic("FLOW536", what, None, why, how)
    yield from impossible_numbers(
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
            yield Diagnostic("FLOW534", f"the {what} `{text}` cannot be said to Airflow", None, _READ, "give another")


def _pod(step: Step, options: Options) -> Iterator[Diagnostic]:
    kubernetes = decorator_of(step, "kubernetes")
    if kubernetes is None or options.own("airflow-tasks") != "kubernetes":
        return
    yield from unclear_kubernetes(step, NAME, (*taken(options), "/airflow/xcom"))
    if is_guaranteed(step) and isinstance(step.transition, (Foreach, Switch)):
        yield Diagnostic(
            "FLOW575", f"the pod of step `{step.name}` is Burstable, unless Airflow's connection says otherwise", kubernetes.span,
            "Airflow adds a container that passes on what a foreach or a switch reports, and limits it only if told to",
            "set `xcom_sidecar_container_resources` of the connection, with requests equal to limits",
            WARNING,
        )  # fmt: skip
    for attribute, value in kubernetes.attributes.items():
        if not all(map(is_text, texts(value))):
            what = f"`{attribute}` of `@kubernetes` of step `{step.name}` cannot be said to Airflow"
            yield Diagnostic("FLOW534", what, kubernetes.span, _READ, "write it without")
