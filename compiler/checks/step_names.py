"""FLOW201: a step whose name the language keeps for itself, or that no step can have.

A step is an attribute of the flow, so a step called `next` would take the place of `self.next`. Names of steps become parts of paths and of every
orchestrator's own names: they are lower-case letters, digits and underscores, and begin with a letter.

Example:

    @step
    def start(self):
        self.next(self.input)

    @step
    def input(self):
        self.next(self.end)

Use instead:

    @step
    def start(self):
        self.next(self.read_input)

    @step
    def read_input(self):
        self.next(self.end)
"""

from __future__ import annotations

from collections.abc import Iterator

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.report.diagnostics import Diagnostic

RESERVED = ("name", "next", "input", "index", "cmd")


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    for step in analysis.flow.steps:
        if step.name in RESERVED:
            yield Diagnostic(
                "FLOW201",
                f"a step cannot be called `{step.name}`",
                step.span,
                "the name has a meaning of its own in every flow",
                "choose another name",
            )
        elif step.name.startswith("_") or not step.name.isascii() or step.name != step.name.lower():
            what = f"`{step.name}` is not a legal name of a step"
            yield Diagnostic(
                "FLOW201",
                what,
                step.span,
                "names are lower-case letters, digits and underscores, and begin with a letter",
                f"write `{_legal(step.name)}`",
            )


def _legal(name: str) -> str:
    kept = "".join(each for each in name.lower().lstrip("_") if each.isascii() and (each.isalnum() or each == "_"))
    return kept if kept and not kept[0].isdigit() else f"step_{kept}".rstrip("_")
