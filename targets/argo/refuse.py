"""Refusals of the target `argo`: FLOW510 to FLOW519, FLOW554 and FLOW557.

Those that all targets share are in `shared/refusals.py`.
"""

from __future__ import annotations

from flowc.compiler.ir.nodes import Switch
from flowc.compiler.ir.scopes import is_loop
from flowc.compiler.report.diagnostics import WARNING, Diagnostic
from flowc.compiler.rules.kubernetes_names import is_key, is_namespace, is_object, is_quantity
from flowc.targets.shared.container import taken
from flowc.targets.shared.pods import pod_of
from flowc.targets.shared.refusals import (
    invalid_numbers,
    texts,
    unsupported,
    unsupported_kubernetes,
    unsupported_schedule,
)
from flowc.targets.shared.step_settings import decorator_of

from .dags import STACK
from .names import OBJECT_LENGTH, TRIGGERS, is_object_name
from .pods import REPORT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Flow, Step
    from flowc.targets.target import Options

NAME = "argo"
HONOURED = frozenset(
    {
        "batch", "card", "catch", "environment", "exit_hook", "kubernetes", "project", "resources", "retry", "schedule",
        "secrets", "timeout", *TRIGGERS,
    }
)  # fmt: skip
_EXPANDED = "Argo expands `{{`, and Kubernetes `$(`, so the value would change"
_PARAMETER = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


def refusals(flow: Flow, options: Options) -> Iterator[Diagnostic]:
    """Yields a diagnostic for each part of the flow that this target cannot run, and for each invalid option."""
    yield from _options(options)
    yield from unsupported(flow, NAME, HONOURED, options)
    yield from _parameters(flow)
    yield from unsupported_schedule(flow, "Argo", "FLOW514")
    if any(decorator.name == "batch" for step in flow.steps for decorator in step.decorators):
        from flowc.targets.shared.batch_in_pods import problems_of_batch

        folders = (*taken(options), "/var/run/argo")
        yield from problems_of_batch(flow, NAME, _is_kept, "FLOW510", _EXPANDED, folders, REPORT)
    if any(decorator.name in TRIGGERS for decorator in flow.decorators):
        from .events import problems

        yield from problems(flow, options)
    for step in flow.steps:
        yield from _pod(step, options)
        if is_loop(step) and not options.own("max-visits"):
            yield _recursion(step)
    if options.widths:
        from .status import check

        yield from check(flow, options)


def _options(options: Options) -> Iterator[Diagnostic]:
    if options.name and not is_object_name(options.name):
        what = f"`{options.name}` is not a valid WorkflowTemplate name"
        why = f"it must be 1 to {OBJECT_LENGTH} lower-case letters, digits and `-`, with no `-` first or last"
        yield Diagnostic("FLOW511", what, None, why, "choose a different `--name`")
    if options.namespace and not is_namespace(options.namespace):
        yield Diagnostic(
            "FLOW511",
            f"`{options.namespace}` is not a valid namespace name",
            None,
            why="it must be lower-case letters, digits and `-`, with no `-` first or last",
            how="choose a different `--namespace`",
        )
    least = {"max-workers": 0, "workflow-timeout": 1, "max-visits": 0, "schedule-deadline": 0, "schedule-history": 0}
    yield from invalid_numbers(options, least, "FLOW512")
    for name in ("schedule-deadline", "schedule-history"):
        if not options.own(name):
            yield Diagnostic(
                "FLOW512", f"`--{name}` has no value", None, "it must be a whole number of at least 0", "give a number"
            )
    for name in ("helper-requests", "helper-limits"):
        if not _are_amounts(options.own(name)):
            what = f"invalid value: `--{name} {options.own(name)}`"
            yield Diagnostic(
                "FLOW512",
                what,
                None,
                "it must list amounts as Kubernetes writes them",
                "write it as `cpu=100m,memory=64Mi`",
            )
    for name in ("service-account", "env-secret", "event-source", "event-bus", "event-account"):
        if options.own(name) and not is_object(options.own(name)):
            yield Diagnostic(
                "FLOW512",
                f"invalid value: `--{name} {options.own(name)}`",
                None,
                "it is not a valid Kubernetes object name",
                "choose a different name: lower-case letters, digits, `-` and `.`",
            )
    if not options.own("event-source") or not options.own("event-name") or not options.own("event-bus"):
        what = "one of `--event-source`, `--event-name` and `--event-bus` has no value"
        yield Diagnostic("FLOW512", what, None, "a Sensor needs all three", "give it a name, or leave the option out")
    if options.own("event-namespace") and not (is_namespace(options.own("event-namespace")) and options.namespace):
        what = f"`--event-namespace {options.own('event-namespace')}` cannot be used"
        why = "it must be the name of a namespace, and the flow's own must be known: a Sensor there starts runs in it"
        yield Diagnostic("FLOW512", what, None, why, "give `--namespace` too, with the name of the flow's namespace")
    for what, text in (
        ("webhook", options.own("event-webhook")),
        ("datastore", options.store),
        ("image", options.image),
        ("runtime image", options.runtime_image),
    ):
        if "{{" in text or "$(" in text:
            yield Diagnostic(
                "FLOW510",
                f"the {what} `{text}` contains `{{{{` or `$(`",
                None,
                _EXPANDED,
                "choose a value without them",
            )


def _are_amounts(text: str) -> bool:
    """Returns True for amounts of different resources, such as `cpu=100m,memory=64Mi`, and for an empty text."""
    pairs = [pair_text.split("=") for pair_text in text.split(",")] if text else []
    return all(len(pair) == 2 and is_key(pair[0]) and is_quantity(pair[1]) for pair in pairs) and len(
        {name for name, *_ in pairs}
    ) == len(pairs)


def _parameters(flow: Flow) -> Iterator[Diagnostic]:
    for parameter in flow.parameters:
        if not parameter.name or not _PARAMETER.issuperset(parameter.name):
            what = f"`{parameter.name}` is not a valid parameter name on Argo"
            yield Diagnostic(
                "FLOW513",
                what,
                parameter.span,
                "it may contain only ASCII letters, digits, `-` and `_`",
                "choose a different name",
            )


def _pod(step: Step, options: Options) -> Iterator[Diagnostic]:
    kubernetes = decorator_of(step, "kubernetes")
    if kubernetes is None:
        return
    yield from unsupported_kubernetes(step, NAME, (*taken(options), "/var/run/argo"), REPORT)
    for attribute in _expanded(kubernetes):
        what = f"`{attribute}` of `@kubernetes` of step `{step.name}` contains `{{{{` or `$(`"
        yield Diagnostic("FLOW510", what, kubernetes.span, _EXPANDED, "write it without them")
    namespace = pod_of(step).namespace
    if namespace and namespace != options.namespace:
        what = f"step `{step.name}` asks for the namespace `{namespace}`"
        if options.namespace:
            yield Diagnostic(
                "FLOW517", what, kubernetes.span,
                f"Argo runs all pods of a workflow in one namespace, here `--namespace {options.namespace}`",
                "remove it, or give the same namespace in both places",
            )  # fmt: skip
        else:
            why = "Argo runs all pods of a workflow in the namespace of its WorkflowTemplate"
            yield Diagnostic("FLOW517", what, kubernetes.span, why, f"give `--namespace {namespace}`", WARNING)


def _recursion(step: Step) -> Diagnostic:
    """Returns FLOW554: the controller's stack limits the visits of the step's loop."""
    assert isinstance(step.transition, Switch)
    what = f"the loop of step `{step.name}` fails after about {STACK - 4} visits"
    why = f"each visit is one of the controller's {STACK} stack levels, unless it runs with DISABLE_MAX_RECURSION=true"
    how = "set `--max-visits` to 0 for such a controller, or to a number to accept the limit"
    return Diagnostic("FLOW554", what, step.transition.span, why, how, WARNING)


def _expanded(decorator: Decorator) -> Iterator[str]:
    for attribute, value in decorator.attributes.items():
        if not all(map(_is_kept, texts(value))):
            yield attribute


def _is_kept(text: str) -> bool:
    return "{{" not in text and "$(" not in text
