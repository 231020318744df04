"""Variables of the environment that the flow reads for a value, and that the compile was not given.

Where the flow names a default, the default counts, and FLOW147 says so once. Otherwise the value belongs to the
deployment: one FLOW120 names all such variables.
"""

from __future__ import annotations

from ..fast_start.record import replace
from ..fold.evaluator import Evaluator, Values
from ..fold.values import Environment
from ..read.flow import read_flow
from ..report.diagnostics import WARNING, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ..ir.nodes import Span
    from ..source.modules import Class
    from .compile_inputs import CompileOptions

_ROUNDS = 10
_STAND_IN = "1"  # text and number alike, to find what else is read


def of_defaults(assumed: Mapping[str, Any], place: Span) -> Diagnostic:
    """Returns FLOW147 for the defaults that count."""
    listed = ", ".join(
        f"`{name}` ({'not set' if value is None else f'{value!r:.40}'})" for name, value in sorted(assumed.items())
    )
    why = "the environment is not read when compiling, so the same source gives the same spec on every machine"
    how = f"give other values with `{_options(assumed)}`, or leave it so"
    return Diagnostic(
        "FLOW147", f"the defaults of variables that are not given count: {listed}", place, why, how, WARNING
    )


def merged(
    diagnostics: Sequence[Diagnostic], evaluator: Evaluator, flow_class: Class, options: CompileOptions
) -> list[Diagnostic]:
    """Returns the diagnostics, with one for all variables without a value in place of one for each."""
    about = [diagnostic for diagnostic in diagnostics if diagnostic.why in evaluator.environment.missing]
    names = dict.fromkeys(evaluator.environment.missing[diagnostic.why] for diagnostic in about)
    for _ in range(_ROUNDS):
        variables = {**options.environment, **dict.fromkeys(names, _STAND_IN)}
        environment = Environment(variables, False, set())
        environment.assumes = True
        values = Values(dict(options.values))
        _, problems = read_flow(
            Evaluator(evaluator.resolver, values, environment, evaluator.natives), flow_class, options
        )
        more = [environment.missing[diagnostic.why] for diagnostic in problems if diagnostic.why in environment.missing]
        if not more:
            break
        names.update(dict.fromkeys(more))
    for name in names:  # it cannot be left as it is
        evaluator.environment.assumed.pop(name, None)
    if len(about) == 1 and len(names) == 1:
        return list(diagnostics)
    listed = ", ".join(f"`{name}`" for name in names)
    what = f"values of the flow are not known when compiling: they need {listed} of the environment"
    why = "the environment is not read when compiling, and these have no default in the source"
    how = f"add `{_options(names)}` to the command line; `NAME=@runtime` lets the task's container give a value"
    one = replace(about[0], code="FLOW120", what=what, why=why, how=how)
    return [*(diagnostic for diagnostic in diagnostics if diagnostic not in about), one]


def _options(names: Mapping[str, Any]) -> str:
    return " ".join(f"--env {name}=VALUE" for name in sorted(names))
