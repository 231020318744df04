"""Reads a flow's graph: from the syntax of its class and base classes to a `Reading`.

The entry point is `read_flow`. Members are collected along the class's method resolution order, so steps, parameters
and constants are inherited as in Python. Code that cannot be understood becomes a diagnostic, and the rest is still
read, so that one run reports everything.
"""

from __future__ import annotations

from flowc.runtime_shim.contract.decorator_names import GANGS

from ..fast_start.record import replace
from ..ir import nodes
from ..names.classes import linearize
from ..names.metaflow_api import NAMES, is_foreign
from ..options.compile_inputs import NOTHING
from ..report.diagnostics import Diagnostic, has_errors, nearest
from ..source.docstring import docstring
from ..source.modules import Class
from ..source.text import span
from .arguments import bind, folded, values, with_container
from .members import Member, Written, decorator_expression, decorators_of, members_of, with_parameters, written
from .metaflow_imports import unknown_imports
from .reading import Reading, StepFacts
from .transitions import read_transition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from ..decorators.decorator import Specification
    from ..fold.evaluator import Evaluator
    from ..fold.values import Config
    from ..options.compile_inputs import CompileOptions

    Problems = list[Diagnostic]


def read_flow(
    evaluator: Evaluator, flow_class: Class, options: CompileOptions = NOTHING
) -> tuple[Reading, list[Diagnostic]]:
    """Returns the flow as far as it could be read, and a diagnostic for everything else."""
    order, problems = linearize(evaluator.resolver, flow_class)
    for module in {owner.module.name: owner.module for owner in order}.values():
        problems += unknown_imports(module)
    if "from ." in flow_class.module.source.text:  # rare, so imported only then
        from .relative_imports import without_package

        problems += without_package(evaluator.resolver.sources, flow_class.module)
    members, wrong = members_of(evaluator, order)
    problems += wrong
    configs, wrong = _configs(evaluator, members, options, (flow_class.name, flow_class.module.source.name))
    problems += wrong
    if configs:
        evaluator = evaluator.with_configs({config.name: config for config in configs})
    members, wrong = with_parameters(evaluator, order, members)
    problems += wrong
    steps, facts = [], {}
    for member in members.values():
        if member.kind == "step":
            step, fact, wrong = _step(evaluator, member, members)
            problems += wrong
            steps.append(step)
            facts[step.name] = fact
    decorators, wrong_decorators = _flow_decorators(evaluator, order)
    current = {"flow_name": flow_class.name, **_project(decorators, flow_class.name, options)}
    parameters, files, wrong = _parameters(evaluator, members, flow_class.name, current)
    problems += [*wrong, *wrong_decorators]
    constants = [
        nodes.Constant(member.name, span(member.owner.module.source, member.outer))
        for member in members.values()
        if member.kind == "constant" and not member.name.startswith("_")
    ]
    flow = nodes.Flow(
        flow_class.name, flow_class.module.source.name, docstring(flow_class.node), _first(steps, facts, "start"),
        _first(steps, facts, "end"),
        tuple(parameters), tuple(constants), tuple(decorators), tuple(steps), flow_class.span,
        *_records(configs),
    )  # fmt: skip
    added: dict[str, bytes] = {}
    if any("package_sources" in owner.module.source.text for owner in order):
        added, inputs, wrong = _package_sources(evaluator, order)
        problems += wrong
        flow = replace(flow, inputs=(*flow.inputs, *inputs))
    if files:
        from .include_files import inputs as inputs_of_files

        flow = replace(flow, inputs=(*flow.inputs, *inputs_of_files(parameters)))
    may_assign_anything = any(problem.code in ("FLOW110", "FLOW115") and has_errors((problem,)) for problem in problems)
    return Reading(
        flow, facts, order, members, evaluator, {**added, **files}, may_assign_anything, not has_errors(problems)
    ), problems


def _parameters(
    evaluator: Evaluator, members: dict[str, Member], flow_name: str, current: dict[str, nodes.Value]
) -> tuple[list[nodes.Parameter], dict[str, bytes], list[Diagnostic]]:  # fmt: skip
    """Returns the parameters, the files that are defaults of some, and diagnostics.

    `current` is what is known of Metaflow's `current` when the flow is deployed.
    """
    parameters, files = [], {}
    problems: list[Diagnostic] = []
    for member in members.values():
        if member.kind != "parameter":
            continue
        function = member.node.field("function")
        if (
            function is not None
            and evaluator.resolver.qualify(member.owner.module, function.text()) == "metaflow.IncludeFile"
        ):
            from .include_files import read_include

            parameter, carried, wrong = read_include(evaluator, member, flow_name)
            files.update(carried)
        else:
            from .parameters import read_parameter

            parameter, wrong = read_parameter(evaluator, member, flow_name, current)
        problems += wrong
        if parameter is not None:
            parameters.append(parameter)
    return parameters, files, problems


def _configs(
    evaluator: Evaluator, members: dict[str, Member], options: CompileOptions, flow: tuple[str, str]
) -> tuple[list[Config], list[Diagnostic]]:  # fmt: skip
    """Reads the flow's configurations, which must come before anything that may use them."""
    configs = [member for member in members.values() if member.kind == "config"]
    if not configs and not options.config_files and not options.config_values:
        return [], []
    from .configs import read_configs

    return read_configs(evaluator, configs, options, flow)


def _records(configs: list[Config]) -> tuple[tuple[nodes.Config, ...], tuple[nodes.Input, ...]]:
    """Returns the configurations for the IR, and their inputs for the provenance."""
    if not configs:
        return (), ()
    from .configs import inputs, records

    return tuple(records(configs)), tuple(inputs(configs))


def _first(steps: list[nodes.Step], facts: dict[str, StepFacts], role: str) -> str:
    """Returns the step annotated as start or end, else the step of that name, else the only step; "" if unclear."""
    annotated = [step.name for step in steps if getattr(facts[step.name], f"annotated_{role}")]
    if annotated:
        return annotated[0] if len(annotated) == 1 else ""
    if role in facts:
        return role
    return steps[0].name if len(steps) == 1 else ""


# ── steps ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _step(
    evaluator: Evaluator, member: Member, members: dict[str, Member]
) -> tuple[nodes.Step, StepFacts, list[Diagnostic]]:
    """Returns the step, the facts about it that the IR does not keep, and diagnostics."""
    source = member.owner.module.source
    decorators, annotations, marked, is_extended = [], {"start": False, "end": False}, False, False
    written_decorators, problems = decorators_of(evaluator, member.owner, member.decorators)
    for one in written_decorators:
        if one.name == "metaflow.step":
            flags, wrong = _step_annotations(evaluator, one.owner, one.node)
            annotations.update(flags)
            problems += wrong
            marked = True
            continue
        decorator, wrong = read_decorator(evaluator, one, "step")
        problems += wrong
        if decorator is not None:
            decorators.append(decorator)
            problems += _below_step(decorator.name, decorator.span) if marked else ()
        elif one.name.startswith("metaflow."):
            is_extended = is_extended or is_foreign(one.name) or one.name.removeprefix("metaflow.") in GANGS
        else:
            from .user_decorators import check_own

            problems += check_own(evaluator.resolver, one.owner, one.node)
    arguments = _arguments(member.node)
    statements = _body(member.node)
    name = member.node.field("name") or member.node
    has_next, understood, last = False, True, span(source, name)
    transition: nodes.Transition = nodes.End()
    if statements:
        last = span(source, statements[-1])
        call = _next_call(statements[-1], arguments[0] if arguments else "")
        if call is not None:
            has_next = True
            read, wrong = read_transition(
                evaluator, member.owner, call, arguments[0], lambda name: _class_value(evaluator, members, name)
            )
            problems += wrong
            understood = read is not None
            transition = read if read is not None else nodes.End()
    step = nodes.Step(
        member.name, docstring(member.node), tuple(decorators), transition, len(arguments) == 2, span(source, name)
    )
    return (
        step,
        StepFacts(arguments, annotations["start"], annotations["end"], has_next, understood, last, is_extended),
        problems,
    )


def _below_step(name: str, place: nodes.Span) -> tuple[Diagnostic]:
    what = f"`@{name}` is below `@step`"
    return (
        Diagnostic(
            "FLOW150",
            what,
            place,
            "it would apply to a method that is not a step yet",
            f"write `@{name}` above `@step`",
        ),
    )


def _step_annotations(evaluator: Evaluator, owner: Class, node: SgNode) -> tuple[dict[str, bool], list[Diagnostic]]:
    call = decorator_expression(node)
    if call is None or call.kind() != "call":
        return {}, []
    bound = bind(owner, call, (), ("start", "end", "node_info"), "@step")
    flags, wrong = values(
        evaluator, owner, {name: value for name, value in bound.nodes.items() if name != "node_info"}, "@step"
    )
    return {name: bool(value) for name, value in flags.items()}, [*bound.diagnostics, *wrong]


def _arguments(definition: SgNode) -> tuple[str, ...]:
    """Returns the names of the positional arguments, which may have defaults and annotations."""
    parameters = definition.field("parameters")
    names = []
    for parameter in parameters.named_children() if parameters is not None else []:
        kind = parameter.kind()
        if kind in ("keyword_separator", "list_splat_pattern", "dictionary_splat_pattern"):
            break
        if kind == "typed_parameter" and parameter.named_children()[0].kind() != "identifier":
            break  # *args: int
        if kind == "identifier":
            names.append(parameter.text())
        elif kind in ("default_parameter", "typed_default_parameter"):
            name = parameter.field("name")
            names.append(name.text() if name is not None else "")
        elif kind == "typed_parameter":
            names.append(parameter.named_children()[0].text())
    return tuple(names)


def _body(definition: SgNode) -> list[SgNode]:
    body = definition.field("body")
    return [child for child in body.named_children() if child.kind() != "comment"] if body is not None else []


def _next_call(statement: SgNode, self_name: str) -> SgNode | None:
    """Returns the call of `self.next`, if the statement is one."""
    if statement.kind() != "expression_statement":
        return None
    call = statement.named_children()[0]
    while call.kind() == "parenthesized_expression":
        call = next((child for child in call.named_children() if child.kind() != "comment"), call)
    if call.kind() != "call":
        return None
    function = call.field("function")
    if function is None or function.kind() != "attribute":
        return None
    owner, attribute = function.field("object"), function.field("attribute")
    is_next = owner is not None and attribute is not None and owner.text() == self_name and attribute.text() == "next"
    return call if is_next else None


def _class_value(evaluator: Evaluator, members: dict[str, Member], name: str) -> object:
    """Returns the value of a class constant or of a config. Raises KeyError for anything else."""
    from ..fold.budget import Unfoldable

    member = members[name]
    if member.kind == "config":
        config = evaluator.config_of(member.owner, name)
        if config is not None:
            return config.value
    if member.kind != "constant":
        raise KeyError(name)
    try:
        return folded(evaluator, member.owner, member.node)
    except Unfoldable:
        raise KeyError(name) from None


# ── decorators ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _flow_decorators(evaluator: Evaluator, order: list[Class]) -> tuple[list[nodes.Decorator], list[Diagnostic]]:
    decorators, problems = [], []
    for owner in reversed(order):
        written_decorators, wrong = decorators_of(evaluator, owner, written(evaluator.resolver, owner, owner.outer))
        problems += wrong
        for one in written_decorators:
            decorator, wrong = read_decorator(evaluator, one, "flow", order[0].name)
            problems += wrong
            if decorator is not None:
                decorators.append(decorator)
    return decorators, problems


def _project(decorators: list[nodes.Decorator], flow_name: str, options: CompileOptions) -> dict[str, nodes.Value]:
    """Returns the attributes that `@project` gives to `current`, as far as the compile knows them."""
    decorator = next((decorator for decorator in decorators if decorator.name == "project"), None)
    if decorator is None:
        return {}
    from ..decorators.project import Disagreement, check, place_of
    from ..options.project_branch import NOBODY

    if any(check(decorator, None)):  # type: ignore[arg-type]  # it looks at the decorator only
        return {}
    try:
        place = place_of(decorator, flow_name, NOBODY, options.branch, options.production)
    except Disagreement:
        return {}
    known: dict[str, nodes.Value] = {
        "project_name": place.project, "is_production": place.is_production, "is_user_branch": place.is_user_branch,
    }  # fmt: skip
    if not (place.is_user_branch and options.whole_environment):  # then the branch is that of the user who runs it
        known.update(branch_name=place.branch, project_flow_name=place.flow_name)
    return known


def _package_sources(
    evaluator: Evaluator, order: list[Class]
) -> tuple[dict[str, bytes], list[nodes.Input], list[Diagnostic]]:
    from ..package.package_sources import added_sources

    files: dict[str, bytes] = {}
    all_inputs: list[nodes.Input] = []
    problems: list[Diagnostic] = []
    for owner in reversed(order):
        for decorator in written(evaluator.resolver, owner, owner.outer):
            call = decorator_expression(decorator.node) if decorator.name == "metaflow.package_sources" else None
            if call is not None and call.kind() == "call":
                added, inputs, wrong = added_sources(evaluator, owner, call)
                files.update(added)
                all_inputs += inputs
                problems += wrong
    return files, all_inputs, problems


def _undefined(owner: Class, name: str, place: nodes.Span, names: tuple[str, ...]) -> Iterator[Diagnostic]:
    """Yields FLOW111 for a decorator that nothing in the file binds, if it is one of Metaflow's or similar to one."""
    import builtins

    module = owner.module
    if module.stars or hasattr(builtins, name) or f"def {name}(" in module.source.text:
        return
    if name in names:
        yield Diagnostic(
            "FLOW111",
            f"`@{name}` is not imported",
            place,
            "Python would fail to load the flow",
            f"write `from metaflow import {name}`",
        )
    elif (close := nearest(name, names, 0.75)) is not None:  # it may be bound in a way that flowc does not follow
        yield Diagnostic(
            "FLOW111",
            f"`@{name}` is not defined",
            place,
            "Python would fail to load the flow",
            f"did you mean `@{close}`?",
        )


def read_decorator(
    evaluator: Evaluator, above: Written, level: str, flow_name: str = ""
) -> tuple[nodes.Decorator | None, list[Diagnostic]]:  # fmt: skip
    """Returns the decorator and its diagnostics.

    The decorator is None for an ordinary function of the user's and for a mistake.
    """
    from ..decorators.decorator import is_left_out, leave_out, names, plugins, plugins_in_use, specification

    owner, qualified = above.owner, above.name
    expression, place = decorator_expression(above.node), span(owner.module.source, above.node)
    top, _, name = qualified.partition(".")
    if expression is None or top != "metaflow":
        if qualified and "." not in qualified:
            return None, list(_undefined(owner, qualified, place, names()))
        used = plugins_in_use()
        taken = used.problem(name, place) if used is not None and (name := used.name_of(qualified)) else None
        return None, [taken] if taken is not None else []
    if name in ("FlowMutator", "StepMutator", "user_step_decorator", "UserStepDecorator") or is_left_out(name):
        return None, []
    if name == "package_sources" and level == "flow" and expression.kind() == "call":
        return None, []  # read by `_package_sources`
    if name not in names() and name not in NAMES:
        broken = plugins().problem(name, place)
        if broken is not None:
            return None, [broken]
    spec = specification(name)
    if spec is None and name in owner.module.functions:
        return None, []  # its replacement, if Metaflow has no such name
    if spec is None:
        from ..decorators._extensions import ELSEWHERE, EXTENSIONS, of_extension, of_place

        if name in ELSEWHERE and level == "step":
            leave_out(name)
            return None, [of_place(name, place)]
        if name in EXTENSIONS:
            return None, [of_extension(name, place)]
        close = nearest(name, names(), 0.75)
        how = f"did you mean `@{close}`? If it is another" if close else "if it is a plug-in or an extension"
        how += (
            f"'s, install its package beside flowc, or name its file in `[tool.flowc] plugins`; or leave it out with "
            f"`--without {name}`"
        )
        why = "flowc cannot compile a decorator that it does not know, and leaving it out would change the flow"
        return None, [Diagnostic("FLOW110", f"there is no decorator `@{name}`", place, why, how)]
    if spec.level != level:
        goes = "a step" if spec.level == "step" else "the flow class"
        what = f"`@{name}` belongs on {goes}, not on {'the flow class' if level == 'flow' else 'a step'}"
        return None, [Diagnostic("FLOW112", what, place, "it would have no effect here", "move it there")]
    if expression.kind() != "call":
        return nodes.Decorator(name, dict(spec.attributes), place), []
    bound = bind(owner, expression, (), tuple(spec.attributes), f"@{name}", evaluator)
    plain_ones = {attribute: node for attribute, node in bound.nodes.items() if attribute not in spec.functions}
    value = with_container if name == "environment" else None
    attributes, wrong = values(evaluator, owner, plain_ones, f"@{name}", value)
    problems = [*bound.diagnostics, *wrong]
    if len(plain_ones) < len(bound.nodes):
        more, wrong = _with_functions(evaluator, owner, bound.nodes, spec, flow_name)
        attributes.update(more)
        problems += wrong
    if problems or not bound.nodes.keys() <= attributes.keys():
        return None, problems  # faults of its arguments are already reported
    return nodes.Decorator(name, {**spec.attributes, **bound.unpacked, **attributes}, place), []


def _with_functions(
    evaluator: Evaluator, owner: Class, arguments: dict[str, SgNode], spec: Specification, flow_name: str
) -> tuple[dict[str, nodes.Value], list[Diagnostic]]:
    """Returns the values of the attributes that may hold functions, or none and FLOW116 if a function has no name."""
    from .function_values import Nameless, with_functions

    context: dict[str, nodes.Value] | None = {"flow_name": flow_name} if spec.deploy_time else None

    def value(evaluator: Evaluator, owner: Class, node: SgNode) -> nodes.Value:
        return with_functions(evaluator, owner, node, context)

    attributes: dict[str, nodes.Value] = {}
    problems: list[Diagnostic] = []
    for name, node in arguments.items():
        if name in spec.functions:
            try:
                more, wrong = values(evaluator, owner, {name: node}, f"@{spec.name}", value)
            except Nameless as error:
                why = "a different process calls it later, and finds it by its name"
                how = "define it with `def` in the flow's file"
                return {}, [
                    *problems,
                    Diagnostic("FLOW116", f"a function in `@{spec.name}` has no name", error.span, why, how),
                ]
            attributes.update(more)
            problems += wrong
    return attributes, problems
