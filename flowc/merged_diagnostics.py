"""Merging of diagnostics that several targets report for the same reason into one that names all targets."""

from __future__ import annotations

from flowc.compiler.fast_start.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowc.compiler.report.diagnostics import Diagnostic

_HERE = "\0"  # stands for the target's name in a message


def merged_diagnostics(reported: Iterable[tuple[str, Diagnostic]]) -> list[Diagnostic]:
    """Merges diagnostics that differ only in the words "target `NAME`". `reported` holds pairs of a target and one."""
    targets: dict[Diagnostic, list[str]] = {}
    for name, diagnostic in reported:
        same = replace(diagnostic, what=diagnostic.what.replace(f"target `{name}`", _HERE, 1))
        targets.setdefault(same, []).append(name)
    return [
        replace(diagnostic, what=diagnostic.what.replace(_HERE, _listed(names), 1))
        for diagnostic, names in targets.items()
    ]


def _listed(names: list[str]) -> str:
    """Returns the targets as words of a sentence.

    >>> _listed(["argo"]), _listed(["argo", "airflow", "step-functions"])
    ('target `argo`', 'targets `argo`, `airflow` and `step-functions`')
    """
    *first, last = (f"`{name}`" for name in dict.fromkeys(names))
    return f"targets {', '.join(first)} and {last}" if first else f"target {last}"
