"""The nodes that a run has in the status of its Workflow, as far as they are known before it.

Argo keeps them all in one object: a node for each pod, for each task with a `retryStrategy`, for each item of a foreach
whose body is a DAG, and for each task that is skipped. It compresses them, and gives up the run when that is more than
about a megabyte (argo-workflows, `util/packer`), unless node-status offloading is on.
"""

from __future__ import annotations

from flowc.compiler.ir.nodes import ForEach
from flowc.compiler.ir.scopes import inner, is_loop, scopes
from flowc.compiler.report.diagnostics import WARNING, Diagnostic
from flowc.targets.shared.step_settings import retries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flowc.compiler.ir.nodes import Flow, Scope, Step
    from flowc.targets.target import Options

MAX_NODES = 8_000  # whose compressed status is about a megabyte


def check(flow: Flow, options: Options) -> Iterator[Diagnostic]:
    """Yields FLOW557 for each outermost foreach that is known to have more nodes than a Workflow holds."""
    for step, count in wides(flow, options):
        yield Diagnostic(
            "FLOW557",
            f"the foreach of step `{step}` has about {count} nodes on Argo",
            flow.by_name[step].transition.span,  # type: ignore[union-attr]
            f"a Workflow's status holds about {MAX_NODES}, unless node-status offloading is on",
            "let its steps share a pod (see `flowc show --target argo`), or make fewer and larger items",
            WARNING,
        )


def needs_containers(flow: Flow, options: Options) -> Iterator[tuple[str, str]]:
    """Yields each step whose loop, or the items of whose foreach, must share containers, and the reason."""
    if not options.own("max-visits"):
        for step in flow.steps:
            if is_loop(step):
                yield step.name, "a loop of pods on Argo ends after about 96 visits"
    for name, _ in wides(flow, options):
        yield name, f"the status of an Argo Workflow holds about {MAX_NODES} nodes"


def wides(flow: Flow, options: Options) -> list[tuple[str, int]]:
    """Returns each outermost foreach that has too many nodes, with their number."""
    widths = dict(options.widths)
    if not widths:
        return []
    steps = flow.by_name
    found, waiting = [], [scopes(flow)]
    while waiting:
        for node in waiting.pop().nodes:
            if isinstance(node, ForEach):
                count = widths.get(node.step, 1) * _nodes(node.body, steps, widths)
                if count > MAX_NODES:
                    found.append((node.step, count))
            else:
                waiting += inner(node)
    return found


def _nodes(scope: Scope, steps: Mapping[str, Step], widths: Mapping[str, int]) -> int:
    """Returns the number of nodes of the scope, for one item if it is a foreach's body."""
    count = 1 if len(scope.nodes) > 1 else 0
    for node in scope.nodes:
        count += 2 if retries(steps[node.step]) else 1
        for inside in inner(node):
            times = widths.get(node.step, 1) if isinstance(node, ForEach) else 1
            count += times * _nodes(inside, steps, widths)
    return count
