"""What a compile is given beside the source: configurations, values and variables, and whether the flow's own code may run."""

from __future__ import annotations

from ..fast_start.record import record
from ..ir.nodes import Input
from ..report.diagnostics import WARNING, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


@record
class Given:
    """The options of a compile. The same source and the same options give the same bytes."""

    config_files: tuple[tuple[str, str], ...] = ()  # `--config NAME FILE`: name → path, as seen from the current folder
    config_values: tuple[tuple[str, str], ...] = ()  # `--config-value NAME TEXT`
    values: tuple[tuple[str, Any], ...] = ()  # `--set NAME=VALUE`: for what cannot be known, by its text in the source
    variables: tuple[tuple[str, str], ...] = ()  # `--env NAME=VALUE`: what `os.environ` holds
    whole_environment: bool = (
        False  # a variable that is not among `variables` is known to be unset, as when the flow runs right here
    )
    earlier: tuple[
        tuple[str, Any], ...
    ] = ()  # configs as an earlier run had them, name → value: a run that is resumed keeps them
    run_mutators: bool = False  # mutators, and functions that configs need, may run, in a process of their own
    branch: str = ""  # `--branch` of a flow with `@project`
    production: bool = False  # `--production`
    project_variables: tuple[
        tuple[str, str], ...
    ] = ()  # like `variables`, of files for many flows: not all need be read
    roots: tuple[
        str, ...
    ] = ()  # `--source-root`, PYTHONPATH, settings: folders of modules, as seen from the current folder

    @property
    def environment(self) -> dict[str, str]:
        """All variables; those of the command line come first."""
        return {**dict(self.project_variables), **dict(self.variables)}


NOTHING = Given()


def value_of(text: str) -> Any:
    """The value that a text of the command line stands for: a Python literal, or else the text itself."""
    import ast

    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text


def pair(text: str) -> tuple[str, str] | None:
    """Parts NAME=VALUE at the first `=` outside of brackets, so that the name may be a call; None if there is none."""
    depth = 0
    for at, each in enumerate(text):
        depth += (each in "([{") - (each in ")]}")
        if each == "=" and depth == 0 and at:
            return text[:at].strip(), text[at + 1 :]
    return None


def canonical(expression: str) -> str:
    """The expression as it is looked for: however it is spaced and quoted."""
    import ast

    try:
        return ast.unparse(ast.parse(expression, mode="eval"))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return expression


def inputs(given: Given, values: set[str], variables: set[str]) -> Iterator[Input]:
    """What of the options decided something, for the spec's provenance; `values` and `variables` are the names that were asked for."""
    for name, value in sorted(given.values, key=lambda each: each[0]):
        if name in values:
            yield Input("set", name, ascii(value) if not isinstance(value, str) else value, "")
    for name, value in sorted(given.environment.items()):
        if name in variables:
            yield Input("env", name, value, "")


def unused(given: Given, values: set[str], variables: set[str]) -> Iterator[Diagnostic]:
    """FLOW145: an option that decided nothing, because its name is misspelt or the value is known without it."""
    for name, _ in given.values:
        if name not in values:
            why = "no expression needs it: the source does not use the name in a value that must be known, or says its value itself"
            yield Diagnostic(
                "FLOW145", f"`--set {name}=…` has no effect", None, why, "leave it out, or correct the name", WARNING
            )
    if not given.whole_environment:
        for name, _ in given.variables:
            if name not in variables:
                why = "nothing that must be known when compiling reads the variable"
                yield Diagnostic(
                    "FLOW145",
                    f"`--env {name}=…` has no effect",
                    None,
                    why,
                    "leave it out, or correct the name",
                    WARNING,
                )
