"""FLOW209: splits, foreaches and joins that do not match.

Whatever is split is joined again, by exactly one step that takes `inputs`. A join closes the innermost split that is open, and all of it: with two
of three branches joined, nobody could say what the third one's artifacts mean.

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

from collections.abc import Iterator

from flowc.compiler import ir
from flowc.compiler.diagnostics import Diagnostic
from flowc.compiler.reading import Reading
from flowc.compiler.record import record
from flowc.compiler.scopes import targets


@record
class _Open:
    """A split that is open: the step that split, and (for branches) the target that this branch began with."""

    step: str
    branch: str


def check(reading: Reading) -> Iterator[Diagnostic]:
    flow = reading.flow
    steps = {step.name: step for step in flow.steps}
    if flow.start not in steps or flow.end not in steps or not _is_sound(reading, steps):
        return
    stacks: dict[str, tuple[_Open, ...]] = {flow.start: ()}
    arrivals: dict[str, dict[str, _Open]] = {}  # join → the branches that have arrived, by branch
    waiting = [flow.start]
    found: dict[str, Diagnostic] = {}
    while waiting:
        name = waiting.pop()
        step, stack = steps[name], stacks[name]
        for target in targets(step):
            if target == name:
                continue
            after = _after(step, target, stack)
            if steps[target].is_join:
                if not after:
                    what = f"step `{target}` takes inputs, but nothing is split before it"
                    why = "a join closes a split or a foreach"
                    found.setdefault(target, Diagnostic("FLOW209", what, steps[target].span, why, f"write `def {target}(self):`"))
                    continue
                arrivals.setdefault(target, {})[f"{after[-1].step}:{after[-1].branch}"] = after[-1]
                after = after[:-1]
            if target not in stacks:
                stacks[target] = after
                waiting.append(target)
            elif stacks[target] != after:
                found.setdefault(target, _mixed(steps[target], stacks[target], after, flow.end))
    # A join that does not close its whole split explains the rest; an open split at the end is what is left when nothing else is wrong.
    yield from list(_closed(steps, arrivals, flow.end)) or found.values() or _ends(reading, stacks)


def _is_sound(reading: Reading, steps: dict[str, ir.Step]) -> bool:
    """True if every transition is understood and leads to a step, and only switches loop: else other checks speak."""
    for step in steps.values():
        facts = reading.facts[step.name]
        if step.name != reading.flow.end and not (facts.has_next and facts.next_is_understood):
            return False
        if any(target not in steps for target in targets(step)):
            return False
        if step.is_join and not isinstance(step.transition, (ir.Linear, ir.End)):
            return False
    from . import cycles

    return next(cycles.check(reading), None) is None


def _after(step: ir.Step, target: str, stack: tuple[_Open, ...]) -> tuple[_Open, ...]:
    if isinstance(step.transition, ir.Split):
        return (*stack, _Open(step.name, target))
    if isinstance(step.transition, (ir.Foreach, ir.Parallel)):
        return (*stack, _Open(step.name, target))
    return stack


def _mixed(step: ir.Step, one: tuple[_Open, ...], other: tuple[_Open, ...], end: str) -> Diagnostic:
    if step.is_join:
        what = f"the branches that meet in join `{step.name}` do not come from one split"
        return Diagnostic("FLOW209", what, step.span, "a join closes exactly one split", "join each split in a step of its own")
    opened = (one or other)[-1].step
    what = f"step `{step.name}` is reached by several branches of `{opened}`, but takes no inputs"
    how = f"write `def {step.name}(self, inputs):`" if step.name != end else f"join the branches in a step before `{end}`: `def join(self, inputs):`"
    return Diagnostic("FLOW209", what, step.span, "where branches meet, their artifacts must be joined", how)


def _ends(reading: Reading, stacks: dict[str, tuple[_Open, ...]]) -> Iterator[Diagnostic]:
    end = next(step for step in reading.flow.steps if step.name == reading.flow.end)
    if stacks.get(end.name):
        opened = stacks[end.name][-1].step
        what = f"the split of step `{opened}` is never joined before `{end.name}`"
        place = next(step for step in reading.flow.steps if step.name == opened).transition
        if not isinstance(place, ir.End):
            how = "add a step that takes `inputs`: `def join(self, inputs):`"
            yield Diagnostic("FLOW209", what, place.span, "every split and foreach is closed by a join", how)


def _closed(steps: dict[str, ir.Step], arrivals: dict[str, dict[str, _Open]], end: str) -> Iterator[Diagnostic]:
    for join, branches in arrivals.items():
        opened = {each.step for each in branches.values()}
        if len(opened) > 1:
            yield _mixed(steps[join], (), tuple(branches.values()), end)
            continue
        split = steps[opened.pop()]
        if isinstance(split.transition, ir.Split):
            missing = [target for target in split.transition.targets if not any(each.branch == target for each in branches.values())]
            for branch in missing:
                what = f"join `{join}` does not close the branch `{branch}` of step `{split.name}`"
                how = f"lead the branch that begins with `{branch}` to `{join}` too"
                yield Diagnostic("FLOW209", what, steps[join].span, "a join closes all branches of its split", how)
