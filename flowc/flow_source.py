"""Loading of a flow for a command, with diagnostics whose paths start from the user's folder."""

from __future__ import annotations

import os

from flowc.compiler.fast_start.record import replace
from flowc.compiler.options.compile_inputs import NOTHING, Given
from flowc.compiler.pipeline import Program, load
from flowc.compiler.report.diagnostics import Diagnostic, Refused, located

from .options import Option
from .settings import NONE, settings_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

NOWHERE_ELSE: Mapping[str, str] = {}  # all files are in the flow's folder

FLOW = Option("--flow", "the flow, if the file defines several", "NAME")
ISOLATED = Option("--isolated", "ignore the settings in pyproject.toml")
WITH = Option(
    "--with", "put a decorator on every step that has none of its kind", "NAME[:ATTRIBUTE=VALUE,…]", repeated=True
)


def load_flow(
    path: str, flow_name: str = "", attach: Sequence[str] = (), isolated: bool = False, given: Given = NOTHING
) -> Program:
    """Returns the program of the file. Raises Refused, with paths that the user can open.

    `attach` holds the values of `--with`. `given` holds the other inputs of the compile. The project's settings
    determine the severity of codes, unless `isolated`.
    """
    severities = None if isolated else settings_for(path).severities
    given = with_project(given, path, isolated)
    try:
        return load(path, flow_name, attach, severities, given)
    except Refused as refused:
        raise Refused(placed(refused.diagnostics, path), placed_sources(refused.sources, path)) from None


def with_project(given: Given, path: str, isolated: bool = False) -> Given:
    """Returns `given` with the source roots of PYTHONPATH and, unless `isolated`, what the project's settings add."""
    settings = NONE if isolated else settings_for(path)
    roots = tuple(each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each)
    if settings.plugins:
        given = replace(given, plugins=settings.plugins)
    if not (roots or settings.roots or settings.variables):
        return given
    variables = (
        () if given.whole_environment else tuple({**settings.variables, **dict(given.project_variables)}.items())
    )
    return replace(given, roots=(*given.roots, *roots, *settings.roots), project_variables=variables)


def placed(
    diagnostics: Iterable[Diagnostic], path: str, places: Mapping[str, str] = NOWHERE_ELSE
) -> tuple[Diagnostic, ...]:
    """Returns the diagnostics with paths from the current folder, not from that of the flow's file `path`.

    `places` are the program's: where the files of source roots are.
    """
    folder = os.path.dirname(path)
    diagnostics = located(diagnostics, places) if places else diagnostics
    if not folder:
        return tuple(diagnostics)
    return tuple(
        replace(diagnostic, span=replace(diagnostic.span, file=_join(folder, diagnostic.span.file)))
        if diagnostic.span
        else diagnostic
        for diagnostic in diagnostics
    )


def placed_sources(sources: Mapping[str, str], path: str, places: Mapping[str, str] = NOWHERE_ELSE) -> dict[str, str]:
    """Returns the texts of source files by the paths that `placed` gives them."""
    folder = os.path.dirname(path)
    return {_join(folder, places.get(name, name)): text for name, text in sources.items()}


def _join(folder: str, name: str) -> str:
    return os.path.normpath(os.path.join(folder, name)) if folder else name
