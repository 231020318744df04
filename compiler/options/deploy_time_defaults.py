"""Checks for defaults of parameters that only a run on this machine can know. A spec must contain its defaults."""

from __future__ import annotations

from ..report.diagnostics import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..ir.nodes import Flow


def undeployable(flow: Flow) -> Iterator[Diagnostic]:
    """Yields FLOW306 for each default that is a function with an unknown value, FLOW310 for each missing file.

    They are errors only when a spec is made: `flowc run` calls the function, and accepts a different file.
    """
    for parameter in flow.parameters:
        if parameter.computed:
            what = f"the default of parameter `{parameter.name}` is a function whose value is not known when compiling"
            why = (
                "a spec contains the default, but calling the function would run your code in the compiler (`flowc "
                "run` does call it)"
            )
            how = (
                "write the value itself, or let the function return an expression of constants and the context's "
                "`flow_name`"
            )
            yield Diagnostic("FLOW306", what, parameter.span, why, how)
        if parameter.include is not None and parameter.has_default and not parameter.include.digest:
            what = f"the default file `{parameter.default}` of `{parameter.name}` cannot be read"
            why = "it travels with the flow's code; flowc looks in the current folder, then beside the flow"
            how = "create the file, or correct the path; if the flow's own code writes it, run that code first"
            yield Diagnostic("FLOW310", what, parameter.span, why, how)
