"""The checks: one rule a file, found without a list.

A check is a module here with `def check(analysis: Analysis) -> Iterator[Diagnostic]`. Its docstring is the page of its code, in the form that
`flowc/explanations.py` says: what it finds, why, an example, and what to write instead. A check stays quiet about what
another one reports: a target that does not exist is nobody's cycle. Those on artifacts
are in a folder of their own, and imported only where they may have something to say.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from flowc.compiler.dataflow.analysis import Analysis
    from flowc.compiler.report.diagnostics import Diagnostic


def checks(asked_for: Container[str] = ()) -> tuple[Callable[[Analysis], Iterator[Diagnostic]], ...]:
    """Returns every check, in the order of their files' names, then those on artifacts; `asked_for` are codes that have been given a severity."""
    import os
    import sys

    files = sorted(each[:-3] for each in os.listdir(os.path.dirname(__file__)) if each.endswith(".py") and not each.startswith("_"))
    found = []
    for each in ("artifacts", *files):
        __import__(f"{__name__}.{each}")
        found.append(sys.modules[f"{__name__}.{each}"].check)
    of_artifacts, *others = found
    return (*others, lambda analysis: of_artifacts(analysis, asked_for))
