"""FLOW404: a join that reads an input by a name that none of its inputs has.

An input has the name of the step directly before the join, which is the last step of its branch, not the first. Any
other name raises AttributeError.

Example:

    @step
    def start(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.x = 1
        self.next(self.more)

    @step
    def more(self):
        self.next(self.join)

    @step
    def right(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.x = inputs.left.x
        self.next(self.end)

Use instead:

    @step
    def start(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.x = 1
        self.next(self.more)

    @step
    def more(self):
        self.next(self.join)

    @step
    def right(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.x = inputs.more.x
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.ir.scopes import targets
from flowc.compiler.report.diagnostics import ERROR, WARNING, Diagnostic, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    dataflow = analysis.dataflow
    for step in analysis.flow.steps:
        here = dataflow.steps[step.name]
        if not here.branches:
            continue
        for use in here.effects.branches:
            if use.guarded or use.branch in here.arrivals or use.branch.startswith("__") or use.branch == "flows":
                continue
            names = ", ".join(f"`{arrival}`" for arrival in here.arrivals)
            what = f"join `{step.name}` reads the input `{use.branch}`, but its inputs are {names}"
            why = "an input has the name of the step directly before the join"
            end = _end(analysis, use.branch, set(here.arrivals))
            close = end or nearest(use.branch, here.arrivals)
            how = (
                f"write `{close}`, where the branch of `{use.branch}` ends"
                if end
                else f"did you mean `{close}`?"
                if close
                else "use the name of one of its inputs"
            )
            fails = use.certain and here.in_every_run and not here.catches
            yield Diagnostic("FLOW404", what, use.place.span, why, how, ERROR if fails else WARNING)


def _end(analysis: Analysis, branch: str, ends: set[str]) -> str | None:
    """Returns the last step of the step's branch, if there is exactly one."""
    of = analysis.flow.by_name
    if branch not in of:
        return None
    seen: set[str] = set()
    names: set[str] = set()
    waiting = [branch]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        if current in ends:
            names.add(current)
        else:
            waiting += targets(of[current])
    return names.pop() if len(names) == 1 else None
