"""FLOW414: the flow itself, or a join's inputs, stored as an artifact.

A flow object cannot be saved, and neither can what holds one, such as one of the inputs of a join: the step fails when it is done. Store what is
needed of it.

Example:

    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.score = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.best = max(inputs, key=lambda each: each.score)
        self.next(self.end)

Use instead:

    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.score = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.best = max(each.score for each in inputs)
        self.next(self.end)
"""

from __future__ import annotations

from collections.abc import Iterator

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.report.diagnostics import ERROR, WARNING, Diagnostic


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    known = analysis.dataflow
    for step in analysis.flow.steps:
        here = known.steps[step.name]
        for write in here.effects.flow_objects:
            held = here.effects.definitions.get(write.name, frozenset())
            if len(held) != 1 or None in held or write.name.startswith("__"):
                continue  # it may be assigned anew, or deleted, before the step is done
            what = f"`self.{write.name}` holds the flow or one of its inputs when step `{step.name}` is done, which cannot be saved"
            how = f"store what is needed of it: `self.{write.name} = ….NAME`"
            fails = write.certain and write.name in here.effects.must and here.in_every_run and not here.catches
            yield Diagnostic(
                "FLOW414", what, write.place.span, "a flow object cannot be pickled", how, ERROR if fails else WARNING
            )
