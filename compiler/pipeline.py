"""The pipeline: a flow's source, through every pass, to a `Program` that targets can emit and the shim can run.

`load` is the compiler's entry point. It runs `passes.PASSES`, each on the result of the one before.
"""

from __future__ import annotations

import os

from .dataflow.foreach_values import widths
from .decorators.decorator import begin, has_plugins, plugins
from .fast_start.record import record
from .fold.evaluator import Evaluator
from .ir.nodes import Flow, Scope
from .names.classes import flows, started
from .names.resolver import Resolver
from .options.compile_inputs import NOTHING
from .package.closure import closure
from .passes import PASSES, Compile, scopes, source
from .report.diagnostics import Diagnostic, Refused, has_errors, in_order, located
from .report.judgement import judged
from .source.sources import Sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .dataflow.assigned import Dataflow
    from .options.compile_inputs import CompileOptions


@record
class Program:
    """A flow that can be compiled."""

    flow: Flow
    scope: Scope
    sources: dict[str, str]  # every file read, by `Span.file`
    files: dict[str, bytes]  # the files of the code package, by their path from the flow's folder
    diagnostics: tuple[Diagnostic, ...]  # warnings and hints
    variables: tuple[tuple[str, str], ...] = ()  # environment variables that the file itself sets (file_environment.py)
    widths: tuple[tuple[str, int], ...] = ()  # step → number of items of its foreach, if known (foreach_values.py)
    places: Mapping[str, str] = {}  # `Span.file` → path from the flow's folder, of files that source roots gave
    roots: tuple[str, ...] = ()  # source roots, as absolute paths, if any gave a file
    dataflow: Dataflow | None = None  # who assigns which artifact; None for a flow that was read from its IR
    plugins: Mapping[str, str] = {}  # plug-in → path of the file that runs around its steps


class BrokenPass(Exception):
    """Raised if a pass of the compiler left an invalid IR, which is a bug in flowc. Only in debug mode."""


def load(
    path: str, flow_name: str = "", attach: Sequence[str] = (), severities: Mapping[str, str] | None = None,
    options: CompileOptions = NOTHING, debug: bool | None = None,
) -> Program:  # fmt: skip
    """Returns the program of the file: Python source, or an IR in its JSON form (`*.json`) with the sources beside it.

    `flow_name` chooses among several flows of one file. `attach` are decorators for every step, in the form of `--with`
    (with_decorators.py). `severities` overrides the severity of codes (severities.py). Comments in the sources silence
    the codes that they name (ignores.py). `options` are the other inputs of the compile (compile_inputs.py). With
    `debug`, or the variable FLOWC_DEBUG_PASSES, the IR is validated after each pass. Raises Refused with every error
    found.
    """
    folder, name = os.path.split(path)
    begin(options.plugins, folder, options.without)
    if name.endswith(".json"):
        return _load_ir(folder or ".", name, attach)
    sources = Sources(folder or ".", name, options.roots)
    try:
        done, diagnostics = _through(
            Compile(sources, flow_name, attach, severities or {}, options), _is_debugged() if debug is None else debug
        )
    except Refused as refused:
        raise _placed(refused, sources) from None
    places = sources.places()
    return Program(
        done.analysis.flow,
        done.scope,
        dict(sources.texts),
        dict(done.files),
        diagnostics,
        done.variables,
        widths(done.analysis),
        places,
        sources.roots() if sources.has_roots() else (),
        done.analysis.dataflow,
        plugins().paths(done.analysis.flow) if has_plugins(done.analysis.flow) else {},
    )


def _placed(refused: Refused, sources: Sources) -> Refused:
    """The refusal, with the files of source roots by their paths from the flow's folder."""
    places = sources.places()
    texts = {**refused.sources, **sources.texts}
    return Refused(*located(refused.diagnostics, texts, lambda file: places.get(file, file)))


def _through(now: Compile, debug: bool) -> tuple[Compile, tuple[Diagnostic, ...]]:
    """Runs the passes and returns the compile with its warnings and hints. Raises Refused."""
    diagnostics: list[Diagnostic] = []
    left: list[tuple[str, Flow]] = []  # the flow after each pass, in debug mode
    for compile_pass in PASSES:
        if (
            compile_pass is scopes
            and has_errors(diagnostics)
            and has_errors(judged(diagnostics, now.sources.texts, now.severities))
        ):
            continue  # only a valid graph has scopes
        try:
            now, more = compile_pass(now)
        except Refused as refused:  # faults of the flow itself are reported first
            reported = judged(diagnostics, now.sources.texts, now.severities)
            raise Refused(reported if has_errors(reported) else refused.diagnostics, refused.sources) from None
        diagnostics += more
        if debug and now.reading is not None:
            left.append((compile_pass.__name__, now.reading.flow if now.analysis is None else now.analysis.flow))
    diagnostics = judged(diagnostics, now.sources.texts, now.severities)
    if has_errors(diagnostics):
        raise Refused(diagnostics)
    if debug:
        _validate(left, now.scope)
    return now, in_order(diagnostics)


def _is_debugged() -> bool:
    return bool(os.environ.get("FLOWC_DEBUG_PASSES"))


def _validate(left: list[tuple[str, Flow]], scope: Scope) -> None:
    """Raises BrokenPass, naming the first pass that left an invalid IR.

    Before the checks, the fault may be the flow's own.
    """
    from .ir.validity import violations

    for name, flow in left:
        broken = list(violations(flow, scope))
        if broken:
            raise BrokenPass(f"pass `{name}` left an invalid IR: {'; '.join(broken)}")


def flow_names(path: str, options: CompileOptions = NOTHING) -> tuple[str, ...]:
    """Returns the names of the flows that the file starts, or else of all that no other flow inherits from.

    Raises Refused.
    """
    folder, name = os.path.split(path)
    sources = Sources(folder or ".", name, options.roots)
    try:
        module = source(Compile(sources, "", (), {}, options))[0].module
        return tuple(candidate.name for candidate in started(module, flows(Resolver(sources), module)))
    except Refused as refused:
        raise _placed(refused, sources) from None


def _load_ir(folder: str, name: str, attach: Sequence[str]) -> Program:
    from .read.ir_file import read_ir

    flow, scope, warnings = read_ir(folder, name, attach)
    sources = Sources(folder, flow.file)
    module = sources.load(flow.file, flow.file.removesuffix(".py").replace("/", "."))
    for item in flow.inputs:
        if item.kind == "file" and item.name == item.value:  # the flow's own code reads it
            sources.data(item.name)
    files, _ = closure(Evaluator(Resolver(sources)), module, {}, flow)
    paths: Mapping[str, str] = {}
    if has_plugins(flow):
        files, paths = {**files, **plugins().files(flow)}, plugins().paths(flow)
    return Program(flow, scope, dict(sources.texts), files, in_order(warnings), plugins=paths)
