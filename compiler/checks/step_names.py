"""FLOW201: a step with a reserved or invalid name.

A step is an attribute of the flow, so a step called `next` would replace `self.next`. Step names become parts of
paths and of names in every orchestrator. They must begin with a letter, and consist of lower-case letters, digits and
underscores.

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

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.report.diagnostics import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

RESERVED = ("name", "next", "input", "index", "cmd")


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    for step in analysis.flow.steps:
        if step.name in RESERVED:
            yield Diagnostic(
                "FLOW201",
                f"a step cannot be called `{step.name}`",
                step.span,
                "every flow already has an attribute of this name",
                "choose a different name",
            )
        elif step.name.startswith("_") or not step.name.isascii() or step.name != step.name.lower():
            what = f"`{step.name}` is not a valid step name"
            yield Diagnostic(
                "FLOW201",
                what,
                step.span,
                "orchestrators need names of lower-case letters, digits and underscores, beginning with a letter",
                f"write `{_legal(step.name)}`",
            )


def _legal(name: str) -> str:
    kept = "".join(
        character
        for character in name.lower().lstrip("_")
        if character.isascii() and (character.isalnum() or character == "_")
    )
    return kept if kept and not kept[0].isdigit() else f"step_{kept}".rstrip("_")
