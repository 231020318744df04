"""Checks for defaults of parameters that only a run on this machine can know. A spec must contain its defaults."""

from __future__ import annotations

from ..report.diagnostics import HINT, WARNING, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..ir.nodes import Flow, Form, Parameter


def undeployable(flow: Flow) -> Iterator[Diagnostic]:
    """Yields FLOW306 for each default that is a function with an unknown value, FLOW310 for each missing file.

    They are errors only when a spec is made: `flowc run` calls the function, and accepts a different file. Also yields
    the hint FLOW316 for what only `flowc run` does, and the warning FLOW317 for paths that tasks have for themselves.
    """
    yield from _of_places(flow)
    for parameter in flow.parameters:
        if parameter.form is not None and (parameter.form.variables or parameter.form.prompt):
            yield _of_runs_here(parameter, parameter.form)
        if parameter.computed:
            what = f"the default of parameter `{parameter.name}` is a function whose value is not known when compiling"
            why = (
                "a spec contains the default, but calling the function would run your code in the compiler (`flowc "
                "run` does call it)"
            )
            how = (
                "write the value itself, or let the function return an expression of constants, the context's "
                "`flow_name` and `current.is_production`; or give it when compiling: "
                f"`--set {flow.name}.{parameter.attribute}=VALUE`"
            )
            yield Diagnostic("FLOW306", what, parameter.span, why, how)
        if parameter.include is not None and parameter.has_default and not parameter.include.digest:
            what = f"the default file `{parameter.default}` of `{parameter.name}` cannot be read"
            why = "it travels with the flow's code; flowc looks in the current folder, then beside the flow"
            how = "create the file, or correct the path; if the flow's own code writes it, run that code first"
            yield Diagnostic("FLOW310", what, parameter.span, why, how)


def _of_places(flow: Flow) -> Iterator[Diagnostic]:
    """Yields FLOW317 for all defaults that are paths in folders of the task."""
    found = [
        parameter
        for parameter in flow.parameters
        if parameter.form is not None and parameter.form.made in ("place", "place_path") and parameter.has_default
    ]
    if not found:
        return
    first, several = found[0], len(found) > 1
    what = f"the default of parameter `{first.name}` is `{first.default}`, which each task has for itself"
    if several:
        what = (
            f"the defaults of {len(found)} parameters, such as `{first.default}` of `{first.name}`, are paths that "
            "each task has for itself"
        )
    why = "`{flow}` is the folder of the flow's code where the task runs; it holds the flow's modules and no other file"
    if not any("{flow}" in str(parameter.default) for parameter in found):
        why = "`{current}` and `~` are the current folder and the home of the process that runs the task"
    how = (
        "if steps read a file there, include it with `IncludeFile` or `@package_sources`; if several tasks share it, "
        "give a path that all of them reach"
    )
    yield Diagnostic("FLOW317", what, first.span, why, how, WARNING)


def _of_runs_here(parameter: Parameter, form: Form) -> Diagnostic:
    """Returns FLOW316: the engine gives a run its parameters, or their defaults, whatever a variable says."""
    argument = "envvar" if form.variables else "prompt"
    what = f"`{argument}` of parameter `{parameter.name}` counts only for `flowc run`"
    why = "an engine gives each run all its parameters, as with Metaflow, so nothing else is asked"
    how = "give the value when the run is started"
    if form.variables:
        how += "; if the container has it, write `default=os.getenv(…)` and compile with `--env NAME=@runtime`"
    return Diagnostic("FLOW316", what, parameter.span, why, how, HINT)
