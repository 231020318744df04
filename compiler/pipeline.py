"""The pipeline: a flow's source, through every pass, to a `Program` that targets can emit and the shim can run.

`load` is the compiler's front door. The passes are plain functions; each gives its value to the next.
"""

from __future__ import annotations

import os

from .checks import checks
from .dataflow.foreach_values import widths
from .fast_start.record import record, replace
from .fold.values import Environment
from .ir.nodes import End, Flow, Scope, Span
from .ir.scopes import Unbalanced, scopes
from .names.classes import flows, started, unread
from .names.resolver import World
from .options.compile_inputs import NOTHING, inputs, unused
from .read.flow import analyze, caught
from .read.reading import Reading
from .report.diagnostics import Diagnostic, Refused, has_errors, in_order, nearest
from .source.modules import Class
from .source.text import span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .options.compile_inputs import Given
    from .source.modules import Module


@record
class Program:
    """A flow that can be compiled."""

    flow: Flow
    scope: Scope
    sources: dict[str, str]  # every file read, by `Span.file`
    files: dict[str, bytes]  # the files of the code package, by their path from the flow's folder
    diagnostics: tuple[Diagnostic, ...]  # warnings and hints
    variables: tuple[tuple[str, str], ...] = ()  # of the environment, that the file itself sets (file_environment.py)
    widths: tuple[tuple[str, int], ...] = ()  # step → how many items its foreach goes over, where that is known (foreach_values.py)


def load(
    path: str, flow_name: str = "", attach: Sequence[str] = (), severities: Mapping[str, str] | None = None,
    given: Given = NOTHING,
) -> Program:  # fmt: skip
    """Returns the program of the file: Python source, or an IR in its JSON form (`*.json`) with the sources beside it.

    `flow_name` chooses among several flows of one file; `attach` are decorators for every step, as `--with` names them (with_decorators.py).
    `severities` says how serious a code is (severities.py), where it is not as serious as it was said. Comments in the sources silence what
    they name (ignores.py). `given` is what the compile is given beside the source (compile_inputs.py). Raises Refused with every error found.
    """
    folder, name = os.path.split(path)
    folder = folder or "."
    if name.endswith(".json"):
        return _load_ir(folder, name, attach)
    if attach:
        from .options.with_decorators import attached
    used: set[str] = set()
    world = World(folder, dict(given.values), Environment(dict(given.variables), given.whole_environment, used))
    try:
        module = world.load(name, name.removesuffix(".py").replace(".", "_") or "flow")
        own: dict[str, str] = {}
        if "METAFLOW_" in module.source.text:  # rare, so the import is only paid then
            from .options.file_environment import variables, with_configs

            own = variables(world, module)
            given = with_configs(given, own)
        reading, problems = analyze(world, _choose(world, module, name, flow_name), given, attach)
        problems += unused(given, world.given.used, used)
        if attach:
            seen = any(each.kind == "with" for each in reading.flow.inputs)  # by mutators, which have left of them what counts
            flow, wrong = (reading.flow, []) if seen else attached(reading.flow, attach)
            known = replace(reading.dataflow, unknown=True)  # what they assign came too late for it
            reading = replace(reading, flow=flow, dataflow=known, assigned=reading.assigned | caught(flow.steps))
            problems += wrong
        if given.branch or given.production or any(each.name == "project" for each in reading.flow.decorators):
            from .options.project_branch import deployed

            flow, wrong = deployed(reading.flow, given)
            reading = replace(reading, flow=flow)
            problems += wrong
        problems = [*problems, *(each for check in checks(severities or ()) for each in check(reading))]
        broken: Refused | None = None
        files: dict[str, bytes] = {}
        try:
            files = world.closure(module, problems)
        except Refused as refused:  # what is wrong with the flow itself is said first
            broken = refused
        problems = _judged(problems, world.sources, severities)
        if has_errors(problems):
            raise Refused(problems, world.sources)
        if broken is not None:
            raise broken
        scope = _scopes(reading, world)
    except Refused as refused:
        raise Refused(refused.diagnostics, {**refused.sources, **world.sources}) from None
    flow = reading.flow
    flow = replace(flow, inputs=(*flow.inputs, *inputs(given, world.given.used, used)))
    return Program(flow, scope, dict(world.sources), files, in_order(problems), tuple(own.items()), widths(reading))


def _judged(problems: list[Diagnostic], sources: Mapping[str, str], severities: Mapping[str, str] | None) -> list[Diagnostic]:
    """The problems that are left when the comments and the settings have had their say. What is rarely needed is rarely imported."""
    if any("flowc:" in text for text in sources.values()):
        from .report.ignores import silenced

        problems = silenced(problems, sources)
    if severities:
        from .report.severities import with_severities

        problems = with_severities(problems, severities)
    return problems


def flow_names(path: str) -> tuple[str, ...]:
    """Returns the names of the flows that the file means: those that it starts, else those that no other inherits from. Raises Refused."""
    folder, name = os.path.split(path)
    world = World(folder or ".")
    try:
        module = world.load(name, name.removesuffix(".py").replace(".", "_") or "flow")
        return tuple(each.name for each in started(module, flows(world, module)))
    except Refused as refused:
        raise Refused(refused.diagnostics, {**refused.sources, **world.sources}) from None


def _choose(world: World, module: Module, file: str, wanted: str) -> Class:
    found = flows(world, module)
    lost = unread(world, module, found) if not wanted else None
    if lost is not None:
        what = f"`{lost.text()}`, which `{file}` starts, is no class that can be read"
        why = "it is made when the file is run, by code of its own, which flowc reads and does not run"
        how = f"define `class {lost.text()}(FlowSpec):` at the top level" + (", or name another flow with `--flow`" if found else "")
        raise Refused([Diagnostic("FLOW101", what, span(module.source, lost), why, how)])
    if not found:
        what = f"there is no flow in `{file}`"
        how = "define `class MyFlow(FlowSpec):` with `from metaflow import FlowSpec`"
        raise Refused([Diagnostic("FLOW101", what, Span(file, 1, 1, 1, 2), "a flow is a class that inherits from FlowSpec", how)])
    if wanted:
        chosen = next((each for each in found if each.name == wanted), None)
        if chosen is None:
            close = nearest(wanted, [each.name for each in found])
            how = f"did you mean `{close}`?" if close else "its flows are " + ", ".join(f"`{each.name}`" for each in found)
            raise Refused([Diagnostic("FLOW101", f"there is no flow `{wanted}` in `{file}`", found[0].span, why="`--flow` named it", how=how)])
        return chosen
    meant = started(module, found)
    if len(meant) == 1:
        return meant[0]
    if len(found) > 1:
        names = ", ".join(f"`{each.name}`" for each in found)
        how = f"choose one with `--flow {found[-1].name}`"
        raise Refused([Diagnostic("FLOW102", f"there are several flows in `{file}`: {names}", found[1].span, why="a spec is of one flow", how=how)])
    return found[0]


def _scopes(reading: Reading, world: World) -> Scope:
    try:
        return scopes(reading.flow)
    except Unbalanced as error:  # the balance check speaks first; this is the net under it
        step = next(step for step in reading.flow.steps if step.name == error.step)
        raise Refused(
            [
                Diagnostic(
                    "FLOW209", str(error), step.span, "what is split must be joined", how="lead every branch to one join, a step that takes `inputs`"
                )
            ],
            world.sources,
        ) from None


def _load_ir(folder: str, name: str, attach: Sequence[str]) -> Program:
    from .decorators.decorator import wrong_values
    from .ir.json_form import Malformed, from_json
    from .ir.validity import violations
    from .options.with_decorators import attached
    from .source.text import decode, read_bytes

    text = decode(name, read_bytes(folder, name))
    place = Span(name, 1, 1, 1, 2)
    try:
        flow, scope = from_json(text)
    except Malformed as error:
        raise Refused(
            [
                Diagnostic(
                    "FLOW004",
                    f"`{name}` is not an IR: {error}",
                    place,
                    why="a file that ends in `.json` is read as an IR",
                    how="see `flowc show --json`",
                )
            ],
            {name: text},
        ) from None
    broken = list(violations(flow, scope))
    if broken:
        raise Refused(
            [
                Diagnostic(
                    "FLOW004",
                    f"`{name}` is not a legal IR: {each}",
                    place,
                    why="every target counts on the rules of the schema",
                    how="see `compiler/schema/ir.v1.json`, and `flowc show --json` for an example",
                )
                for each in broken
            ],
            {name: text},
        )
    flow, wrong = attached(flow, attach)
    wrong += wrong_values(flow)
    if has_errors(wrong):
        raise Refused(wrong, {name: text})
    world = World(folder)
    module = world.load(flow.file, flow.file.removesuffix(".py").replace("/", "."))
    return Program(flow, scope, dict(world.sources), world.closure(module), in_order(wrong))


def ends(flow: Flow) -> Iterator[str]:
    """Yields the names of steps that end the flow."""
    return (step.name for step in flow.steps if isinstance(step.transition, End))
