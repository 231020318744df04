"""Random graphs, most of them wrong: a legal one is grown, and then a few of its edges, arguments or transitions are changed."""

from __future__ import annotations

from random import Random


class Graph:
    """Steps in order: name → (whether it joins, what stands in `self.next(…)`, "" for nothing)."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.steps: dict[str, tuple[bool, str]] = {}
        self.count = 0

    def name(self) -> str:
        self.count += 1
        return f"s{self.count}"

    def add(self, name: str, follows: str, joins: bool = False) -> None:
        self.steps[name] = (joins, follows)

    def grow(self, name: str, goal: str, depth: int) -> None:
        """Adds the step `name` and what lies between it and the step `goal`."""
        kind = (
            self.random.choice(["linear", "linear", "split", "foreach", "switch", "loop", "goal"]) if depth else "goal"
        )
        if kind == "goal":
            self.add(name, f"self.{goal}")
        elif kind == "linear":
            after = self.name()
            self.add(name, f"self.{after}")
            self.grow(after, goal, depth - 1)
        elif kind in ("split", "foreach"):
            join, branches = self.name(), [self.name() for _ in range(2 if kind == "split" else 1)]
            self.add(
                name,
                ", ".join(f"self.{branch}" for branch in branches) + (', foreach="xs"' if kind == "foreach" else ""),
            )
            for branch in branches:
                self.grow(branch, join, depth - 1)
            self.add(join, f"self.{goal}", joins=True)
        elif kind == "switch":
            after, ways = self.name(), [self.name(), self.name()]
            self.add(name, f"{{1: self.{ways[0]}, 2: self.{ways[1]}}}, condition='x'")
            for way in ways:
                self.grow(way, after, depth - 1)
            self.add(after, f"self.{goal}")
        else:
            loop, after = self.name(), self.name()
            self.add(name, f"self.{loop}")
            self.add(loop, f"{{1: self.{loop}, 2: self.{after}}}, condition='x'")
            self.add(after, f"self.{goal}")

    def spoil(self) -> None:
        """Makes one change."""
        random, names = self.random, list(self.steps)
        name, other = random.choice(names), random.choice(names)
        joins, follows = self.steps[name]
        what = random.randrange(7)
        if what == 0:
            self.steps[name] = (not joins, follows)
        elif what == 1:
            self.steps[name] = (joins, f"self.{other}")
        elif what == 2:
            self.steps[name] = (joins, "")
        elif what == 3:
            self.steps[name] = (joins, f"self.{other}, self.{random.choice(names)}")
        elif what == 4 and len(names) > 2:
            del self.steps[name]
        elif what == 5:
            self.steps[name] = (joins, f"{{1: self.{other}, 2: self.{random.choice(names)}}}, condition='x'")
        else:
            self.steps[name] = (joins, f"self.{other}, foreach='xs'")

    def source(self) -> str:
        lines = ["class F(FlowSpec):", "    xs = [1]", "    x = 1"]
        for name, (joins, follows) in self.steps.items():
            lines += [
                "    @step",
                f"    def {name}(self{', inputs' if joins else ''}):",
                f"        self.next({follows})" if follows else "        pass",
            ]
        return "\n".join(lines) + "\n"


def random_flow(seed: int) -> str:
    """Returns the class of one flow; the same for the same seed."""
    random = Random(seed)
    graph = Graph(random)
    graph.grow("start", "end", 3)
    graph.add("end", "")
    for _ in range(random.choice([0, 1, 1, 1, 2, 3])):
        graph.spoil()
    return graph.source()
