"""The cost of a run: an estimate of its containers, their requests and its duration.

The model is simple, so that a person can follow it:

- A task takes what its step's attempts took in past runs, and the attempts that failed before. Without a profile, it
  takes ASSUMED_SECONDS. Inside a container, the local scheduler adds some time to each.
- A container takes the engine's start-up, and then its tasks. It holds what it requests for all of that time. A step
  that requests nothing counts as 1 core and 4,096 MiB.
- Of tasks side by side, the slowest counts. If there are more than may run at a time, by the engine's limit of workers
  or by the container's cores and memory, they go in rounds.
- A task needs the memory that it requests, or that it has used in past runs if that is more.
- Of a switch, each case counts as often as it was chosen in past runs.
"""

from __future__ import annotations

from flowc.runtime_shim.contract.semantics import DEFAULT_CPU, DEFAULT_MEMORY, number, pause_seconds

from ..fast_start.record import record
from ..ir.nodes import Branches, ForEach, Parallel, Task
from ..ir.scopes import inner, is_loop, successors, walk
from .containers import Container
from .profile import CAUGHT, FAILED, SUCCEEDED, VISITS, WIDTH, Spread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..ir.nodes import Flow, Node, Scope, Step
    from .profile import Profile

ASSUMED_SECONDS = 10.0  # of a task of a step that no run has measured
ASSUMED_ITEMS = 10  # of a foreach, and visits of a loop, of which nothing is known
INSIDE_SECONDS = 0.05  # from the end of a task to the start of the next in its container, until a run has measured it
_REQUESTS = ("resources", "kubernetes", "batch")


@record
class Need:
    """What a container requests, or a task needs."""

    cores: float
    memory: float  # MiB
    gpus: float = 0


@record
class Facts:
    """What is known of the engine and of past runs."""

    start: float  # seconds from the end of a task to the start of one that follows in a container of its own
    workers: int = 0  # most containers at a time; 0: no limit
    inside: float = INSIDE_SECONDS  # seconds from the end of a task to the start of the next in its container
    profile: Profile | None = None
    widths: Mapping[str, int] = {}  # items of a foreach, or visits of a loop, that are known without a profile
    transitions: Mapping[str, int] = {}  # kind of a step's transition → state transitions that the engine counts
    honoured: frozenset[str] = frozenset(_REQUESTS)  # decorators that the target carries out


@record
class Cost:
    """What a part of a run costs in all. It may be a mean, so that numbers of containers need not be whole."""

    containers: float = 0
    container_seconds: float = 0
    core_seconds: float = 0
    gib_seconds: float = 0
    gpu_seconds: float = 0
    transitions: float = 0
    tasks: float = 0

    def plus(self, other: Cost, times: float = 1) -> Cost:
        """Returns this cost plus `times` times the cost of `other`."""
        return Cost(
            self.containers + times * other.containers,
            self.container_seconds + times * other.container_seconds,
            self.core_seconds + times * other.core_seconds,
            self.gib_seconds + times * other.gib_seconds,
            self.gpu_seconds + times * other.gpu_seconds,
            self.transitions + times * other.transitions,
            self.tasks + times * other.tasks,
        )


@record
class Estimate:
    """What a run costs, and how long it takes."""

    seconds: float
    cost: Cost


@record
class _Time:
    """The time of a part of a flow that runs in sequence, and its cost."""

    seconds: float = 0  # as a mean
    varied: Spread | None = None  # the seconds of that of its steps whose tasks differ most
    cost: Cost = Cost()

    def plus(self, other: _Time, times: float = 1) -> _Time:
        """Returns the duration of this followed by `other`, which runs `times` times on average."""
        mine, theirs = self.varied, other.varied
        is_mine = theirs is None or (mine is not None and mine.p99 - mine.p50 >= theirs.p99 - theirs.p50)
        return _Time(
            self.seconds + times * other.seconds, mine if is_mine else theirs, self.cost.plus(other.cost, times)
        )

    def side_by_side(self, count: float, at_once: float) -> _Time:
        """Returns the time of `count` such parts, `at_once` at a time; the slowest of all ends last."""
        if not count:
            return _Time()
        more = self.varied.largest(count) - self.varied.mean if self.varied is not None else 0
        return _Time(-(-count // at_once) * self.seconds + max(0.0, more), None, Cost().plus(self.cost, count))


def need_of(step: Step, honoured: Iterable[str] = _REQUESTS) -> Need | None:
    """Returns what the step's decorators request; None if they request neither cores nor memory."""
    needs = [decorator.attributes for decorator in step.decorators if decorator.name in honoured]
    needs = [attributes for attributes in needs if {"cpu", "memory"} & set(attributes)]
    if not needs:
        return None
    cores, memory, gpus = (
        max((amount for attributes in needs if (amount := number(attributes.get(name)))), default=default)
        for name, default in (("cpu", DEFAULT_CPU), ("memory", DEFAULT_MEMORY), ("gpu", 0.0))
    )
    return Need(cores, memory, gpus)


class Model:
    """The cost of the parts of one flow, as written."""

    def __init__(self, flow: Flow, scope: Scope, facts: Facts) -> None:
        self.flow, self.facts = flow, facts
        self.steps = flow.by_name
        # the nodes of each scope, in its order, with the scope's number
        self.places: dict[str, tuple[int, int, Node]] = {}
        numbers: dict[int, int] = {}
        for at, (around, node, _) in enumerate(walk(scope)):
            self.places[node.step] = numbers.setdefault(id(around), len(numbers)), at, node
        self._seconds: dict[str, Spread] = {}
        self._assumed: dict[str, dict[str, None]] = {}  # sentence, with %s for steps → steps

    # ── single steps ────────────────────────────────────────────────────────────────────────────────────────────────

    def seconds(self, step: str) -> Spread:
        """Returns the seconds that a successful attempt of the step takes."""
        if step in self._seconds:
            return self._seconds[step]
        profile = self.facts.profile
        measured = [profile.of(step, outcome) for outcome in (SUCCEEDED, CAUGHT)] if profile is not None else []
        known = [spread for spread in measured if spread is not None]
        if not known:
            self._assume(f"a task of %s takes {ASSUMED_SECONDS:g} s", step)
            return Spread(1, ASSUMED_SECONDS, ASSUMED_SECONDS, ASSUMED_SECONDS)
        self._seconds[step] = max(known, key=lambda spread: spread.count)
        return self._seconds[step]

    def width(self, step: str) -> int:
        """Returns the number of items of the step's foreach, or of the tasks of its gang."""
        if step in self.facts.widths:
            return self.facts.widths[step]
        transition = self.steps[step].transition
        if isinstance(transition, Parallel) and transition.num_parallel is not None:
            return transition.num_parallel
        return self._counted(step, WIDTH, f"the foreach of %s has {ASSUMED_ITEMS} items")

    def visits(self, step: str) -> int:
        """Returns how many tasks the step has where it has one or, as a loop, several."""
        if not is_loop(self.steps[step]):
            return 1
        if step in self.facts.widths:
            return self.facts.widths[step]
        return self._counted(step, VISITS, f"the loop %s has {ASSUMED_ITEMS} visits")

    def is_width_known(self, step: str) -> bool:
        profile = self.facts.profile
        return step in self.facts.widths or (profile is not None and profile.of(step, WIDTH) is not None)

    def need(self, step: Step) -> Need:
        """Returns what the container of a step requests."""
        need = need_of(step, self.facts.honoured)
        if need is not None:
            return need
        self._assume(f"a container of %s, which requests nothing, counts as {DEFAULT_CPU} core and 4 GiB", step.name)
        return Need(DEFAULT_CPU, DEFAULT_MEMORY)

    def task(self, step: str, restart: float) -> _Time:
        """Returns the time of one task; `restart` is what an attempt after a failed one waits for, beside its pause."""
        spread = self.seconds(step)
        seconds = spread.mean
        profile = self.facts.profile
        failed = profile.of(step, FAILED) if profile is not None else None
        if failed is not None:
            retry = next((one.attributes for one in self.steps[step].decorators if one.name == "retry"), None)
            again = failed.mean + restart + (pause_seconds(retry) if retry else 0)
            seconds += again * failed.count / spread.count
        return _Time(seconds, spread, Cost(tasks=1))

    # ── inside a container ──────────────────────────────────────────────────────────────────────────────────────────

    def inside(self, entry: str, within: Iterable[str], need: Need, items: float = 1) -> _Time:
        """Returns the time of a container that runs the steps `within`, from `entry` on, side by side for `items`.

        `need` is what the container has.
        """
        slots = self._slots(within, need) if items > 1 else 1
        part = self._inside(entry, frozenset(within), _share(need, min(slots, items)))
        return part.side_by_side(items, slots) if items > 1 else part

    def _inside(self, entry: str, within: frozenset[str], need: Need) -> _Time:
        time = _Time()
        for node, share in self._course(entry, within)[0]:
            time = time.plus(self._node_inside(node, within, need), share)
        return time

    def _node_inside(self, node: Node, within: frozenset[str], need: Need) -> _Time:
        one = self.task(node.step, 0)
        time = _Time().plus(_Time(one.seconds + self.facts.inside, one.varied, one.cost), self.visits(node.step))
        scopes = [scope for scope in inner(node) if scope.entry in within]
        if not scopes:
            return time
        if isinstance(node, ForEach):
            count, slots = self.width(node.step), self._slots(_steps_of(node.body), need)
            body = self._inside(node.body.entry, within, _share(need, min(count, slots)))
            return time.plus(body.side_by_side(count, slots))
        branches = [self._inside(scope.entry, within, need) for scope in scopes]
        cores = [self._largest(_steps_of(scope), need).cores for scope in scopes]
        work = sum(branch.seconds * busy for branch, busy in zip(branches, cores)) / need.cores
        used = [min(need.memory, max(map(self._used, _steps_of(scope)))) for scope in scopes]
        room = sum(branch.seconds * most for branch, most in zip(branches, used)) / need.memory
        return time.plus(_at_once(branches, max(work, room)))

    def _slots(self, steps: Iterable[str], need: Need) -> int:
        """Returns how many tasks of these steps may run at the same time in a container with `need`."""
        largest = self._largest(steps, need)
        return max(1, int(min(need.cores // largest.cores, need.memory // largest.memory)))

    def _largest(self, steps: Iterable[str], need: Need) -> Need:
        """Returns the most that a task of these steps needs of a container. Without a request: 1 core, a fair share."""
        own = [(step, need_of(self.steps[step], self.facts.honoured)) for step in steps]
        share = Need(DEFAULT_CPU, need.memory / max(need.cores, DEFAULT_CPU))
        needs = [
            (asked.cores, max(asked.memory, self._used(step)))
            for step, asked in ((step, one or share) for step, one in own)
        ]
        return Need(max(cores for cores, _ in needs), max(memory for _, memory in needs))

    def _used(self, step: str) -> float:
        """Returns the MiB that tasks of the step have used in past runs; 0 if no run tells."""
        return self.facts.profile.peak(step) if self.facts.profile is not None else 0

    def leaving(self, entry: str, within: Iterable[str]) -> dict[str, float]:
        """Returns the steps outside to which control goes from `entry` through the steps `within`, and how often."""
        return self._course(entry, frozenset(within))[1]

    def _course(self, entry: str, within: frozenset[str]) -> tuple[list[tuple[Node, float]], dict[str, float]]:
        """Returns the nodes to which control comes from `entry`, with the share of times that it does, and the rest.

        The rest are the steps outside `within` to which it goes.
        """
        shares = {entry: 1.0}
        visited = []
        number = self.places[entry][0]
        inside = [self.places[step] for step in within if self.places[step][0] == number]
        for _, _, node in sorted(inside, key=lambda place: place[1]):
            if node.step not in shares:
                continue
            share = shares.pop(node.step)
            visited.append((node, share))
            for target, part in self._shares(node):
                shares[target] = shares.get(target, 0) + share * part
        return visited, shares

    def _shares(self, node: Node) -> list[tuple[str, float]]:
        """Returns the steps after a node, and how often each is chosen: as in past runs, or all equally often."""
        after = [target for target in successors(node, self.steps) if target != node.step]
        if len(after) < 2:
            return [(target, 1.0) for target in after]
        profile = self.facts.profile
        counts = profile.chosen.get(node.step, {}) if profile is not None else {}
        total = sum(counts.get(target, 0) for target in after)
        if not total:
            self._assume("the cases of the switch of %s are equally likely", node.step)
            return [(target, 1 / len(after)) for target in after]
        return [(target, counts.get(target, 0) / total) for target in after]

    # ── what is assumed ─────────────────────────────────────────────────────────────────────────────────────────────

    def _counted(self, step: str, measure: str, sentence: str) -> int:
        profile = self.facts.profile
        spread = profile.of(step, measure) if profile is not None else None
        if spread is None:
            self._assume(sentence, step)
            return ASSUMED_ITEMS
        return round(spread.p50)

    def _assume(self, sentence: str, *steps: str) -> None:
        self._assumed.setdefault(sentence, {}).update(dict.fromkeys(steps))

    def assumed(self) -> tuple[str, ...]:
        """Returns a sentence for each assumption: a value that no run has measured."""
        order = {step.name: at for at, step in enumerate(self.flow.steps)}
        sentences = []
        for sentence, steps in sorted(self._assumed.items()):
            ordered = sorted(steps, key=lambda step: order.get(step, 0))
            names = ", ".join(f"`{step}`" for step in ordered[:4])
            more = f" and {len(ordered) - 4} more" if len(ordered) > 4 else ""
            sentences.append(sentence % (names + more))
        return tuple(sentences)


class _Run:
    """The cost of a flow of containers."""

    def __init__(self, model: Model, flow: Flow, containers: Mapping[str, Container]) -> None:
        self.model, self.facts, self.steps, self.containers = model, model.facts, flow.by_name, containers

    def scope(self, scope: Scope, workers: float, items: float = 1) -> _Time:
        """Returns the duration of a scope when at most `workers` containers run at a time, each for `items` items."""
        time = _Time()
        shares = {scope.entry: 1.0}
        for node in scope.nodes:
            share = shares.get(node.step, 0)
            time = time.plus(self.node(node, workers, items), share)
            for target, part in self.after(node):
                shares[target] = shares.get(target, 0) + share * part
        return time

    def after(self, node: Node) -> Iterable[tuple[str, float]]:
        """Returns the containers after a node, and how often control goes to each."""
        if not isinstance(node, Task):
            return ((node.join, 1.0),)
        own = self.containers.get(node.step)
        return self.model.leaving(node.step, (node.step,) if own is None else own.steps).items()

    def node(self, node: Node, workers: float, items: float) -> _Time:
        time = self.container(node.step, items)
        if isinstance(node, Branches):
            branches = [self.scope(scope, workers, items) for scope in node.scopes]
            return time.plus(_at_once(branches, sum(branch.seconds for branch in branches) / workers))
        return time.plus(self.foreach(node, workers)) if isinstance(node, ForEach) else time

    def foreach(self, node: ForEach, workers: float) -> _Time:
        own = self.containers.get(node.step)
        width = self.model.width(node.step if own is None else own.steps[-1])
        count = -(-width // (1 if own is None else items_of(own, width)))
        at_once = max(1, int(min(count, workers)))
        return self.scope(node.body, workers / at_once, width / max(1, count)).side_by_side(count, at_once)

    def container(self, name: str, items: float) -> _Time:
        """Returns the duration of all visits to the step's container, which runs its part for `items` items."""
        step, start = self.steps[name], self.facts.start
        own = self.containers.get(name)
        need = self.model.need(step)
        if own is not None and (own.steps != (name,) or own.is_chunk or own.is_loop):
            part, visits = self.model.inside(name, own.steps, need, items), 1
        else:
            part, visits = self.model.task(name, start), self.model.visits(name)
        held = start + part.seconds
        cost = Cost(
            1, held, held * need.cores, held * need.memory / 1024, held * need.gpus,
            self.facts.transitions.get(_kind(step), 0), part.cost.tasks,
        )  # fmt: skip
        return _Time().plus(_Time(held, part.varied, cost), visits)


def items_of(head: Container, count: int) -> int:
    """Returns how many of `count` items each container has of the foreach with which the container `head` ends."""
    return max(1, head.items, -(-count // head.containers) if head.containers else 1)


def estimate(model: Model, flow: Flow, scope: Scope, containers: Mapping[str, Container]) -> Estimate:
    """Returns the estimate of a run in which each step of `flow` is a container.

    The model is that of the flow as written.
    """
    time = _Run(model, flow, containers).scope(scope, model.facts.workers or float("inf"))
    return Estimate(time.seconds, time.cost)


def _share(need: Need, parts: float) -> Need:
    return Need(need.cores / max(1, parts), need.memory / max(1, parts), need.gpus)


def _at_once(branches: list[_Time], work: float) -> _Time:
    """Returns the duration of concurrent branches: at least `work`, since not all may fit at once."""
    together = _Time(max(work, *(branch.seconds for branch in branches)))
    for branch in branches:
        together = together.plus(_Time(0, branch.varied, branch.cost))
    return together


def _steps_of(scope: Scope) -> list[str]:
    return [node.step for _, node, _ in walk(scope)]


def _kind(step: Step) -> str:
    return "loop" if is_loop(step) else type(step.transition).__name__.lower()


def duration(seconds: float) -> str:
    """Returns a duration for people: `4.2 s`, `12 s`, `3 min 7 s`, `2 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
