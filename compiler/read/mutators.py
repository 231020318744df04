"""Mutators: the user's classes that change a flow when it is loaded.

flowc finds them by reading, and refuses them by name unless it may run them. Then a separate process
(`runtime_shim/user_code/mutator_process.py`) imports the flow, runs them, and reports the changed flow as data, which
is merged into the reading.
"""

from __future__ import annotations

from ..fast_start.record import replace
from ..fold.budget import Unfoldable
from ..ir import nodes
from ..report.diagnostics import HINT, WARNING, Diagnostic
from ..source.text import span
from .arguments import plain
from .members import own_decorators
from .own_code import Failed, ask
from .user_decorators import is_unread, kind_of, stored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..ir.nodes import Span
    from ..options.compile_inputs import CompileOptions
    from .reading import Reading

ATTACHED = "with"  # the kind of input that records which decorators of `--with` the mutators saw


def refusal(name: str, kind: str, owner: str, place: Span) -> Diagnostic:
    """Returns FLOW140 for a mutator of the flow or of step `owner` that may not run."""
    what = (
        f"`@{name}` is a mutator of {'the flow' if kind == 'flow' else f'step `{owner}`'}, which is code that "
        "changes it when it is loaded"
    )
    how = "allow mutators with `--run-mutators`: they run when compiling, in a separate process without network"
    return Diagnostic("FLOW140", what, place, "flowc reads a flow without running its code", how)


def maybe(qualified: str, owner: str, place: Span) -> Diagnostic:
    """Returns FLOW143 for a possible mutator of the flow or of step `owner` that does not run.

    Above a step it is mostly an ordinary decorator.
    """
    home, _, name = qualified.rpartition(".")
    what = f"`@{name}` is from `{home}`, which flowc does not read: if it is a mutator, its changes are missing"
    why = "its source is not beside flowc, and a mutator is code that changes the flow when it is loaded"
    how = (
        "if it is a mutator, use `--run-mutators`; if it is a plug-in of flowc, install its package beside flowc; if "
        "neither, add `# flowc: ignore[FLOW143]`"
    )
    return Diagnostic("FLOW143", what, place, why, how, HINT if owner else WARNING)


def mutated(reading: Reading, options: CompileOptions, attach: Sequence[str] = ()) -> tuple[Reading, list[Diagnostic]]:
    """Returns the reading with the changes of the flow's mutators. Refuses each by name if they may not run.

    They see the decorators that `attach` puts on every step (with_decorators.py), and may change them. The diagnostics
    are FLOW140 to FLOW143.
    """
    resolver = reading.evaluator.resolver
    problems: list[Diagnostic] = []
    names, unread = [], []
    for owner, step, node, written in own_decorators(resolver, reading.order, reading.members):
        qualified = stored(resolver, resolver.followed(written))
        if qualified.startswith("metaflow."):
            continue  # read by `decorators_of`
        kind = kind_of(resolver, qualified)
        place = span(owner.module.source, node)
        if kind:
            names.append((qualified, place))
            if not options.run_mutators:
                problems.append(refusal(qualified.rpartition(".")[2], kind, step, place))
        elif is_unread(resolver, owner.module, qualified):
            unread.append((qualified, place))
            if not options.run_mutators:
                problems.append(maybe(qualified, step, place))
    if not (names or unread) or not options.run_mutators or not reading.is_right:
        return reading, problems
    if attach:
        from ..options.with_decorators import attached

        if attached(reading.flow, attach)[1]:
            return reading, problems  # their diagnostics come from where they are attached
    return _run(reading, names, unread, options, attach)


def _run(
    reading: Reading, names: list[tuple[str, Span]], unread: list[tuple[str, Span]], options: CompileOptions,
    attach: Sequence[str]
) -> tuple[Reading, list[Diagnostic]]:  # fmt: skip
    """Runs the mutators. `names` are their classes, with their places; `unread` are possible mutators."""
    decorators = _known()
    place = (names or unread)[0][1]
    problems: list[Diagnostic] = []
    try:
        sources = reading.evaluator.resolver.sources
        answer = ask(sources, reading.flow, {"do": "mutate", "decorators": decorators, "attach": list(attach)}, options)
        mutators = {qualified.rpartition(".")[2] for qualified in answer["mutators"]}
        names = names + [(name, position) for name, position in unread if name.rpartition(".")[2] in mutators]
        if not mutators:
            return reading, problems
        merged, problems = _merged(reading, answer, names, decorators)
        attached = [nodes.Input(ATTACHED, text, "", "") for text in attach]
        files, inputs = _added(answer["files"])
        flow = replace(merged.flow, inputs=(*merged.flow.inputs, *attached, *inputs))
        return replace(merged, flow=flow, added={**merged.added, **files}), problems
    except Failed as error:
        listed = ", ".join(
            f"`@{name.rpartition('.')[2]}`" for name in dict.fromkeys(name for name, _ in names or unread)
        )
        why = "flowc needs their result to know the flow"
        what = f"the mutators of the flow ({listed}) failed: {error}"
        return reading, [*problems, Diagnostic("FLOW141", what, place, why, "fix them; their output is above")]


def _known() -> dict[str, nodes.Value]:
    """Returns every decorator, in the form of `Flow.decorators_known`."""
    from ..decorators.decorator import names, plugins_in_use, specification

    used = plugins_in_use()
    more = used.uses.values() if used is not None else ()
    specs = [spec for name in dict.fromkeys((*names(), *more)) if (spec := specification(name)) is not None]
    return {spec.name: {"level": spec.level, "attributes": dict(spec.attributes)} for spec in specs}


def _added(files: dict[str, str]) -> tuple[dict[str, bytes], list[nodes.Input]]:
    """Returns the files that mutators add to the code package, and their inputs for the provenance. Raises Failed."""
    from ..package.archive import Unfit, added

    try:
        return added(dict(sorted(files.items())))
    except Unfit as unfit:
        raise Failed(f"the file `{unfit.name}` that they add to the code package {unfit}") from None


# ── merging ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _merged(
    reading: Reading, answer: Any, names: list[tuple[str, Span]], decorators: dict[str, nodes.Value]
) -> tuple[Reading, list[Diagnostic]]:  # fmt: skip
    """Returns the reading with the mutators' changes, and FLOW142."""
    flow, place = reading.flow, names[0][1]
    steps = []
    problems: list[Diagnostic] = []
    for step in flow.steps:
        reported = answer["steps"].get(step.name)
        if reported is not None:
            added, kept, wrong = _decorators(reported["decorators"], step.decorators, place)
            problems += wrong
            step = replace(step, decorators=(*reversed(added), *kept))
        steps.append(step)
    added, kept, wrong = _decorators(answer["flow"], flow.decorators, place)
    parameters, impossible = _parameters(answer["parameters"], flow, place)
    problems += [*wrong, *impossible]
    classes = tuple(dict.fromkeys(name for name, _ in names))
    changed = replace(
        flow, steps=tuple(steps), decorators=(*kept, *added), parameters=parameters, mutators=classes,
        decorators_known=decorators,
        inputs=(*flow.inputs, *(nodes.Input("mutator", name, "", "") for name in classes)),
    )  # fmt: skip
    wrapped = any(step["wrappers"] for step in answer["steps"].values())
    return replace(reading, flow=changed, may_assign_anything=reading.may_assign_anything or wrapped), problems


def _decorators(
    reported: list[Any], read: tuple[nodes.Decorator, ...], place: Span
) -> tuple[list[nodes.Decorator], list[nodes.Decorator], list[Diagnostic]]:
    """Returns the decorators after mutation: those added or changed, in order, and the rest of the source's.

    And FLOW142.
    """
    added, kept, problems = [], [], []
    for entry in reported:
        if entry["place"] >= 0:
            if entry["place"] < len(read):  # else it was faulty, which is already reported
                kept.append((entry["place"], read[entry["place"]]))
            continue
        try:
            attributes = plain(entry["attributes"])
        except Unfoldable as error:
            what = f"a mutator gives `@{entry['name']}` a value that a spec cannot contain"
            problems.append(
                Diagnostic("FLOW142", what, place, str(error.args[0]), "use text, numbers, lists or dictionaries")
            )
            continue
        assert isinstance(attributes, dict)
        own = next((one.span for one in read if one.name == entry["name"]), place)
        added.append(nodes.Decorator(entry["name"], attributes, own))
    return added, [one for _, one in sorted(kept, key=lambda pair: pair[0])], problems


def _parameters(
    reported: list[Any], flow: nodes.Flow, place: Span
) -> tuple[tuple[nodes.Parameter, ...], list[Diagnostic]]:
    """Returns the remaining parameters, those that mutators added, and FLOW142."""
    parameters = {parameter.attribute: parameter for parameter in flow.parameters}
    kept = {entry["attribute"] for entry in reported if entry["kept"]}
    added = [_parameter(entry, place) for entry in reported if not entry["kept"]]
    problems = [
        Diagnostic(
            "FLOW142",
            f"a mutator adds an invalid parameter: {reason}",
            place,
            "no run could use it",
            "correct it in the mutator",
        )
        for reason in added
        if isinstance(reason, str)
    ]
    left = [parameter for name, parameter in parameters.items() if name in kept]
    return (*left, *(parameter for parameter in added if isinstance(parameter, nodes.Parameter))), problems


def _parameter(reported: Any, place: Span) -> nodes.Parameter | str:
    """Returns the parameter, or the reason why it is invalid."""
    from .parameters import parameter_of

    return parameter_of(reported["attribute"], reported["name"], reported["options"], place)
