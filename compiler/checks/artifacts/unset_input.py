"""FLOW403: a join that reads an artifact of a branch that has not set it.

`inputs.NAME.x` is the value of `x` at the end of the branch, and so is `x` of each of the inputs. If nothing in the
branch or before the split assigns it, Python raises AttributeError.

Example:

    @step
    def start(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.score = 1
        self.next(self.join)

    @step
    def right(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(each.score for each in inputs)
        self.next(self.end)

Use instead:

    @step
    def start(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.score = 1
        self.next(self.join)

    @step
    def right(self):
        self.score = 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(each.score for each in inputs)
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.dataflow.assigned import Facts, StepFlow
from flowc.compiler.report.diagnostics import ERROR, WARNING, Diagnostic, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    dataflow = analysis.dataflow
    for step in analysis.flow.steps:
        here = dataflow.steps[step.name]
        if not here.branches or dataflow.unknown or here.foreign:
            continue
        for read in here.effects.inputs:
            if read.guarded or read.name in dataflow.fixed:
                continue
            if read.branch:
                lacking = [
                    branch
                    for branch in (read.branch,)
                    if branch in here.arrivals and _lacks(here.arrivals[branch], read.name)
                ]
            elif read.each:
                lacking = [
                    name
                    for name in here.arrivals
                    if _surely_arrives(here, name) and _lacks(here.arrivals[name], read.name)
                ]
            else:
                lacking = (
                    list(here.arrivals) if all(_lacks(arrival, read.name) for arrival in here.arrivals.values()) else []
                )
            if not lacking:
                continue
            available = here.arrivals[lacking[0]].may
            close = nearest(read.name, [name for name in available if not name.startswith("_")])
            shown = ", ".join(f"`{name}`" for name in lacking[:3])
            what = f"join `{step.name}` reads `{read.name}` of {shown}, where it is not set"
            why = f"no step before the end of {'that branch' if len(lacking) == 1 else 'those branches'} assigns it"
            how = f"did you mean `{close}`?" if close else f"assign it there: `self.{read.name} = …`"
            fails = (
                (read.certain or read.each) and here.in_every_run and not here.catches and _all_arrive(here, lacking)
            )
            yield Diagnostic("FLOW403", what, read.place.span, why, how, ERROR if fails else WARNING)


def _lacks(facts: Facts, name: str) -> bool:
    return not facts.unknown and name not in facts.may


def _surely_arrives(here: StepFlow, name: str) -> bool:
    """Returns True if the step is the only end of its branch."""
    return any(branch is here.arrivals[name] for branch in here.branches)


def _all_arrive(here: StepFlow, names: list[str]) -> bool:
    return len(names) == len(here.arrivals) or all(_surely_arrives(here, name) for name in names)
