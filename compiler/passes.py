"""The passes of the compiler, in order. Each adds its part to the state of a compile, and yields diagnostics.

A pass is a plain function: `Compile` in, `Compile` and diagnostics out. `pipeline.py` runs them.
"""

from __future__ import annotations

from .checks import judge
from .dataflow.analysis import analyze
from .decorators.decorator import has_plugins, left_out, plugins
from .fast_start.record import record, replace
from .fold.evaluator import Evaluator, Values
from .fold.values import Environment
from .ir.scopes import Unbalanced
from .ir.scopes import scopes as scopes_of
from .names.classes import choose
from .names.resolver import Resolver
from .options.compile_inputs import inputs, inputs_without, unused, unused_without
from .package.closure import closure
from .read.flow import read_flow
from .read.helper_declarations import native
from .read.members import own_decorators
from .report.diagnostics import Diagnostic, Refused
from .report.judgement import judged
from .source.sources import Sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from .dataflow.analysis import Analysis
    from .ir.nodes import Scope
    from .options.compile_inputs import CompileOptions
    from .read.reading import Reading
    from .source.modules import Class, Module

    Result = tuple["Compile", Sequence[Diagnostic]]

_LATER: Any = None


@record
class Compile:
    """The state of a compile: its inputs, and below them what each pass added."""

    sources: Sources
    flow_name: str  # "": the flow that the file starts
    attach: Sequence[str]  # decorators for every step
    severities: Mapping[str, str]  # code → severity
    options: CompileOptions  # beside the source
    # source
    module: Module = _LATER  # the flow's file
    # names
    flow_class: Class = _LATER
    evaluator: Evaluator = _LATER
    variables: tuple[tuple[str, str], ...] = ()  # environment variables that the file itself sets
    # reading, mutators
    reading: Reading = _LATER
    # dataflow, options
    analysis: Analysis = _LATER
    # scopes
    scope: Scope = _LATER
    # package
    files: Mapping[str, bytes] = _LATER  # path → content


def source(now: Compile) -> Result:
    """Reads and parses the flow's file, and finds the source roots that it adds.

    Other files are read when a name first refers to them.
    """
    module = now.sources.main()
    if "sys" in module.imports and "path" in module.source.text:  # rare, so imported only then
        from .options.source_roots import own_roots

        environment = Environment(now.options.environment, now.options.whole_environment, set())
        environment.assumes = True
        evaluator = Evaluator(Resolver(now.sources), Values(dict(now.options.values)), environment)
        now.sources.add_roots(own_roots(evaluator, module))
    return replace(now, module=module), ()


def names(now: Compile) -> Result:
    """Chooses the flow among the classes of the file, and prepares the evaluator of constants."""
    compile_options, module = now.options, now.module
    resolver = Resolver(now.sources)
    environment = Environment(compile_options.environment, compile_options.whole_environment, set())
    evaluator = Evaluator(resolver, Values(dict(compile_options.values)), environment, native)
    variables: dict[str, str] = {}
    if "METAFLOW_" in module.source.text:  # rare, so imported only then
        from .options.file_environment import variables as own_variables
        from .options.file_environment import with_configs

        variables = own_variables(evaluator, module)
        compile_options = with_configs(compile_options, variables)
    flow_class = choose(resolver, module, now.flow_name)
    return replace(
        now, options=compile_options, flow_class=flow_class, evaluator=evaluator, variables=tuple(variables.items())
    ), ()


def reading(now: Compile) -> Result:
    """Reads the flow: its members, configurations, parameters, decorators, steps and the transitions between them."""
    environment = now.evaluator.environment
    environment.assumes = True  # what is read now goes into the spec; a task has an environment of its own
    read, diagnostics = read_flow(now.evaluator, now.flow_class, now.options)
    environment.assumes = False
    if any(diagnostic.why in environment.missing for diagnostic in diagnostics):
        from .options.unset_variables import merged

        diagnostics = merged(diagnostics, now.evaluator, now.flow_class, now.options)
    if any(
        diagnostic.code == "FLOW105" for diagnostic in diagnostics
    ):  # steps may be missing, so nothing more can be judged
        raise Refused(judged(diagnostics, now.sources.texts, now.severities))
    return replace(now, reading=read, evaluator=read.evaluator), diagnostics


def mutators(now: Compile) -> Result:
    """Lets the flow's mutators change it, in a separate process, or refuses them."""
    read = now.reading
    if next(own_decorators(read.evaluator.resolver, read.order, read.members), None) is None:
        return now, ()
    from .read.mutators import mutated

    read, diagnostics = mutated(read, now.options, now.attach)
    return replace(now, reading=read), diagnostics


def dataflow(now: Compile) -> Result:
    """Finds the artifacts known before and after each step."""
    return replace(now, analysis=analyze(now.reading)), ()


def options(now: Compile) -> Result:
    """Adds the command line's part of the flow: decorators for every step, the branch of a project.

    Plug-ins add the decorators that theirs ask for.
    """
    analysis, compile_options = now.analysis, now.options
    diagnostics = list(unused(compile_options, now.evaluator.set_values.used, now.evaluator.environment.used))
    # mutators have seen them, and may have removed some
    seen = any(entry.kind == "with" for entry in analysis.flow.inputs)
    if now.evaluator.environment.assumed:
        from .options.unset_variables import of_defaults

        diagnostics.append(of_defaults(now.evaluator.environment.assumed, now.flow_class.span))
    if now.attach:
        from .options.with_decorators import attached

        flow, wrong = (analysis.flow, []) if seen else attached(analysis.flow, now.attach)
        facts = replace(analysis.dataflow, unknown=True)  # it does not know yet what these assign
        analysis = replace(analysis, flow=flow, dataflow=facts)
        diagnostics += wrong
    if (
        compile_options.branch
        or compile_options.production
        or any(decorator.name == "project" for decorator in analysis.flow.decorators)
    ):
        from .options.project_branch import deployed

        flow, wrong = deployed(analysis.flow, compile_options)
        analysis = replace(analysis, flow=flow)
        diagnostics += wrong
    if has_plugins(analysis.flow):
        flow, wrong = plugins().expanded(analysis.flow)
        analysis = replace(analysis, flow=flow)
        diagnostics += wrong
    if compile_options.plugins:
        diagnostics += plugins().problems_of_settings()
    if left_out():
        diagnostics += unused_without(left_out())
    return replace(now, analysis=analysis), diagnostics


def checks(now: Compile) -> Result:
    """Checks the flow: one rule per file."""
    return now, judge(now.analysis, now.severities)


def scopes(now: Compile) -> Result:
    """Nests the graph: the steps of each split and foreach, up to its join."""
    flow = now.analysis.flow
    try:
        return replace(now, scope=scopes_of(flow)), ()
    except Unbalanced as error:  # the balance check should have reported this; this is the safety net
        step = flow.by_name[error.step]
        how = "let every branch go on to one join, a step that takes `inputs`"
        return now, (Diagnostic("FLOW209", str(error), step.span, "every split must be joined", how=how),)


def package(now: Compile) -> Result:
    """Collects the files of the code package, and the inputs of the compile."""
    files, diagnostics = closure(now.evaluator, now.module, now.reading.added, now.analysis.flow)
    flow, evaluator = now.analysis.flow, now.evaluator
    flow = replace(
        flow, inputs=(*flow.inputs, *inputs(now.options, evaluator.set_values.used, evaluator.environment.used))
    )
    if left_out():
        flow = replace(flow, inputs=(*flow.inputs, *inputs_without(left_out())))
    if now.sources.read:
        from hashlib import sha256

        from .ir.nodes import Input

        own_files = sorted(now.sources.read.items())
        flow = replace(
            flow,
            inputs=(
                *flow.inputs,
                *(Input("file", path, path, f"sha256:{sha256(data).hexdigest()}") for path, data in own_files),
            ),
        )
    if now.sources.used:
        from .package.installed_packages import packages

        flow = replace(flow, inputs=(*flow.inputs, *packages(now.sources)))
    if has_plugins(flow):
        flow = replace(flow, inputs=(*flow.inputs, *plugins().inputs(flow)))
        files = {**files, **plugins().files(flow)}
    return replace(now, analysis=replace(now.analysis, flow=flow), files=files), diagnostics


PASSES: tuple[Callable[[Compile], Result], ...] = (
    source,
    names,
    reading,
    mutators,
    dataflow,
    options,
    checks,
    scopes,
    package,
)
