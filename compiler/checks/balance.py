"""FLOW209: splits, foreaches and joins that do not match.

Every split must be joined by exactly one step that takes `inputs`. A join closes the innermost open split, and all of
it: if only two of three branches were joined, the artifacts of the third would have no meaning.

Example:

    @step
    def start(self):
        self.next(self.a, self.b)

    @step
    def a(self):
        self.next(self.end)

    @step
    def b(self):
        self.next(self.end)

Use instead:

    @step
    def start(self):
        self.next(self.a, self.b)

    @step
    def a(self):
        self.next(self.join)

    @step
    def b(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.fast_start.record import record
from flowc.compiler.ir import nodes
from flowc.compiler.ir.scopes import targets
from flowc.compiler.report.diagnostics import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# Faults in single transitions come first: fixing them often fixes the balance too.
NEEDS = (
    "start_and_end", "arguments", "transition", "unknown_step", "cycles", "unreachable", "split", "foreach_body",
    "switch",
)  # fmt: skip


@record
class _Open:
    """A split that is still open: the step that split, and the first step of this branch."""

    step: str
    branch: str


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    flow = analysis.flow
    steps = flow.by_name
    if flow.start not in steps or flow.end not in steps:
        return
    if not all(analysis.facts[step.name].next_is_understood for step in flow.steps):
        return
    stacks: dict[str, tuple[_Open, ...]] = {flow.start: ()}
    arrivals: dict[str, dict[str, _Open]] = {}  # join → the branches that have arrived, by branch
    waiting = [flow.start]
    diagnostics: dict[str, Diagnostic] = {}
    while waiting:
        name = waiting.pop()
        step, stack = steps[name], stacks[name]
        for target in targets(step):
            if target == name:
                continue
            after = _after(step, target, stack)
            if steps[target].is_join:
                if not after:
                    what = f"step `{target}` takes inputs, but there is no split before it"
                    why = "a join closes a split or a foreach"
                    diagnostics.setdefault(
                        target, Diagnostic("FLOW209", what, steps[target].span, why, f"write `def {target}(self):`")
                    )
                    continue
                arrivals.setdefault(target, {})[f"{after[-1].step}:{after[-1].branch}"] = after[-1]
                after = after[:-1]
            if target not in stacks:
                stacks[target] = after
                waiting.append(target)
            elif stacks[target] != after:
                diagnostics.setdefault(target, _mixed(steps[target], stacks[target], after, flow.end))
    # An incomplete join explains the other faults, so it comes first; a split open at the end is reported only if
    # nothing else is wrong.
    yield from list(_closed(steps, arrivals, flow.end)) or diagnostics.values() or _ends(analysis, stacks)


def _after(step: nodes.Step, target: str, stack: tuple[_Open, ...]) -> tuple[_Open, ...]:
    if isinstance(step.transition, nodes.Split):
        return (*stack, _Open(step.name, target))
    if isinstance(step.transition, (nodes.Foreach, nodes.Parallel)):
        return (*stack, _Open(step.name, target))
    return stack


def _mixed(step: nodes.Step, one: tuple[_Open, ...], other: tuple[_Open, ...], end: str) -> Diagnostic:
    if step.is_join:
        what = f"the branches that meet in join `{step.name}` do not come from one split"
        return Diagnostic(
            "FLOW209", what, step.span, "a join closes exactly one split", "join each split in a separate step"
        )
    opened = (one or other)[-1].step
    what = f"step `{step.name}` is reached by several branches of `{opened}`, but takes no inputs"
    how = (
        f"write `def {step.name}(self, inputs):`"
        if step.name != end
        else f"join the branches in a step before `{end}`: `def join(self, inputs):`"
    )
    return Diagnostic("FLOW209", what, step.span, "where branches meet, their artifacts must be joined", how)


def _ends(analysis: Analysis, stacks: dict[str, tuple[_Open, ...]]) -> Iterator[Diagnostic]:
    end = analysis.flow.by_name[analysis.flow.end]
    if stacks.get(end.name):
        opened = stacks[end.name][-1].step
        what = f"the split of step `{opened}` is never joined before `{end.name}`"
        place = analysis.flow.by_name[opened].transition
        if not isinstance(place, nodes.End):
            how = "add a step that takes `inputs`: `def join(self, inputs):`"
            yield Diagnostic("FLOW209", what, place.span, "every split and foreach is closed by a join", how)


def _closed(steps: dict[str, nodes.Step], arrivals: dict[str, dict[str, _Open]], end: str) -> Iterator[Diagnostic]:
    """Yields a diagnostic for each split that no join closes completely, at the join that lacks the fewest branches."""
    incomplete: dict[str, tuple[str, list[str]]] = {}  # split → the join that lacks the fewest branches, and these
    for join, branches in arrivals.items():
        opened = {branch.step for branch in branches.values()}
        if len(opened) > 1:
            yield _mixed(steps[join], (), tuple(branches.values()), end)
            continue
        split = steps[opened.pop()]
        if isinstance(split.transition, nodes.Split):
            missing = [
                target
                for target in split.transition.targets
                if not any(branch.branch == target for branch in branches.values())
            ]
            if missing and (split.name not in incomplete or len(missing) < len(incomplete[split.name][1])):
                incomplete[split.name] = (join, missing)
    for name, (join, missing) in incomplete.items():
        named = ", ".join(f"`{branch}`" for branch in missing)
        what = (
            f"join `{join}` does not close the {'branches' if len(missing) > 1 else 'branch'} {named} of step `{name}`"
        )
        how = f"let the steps after {named} go on to `{join}` too"
        yield Diagnostic("FLOW209", what, steps[join].span, "a join closes all branches of its split", how)
