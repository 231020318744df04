"""Loading of a flow for a command, with diagnostics whose paths start from the user's folder."""

from __future__ import annotations

import os

from flowc.compiler.fast_start.record import replace
from flowc.compiler.options.compile_inputs import NOTHING, CompileOptions
from flowc.compiler.pipeline import Program, load
from flowc.compiler.report.diagnostics import Diagnostic, Refused, located

from .options import Option
from .settings import NONE, Settings, settings_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FLOW = Option("--flow", "the flow, if the file defines several", "NAME")
ISOLATED = Option("--isolated", "ignore the settings in pyproject.toml")
PROFILE = Option(
    "--profile",
    "what past runs cost, as `flowc profile` wrote it, for `--optimize` to choose by",
    "FILE",
    default="FLOW.profile.json",
)
WITH = Option(
    "--with", "put a decorator on every step that has none of its kind", "NAME[:ATTRIBUTE=VALUE,…]", repeated=True
)


def load_flow(
    path: str,
    flow_name: str = "",
    attach: Sequence[str] = (),
    isolated: bool = False,
    options: CompileOptions = NOTHING,
) -> Program:
    """Returns the program of the file. Raises Refused, with paths that the user can open.

    `attach` holds the values of `--with`. `options` holds the other inputs of the compile. The project's settings
    determine the severity of codes, unless `isolated`.
    """
    settings = NONE if isolated else settings_for(path)
    try:
        return load(path, flow_name, attach, settings.severities, _with_settings(options, settings))
    except Refused as refused:
        raise Refused(*_from_here(refused.diagnostics, refused.sources, path, {})) from None


def with_project(options: CompileOptions, path: str, isolated: bool = False) -> CompileOptions:
    """Returns the options with the roots of PYTHONPATH and, unless `isolated`, what the project's settings add."""
    return _with_settings(options, NONE if isolated else settings_for(path))


def _with_settings(options: CompileOptions, settings: Settings) -> CompileOptions:
    roots = tuple(word for word in os.environ.get("PYTHONPATH", "").split(os.pathsep) if word)
    if settings.plugins:
        options = replace(options, plugins=settings.plugins)
    if settings.without:
        options = replace(options, without=(*options.without, *settings.without))
    if not (roots or settings.roots or settings.variables):
        return options
    variables = (
        () if options.whole_environment else tuple({**settings.variables, **dict(options.project_variables)}.items())
    )
    return replace(options, roots=(*options.roots, *roots, *settings.roots), project_variables=variables)


def placed(
    program: Program, path: str, diagnostics: Iterable[Diagnostic]
) -> tuple[tuple[Diagnostic, ...], dict[str, str]]:
    """Returns diagnostics about the program, and its sources, with paths from the current folder.

    In a program, they start from the folder of the flow's file, `path`.
    """
    return _from_here(diagnostics, program.sources, path, program.places)


def _from_here(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], path: str, places: Mapping[str, str]
) -> tuple[tuple[Diagnostic, ...], dict[str, str]]:
    folder = os.path.dirname(path)

    def place(file: str) -> str:
        name = places.get(file, file)
        return os.path.normpath(os.path.join(folder, name)) if folder else name

    return located(diagnostics, sources, place)
