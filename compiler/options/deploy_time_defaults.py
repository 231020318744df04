"""Values of parameters that only a run on this machine can know: what a spec, which must hold them, cannot be made with."""

from __future__ import annotations

from ..report.diagnostics import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..ir.nodes import Flow


def undeployable(flow: Flow) -> Iterator[Diagnostic]:
    """Yields FLOW306 for each default that is a function whose value is not known, and FLOW310 for each default file that is not there.

    Errors for whoever makes a spec of the flow; `flowc run` calls the function, and can be given another file.
    """
    for each in flow.parameters:
        if each.computed:
            what = f"the default of parameter `{each.name}` is a function whose value is not known when compiling"
            why = "a spec holds the default, and calling the function would run your code in the compiler; `flowc run` calls it"
            how = "give the value itself, or let the function return one expression of constants and the context's `flow_name`"
            yield Diagnostic("FLOW306", what, each.span, why, how)
        if each.include is not None and each.has_default and not each.include.digest:
            what = f"the default file `{each.default}` of `{each.name}` cannot be read"
            why = "it travels with the flow's code; it is sought in the current folder, then beside the flow"
            yield Diagnostic("FLOW310", what, each.span, why, "write the file, or correct the path")
