"""FLOW561, FLOW562: a foreach that `--map` makes an inline Map, although it is known to be too wide for one.

If only a run knows the width, the job of the step with the foreach checks it (docs/shim.md). Sources: AWS Step
Functions Developer Guide, Map state processing modes; quotas of an execution.
"""

from __future__ import annotations

from flowc.compiler.ir.nodes import ForEach
from flowc.compiler.ir.scopes import inner, scopes
from flowc.compiler.report.diagnostics import WARNING, Diagnostic

from .history import HISTORY, INLINE_WORKERS
from .map_modes import crowds, distributed, known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Flow, Scope
    from flowc.targets.target import Options

    from .map_modes import Crowd, Known


def check(flow: Flow, options: Options) -> Iterator[Diagnostic]:
    """Yields a diagnostic for each foreach that is too wide for an inline Map. The options must be valid."""
    if not options.widths:
        return
    foreaches = known(flow, scopes(flow), options)
    apart = distributed(foreaches)
    crowded = _crowded(foreaches, apart)
    for crowd in crowded.values():
        if crowded.keys().isdisjoint(crowd.around[:-1]):
            yield _too_wide(foreaches, crowd)
    for step in _slowed(foreaches, foreaches.scope, apart):
        if step not in crowded:
            yield _slow(foreaches, step)


def needs_containers(flow: Flow, options: Options) -> Iterator[tuple[str, str]]:
    """Yields each step the items of whose foreach must share containers to fit into an inline Map, and the reason."""
    if not options.widths:
        return
    try:
        foreaches = known(flow, scopes(flow), options)
    except ValueError:  # an invalid option, which `refusals` reports
        return
    crowded = _crowded(foreaches, distributed(foreaches)).values()
    outermost = (next(step for step in crowd.around if foreaches.widths.get(step, 1) > 1) for crowd in crowded)
    for step in dict.fromkeys(outermost):
        yield step, f"the history of an execution of Step Functions has at most {HISTORY:,} events"


def _crowded(flow: Known, apart: frozenset[str]) -> dict[str, Crowd]:
    """Returns the inline foreaches that are known to be too wide, by step."""
    return {crowd.around[-1]: crowd for crowd in crowds(flow, apart)}


def _too_wide(flow: Known, crowd: Crowd) -> Diagnostic:
    step, width = crowd.around[-1], flow.widths.get(crowd.around[-1], 1)
    outer = crowd.items // width
    count = f"{crowd.items} items" if outer == 1 else f"{crowd.items} items, {width} for each of {outer} outer items"
    return Diagnostic(
        "FLOW561",
        f"the foreach of step `{step}` has {count}, but the history of its execution has room for {crowd.room}",
        flow.steps[step].transition.span,  # type: ignore[union-attr]
        f"the items of an inline Map are part of the history, which has at most {HISTORY} events: the run would fail "
        "before the first item",
        f"compile with `--map {crowd.around[0]}=distributed`, where each item has a history of its own, or make fewer "
        "and larger items",
    )  # fmt: skip


def _slow(flow: Known, step: str) -> Diagnostic:
    width = flow.widths[step]
    return Diagnostic(
        "FLOW562",
        f"the foreach of step `{step}` runs {INLINE_WORKERS} of its {width} items at a time, not {flow.wanted(step)}",
        flow.steps[step].transition.span,  # type: ignore[union-attr]
        f"Step Functions runs at most {INLINE_WORKERS} items of an inline Map at a time, whatever `--max-workers` says",
        f"compile with `--map {step}=distributed`, or accept the limit with `--max-workers {INLINE_WORKERS}`",
        WARNING,
    )


def _slowed(flow: Known, scope: Scope, apart: frozenset[str]) -> Iterator[str]:
    """Yields the inline foreaches of the outermost execution that would run more items at a time if distributed.

    Those inside a distributed Map are left out: they run beside those of its other items.
    """
    for node in scope.nodes:
        if isinstance(node, ForEach):
            if node.step in apart:
                continue
            if flow.wanted(node.step) > INLINE_WORKERS:
                yield node.step
        for inside in inner(node):
            yield from _slowed(flow, inside, apart)
