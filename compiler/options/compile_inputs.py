"""The inputs of a compile besides the source: configs, values, variables, and whether the flow's code may run."""

from __future__ import annotations

from ..fast_start.record import record
from ..ir.nodes import Input
from ..report.diagnostics import WARNING, Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any


@record
class CompileOptions:
    """The options of a compile. The same source and the same options give the same bytes."""

    config_files: tuple[tuple[str, str], ...] = ()  # `--config NAME FILE`: name → path, relative to the current folder
    config_values: tuple[tuple[str, str], ...] = ()  # `--config-value NAME TEXT`
    values: tuple[tuple[str, Any], ...] = ()  # `--set NAME=VALUE`: for an unknown value, by its text in the source
    variables: tuple[tuple[str, str], ...] = ()  # `--env NAME=VALUE`: variables of `os.environ`
    whole_environment: bool = False  # True if all other variables are known to be unset, as when the flow runs here
    earlier: tuple[tuple[str, Any], ...] = ()  # configs of an earlier run, name → value: a resumed run keeps them
    run_mutators: bool = False  # mutators, and functions that configs need, may run in a separate process
    branch: str = ""  # `--branch` of a flow with `@project`
    production: bool = False  # `--production`
    # like `variables`, of files for many flows: not all need be read
    project_variables: tuple[tuple[str, str], ...] = ()
    # `--source-root`, PYTHONPATH, settings: folders of modules, as seen from the current folder
    roots: tuple[str, ...] = ()
    # settings: files of plug-ins, as seen from the current folder, and names of distributions that must be installed
    plugins: tuple[str, ...] = ()
    without: tuple[str, ...] = ()  # `--without NAME`, settings: decorators that are left out

    @property
    def environment(self) -> dict[str, str]:
        """All variables; those of the command line come first."""
        return {**dict(self.project_variables), **dict(self.variables)}


NOTHING = CompileOptions()


def value_of(text: str) -> Any:
    """Returns the value of a text from the command line: a Python literal, or else the text itself."""
    import ast

    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text


def pair(text: str) -> tuple[str, str] | None:
    """Splits NAME=VALUE at the first `=` outside brackets, so that the name may be a call.

    Returns None if there is none.
    """
    depth = 0
    for at, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if character == "=" and depth == 0 and at:
            return text[:at].strip(), text[at + 1 :]
    return None


def canonical(expression: str) -> str:
    """Returns the expression in the form for look-ups, regardless of spaces and quotes."""
    import ast

    try:
        return ast.unparse(ast.parse(expression, mode="eval"))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return expression


def inputs(options: CompileOptions, values: set[str], variables: set[str]) -> Iterator[Input]:
    """Returns the options that had an effect, for the spec's provenance.

    `values` and `variables` are the names that were looked up.
    """
    for name, value in sorted(options.values, key=lambda item: item[0]):
        if name in values:
            yield Input("set", name, ascii(value) if not isinstance(value, str) else value, "")
    for name, value in sorted(options.environment.items()):
        if name in variables:
            yield Input("env", name, value, "")


def inputs_without(names: Mapping[str, bool]) -> Iterator[Input]:
    """Returns the decorators that options leave out, for the spec's provenance, and so that tasks can import them."""
    from flowc.runtime_shim.contract.semantics import LEFT_OUT

    for name in sorted(name for name, is_used in names.items() if is_used):
        yield Input("plugin", f"metaflow.{name}", LEFT_OUT, "")


def unused_without(names: Mapping[str, bool]) -> Iterator[Diagnostic]:
    """Yields FLOW145 for each `--without` of a decorator that the flow does not have."""
    for name in (name for name, is_used in names.items() if not is_used):
        why = "no step and no flow here has a decorator of this name from `metaflow`"
        how = "remove the option, or correct the name"
        yield Diagnostic("FLOW145", f"`--without {name}` has no effect", None, why, how, WARNING)


def unused(options: CompileOptions, values: set[str], variables: set[str]) -> Iterator[Diagnostic]:
    """Yields FLOW145 for each option without effect: its name is misspelt, or the value is known without it."""
    for name, _ in options.values:
        if name not in values:
            why = (
                "no expression needs it: the source gives the value itself, or does not use the name where a value "
                "must be known"
            )
            yield Diagnostic(
                "FLOW145",
                f"`--set {name}=…` has no effect",
                None,
                why,
                "remove the option, or correct the name",
                WARNING,
            )
    if not options.whole_environment:
        for name, _ in options.variables:
            if name not in variables:
                why = "no value that must be known when compiling reads the variable"
                yield Diagnostic(
                    "FLOW145",
                    f"`--env {name}=…` has no effect",
                    None,
                    why,
                    "remove the option, or correct the name",
                    WARNING,
                )
