"""FLOW202: a flow without exactly one start and one end.

A run begins at one step and ends at one. The start is the step annotated with `@step(start=True)`, else the step
called `start`, else the flow's only step. The same holds for the end. No step may go back to the start, and the end
has no `self.next` and is not a join.

Example:

    class MyFlow(FlowSpec):
        @step
        def begin(self):
            self.next(self.end)

        @step
        def end(self):
            pass

Use instead:

    class MyFlow(FlowSpec):
        @step(start=True)
        def begin(self):
            self.next(self.end)

        @step
        def end(self):
            pass
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.ir import nodes
from flowc.compiler.ir.scopes import targets
from flowc.compiler.report.diagnostics import Diagnostic, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    flow = analysis.flow
    if not flow.steps:
        yield Diagnostic(
            "FLOW202",
            f"flow `{flow.name}` has no steps",
            flow.span,
            why="a run would have nothing to do",
            how="mark methods with `@step`",
        )
        return
    for role in ("start", "end"):
        annotated = [step for step in flow.steps if getattr(analysis.facts[step.name], f"annotated_{role}")]
        if len(annotated) > 1:
            for step in annotated[1:]:
                yield Diagnostic(
                    "FLOW202",
                    f"there is more than one {role} step: `{annotated[0].name}` and `{step.name}`",
                    step.span,
                    why="a run begins at one step and ends at one",
                    how="keep one",
                )
        elif annotated and annotated[0].name != role and role in analysis.facts:
            what = f"both `{annotated[0].name}`, which is annotated, and `{role}` claim to be the {role} step"
            yield Diagnostic(
                "FLOW202",
                what,
                annotated[0].span,
                why="a run begins at one step and ends at one",
                how=f"rename `{role}`, or remove the annotation",
            )
        elif not getattr(flow, role):
            close = nearest(role, [step.name for step in flow.steps])
            how = (
                f"did you mean `{role}` instead of `{close}`?"
                if close
                else f"add a step called `{role}`, or annotate a step with `@step({role}=True)`"
            )
            yield Diagnostic(
                "FLOW202",
                f"flow `{flow.name}` has no {role} step",
                flow.span,
                f"a flow must have exactly one {role} step",
                how,
            )
    yield from _degrees(analysis)


def _degrees(analysis: Analysis) -> Iterator[Diagnostic]:
    flow = analysis.flow
    for step in flow.steps:
        transition = step.transition
        goes_on_from_the_end = step.name == flow.end and analysis.facts[step.name].has_next
        if flow.start in targets(step) and not isinstance(transition, nodes.End) and not goes_on_from_the_end:
            why, how = (
                "only the beginning of a run can be there",
                "add a separate first step; to loop, use a switch with its own step as one of its cases",
            )
            yield Diagnostic(
                "FLOW202", f"step `{step.name}` leads back to the start step `{flow.start}`", transition.span, why, how
            )
        if step.name == flow.start != flow.end and step.is_join and isinstance(transition, (nodes.Linear, nodes.End)):
            why, how = "there is no split before it", f"write `def {step.name}(self):`"
            yield Diagnostic("FLOW202", f"the start step `{step.name}` takes inputs", step.span, why, how)
        if step.name == flow.end:
            if analysis.facts[step.name].has_next:
                yield Diagnostic(
                    "FLOW202",
                    f"the end step `{step.name}` has a `self.next`",
                    analysis.facts[step.name].last,
                    "a run ends there",
                    "remove it",
                )
            if step.is_join:
                why = "the end step cannot be a join"
                yield Diagnostic(
                    "FLOW202",
                    f"the end step `{step.name}` takes inputs",
                    step.span,
                    why,
                    "join in a separate step, and continue to the end step from there",
                )
