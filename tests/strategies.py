"""Random legal flows: a Hypothesis strategy for `Flow`, and the Python source of a `Flow`.

A flow is grown from *blocks*, lists of elements that run one after the other: a plain step, branches, a foreach, a switch (whose cases may
go straight to what follows) or a loop. Every step of the source appends to an artifact `trace`, so that runs can be compared.
"""

from __future__ import annotations

from typing import Any

from flowc.compiler import ir
from hypothesis import strategies as st

SPAN = ir.Span("flow.py", 1, 1, 1, 2)

Block = list[tuple[str, Any]]


def blocks(depth: int = 2) -> st.SearchStrategy[Block]:
    """Blocks nested at most `depth` deep, never empty."""
    step, loop = st.just(("step", None)), st.integers(1, 3).map(lambda visits: ("loop", visits))
    leaf: st.SearchStrategy[tuple[str, Any]] = st.one_of(step, step, loop)
    if depth == 0:
        return st.lists(leaf, min_size=1, max_size=2)
    deeper = blocks(depth - 1)
    element = st.one_of(
        leaf,
        st.lists(deeper, min_size=2, max_size=3).map(lambda several: ("branches", several)),
        st.tuples(deeper, st.integers(1, 3)).map(lambda body: ("foreach", body)),
        st.tuples(st.lists(deeper, min_size=1, max_size=2), st.integers(0, 2)).map(lambda cases: ("switch", cases)),
    )
    return st.lists(element, min_size=1, max_size=3)


def flows(depth: int = 2) -> st.SearchStrategy[ir.Flow]:
    """Legal flows whose start and end are plain steps."""
    return blocks(depth).map(flow_of)


def flow_of(block: Block) -> ir.Flow:
    """The flow `start → block → end`."""
    grower = _Grower()
    entry = grower.grow(block, "end", to_join=False)
    grower.add("start", ir.Linear(entry, SPAN))
    grower.add("end", ir.End())
    return ir.Flow("RandomFlow", "flow.py", "", "start", "end", (), (), (), tuple(grower.steps[name] for name in sorted(grower.steps)), SPAN)


class _Grower:
    def __init__(self) -> None:
        self.steps: dict[str, ir.Step] = {}
        self.count = 0

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{kind}_{self.count}"

    def add(self, name: str, transition: ir.Transition, is_join: bool = False) -> str:
        self.steps[name] = ir.Step(name, "", (), transition, is_join, SPAN)
        return name

    def grow(self, block: Block, after: str, to_join: bool) -> str:
        """Adds the block's steps, the last of them going on to `after`; returns the first one's name."""
        for index in range(len(block) - 1, -1, -1):
            kind, value = block[index]
            to_join_here = to_join and index == len(block) - 1
            after = getattr(self, f"grow_{kind}")(value, after, to_join_here)
        return after

    def grow_step(self, _value: None, after: str, _to_join: bool) -> str:
        return self.add(self.name("step"), ir.Linear(after, SPAN))

    def grow_loop(self, visits: int, after: str, to_join: bool) -> str:
        if to_join:  # a switch must not lead straight to a join
            after = self.grow_step(None, after, to_join)
        name = self.name(f"loop{visits}")
        return self.add(name, ir.Switch("choice", (ir.Case("again", name, SPAN), ir.Case("done", after, SPAN)), SPAN))

    def grow_branches(self, several: list[Block], after: str, _to_join: bool) -> str:
        join = self.add(self.name("join"), ir.Linear(after, SPAN), is_join=True)
        return self.add(self.name("split"), ir.Split(tuple(self.grow(each, join, to_join=True) for each in several), SPAN))

    def grow_foreach(self, body: tuple[Block, int], after: str, _to_join: bool) -> str:
        block, items = body
        join = self.add(self.name("join"), ir.Linear(after, SPAN), is_join=True)
        return self.add(self.name(f"foreach{items}"), ir.Foreach(self.grow(block, join, to_join=True), "items", SPAN))

    def grow_switch(self, cases: tuple[list[Block], int], after: str, to_join: bool) -> str:
        several, chosen = cases
        targets = [self.grow(each, after, to_join) for each in several]
        if len(targets) < 2:
            targets.append(self.grow_step(None, after, to_join) if to_join else after)
        name = self.name(f"switch{chosen % len(targets)}")
        return self.add(name, ir.Switch("choice", tuple(ir.Case(f"case{index}", target, SPAN) for index, target in enumerate(targets)), SPAN))


def source_of(flow: ir.Flow, module: str = "metaflow") -> str:
    """Python source of the flow. `foreachN_…` makes N items, `switchN_…` takes case N, `loopN_…` goes round N more times."""
    lines = [f"from {module} import FlowSpec, step", "", "", f"class {flow.name}(FlowSpec):"]
    for step in flow.steps:
        lines += ["    @step", f"    def {step.name}(self{', inputs' if step.is_join else ''}):"]
        number = int("".join(filter(str.isdigit, step.name.split("_")[0])) or 0)
        if step.name == flow.start:
            lines.append("        self.trace = []")
        if step.is_join:
            lines.append("        self.trace = [each.trace for each in inputs]")
        lines.append(f"        self.trace = self.trace + [({step.name!r}, self.index)]")
        match step.transition:
            case ir.Linear(target=target):
                lines.append(f"        self.next(self.{target})")
            case ir.Split(targets=targets):
                lines.append(f"        self.next({', '.join(f'self.{each}' for each in targets)})")
            case ir.Foreach(target=target):
                lines += [f"        self.items = list(range({number}))", f"        self.next(self.{target}, foreach='items')"]
            case ir.Switch(cases=cases):
                if step.name.startswith("loop"):
                    lines.append(f"        self.{step.name}_visits = getattr(self, '{step.name}_visits', 0) + 1")
                    lines.append(f"        self.choice = 'again' if self.{step.name}_visits <= {number} else 'done'")
                else:
                    lines.append(f"        self.choice = 'case{number}'")
                lines.append(f"        self.next({{{', '.join(f'{each.value!r}: self.{each.target}' for each in cases)}}}, condition='choice')")
            case _:
                lines.append("        pass")
        lines.append("")
    lines += ["", "if __name__ == '__main__':", f"    {flow.name}()", ""]
    return "\n".join(lines)
