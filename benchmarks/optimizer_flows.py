"""The flows with which benchmarks compare runs with and without `--optimize`."""

from __future__ import annotations

HEAD = "from metaflow import FlowSpec, step\n\n\n"
_LOOP = """class Loop(FlowSpec):
    @step
    def start(self):
        self.n = 0
        self.next(self.turns)

    @step
    def turns(self):
        self.n += 1
        self.more = "yes" if self.n < {visits} else "no"
        self.next({{"yes": self.turns, "no": self.end}}, condition="more")

    @step
    def end(self):
        assert self.n == {visits}
"""


def line(steps: int) -> str:
    """Returns a flow of that many steps, one after the other."""
    names = ["start", *(f"step_{number}" for number in range(2, steps)), "end"]
    return f"{HEAD}class Line(FlowSpec):\n" + "\n".join(
        f"    @step\n    def {name}(self):\n        self.x = {number}\n"
        + (f"        self.next(self.{names[number + 1]})\n" if number + 1 < steps else "")
        for number, name in enumerate(names)
    )


def fold(items: int) -> str:
    """Returns a flow of ten steps with a foreach of that many items."""
    return f"{HEAD}class Fold(FlowSpec):\n" + "\n".join(
        f"    @step\n    def {name}(self{', inputs' if name == 'join' else ''}):\n        {code}\n"
        + (f"        self.next(self.{after})\n" if after else "")
        for name, code, after in (
            ("start", "self.x = 0", "load"),
            ("load", "self.x = 1", "clean"),
            ("clean", "self.x = 2", "split"),
            ("split", f"self.items = list(range({items}))", 'train, foreach="items"'),
            ("train", "self.y = self.input * 2", "join"),
            ("join", "self.total = sum(each.y for each in inputs)", "score"),
            ("score", "self.x = 3", "compare"),
            ("compare", "self.x = 4", "publish"),
            ("publish", "self.x = 5", "end"),
            ("end", f"assert self.total == {items * (items - 1)}", ""),
        )
    )


def loop(visits: int) -> str:
    """Returns a flow with a loop of that many visits."""
    return HEAD + _LOOP.format(visits=visits)


def nested(rows: int) -> str:
    """Returns a flow with a foreach of that many items in each item of a foreach of as many."""
    return f"{HEAD}class Nested(FlowSpec):\n" + "\n".join(
        f"    @step\n    def {name}(self{', inputs' if name.startswith('join') else ''}):\n        {code}\n"
        + (f"        self.next(self.{after})\n" if after else "")
        for name, code, after in (
            ("start", f"self.rows = list(range({rows}))", 'row, foreach="rows"'),
            ("row", f"self.row_number, self.cells = self.input, list(range({rows}))", 'cell, foreach="cells"'),
            ("cell", "self.y = self.row_number * self.input", "join_cells"),
            ("join_cells", "self.total = sum(each.y for each in inputs)", "join_rows"),
            ("join_rows", "self.total = sum(each.total for each in inputs)", "end"),
            ("end", f"assert self.total == sum(range({rows})) ** 2", ""),
        )
    )
