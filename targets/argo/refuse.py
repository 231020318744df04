"""What Argo cannot do of a flow: FLOW510 to FLOW519, and what every target says in the same words (`refusals.py`)."""

from __future__ import annotations

from flowc.compiler.ir.nodes import Switch
from flowc.compiler.ir.scopes import is_loop
from flowc.compiler.report.diagnostics import WARNING, Diagnostic
from flowc.compiler.rules.kubernetes_names import is_key, is_namespace, is_object, is_quantity
from flowc.targets.shared.container import taken
from flowc.targets.shared.pods import pod_of
from flowc.targets.shared.refusals import impossible_numbers, texts, unclear_kubernetes, unsaid_schedule, unsupported
from flowc.targets.shared.step_settings import decorator_of

from .dags import STACK
from .names import OBJECT_LENGTH, is_object_name
from .pods import REPORT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Flow, Step
    from flowc.targets.target import Options

NAME = "argo"
HONOURED = frozenset(
    {"card", "catch", "environment", "kubernetes", "project", "resources", "retry", "schedule", "timeout"}
)
_PARAMETER = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


def refusals(flow: Flow, options: Options) -> Iterator[Diagnostic]:
    """Yields what this target cannot do of the flow, and what is wrong with its own options."""
    yield from _options(options)
    yield from unsupported(flow, NAME, HONOURED, options)
    yield from _parameters(flow)
    yield from unsaid_schedule(flow, "Argo", "FLOW514")
    for step in flow.steps:
        yield from _pod(step, options)
        if is_loop(step) and not options.own("max-visits"):
            yield _recursion(step)


def _options(options: Options) -> Iterator[Diagnostic]:
    if options.name and not is_object_name(options.name):
        what = f"`{options.name}` cannot be the name of a WorkflowTemplate"
        why = f"it has up to {OBJECT_LENGTH} lower-case letters, digits and `-`, which is neither first nor last"
        yield Diagnostic("FLOW511", what, None, why, "give another `--name`")
    if options.namespace and not is_namespace(options.namespace):
        yield Diagnostic(
            "FLOW511",
            f"`{options.namespace}` cannot be the name of a namespace",
            None,
            why="it has lower-case letters, digits and `-`, which is neither first nor last",
            how="give another `--namespace`",
        )
    least = {"max-workers": 0, "workflow-timeout": 1, "max-visits": 0, "schedule-deadline": 0, "schedule-history": 0}
    yield from impossible_numbers(options, least, "FLOW512")
    for name in ("schedule-deadline", "schedule-history"):
        if not options.own(name):
            yield Diagnostic(
                "FLOW512", f"`--{name}` has no value", None, "it must be a whole number from 0", "give a number"
            )
    for name in ("helper-requests", "helper-limits"):
        if not _are_amounts(options.own(name)):
            what = f"`--{name} {options.own(name)}` is invalid"
            yield Diagnostic(
                "FLOW512",
                what,
                None,
                "it must give amounts as Kubernetes writes them",
                "write it as `cpu=100m,memory=64Mi`",
            )
    for name in ("service-account", "env-secret"):
        if options.own(name) and not is_object(options.own(name)):
            yield Diagnostic(
                "FLOW512",
                f"`--{name} {options.own(name)}` is not possible",
                None,
                "it is no name of a Kubernetes object",
                "give another",
            )
    for what, text in (
        ("datastore", options.store),
        ("image", options.image),
        ("runtime image", options.runtime_image),
    ):
        if "{{" in text or "$(" in text:
            yield Diagnostic(
                "FLOW510",
                f"the {what} `{text}` holds `{{{{` or `$(`",
                None,
                "Argo and Kubernetes would change it",
                "give another",
            )


def _are_amounts(text: str) -> bool:
    """True for amounts of different resources, such as `cpu=100m,memory=64Mi`; for none too."""
    pairs = [each.split("=") for each in text.split(",")] if text else []
    return all(len(pair) == 2 and is_key(pair[0]) and is_quantity(pair[1]) for pair in pairs) and len(
        {name for name, *_ in pairs}
    ) == len(pairs)


def _parameters(flow: Flow) -> Iterator[Diagnostic]:
    for parameter in flow.parameters:
        if not parameter.name or not _PARAMETER.issuperset(parameter.name):
            what = f"Argo cannot have a parameter `{parameter.name}`"
            yield Diagnostic(
                "FLOW513",
                what,
                parameter.span,
                "its name may hold ASCII letters, digits, `-` and `_`",
                "give it another name",
            )


def _pod(step: Step, options: Options) -> Iterator[Diagnostic]:
    kubernetes = decorator_of(step, "kubernetes")
    if kubernetes is None:
        return
    yield from unclear_kubernetes(step, NAME, (*taken(options), "/var/run/argo"), REPORT)
    for attribute in _expanded(kubernetes):
        what = f"`{attribute}` of `@kubernetes` of step `{step.name}` holds `{{{{` or `$(`"
        yield Diagnostic("FLOW510", what, kubernetes.span, "Argo and Kubernetes would change it", "write it without")
    namespace = pod_of(step).namespace
    if namespace and namespace != options.namespace:
        what = f"step `{step.name}` is to run in the namespace `{namespace}`"
        if options.namespace:
            yield Diagnostic(
                "FLOW517", what, kubernetes.span, f"Argo runs all pods of a workflow in one, and `--namespace {options.namespace}` was given",
                "remove it, or give the same namespace",
            )  # fmt: skip
        else:
            why = "Argo runs all pods of a workflow in the namespace that the WorkflowTemplate is in"
            yield Diagnostic("FLOW517", what, kubernetes.span, why, f"give `--namespace {namespace}`", WARNING)


def _recursion(step: Step) -> Diagnostic:
    """FLOW554: how often a loop may go round."""
    assert isinstance(step.transition, Switch)
    what = f"the loop of step `{step.name}` ends with an error after about {STACK - 4} visits"
    why = f"each visit is a level of the controller's stack, which has {STACK} unless it was started with DISABLE_MAX_RECURSION=true"
    how = "give `--max-visits`: 0 for such a controller, or a number to accept the limit"
    return Diagnostic("FLOW554", what, step.transition.span, why, how, WARNING)


def _expanded(decorator: Decorator) -> Iterator[str]:
    for attribute, value in decorator.attributes.items():
        if any("{{" in text or "$(" in text for text in texts(value)):
            yield attribute
