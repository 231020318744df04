"""Sources of flows of any size, with branches and foreaches among their steps."""

from __future__ import annotations


def chain(steps: int) -> str:
    """Returns a flow of about `steps` steps.

    It repeats a plain step, a foreach with its body and join, and a split in two with its join.
    """
    lines = [
        "from metaflow import FlowSpec, Parameter, resources, retry, step",
        "",
        "",
        "class Benchmark(FlowSpec):",
        "    rate = Parameter('rate', default=0.5)",
        "",
    ]
    groups = max(1, (steps - 2) // 8)

    def add(name: str, body: str, join: bool = False, decorators: str = "") -> None:
        lines.extend(
            [
                *(f"    {decorator}" for decorator in decorators.split("\n") if decorator),
                "    @step",
                f"    def {name}(self{', inputs' if join else ''}):",
                f"        {body}",
                "",
            ]
        )

    add("start", "self.next(self.a0)")
    for group in range(groups):
        after = f"a{group + 1}" if group + 1 < groups else "end"
        add(
            f"a{group}",
            f"self.items = [1, 2]\n        self.next(self.b{group}, foreach='items')",
            decorators="@retry(times=2)\n@resources(cpu=2, memory=2000)",
        )
        add(f"b{group}", f"self.value = self.input * self.rate\n        self.next(self.c{group})")
        add(f"c{group}", f"self.total = sum(each.value for each in inputs)\n        self.next(self.d{group})", True)
        add(f"d{group}", f"self.next(self.e{group}, self.f{group})")
        add(f"e{group}", f"self.e = 1\n        self.next(self.g{group})")
        add(f"f{group}", f"self.f = 2\n        self.next(self.g{group})")
        add(f"g{group}", f"self.merge_artifacts(inputs)\n        self.next(self.h{group})", True)
        add(f"h{group}", f"self.next(self.{after})")
    add("end", "pass")
    return "\n".join(lines)


def decorated(steps: int, artifacts: int = 1) -> str:
    """Returns a flow of `steps` steps in a line, with two decorators each, that assign this many artifacts."""
    decorators = "@retry(times=2)\n    @resources(cpu=2, memory=2000)\n    "
    return _line(steps, decorators, "self.value{1} = {0}\n        ", artifacts)


def plain(steps: int) -> str:
    """Returns a flow of `steps` steps in a line, which do nothing but go on."""
    return _line(steps)


def _line(steps: int, decorators: str = "", body: str = "", artifacts: int = 1) -> str:
    names = ["start", *(f"step{number}" for number in range(steps - 2)), "end"]
    lines = ["from metaflow import FlowSpec, resources, retry, step", "", "", "class Line(FlowSpec):"]
    for number, name in enumerate(names):
        after = f"self.next(self.{names[number + 1]})" if name != "end" else "pass"
        lines.append(
            f"    {decorators}@step\n    def {name}(self):\n        {body.format(number, number % artifacts)}{after}\n"
        )
    return "\n".join(lines)


def splits(steps: int) -> str:
    """Returns a flow of about `steps` steps: a chain of splits into two branches, whose joins merge all artifacts."""
    lines = ["from metaflow import FlowSpec, step", "", "", "class Splits(FlowSpec):"]

    def add(name: str, *body: str, join: bool = False) -> None:
        lines.extend(["    @step", f"    def {name}(self{', inputs' if join else ''}):"])
        lines.extend(f"        {line}" for line in body)
        lines.append("")

    count = steps // 4
    add("start", "self.next(self.split0)")
    for number in range(count):
        after = f"split{number + 1}" if number + 1 < count else "end"
        add(f"split{number}", f"self.next(self.left{number}, self.right{number})")
        add(f"left{number}", f"self.l{number} = 1", f"self.next(self.join{number})")
        add(f"right{number}", f"self.r{number} = 2", f"self.next(self.join{number})")
        add(f"join{number}", "self.merge_artifacts(inputs)", f"self.next(self.{after})", join=True)
    add("end", "pass")
    return "\n".join(lines)


def wide(tasks: int) -> str:
    """Returns a flow with one foreach of `tasks` trivial tasks."""
    return f"""from metaflow import FlowSpec, step


class Wide(FlowSpec):
    @step
    def start(self):
        self.items = list(range({tasks}))
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
