"""Random legal flows: a Hypothesis strategy for `Flow`, and the Python source of a `Flow`.

A flow is grown from *blocks*, lists of elements that run one after the other: a plain step, branches, a foreach, a switch (whose cases may
go straight to what follows), a meeting (of ways of two switches, one within the other, past which a way may go) or a loop. Every step of the source appends to an artifact `trace`, so that runs can be compared. A step's name
says what it does: `foreachN_…` makes N items, `switchN_…` takes case N, `loopN_…` goes round N more times, and `…_failsN` fails N times before
it passes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flowc.compiler.ir import nodes
from hypothesis import strategies as st

SPAN = nodes.Span("flow.py", 1, 1, 1, 2)

Block = list[tuple[str, Any]]


@dataclass(frozen=True)
class Faults:
    """The faults of a step, and its decorators against them."""

    times: int  # of `@retry`; 0 for none
    fails: int  # how many attempts fail
    caught: bool  # has `@catch`; where the step is one that may not have it, it does not fail in the end
    of_join: bool = False  # the join of the element, if it has one, instead of its first step


FAULTS = st.builds(Faults, st.integers(0, 2), st.integers(0, 3), st.booleans(), st.booleans())


def blocks(depth: int = 2, faults: bool = False) -> st.SearchStrategy[Block]:
    """Blocks nested at most `depth` deep, never empty. With `faults`, steps may fail, be tried again and caught, and a foreach may have no item."""
    step, loop = st.just(("step", None)), st.integers(1, 3).map(lambda visits: ("loop", visits))
    leaf: st.SearchStrategy[tuple[str, Any]] = st.one_of(step, step, loop)
    if faults:
        leaf = st.one_of(leaf, st.tuples(FAULTS, leaf).map(lambda pair: ("faulty", pair)))
    if depth == 0:
        return st.lists(leaf, min_size=1, max_size=2)
    deeper = blocks(depth - 1, faults)
    items = st.sampled_from((1, 2, 3, 2, 3, 1, 2, 0)) if faults else st.integers(1, 3)
    nested: st.SearchStrategy[tuple[str, Any]] = st.one_of(
        st.lists(deeper, min_size=2, max_size=3).map(lambda several: ("branches", several)),
        st.tuples(deeper, items).map(lambda body: ("foreach", body)),
        st.tuples(st.lists(deeper, min_size=1, max_size=2), st.integers(0, 2)).map(lambda cases: ("switch", cases)),
        st.tuples(st.lists(deeper, min_size=2, max_size=4), st.integers(0, 1), st.integers(0, 1)).map(
            lambda ways: ("meeting", ways)
        ),
    )
    if faults:
        nested = st.one_of(nested, st.tuples(FAULTS, nested).map(lambda pair: ("faulty", pair)))
    return st.lists(st.one_of(leaf, nested), min_size=1, max_size=3)


def flows(depth: int = 2, faults: bool = False) -> st.SearchStrategy[nodes.Flow]:
    """Legal flows whose start and end are plain steps."""
    return blocks(depth, faults).map(flow_of)


def meetings(faults: bool = False) -> st.SearchStrategy[nodes.Flow]:
    """Legal flows of one meeting of small ways, which may stand in a way of a switch."""
    ways = st.tuples(st.lists(blocks(0, faults), min_size=2, max_size=3), st.integers(0, 1), st.integers(0, 1))
    meeting: st.SearchStrategy[Block] = ways.map(lambda several: [("meeting", several)])
    in_a_switch = st.tuples(meeting, st.integers(0, 1)).map(lambda pair: [("switch", ([pair[0]], pair[1]))])
    return st.one_of(meeting, in_a_switch).map(flow_of)


def flow_of(block: Block) -> nodes.Flow:
    """The flow `start → block → end`."""
    grower = _Grower()
    entry = grower.grow(block, "end", to_join=False)
    grower.add("start", nodes.Linear(entry, SPAN))
    grower.add("end", nodes.End())
    return nodes.Flow(
        "RandomFlow",
        "flow.py",
        "",
        "start",
        "end",
        (),
        (),
        (),
        tuple(grower.steps[name] for name in sorted(grower.steps)),
        SPAN,
    )


class _Grower:
    def __init__(self) -> None:
        self.steps: dict[str, nodes.Step] = {}
        self.count = 0
        self.of_join: Faults | None = None  # for the next join

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{kind}_{self.count}"

    def add(self, name: str, transition: nodes.Transition, is_join: bool = False) -> str:
        self.steps[name] = nodes.Step(name, "", (), transition, is_join, SPAN)
        return name

    def grow(self, block: Block, after: str, to_join: bool) -> str:
        """Adds the block's steps, the last of them going on to `after`; returns the first one's name."""
        for index in range(len(block) - 1, -1, -1):
            kind, value = block[index]
            to_join_here = to_join and index == len(block) - 1
            after = getattr(self, f"grow_{kind}")(value, after, to_join_here)
        return after

    def grow_faulty(self, value: tuple[Faults, tuple[str, Any]], after: str, to_join: bool) -> str:
        faults, element = value
        if faults.of_join and element[0] in ("branches", "foreach"):
            self.of_join = faults
            return self.grow([element], after, to_join)
        return self.with_faults(self.grow([element], after, to_join), faults)

    def with_faults(self, name: str, faults: Faults) -> str:
        """Gives the step its decorators and a name that holds the number of its failures. Returns the name."""
        step = self.steps.pop(name)
        caught = faults.caught and not isinstance(step.transition, (nodes.Foreach, nodes.Switch))
        fails = faults.fails if caught else min(faults.fails, faults.times)
        new = f"{name}_fails{fails}"
        decorators = []
        if caught:
            decorators.append(nodes.Decorator("catch", {"var": f"{new}_error", "print_exception": False}, SPAN))
        if faults.times:
            decorators.append(nodes.Decorator("retry", {"times": faults.times, "minutes_between_retries": 0}, SPAN))
        transition = step.transition
        if isinstance(transition, nodes.Switch):  # a loop names itself
            transition = nodes.Switch(
                transition.on,
                tuple(
                    nodes.Case(case.value, new if case.target == name else case.target, SPAN)
                    for case in transition.cases
                ),
                SPAN,
            )
        self.steps[new] = nodes.Step(new, "", tuple(decorators), transition, step.is_join, SPAN)
        return new

    def add_join(self, after: str) -> str:
        faults, self.of_join = self.of_join, None
        name = self.add(self.name("join"), nodes.Linear(after, SPAN), is_join=True)
        return self.with_faults(name, faults) if faults else name

    def grow_step(self, _value: None, after: str, _to_join: bool) -> str:
        return self.add(self.name("step"), nodes.Linear(after, SPAN))

    def grow_loop(self, visits: int, after: str, to_join: bool) -> str:
        if to_join:  # a switch must not lead straight to a join
            after = self.grow_step(None, after, to_join)
        name = self.name(f"loop{visits}")
        return self.add(
            name, nodes.Switch("choice", (nodes.Case("again", name, SPAN), nodes.Case("done", after, SPAN)), SPAN)
        )

    def grow_branches(self, several: list[Block], after: str, _to_join: bool) -> str:
        join = self.add_join(after)
        return self.add(
            self.name("split"), nodes.Split(tuple(self.grow(branch, join, to_join=True) for branch in several), SPAN)
        )

    def grow_foreach(self, body: tuple[Block, int], after: str, _to_join: bool) -> str:
        block, items = body
        join = self.add_join(after)
        return self.add(
            self.name(f"foreach{items}"), nodes.Foreach(self.grow(block, join, to_join=True), "items", SPAN)
        )

    def grow_switch(self, cases: tuple[list[Block], int], after: str, to_join: bool) -> str:
        several, chosen = cases
        targets = [self.grow(way, after, to_join) for way in several]
        if len(targets) < 2:
            targets.append(self.grow_step(None, after, to_join) if to_join else after)
        return self._switch(targets, chosen % len(targets))

    def grow_meeting(self, ways: tuple[list[Block], int, int], after: str, to_join: bool) -> str:
        """A switch in one way of a switch: ways of both meet in a block, past which the inner one's other way goes."""
        (block, past, *before), outer, inner = ways
        meeting, beyond = self.grow(block, after, to_join), self.grow(past, after, to_join)
        first, second = [meeting, meeting, *(self.grow(way, meeting, False) for way in before)][-2:]
        return self._switch([first, self._switch([second, beyond], inner)], outer)

    def _switch(self, several: list[str], chosen: int) -> str:
        cases = tuple(nodes.Case(f"case{index}", target, SPAN) for index, target in enumerate(several))
        return self.add(self.name(f"switch{chosen}"), nodes.Switch("choice", cases, SPAN))


def number(name: str) -> int:
    """The N of a step's name: items, case or visits."""
    return int("".join(filter(str.isdigit, name.split("_")[0])) or 0)


def failures(name: str) -> int:
    """Returns the number of attempts that fail at a step of that name."""
    match = re.search(r"_fails(\d+)$", name)
    return int(match[1]) if match else 0


def attribute(step: nodes.Step, decorator: str, name: str) -> Any:
    """An attribute of a step's decorator, None without the decorator."""
    return next((candidate.attributes[name] for candidate in step.decorators if candidate.name == decorator), None)


def source_of(flow: nodes.Flow, module: str = "metaflow") -> str:
    """Python source of the flow."""
    faulty = any(step.decorators for step in flow.steps)
    lines = [
        f"from {module} import FlowSpec, {'catch, current, retry, ' if faulty else ''}step",
        "",
        "",
        f"class {flow.name}(FlowSpec):",
    ]
    for step in flow.steps:
        for decorator in step.decorators:
            lines.append(
                f"    @{decorator.name}({', '.join(f'{name}={value!r}' for name, value in decorator.attributes.items())})"
            )
        lines += ["    @step", f"    def {step.name}(self{', inputs' if step.is_join else ''}):"]
        if step.name == flow.start:
            lines.append("        self.trace = []")
        if step.is_join:
            lines.append("        self.trace = [each.trace for each in inputs]")
        lines.append(f"        self.trace = self.trace + [({step.name!r}, self.index)]")
        if failures(step.name):
            lines += [
                f"        if current.retry_count < {failures(step.name)}:",
                f"            raise RuntimeError({step.name!r})",
            ]
        match step.transition:
            case nodes.Linear(target=target):
                lines.append(f"        self.next(self.{target})")
            case nodes.Split(targets=targets):
                lines.append(f"        self.next({', '.join(f'self.{target}' for target in targets)})")
            case nodes.Foreach(target=target):
                lines += [
                    f"        self.items = list(range({number(step.name)}))",
                    f"        self.next(self.{target}, foreach='items')",
                ]
            case nodes.Switch(cases=cases):
                if step.name.startswith("loop"):
                    visits = f"{step.name}_visits"
                    lines.append(f"        self.{visits} = getattr(self, '{visits}', 0) + 1")
                    lines.append(f"        self.choice = 'again' if self.{visits} <= {number(step.name)} else 'done'")
                else:
                    lines.append(f"        self.choice = 'case{number(step.name)}'")
                lines.append(
                    f"        self.next({{{', '.join(f'{case.value!r}: self.{case.target}' for case in cases)}}}, condition='choice')"
                )
            case _:
                lines.append("        pass")
        lines.append("")
    lines += ["", "if __name__ == '__main__':", f"    {flow.name}()", ""]
    return "\n".join(lines)
