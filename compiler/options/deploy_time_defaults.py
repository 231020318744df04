"""Checks for defaults of parameters that only a run on this machine can know. A spec must contain its defaults."""

from __future__ import annotations

from ..report.diagnostics import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..ir.nodes import Flow


def undeployable(flow: Flow) -> Iterator[Diagnostic]:
    """Yields FLOW306 for each default that is a function with an unknown value, and FLOW310 for each missing default
    file. They are errors only when a spec is made: `flowc run` calls the function, and accepts a different file.
    """
    for each in flow.parameters:
        if each.computed:
            what = f"the default of parameter `{each.name}` is a function whose value is not known when compiling"
            why = (
                "a spec contains the default, but calling the function would run your code in the compiler (`flowc "
                "run` does call it)"
            )
            how = (
                "write the value itself, or let the function return an expression of constants and the context's "
                "`flow_name`"
            )
            yield Diagnostic("FLOW306", what, each.span, why, how)
        if each.include is not None and each.has_default and not each.include.digest:
            what = f"the default file `{each.default}` of `{each.name}` cannot be read"
            why = "it travels with the flow's code; flowc looks in the current folder, then beside the flow"
            yield Diagnostic("FLOW310", what, each.span, why, "create the file, or correct the path")
