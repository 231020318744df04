"""What several targets say of a flow for the same reason, as one diagnostic that names them all."""

from __future__ import annotations

from flowc.compiler.fast_start.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowc.compiler.report.diagnostics import Diagnostic

_HERE = "\0"  # stands for the target's name in a message


def merged_diagnostics(found: Iterable[tuple[str, Diagnostic]]) -> list[Diagnostic]:
    """Returns one diagnostic for those that differ only in the words "target `NAME`". `found` has each with its target's name."""
    targets: dict[Diagnostic, list[str]] = {}
    for name, diagnostic in found:
        same = replace(diagnostic, what=diagnostic.what.replace(f"target `{name}`", _HERE, 1))
        targets.setdefault(same, []).append(name)
    return [replace(each, what=each.what.replace(_HERE, _listed(names), 1)) for each, names in targets.items()]


def _listed(names: list[str]) -> str:
    """
    >>> _listed(["argo"]), _listed(["argo", "airflow", "step-functions"])
    ('target `argo`', 'targets `argo`, `airflow` and `step-functions`')
    """
    *first, last = (f"`{each}`" for each in dict.fromkeys(names))
    return f"targets {', '.join(first)} and {last}" if first else f"target {last}"
