"""The checks: one rule per file, found without a list.

A check is a module here with `def check(analysis: Analysis) -> Iterator[Diagnostic]`. Its docstring is the page of
its code, in the form that `flowc/explanations.py` describes: what it finds, why, an example, and what to write
instead.

Checks run in tiers, each check once. A check never reports what another one reports: a target that does not exist is
not part of a cycle. If fixing what other checks report often fixes this too, a check names their files:
`NEEDS = ("cycles", "unreachable")`. It then runs in the tier after theirs, and only if they found nothing. Checks on
artifacts have a folder of their own, and are imported only when they may find something.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

    from flowc.compiler.dataflow.analysis import Analysis
    from flowc.compiler.report.diagnostics import Diagnostic


def judge(analysis: Analysis, asked_for: Container[str] = ()) -> list[Diagnostic]:
    """Returns the diagnostics of every relevant check; `asked_for` are the codes that the settings give a severity."""
    import os
    import sys

    files = sorted(
        name[:-3] for name in os.listdir(os.path.dirname(__file__)) if name.endswith(".py") and not name.startswith("_")
    )
    waiting = {}
    for file in files:
        __import__(f"{__name__}.{file}")
        waiting[file] = sys.modules[f"{__name__}.{file}"]
    needs = {name: getattr(module, "NEEDS", ()) for name, module in waiting.items()}
    diagnostics: dict[str, list[Diagnostic]] = {}
    while waiting:
        tier = [name for name in waiting if not any(name in waiting for name in needs[name])]
        if not tier:
            raise RuntimeError(f"the checks {', '.join(waiting)} need each other")
        for name in tier:
            module = waiting.pop(name)
            is_worth_making = not any(diagnostics[need] for need in needs[name])
            diagnostics[name] = list(module.check(analysis)) if is_worth_making else []
    from .artifacts import check as check_artifacts

    return [*(one for name in files for one in diagnostics[name]), *check_artifacts(analysis, asked_for)]
