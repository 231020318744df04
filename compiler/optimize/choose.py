"""Choose: with a profile, decides what shares a container, and how wide each foreach is divided.

Each decision compares a few rewrites of the whole flow by their estimates (cost.py), and keeps the one with which the
run takes the least time; of those that take about as long, the one with the fewest containers. Decisions are made one
by one, inner ones first, and none is taken back. A decision that the user has made stays as it is. In a large flow,
only the first ones are made (MOST_WORK): a compile must stay quick.

- A foreach: it shares one container with its join, or is divided into 1, 2, 4, … containers up to the bound.
- A split: its branches share a container, or keep containers of their own.
- Two steps in a row that request different amounts: they share a container, which requests the larger, if that saves
  time, and all such containers request at most 5 % more than without.
"""

from __future__ import annotations

from ..fast_start.record import record
from ..ir.nodes import Branches, ForEach, Foreach, Linear
from ..ir.scopes import walk
from .cost import Estimate, Model, duration, estimate, need_of
from .settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..ir.nodes import Scope
    from .optimize import Optimized

    Rewrite = Callable[[Settings], Optimized]

MOST_WORK = 6_000  # steps that a choice may rewrite, each as often as it is compared; the rules decide on the rest
_AS_LONG = 1.02  # durations whose ratio is below this are taken for equal
_MORE = 1.05  # what steps of different sizes in one container may request, relative to what they do in two


@record
class Decision:
    """The choice for one step, and its reason."""

    step: str
    sentence: str


@record
class Choice:
    """The settings with what was chosen, and the estimates of a run with them and without the optimizer."""

    settings: Settings
    decisions: tuple[Decision, ...]
    estimate: Estimate
    written: Estimate  # of a run in which each task has a container of its own


def choose(rewrite: Rewrite, model: Model, scope: Scope, settings: Settings) -> Choice:
    """Returns the settings with a choice for each step for which they leave one.

    `rewrite` returns the flow of containers for some settings, and `scope` is that of the flow as written, as in the
    model.
    """
    chooser = _Chooser(rewrite, model, settings)
    decisions: list[Decision] = []
    for _, node, _ in reversed(list(walk(scope))):
        if isinstance(node, ForEach):
            decisions += chooser.foreach(node)
        elif isinstance(node, Branches):
            decisions += chooser.branches(node)
    apart = chooser.now
    for step in model.flow.steps:
        if isinstance(step.transition, Linear):
            decisions += chooser.sizes(step.name, step.transition.target, apart)
    if chooser.left:
        rest = f"the rules without a profile decide on {_plural(chooser.left, 'more part')}, since the flow is large"
        decisions.append(Decision(model.flow.start, rest))
    written = estimate(model, model.flow, scope, {})
    return Choice(chooser.settings, tuple(decisions), chooser.now, written)


class _Chooser:
    def __init__(self, rewrite: Rewrite, model: Model, settings: Settings) -> None:
        self.rewrite, self.model, self.settings = rewrite, model, settings
        self.work = 0
        self.left = 0  # decisions for which there was no time
        self.now = self.tried(settings)

    def tried(self, settings: Settings) -> Estimate:
        """Returns the estimate of a run with these settings."""
        self.work += len(self.model.steps)
        result = self.rewrite(settings)
        return estimate(self.model, result.flow, result.scope, result.containers_by_step)

    def is_late(self) -> bool:
        """Returns True if nothing more may be compared, and counts the decision that is left to the rules."""
        late = self.work > MOST_WORK
        self.left += late
        return late

    def best(self, candidates: dict[str, Settings]) -> tuple[str, dict[str, Estimate]]:
        """Returns the name of the candidate with which the run takes the least time, and the estimates of all."""
        estimates = {name: self.tried(settings) for name, settings in candidates.items()}
        least = min(one.seconds for one in estimates.values())
        quick = [name for name, one in estimates.items() if one.seconds <= least * _AS_LONG]
        return min(quick, key=lambda name: _size(estimates[name])), estimates

    def keep(self, settings: Settings, estimate: Estimate) -> None:
        self.settings, self.now = settings, estimate

    def foreach(self, node: ForEach) -> Iterator[Decision]:
        head = self.model.steps[node.step]
        if not isinstance(head.transition, Foreach) or not self.model.is_width_known(node.step):
            return
        first = head.transition.target
        own = self.settings.of(first)
        if (own.together, own.items, own.containers) != (None, None, None) or self.is_late():
            return
        count = self.model.width(node.step)
        bound, least = self.settings.containers, self.settings.items
        candidates: dict[str, Settings] = {}
        for items in dict.fromkeys(max(least, -(-count // most)) for most in _numbers(min(bound or count, count))):
            containers = -(-count // items)
            divided = self.settings.with_step(first, together=False, items=items, containers=bound)
            candidates[_plural(containers, "container")] = divided
        if least <= 1 and (not bound or count <= bound):
            apart = self.settings.with_step(first, together=False, items=0, containers=0)
            candidates["a container for each item"] = apart
        if self.settings.fuse and own.fuse is not False:
            whole = self.settings.with_step(first, together=True)
            candidates[f"one container with `{node.step}` and `{node.join}`"] = whole
        if not candidates:
            return
        name, estimates = self.best(candidates)
        self.keep(candidates[name], estimates[name])
        others = {other: one for other, one in estimates.items() if _differs(one, estimates[name])}
        yield Decision(
            node.step,
            f"the {_plural(count, 'item')} of `{node.step}` run in {name}: the run then takes about "
            f"{duration(estimates[name].seconds)}{_compared(others)}",
        )

    def branches(self, node: Branches) -> Iterator[Decision]:
        own = self.settings.of(node.step)
        if own.branches is not None or not self.settings.fuse or self.is_late():
            return
        candidates = {
            "share a container": self.settings.with_step(node.step, branches=True),
            "keep containers of their own": self.settings.with_step(node.step, branches=False),
        }
        name, estimates = self.best(candidates)
        other = next(one for candidate, one in estimates.items() if candidate != name)
        if not _differs(estimates[name], other):
            return  # they cannot share one
        self.keep(candidates[name], estimates[name])
        yield Decision(
            node.step,
            f"the branches of `{node.step}` {name}: the run then takes about "
            f"{duration(estimates[name].seconds)}, otherwise {duration(other.seconds)}",
        )

    def sizes(self, first: str, second: str, apart: Estimate) -> Iterator[Decision]:
        settings = self.settings
        needs = [need_of(self.model.steps[name], self.model.facts.honoured) for name in (first, second)]
        may = settings.may_fuse(first) and settings.may_fuse(second) and settings.sizes == "equal"
        if needs[0] == needs[1] or not may or self.is_late():
            return
        group = settings.of(first).sizes_of or first
        candidate = settings.with_step(first, sizes_of=group).with_step(second, sizes_of=group)
        after, before = self.tried(candidate), self.now
        if not _differs(after, before):
            return  # something else keeps them apart
        is_small = all(
            getattr(after.cost, part) <= _MORE * getattr(apart.cost, part)
            for part in ("core_seconds", "gib_seconds", "gpu_seconds")
        )
        both = f"`{first}` and `{second}`, which request different amounts,"
        if is_small and after.seconds <= before.seconds:
            self.keep(candidate, after)
            saved = duration(before.seconds - after.seconds)
            yield Decision(first, f"{both} share a container: that saves {saved}, and little stands idle")
        else:
            why = "much would stand idle" if after.seconds <= before.seconds else "that saves no time"
            yield Decision(first, f"{both} keep containers of their own: in one, {why}")


def _numbers(most: int) -> Iterator[int]:
    """Yields the numbers of containers to try: 1, 2, 4, … and `most`."""
    number = 1
    while number < most:
        yield number
        number *= 2
    if most:
        yield most


def _size(one: Estimate) -> tuple[float, float]:
    return one.cost.containers, one.cost.core_seconds


def _differs(one: Estimate, other: Estimate) -> bool:
    return (one.seconds, one.cost) != (other.seconds, other.cost)


def _compared(others: dict[str, Estimate]) -> str:
    """Returns the best of the other candidates as the rest of a sentence."""
    if not others:
        return ""
    name = min(others, key=lambda name: others[name].seconds)
    return f", and {duration(others[name].seconds)} in {name}"


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
